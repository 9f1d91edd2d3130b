"""What float32 loses on the way through 32 couplings and back."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import bijectors, nets, partitions
from tfp_flows.testing.subject import scrambled

NUM_COUPLINGS, SIZE = 32, 64
PARTITIONS = [partitions.Halves(), partitions.Alternating()]


def couplings(activation, dtype="float32", num_couplings=NUM_COUPLINGS):
    links = []
    for i in range(num_couplings):
        partition = PARTITIONS[i // 2 % 2]
        partition = partition if i % 2 else partition.flipped()
        net = nets.MLP((64, 64), activation=activation, dtype=dtype)
        net = net(*partition.part_shapes((SIZE,)), 2)
        links.append(bijectors.AffineCoupling(partition, net, event_shape=(SIZE,)))
    return bijectors.Chain(links)


def data(dtype=np.float32):
    return tf.constant(10 * np.random.default_rng(0).normal(size=(256, SIZE)).astype(dtype))


def round_trip_error(bijector, x):
    inverse, forward = tf.function(bijector.inverse), tf.function(bijector.forward)
    back = forward(tf.identity(inverse(x)))
    return float(np.max(np.abs(back - x) / (1 + np.abs(x))))


def test_32_random_couplings_bring_data_of_scale_10_back_in_float32(record_property):
    keras.utils.set_random_seed(0)
    chain, x = couplings("tanh"), data()
    with scrambled(chain, scale=0.03, seed=0):
        spread = np.ptp(chain.inverse_log_det_jacobian(tf.identity(x)))
        error = round_trip_error(chain, x)
    assert spread > 10, "the couplings do nearly nothing"
    assert error <= 1e-4
    record_property("relative error", error)


@pytest.mark.parametrize("index", [0, 2])
def test_a_single_wild_coupling_loses_no_more_than_rounding(index):
    keras.utils.set_random_seed(0)
    link, x = couplings("relu", num_couplings=3).bijectors[index], data()
    with scrambled(link, scale=0.3, seed=index):
        z = link.inverse(x)
        back = link.forward(tf.identity(z))
        shift = np.max(np.abs(link.inverse(tf.zeros_like(x)))) + np.max(np.abs(z))
    # Relative to the shift that is added and taken away again.
    assert np.max(np.abs(back - x)) <= 1e-5 * (10 + shift)


def test_what_wild_networks_lose_is_the_condition_of_the_map():
    """Shifts that grow from coupling to coupling lose digits in float64 as they do in float32."""
    errors = {}
    for dtype in ("float32", "float64"):
        keras.utils.set_random_seed(0)
        chain = couplings("tanh", dtype, num_couplings=8)
        with scrambled(chain, scale=0.15, seed=0):
            errors[dtype] = round_trip_error(chain, data(dtype))
    ratio = np.finfo(np.float32).eps / np.finfo(np.float64).eps
    assert 1e-3 < errors["float32"] / (errors["float64"] * ratio) < 1e3
