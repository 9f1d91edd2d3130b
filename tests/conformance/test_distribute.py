import numpy as np
import pytest
import tensorflow as tf
from subjects import flow_of


@pytest.fixture(scope="module")
def strategy():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def test_two_replicas_give_the_gradients_of_one(row, batch, strategy):
    x, kwargs = batch
    with strategy.scope():
        flow = flow_of(row.create("float32"), row.event_shape)

    def gradients(half):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(x[half::2], **_half(kwargs, half)))
        return tape.gradient(loss, flow.trainable_variables)

    @tf.function
    def mirrored():
        return strategy.run(
            lambda: gradients(tf.distribute.get_replica_context().replica_id_in_sync_group)
        )

    replicas = [strategy.experimental_local_results(gradient) for gradient in mirrored()]
    for got, first, second in zip(replicas, gradients(0), gradients(1), strict=True):
        np.testing.assert_allclose(got[0], first, atol=1e-4, rtol=1e-4)
        np.testing.assert_allclose(got[1], second, atol=1e-4, rtol=1e-4)


def _half(kwargs, half):
    if not kwargs:
        return {}
    return {"bijector_kwargs": {"context": kwargs["bijector_kwargs"]["context"][half::2]}}
