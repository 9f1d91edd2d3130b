"""A `FlowModel` is a layer: a Keras model that holds one trains and saves the flow in it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import flows, nets

tfd, tfb = tfp.distributions, tfp.bijectors

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


class Regression(keras.Model):
    """`p(y|x)` as a flow whose context comes from an encoder."""

    def __init__(self):
        super().__init__()
        net = nets.MLP((4,), zero_init=False)
        flow = flows.coupling_flow((2,), num_couplings=2, net=net, context_shape=(3,))
        shift = tfb.Shift(tf.Variable([0.1, 0.2], name="shift"))
        flow = tfd.TransformedDistribution(
            flow.distribution, tfp_flows.bijectors.Chain([shift, flow.bijector])
        )
        self.encoder = keras.layers.Dense(3)
        self.flow = tfp_flows.FlowModel(flow)

    def call(self, x):
        return self.encoder(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=None):
        return -tf.reduce_mean(self.flow({"x": y, "context": y_pred}))


def _data():
    random = np.random.default_rng(0)
    x = random.normal(size=(64, 5)).astype("float32")
    return x, x[:, :2] + 0.1 * random.normal(size=(64, 2)).astype("float32")


def _model():
    model = Regression()
    model(np.zeros([1, 5], "float32"))  # Builds the encoder.
    return model


def test_plain_fit_trains_the_flow():
    model, (x, y) = _model(), _data()
    flow = model.flow.distribution
    numbers = sum(int(np.prod(v.shape)) for v in flow.trainable_variables)
    assert len(model.trainable_variables) == len(flow.trainable_variables) + 2
    # And the progress of the flow's training: a seed, and the number of batches.
    assert model.count_params() == numbers + 5 * 3 + 3 + 2
    lines = []
    model.summary(print_fn=lines.append)
    assert f"Trainable params: {numbers + 5 * 3 + 3}" in "\n".join(map(str, lines))
    before = [variable.numpy() for variable in flow.trainable_variables]
    model.compile(keras.optimizers.Adam(1e-2))
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for old, variable in zip(before, flow.trainable_variables, strict=True):
        assert (old != variable.numpy()).any(), variable.name


def test_files_hold_the_flow(tmp_path):
    model, (x, y) = _model(), _data()
    inputs = {"x": y, "context": model(x)}
    path = tmp_path / "own.weights.h5"
    model.save_weights(path)
    checkpoint = tf.train.Checkpoint(model=model).save(str(tmp_path / "own"))
    for restore in (
        lambda again: again.load_weights(path),
        lambda again: tf.train.Checkpoint(model=again).restore(checkpoint),
    ):
        again = _model()
        assert not np.allclose(again.flow(inputs), model.flow(inputs))
        restore(again)
        np.testing.assert_array_equal(again.flow(inputs), model.flow(inputs))
        np.testing.assert_array_equal(again(x), model(x))
