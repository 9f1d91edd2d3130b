import pathlib

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import data, flows, testing, training
from tfp_flows.testing.subject import scrambled

CIFAR10 = pathlib.Path(__file__).parents[3] / "shared/data/cifar10"


@pytest.mark.slow
def test_glow_of_96_steps_comes_back_in_float32(capsys):
    if not CIFAR10.is_dir():
        pytest.skip(f"needs the files of CIFAR-10 in {CIFAR10}")
    images, _ = data.load_images("cifar10", "test", directory=CIFAR10)
    flow = flows.presets.glow_cifar10()
    training.initialize(flow, data.dequantize(images[16:80], 256, seed=[0, 1]))
    x = data.dequantize(images[:16], 256, seed=[0, 2])
    assert _round_trip(flow, x) < 1e-4
    # Enough to take the density from 6 to 15 bits/dim.
    with scrambled(flow.bijector, scale=0.003, seed=1):
        assert _round_trip(flow, x) < 1e-3
        testing.diagnose(flow, x[:2])
    lines = capsys.readouterr().out.splitlines()
    assert sum("invertible_conv1x1" in line for line in lines) == 96


def _round_trip(flow, x):
    z = flow.bijector.inverse(tf.identity(x))
    return np.max(np.abs(flow.bijector.forward(tf.identity(z)) - x))
