"""Two and four devices of one machine train like one, also with parts of different sizes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import FlowModel, bijectors, distributions, flows

X = np.random.default_rng(0).uniform(0.1, 0.9, (26, 4, 4, 1)).astype("float32")
BATCHES = {"batch_size": 8, "shuffle": False, "verbose": 0}  # The last one has 2 events.


class _Four(tf.distribute.MirroredStrategy):
    _collective_key_base = 3000  # See tests/conftest.py.


@pytest.fixture(scope="module")
def four():
    return _Four([f"CPU:{k}" for k in range(4)])


def make(**options):
    """Glow, whose layers the first batch sets, after statistics of each batch."""
    keras.utils.set_random_seed(0)
    flow = flows.glow((4, 4, 1), num_levels=1, num_steps=1, filters=4)
    norm = bijectors.BatchNormalization((4, 4, 1))
    chain = bijectors.Chain([norm, flow.bijector])
    model = FlowModel(tfp.distributions.TransformedDistribution(flow.distribution, chain))
    # Not Adam, which would forgive a loss that is too large by a factor.
    model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), **options)
    return model


@pytest.fixture(scope="module")
def one():
    model = make()
    return model, model.fit(X, **BATCHES, epochs=2, validation_data=X).history


def assert_same(got, logs, wanted, wanted_logs):
    for a, b in zip(got.weights, wanted.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5, err_msg=a.path)
    for key, values in wanted_logs.items():
        np.testing.assert_allclose(logs[key], values, rtol=1e-5, err_msg=key)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 3])
def test_two_devices_train_like_one(mirrored, one, steps):
    with mirrored.scope():
        model = make(steps_per_execution=steps)
    calls = []
    count = keras.callbacks.LambdaCallback(on_train_batch_end=lambda k, logs: calls.append(k))
    logs = model.fit(X, **BATCHES, epochs=2, validation_data=X, callbacks=[count]).history
    assert_same(model, logs, *one)
    assert len(calls) == 2 * -(-4 // steps)


@pytest.mark.slow
def test_four_devices_train_like_one(four):
    # Each gets something of each batch: TensorFlow's convolutions fail without.
    wanted = make()
    wanted_logs = wanted.fit(X[:24], **BATCHES).history
    with four.scope():
        model = make()
    assert_same(model, model.fit(X[:24], **BATCHES).history, wanted, wanted_logs)


def test_replicas_draw_noise_of_their_own(mirrored):
    def make():
        keras.utils.set_random_seed(0)
        flow = flows.coupling_flow((2,), num_couplings=1)
        model = FlowModel(distributions.Dequantized(flow, 5))
        model.compile(keras.optimizers.SGD(0.1))
        return model

    x = np.random.default_rng(0).integers(0, 5, (8, 2), np.uint8)
    one = make()
    with mirrored.scope():
        two = make()
    two.fit(x, batch_size=8, shuffle=False, verbose=0)
    seed = tf.cast(tf.stack([one.progress.variable[0], 0]), tf.int32)
    with tf.GradientTape() as tape:
        # Of the seed of the training, the number of the batch, and that of the replica.
        seeds = [tf.random.fold_in(tf.random.fold_in(seed, 0), replica) for replica in (0, 1)]
        parts = [
            one(part, training=True, seed=s) for part, s in zip((x[:4], x[4:]), seeds, strict=True)
        ]
        loss = -tf.reduce_mean(tf.concat(parts, 0))
    gradients = tape.gradient(loss, one.trainable_variables)
    one.optimizer.apply(gradients, one.trainable_variables)
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-5, err_msg=a.path)


def test_replicas_on_cpus_know_no_xla(mirrored):
    with (
        mirrored.scope(),
        pytest.raises(ValueError, match=r"`jit_compile` must be False .* 2 CPUs"),
    ):
        make(jit_compile=True)
