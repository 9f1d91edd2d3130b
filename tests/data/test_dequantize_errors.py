import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.data import bin_width, dequantize, quantize


@pytest.mark.parametrize("dtype", ["float32", "float64", "bool", "str"])
def test_refuses_images_that_are_not_integers(dtype):
    images = np.ones(3, dtype)
    with pytest.raises(TypeError, match=r"integer dtype, such as uint8; got (float|bool|str)"):
        dequantize(images, 17)


def test_refuses_floating_images_in_a_graph():
    with pytest.raises(TypeError, match=r"integer dtype, such as uint8; got float32"):
        tf.function(lambda x: dequantize(x, 17))(tf.ones([3]))


@pytest.mark.parametrize("image", [[0, 17], [-1, 16], [5, 2**32 + 3]])
@pytest.mark.parametrize("convert", [np.array, lambda x: tf.constant(x, tf.int64)])
def test_names_wanted_and_seen_range(image, convert):
    low, high = image
    with pytest.raises(ValueError, match=rf"levels in 0\.\.16; got the range {low}\.\.{high}\."):
        dequantize(convert(image), 17)


@pytest.mark.parametrize("image", [[0, 17], [-1, 16], [5, 2**32 + 3]])
def test_names_wanted_and_seen_range_in_a_graph(image):
    in_graph = tf.function(lambda x: dequantize(x, 17))
    low, high = image
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        in_graph(tf.constant(image, tf.int64))
    for part in ("levels in 0..16; got the range", f"[{low}]", f"[{high}]"):
        assert part in str(caught.value)


def test_a_huge_unsigned_pixel_does_not_wrap_into_the_range():
    image = np.array([0, 2**64 - 1], np.uint64)
    with pytest.raises(ValueError, match=r"0\.\.16; got the range 0\.\.18446744073709551615"):
        dequantize(image, 17)
    with pytest.raises(tf.errors.InvalidArgumentError, match="levels in"):
        tf.function(lambda x: dequantize(x, 17))(tf.constant(image))


@pytest.mark.parametrize("num_levels", [-1, 0, 1, 65537])
@pytest.mark.parametrize(
    "call", [lambda n: dequantize([0], n), lambda n: quantize([0.0], n), bin_width]
)
def test_refuses_too_few_and_too_many_levels(call, num_levels):
    message = rf"`num_levels` must be an integer in 2\.\.65536; got {num_levels}\."
    with pytest.raises(ValueError, match=message):
        call(num_levels)


@pytest.mark.parametrize("num_levels", [17.0, "17", True, None])
def test_refuses_levels_that_are_no_integer(num_levels):
    with pytest.raises(TypeError, match=f"`num_levels` must be an integer.*got {num_levels!r}"):
        bin_width(num_levels)


def test_quantize_refuses_integers():
    with pytest.raises(TypeError, match=r"`y` must be of a floating dtype.*got int32"):
        quantize([0, 1], 17)


def test_refuses_a_seed_of_another_shape():
    with pytest.raises(ValueError, match=r"`seed` must be of shape \[2\]; got shape \(\)"):
        dequantize([0], 17, seed=5)
