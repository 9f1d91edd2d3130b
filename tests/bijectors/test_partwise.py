"""Partwise: each part through a bijector of its own."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, partitions

tfb = tfp.bijectors
STRIPES = partitions.Stripes()


def scales(*numbers):
    return [tfb.Scale(tf.constant(number)) for number in numbers]


def test_each_part_has_its_own():
    layer = bijectors.Partwise(STRIPES, *scales(2.0, 10.0), event_shape=(1, 4, 1))
    x = layer.forward(tf.ones([3, 1, 4, 1]))
    np.testing.assert_array_equal(x[0, 0, :, 0], [2.0, 10.0, 2.0, 10.0])
    log_det = layer.forward_log_det_jacobian(tf.ones([3, 1, 4, 1]), event_ndims=3)
    np.testing.assert_allclose(log_det, [2 * np.log(2.0) + 2 * np.log(10.0)] * 3, rtol=1e-6)


def test_parity_swaps_them():
    layer = bijectors.Partwise(STRIPES.flipped(), *scales(2.0, 10.0), event_shape=(1, 4, 1))
    x = layer.forward(tf.ones([1, 1, 4, 1]))
    np.testing.assert_array_equal(x[0, 0, :, 0], [10.0, 2.0, 10.0, 2.0])


def test_vectors():
    layer = bijectors.Partwise(partitions.Halves(), *scales(2.0, 10.0), event_shape=(3,))
    np.testing.assert_array_equal(layer.inverse([2.0, 10.0, 10.0]), [1.0, 1.0, 1.0])


def test_it_knows_its_parts():
    parts = scales(2.0, 3.0)
    layer = bijectors.Partwise(STRIPES, *parts, event_shape=(1, 4, 1))
    assert layer.partition is STRIPES
    assert layer.parts[0] is parts[0]
    assert layer.parts[1] is parts[1]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("stripes", *scales(1.0, 2.0)), TypeError, "`partition` must be a Partition"),
        ((STRIPES, 2.0, *scales(1.0)), TypeError, "`first` must be a Bijector"),
        ((STRIPES, *scales(1.0), None), TypeError, "`second` must be a Bijector"),
        (
            (partitions.Checkerboard(), *scales(1.0, 2.0)),
            ValueError,
            "`partition` must split the event.*zeroes parts of it in place",
        ),
        (
            (STRIPES, *scales(1.0), bijectors.Squeeze()),
            ValueError,
            r"`second` must keep the shape \(2, 2, 1\); got \(1, 1, 4\)",
        ),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        bijectors.Partwise(*arguments, event_shape=(2, 4, 1))


def test_events_that_cannot_be_split():
    with pytest.raises(ValueError, match="needs an even number of columns; got 3"):
        bijectors.Partwise(STRIPES, *scales(1.0, 2.0), event_shape=(2, 3, 1))
