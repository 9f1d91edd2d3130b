"""Pixels become channels, in the order that was asked for."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors
from tfp_flows.flows.realnvp import _diagonal_first

ORDERS = ["channel", "position", "diagonal"]
# (dy, dx) of the pixels in a tile, in the order of the squeezed channels.
ROWS, DIAGONALS = [(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 0), (1, 1), (0, 1), (1, 0)]
# Along the diagonal, then one to the right of it (round the corner), then two.
DIAGONALS_3 = [(0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (2, 0), (0, 2), (1, 0), (2, 1)]


def image(*shape):
    return tf.reshape(tf.range(1.0, np.prod(shape) + 1), shape)


def by_hand(x, factor, pixels):
    """[H, W, C] with the pixels before the channels."""
    return np.concatenate([x[dy::factor, dx::factor] for dy, dx in pixels], axis=-1)


@pytest.mark.parametrize("order", ["channel", "position"])
def test_sixteen_pixels(order):
    z = bijectors.Squeeze(order=order).inverse(image(4, 4, 1)).numpy()
    wanted = [[[1, 3], [9, 11]], [[2, 4], [10, 12]], [[5, 7], [13, 15]], [[6, 8], [14, 16]]]
    np.testing.assert_array_equal(np.moveaxis(z, -1, 0), wanted)


def test_sixteen_pixels_of_the_diagonal_order():
    z = bijectors.Squeeze(order="diagonal").inverse(image(4, 4, 1)).numpy()
    assert z[0, 0].tolist() == [1, 6, 2, 5]


@pytest.mark.parametrize("factor", [2, 3])
def test_channel_order_keeps_the_pixels_of_a_channel_together(factor):
    x = image(6, 6, 2).numpy()
    pixels = [(dy, dx) for dy in range(factor) for dx in range(factor)]
    wanted = [by_hand(x[..., c : c + 1], factor, pixels) for c in range(2)]
    z = bijectors.Squeeze(factor).inverse(x)
    np.testing.assert_array_equal(z, np.concatenate(wanted, axis=-1))


@pytest.mark.parametrize("factor", [2, 3])
def test_position_order_is_that_of_tensorflow(factor):
    x = image(5, 6, 12, 3)
    z = bijectors.Squeeze(factor, "position").inverse(x)
    np.testing.assert_array_equal(z, tf.nn.space_to_depth(x, factor))


@pytest.mark.parametrize(("factor", "pixels"), [(2, DIAGONALS), (3, DIAGONALS_3)])
def test_diagonal_order_has_the_diagonal_first(factor, pixels):
    x = image(6, 12, 3).numpy()
    z = bijectors.Squeeze(factor, "diagonal").inverse(x)
    np.testing.assert_array_equal(z, by_hand(x, factor, pixels))


def test_the_first_half_of_the_diagonal_order_is_one_colour_of_the_board():
    board = np.indices((4, 6)).sum(0)[..., np.newaxis] % 2
    z = bijectors.Squeeze(order="diagonal").inverse(tf.constant(board, tf.float32)).numpy()
    assert (z[..., :2] == 0).all()
    assert (z[..., 2:] == 1).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_realnvp_permutes_to_the_diagonal_order(channels):
    x = image(2, 4, 6, channels)
    z = _diagonal_first(channels).inverse(bijectors.Squeeze().inverse(x))
    np.testing.assert_array_equal(z, bijectors.Squeeze(order="diagonal").inverse(x))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("batch", [(), (5,), (2, 5)], ids=str)
def test_there_and_back_at_every_batch_shape(order, batch):
    layer, x = bijectors.Squeeze(3, order), image(*batch, 6, 9, 2)
    z, log_det = layer.inverse_and_log_det(x)
    assert z.shape == (*batch, 2, 3, 18)
    np.testing.assert_array_equal(log_det, 0)
    np.testing.assert_array_equal(layer.forward(tf.identity(z)), x)
    np.testing.assert_array_equal(tfp.bijectors.Invert(layer).forward(x), z)


@pytest.mark.parametrize("order", ORDERS)
def test_batches_of_unknown_size(order):
    layer, x = bijectors.Squeeze(order=order), image(5, 4, 6, 2)
    function = tf.function(layer.inverse, input_signature=[tf.TensorSpec([None, None, 4, 6, 2])])
    z = function(x[tf.newaxis])
    np.testing.assert_array_equal(z[0], layer.inverse(x))
    back = tf.function(layer.forward, input_signature=[tf.TensorSpec([None, 2, 3, 8])])
    np.testing.assert_array_equal(back(z[0]), x)


def test_shapes_of_events():
    layer = bijectors.Squeeze(3)
    assert layer.inverse_event_shape((6, 9, 2)) == (2, 3, 18)
    assert layer.forward_event_shape((2, 3, 18)) == (6, 9, 2)
    assert layer.inverse_event_shape((5, 6, 9, 2)) == (5, 2, 3, 18)
    assert layer.inverse_event_shape_tensor([5, 6, 9, 2]).numpy().tolist() == [5, 2, 3, 18]
    assert layer.forward_event_shape_tensor([5, 2, 3, 18]).numpy().tolist() == [5, 6, 9, 2]


def test_shapes_of_unknown_events():
    layer = bijectors.Squeeze()
    assert layer.inverse_event_shape(tf.TensorShape([5, None, 4, 1])).as_list() == [5] + [None] * 3
    assert layer.inverse_event_shape(tf.TensorShape([None, 4, 4, 1])).as_list() == [None, 2, 2, 4]
    assert layer.inverse_event_shape(tf.TensorShape(None)).rank is None
    with pytest.raises(ValueError, match=r"must have shape \[..., H, W, C\]; got \(4, 4\)"):
        layer.inverse_event_shape((4, 4))


@pytest.mark.parametrize("shape", [(5, 6, 1), (4, 7, 1), (2, 5, 5, 1)], ids=str)
def test_images_that_the_tiles_do_not_cover(shape):
    enough = (*(size + size % 2 for size in shape[-3:-1]), 1)
    message = rf"divisible by 2; got .*{shape[-3:]}.* Crop or pad .* to {enough}"
    message = message.replace("(", r"\(").replace(")", r"\)")
    layer = bijectors.Squeeze()
    for call in (layer.inverse, layer.inverse_log_det_jacobian):
        with pytest.raises(ValueError, match=message):
            call(tf.zeros(shape))
    with pytest.raises(ValueError, match=message):
        layer.inverse_event_shape(shape)


def test_latents_of_too_few_channels():
    with pytest.raises(ValueError, match=r"channels divisible by 9; got .*\(2, 2, 8\)"):
        bijectors.Squeeze(3).forward(tf.zeros([2, 2, 8]))


def test_images_of_unknown_size():
    function = tf.function(
        bijectors.Squeeze().inverse, input_signature=[tf.TensorSpec([5, None, 4, 1])]
    )
    with pytest.raises(ValueError, match="of static H, W and C; got shape"):
        function(tf.zeros([5, 4, 4, 1]))


def test_vectors_are_no_images():
    with pytest.raises(ValueError, match=r"images \[..., H, W, C\]|rank 3"):
        bijectors.Squeeze().inverse(tf.zeros([4, 4]))


@pytest.mark.parametrize("factor", [1, 0, -2])
def test_factors_that_are_no_tiles(factor):
    with pytest.raises(ValueError, match=r"`factor` must be .* 2"):
        bijectors.Squeeze(factor)


def test_arguments_of_the_wrong_kind():
    with pytest.raises(TypeError, match="`factor` must be"):
        bijectors.Squeeze(2.0)
    with pytest.raises(ValueError, match=r"`order` must be one of .*'diagonal'.*; got 'row'"):
        bijectors.Squeeze(order="row")
