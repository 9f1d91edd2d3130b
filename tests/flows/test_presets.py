"""The published models have exactly their numbers of parameters."""

import math

import keras
import numpy as np
import pytest

from tfp_flows import FlowModel
from tfp_flows.data import dequantize, load_digits
from tfp_flows.distributions import Dequantized, FlowNoise, UniformNoise
from tfp_flows.flows import presets

SLOW = pytest.mark.slow
CIFAR10, IMAGE64 = (32, 32, 3), (64, 64, 3)
SMALL = {"nice_small", "realnvp_small", "glow_small", "flowpp_small"}
COUNTS = [
    ("nice_mnist", 19_158_352, (28, 28, 1), ()),
    ("nice_cifar10", 93_591_360, CIFAR10, ()),
    ("realnvp_cifar10", 19_609_545, CIFAR10, SLOW),
    ("realnvp_imagenet32", 46_220_359, CIFAR10, SLOW),
    ("glow_cifar10", 44_603_604, CIFAR10, ()),
    ("glow_cifar10_additive", 38_395_668, CIFAR10, SLOW),
    ("glow_imagenet64", 112_377_540, IMAGE64, SLOW),
    ("glow_celeba_hq256", 175_099_620, (256, 256, 3), SLOW),
    ("flowpp_cifar10", 31_443_440, CIFAR10, SLOW),
    ("flowpp_cifar10_uniform", 32_324_408, CIFAR10, SLOW),
    ("flowpp_cifar10_no_attention", 31_443_440, CIFAR10, SLOW),
    ("flowpp_imagenet32", 168_955_724, CIFAR10, SLOW),
    ("flowpp_imagenet64", 73_489_960, IMAGE64, SLOW),
    ("flowpp_celeba64", 73_489_960, IMAGE64, SLOW),
    ("flowpp_celeba128", 122_790_952, (128, 128, 3), SLOW),
]


@pytest.mark.parametrize(
    ("name", "count", "event_shape"),
    [pytest.param(*row, marks=marks, id=row[0]) for *row, marks in COUNTS],
)
def test_number_of_parameters(name, count, event_shape):
    flow = getattr(presets, name)()
    assert sum(math.prod(v.shape) for v in flow.trainable_variables) == count
    assert flow.event_shape == event_shape
    assert flow.batch_shape == ()
    assert isinstance(flow, Dequantized) == name.startswith("flowpp")
    if isinstance(flow, Dequantized):
        is_uniform = name == "flowpp_cifar10_uniform"
        assert isinstance(flow.noise, UniformNoise if is_uniform else FlowNoise)
        assert flow.num_levels == (32 if "celeba" in name else 256)


@pytest.mark.parametrize("name", sorted(SMALL))
def test_small_ones_are_small_and_take_other_images(name):
    flow = getattr(presets, name)()
    assert flow.event_shape == (28, 28, 1)
    assert sum(math.prod(v.shape) for v in flow.trainable_variables) < 3_000_000
    assert getattr(presets, name)((8, 12, 3)).sample(2).shape == (2, 8, 12, 3)


@pytest.mark.slow
def test_realnvp_small_does_not_throw_odd_images_far_out():
    """With scales within (exp(-2), exp(2)) these had up to 2e5 bits/dim."""
    keras.utils.set_random_seed(0)
    digits = dequantize(load_digits("train")[0], 17, seed=[0, 0])
    flow = presets.realnvp_small((8, 8, 1))
    model = FlowModel(flow, bin_width=1 / 17)
    model.compile(keras.optimizers.Adam(2e-3))
    model.fit(digits, batch_size=64, epochs=30, verbose=0)
    pixels = np.stack([np.indices((8, 8)).sum(0) % 2, np.eye(8), np.ones((8, 8))])[..., np.newaxis]
    odd = dequantize((pixels * 16).astype(np.uint8), 17, seed=[0, 1])
    scores = -flow.log_prob(odd) / (64 * math.log(2))
    np.testing.assert_array_less(scores, 1e4)


def test_every_preset_is_counted():
    public = {
        name
        for name, value in vars(presets).items()
        if getattr(value, "__module__", "").startswith("tfp_flows.flows.") and "_" in name
    }
    assert public == {name for name, *_ in COUNTS} | SMALL == set(presets.__all__)
