"""`.keras` files and weights of integers under a flow."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import flows, nets
from tfp_flows.distributions import (
    ArgmaxNoise,
    Dequantized,
    FlowNoise,
    Noise,
    UniformNoise,
    standard_normal,
)
from tfp_flows.flows.recipe import one_call
from tfp_flows.training import config as known
from tfp_flows.training.config import flow_from_config, flow_to_config

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
X = np.random.default_rng(0).integers(0, 16, (64, 2)).astype(np.uint8)


def _flow(context_shape=None, **kwargs):
    given = {"num_couplings": 1, "net": nets.MLP((4,), zero_init=False), **kwargs}
    return flows.coupling_flow((2,), context_shape=context_shape, **given)


def _net():
    return keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3, "tanh")])


@one_call
def some_noise(size, factor=2.0):
    """As functions of `tfp_flows.flows` make them."""
    return FlowNoise(_flow((size,)), lambda x: factor * tf.concat([x, x], -1)[..., :size])


@keras.saving.register_keras_serializable(package="test_dequantized_files")
class Middle(Noise):
    """A noise of a user's."""

    def __init__(self, place=0.5):
        super().__init__()
        self.place = place

    def sampler(self, x, num_levels, event_shape, dtype):
        y = (tf.cast(x, dtype) + self.place) / num_levels
        return lambda seed: (y, tf.zeros([], dtype))

    def get_config(self):
        return {"place": self.place}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


NOISES = {
    "default": lambda: None,
    "uniform": UniformNoise,
    "flow": lambda: FlowNoise(_flow((2,))),
    "flow and net": lambda: FlowNoise(_flow((3,)), _net()),
    "one call": lambda: some_noise(3, factor=1.5),
    "of a user": lambda: Middle(0.25),
}


LIKE_OTHERS = {"default", "uniform", "flow"}


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in LIKE_OTHERS else [])
        for name in NOISES
    ],
)
def test_a_model_comes_back_from_a_keras_file(noise, tmp_path, monkeypatch):
    monkeypatch.setitem(known._FLOWS, "some_noise", some_noise)
    pixels = Dequantized(_flow(logit_alpha=0.05), 16, NOISES[noise](), name="mine")
    model = tfp_flows.FlowModel(pixels)
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(X, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    got = again.distribution
    assert (got.name, got.num_levels, type(got.noise)) == ("mine", 16, type(pixels.noise))
    np.testing.assert_array_equal(got.log_prob(X, seed=1), pixels.log_prob(X, seed=1))
    np.testing.assert_array_equal(again.sample(5, seed=1), model.sample(5, seed=1))
    config = json.loads(json.dumps(flow_to_config(pixels)))
    assert flow_to_config(flow_from_config(config)).keys() == config.keys()
    again.fit(X, verbose=0)


def test_argmax_noise_comes_back_with_its_flow():
    flow = flows.coupling_flow((3,), num_couplings=1, net=nets.MLP((4,)))
    learned = flows.coupling_flow((3,), num_couplings=1, net=nets.MLP((4,)), context_shape=(3,))
    for noise in (ArgmaxNoise(), ArgmaxNoise(learned)):
        words = Dequantized(flow, 3, noise)
        again = flow_from_config(json.loads(json.dumps(flow_to_config(words))))
        assert again.event_shape == ()
        assert len(again.variables) == len(words.variables)


def test_what_no_file_can_hold_says_what_works():
    noise = FlowNoise(_flow((2,)))
    by_hand = tfp.distributions.TransformedDistribution(standard_normal((2,)), noise.flow.bijector)
    for pixels in (
        Dequantized(standard_normal((2,)), 4, noise),
        Dequantized(_flow(), 4, FlowNoise(by_hand)),
        Dequantized(_flow(), 4, FlowNoise(_flow((3,)), lambda x: tf.concat([x, x], -1)[..., :3])),
    ):
        with pytest.raises(ValueError, match=r"What works for any distribution: `save_weights`"):
            flow_to_config(pixels)


def test_weights_and_checkpoints_hold_every_variable(tmp_path):
    def make():
        noise = FlowNoise(_flow((3,)), _net())
        return Dequantized(_flow(logit_alpha=0.05), 16, noise)

    model, again = tfp_flows.FlowModel(make()), tfp_flows.FlowModel(make())
    model.save_weights(tmp_path / "m.weights.h5")
    again.load_weights(tmp_path / "m.weights.h5")
    wanted = model.distribution.log_prob(X, seed=1)
    np.testing.assert_array_equal(again.distribution.log_prob(X, seed=1), wanted)
    path = tf.train.Checkpoint(flow=model.distribution).save(str(tmp_path / "checkpoint"))
    fresh = make()
    status = tf.train.Checkpoint(flow=fresh).restore(path)
    status.assert_consumed()
    np.testing.assert_array_equal(fresh.log_prob(X, seed=1), wanted)
