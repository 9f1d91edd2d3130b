"""Contexts that are larger than the images they are for."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.nets import ConvResNet
from tfp_flows.nets.context import check_context, context_as_image, context_channels

IMAGE = (6, 4, 3)


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("tile", [(1, 2), (2, 1), (2, 2), (3, 2), (1, 1)])
def test_tiles_become_channels(tile, known):
    dy, dx = tile
    shape = (6 * dy, 4 * dx, 5)
    context = _x(2, *shape)

    def call(x):
        return context_as_image(x, shape, IMAGE)

    if not known:
        call = tf.function(call, input_signature=[tf.TensorSpec([None, None, None, 5])])
    got = call(tf.constant(context))
    assert got.shape[-1] == context_channels(shape, IMAGE) == 5 * dy * dx
    for row, column in itertools.product(range(6), range(4)):
        pixels = context[:, row * dy : row * dy + dy, column * dx : column * dx + dx]
        np.testing.assert_array_equal(got[:, row, column], pixels.reshape(2, -1))


def test_what_fits_is_left_alone():
    x = tf.constant(_x(2, 6, 4, 5))
    assert context_as_image(x, (6, 4, 5), IMAGE) is x
    assert context_as_image(tf.constant(_x(2, 5)), (5,), IMAGE).shape == (2, 1, 1, 5)
    assert context_channels((5,), IMAGE) == context_channels((6, 4, 5), IMAGE) == 5


@pytest.mark.parametrize("shape", [(), (6, 4), (3, 4, 5), (6, 5, 5), (0, 4, 5), (9, 4, 5)])
def test_what_does_not_fit(shape):
    message = (
        "`context_shape` must be [Dc], or [H, W, Cc] with multiples of the H and W of "
        f"(6, 4, 3); got {shape}."
    )
    with pytest.raises(ValueError, match="must be") as caught:
        check_context(shape, IMAGE)
    assert str(caught.value) == message


@pytest.mark.parametrize("batch", [(), (2,), (3, 2)])
def test_conv_resnet_takes_larger_contexts(batch):
    make = ConvResNet(4, zero_init=False)
    large, fitting = make(IMAGE, IMAGE, 2, (12, 4, 5)), make(IMAGE, IMAGE, 2, (6, 4, 10))
    fitting.set_weights(large.get_weights())
    x, context = _x(*batch, *IMAGE), _x(*batch, 12, 4, 5, seed=1)
    rows = context.reshape(*batch, 6, 2, 4, 5)
    tiles = np.moveaxis(rows, -3, -2).reshape(*batch, 6, 4, 10)
    np.testing.assert_allclose(large(x, context), fitting(x, tiles), rtol=1e-4, atol=1e-5)
