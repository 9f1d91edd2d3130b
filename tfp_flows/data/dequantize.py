"""From integer pixels to the bins of an interval with uniform noise, and back."""

from typing import Any

import tensorflow as tf

from tfp_flows.data.levels import check_num_levels, checked_levels, level_dtype
from tfp_flows.data.scaling import ScalingName, bin_edges, scaling_of


def dequantize(
    images: Any, num_levels: int, *, seed: Any = None, scaling: ScalingName = "unit"
) -> tf.Tensor:
    """`y = (x + u) / num_levels` with `u ~ U(0, 1)`: float32, in (0, 1), never 0 or 1.

    `quantize` takes each result back to its pixel. Works eagerly, in a `tf.function` and in a
    `tf.data` map.

    Args:
      images: integers in `0..num_levels - 1`, of any shape: an array or a tensor.
      num_levels: number of values that a pixel can take, 2..65536; 256 for 8-bit images.
      seed: integers `[2]` that determine the noise; `None` draws from TensorFlow's global
        generator.
      scaling: "unit" for [0, 1), "centered" for [-0.5, 0.5), "symmetric" for [-1, 1), "integers"
        for [0, num_levels). `bin_width` tells what each means for bits/dim.

    Returns:
      A float32 tensor of the shape of `images`.

    Raises:
      TypeError: `images` is not of an integer dtype, or `num_levels` is no integer.
      ValueError: `num_levels` is out of range, `seed` is not of shape `[2]`, there is no
        such scaling or, where the values are known, a pixel is out of range.
      tf.errors.InvalidArgumentError: a pixel is out of range, in a graph.

    Example:
      >>> import numpy as np
      >>> from tfp_flows.data.dequantize import dequantize, quantize
      >>> y = dequantize(np.array([0, 16], np.uint8), 17, seed=[1, 2])
      >>> quantize(y, 17).numpy().tolist()
      [0, 16]
    """
    levels = check_num_levels(num_levels)
    x = checked_levels("images", images, levels)
    return into_bins(x, _noise(x, seed), levels, scaling)


def into_bins(
    x: tf.Tensor, u: tf.Tensor, num_levels: int, scaling: ScalingName = "unit"
) -> tf.Tensor:
    """`y = (x + u) / num_levels`, in the dtype of `u`, off the edges; `quantize` gives `x` back.

    Args:
      x: int32 levels in `0..num_levels - 1`.
      u: where in its bin each of them lies, in [0, 1]: float32 or float64, of the shape of `x`.
      num_levels: number of levels.
      scaling: of the result, as in `dequantize`.
    """
    lowest, width = scaling_of(scaling, num_levels)
    # A float32 cannot hold 16 + 0.9999999: the sum is 17 and y is 1, where the logit is infinite
    # and a density on [0, 1) has no support. Likewise 200 + 0.999999 is 201, the wrong level. Two
    # float32 numbers are left between u and either edge, as compilers may turn the division into an
    # inexact product.
    edge = 2.0 ** ((num_levels - 1).bit_length() - 23)
    y = (tf.cast(x, u.dtype) + tf.clip_by_value(u, edge, 1 - edge)) / num_levels
    return y if scaling == "unit" else lowest + width * y


def quantize(y: Any, num_levels: int, *, scaling: ScalingName = "unit") -> tf.Tensor:
    """`floor(y * num_levels)`, clipped to `0..num_levels - 1`: the inverse of `dequantize`.

    Exact: `y` is compared with the float32 edges of the bins, so that rounding in the product
    cannot move it to a neighbouring level. A NaN gets an arbitrary level.

    Args:
      y: floating numbers of any shape, such as samples of a flow.
      num_levels: number of values that a pixel can take, 2..65536.
      scaling: of `y`, as in `dequantize`.

    Returns:
      A tensor of the shape of `y`: uint8 for up to 256 levels, int32 for more.

    Raises:
      TypeError: `y` is not of a floating dtype, or `num_levels` is no integer.
      ValueError: `num_levels` is out of range, or there is no such scaling.

    Example:
      >>> from tfp_flows.data.dequantize import quantize
      >>> quantize([-0.1, 0.0, 0.999, 1.2], 256).numpy().tolist()
      [0, 0, 255, 255]
    """
    levels = check_num_levels(num_levels)
    y = tf.convert_to_tensor(y)
    if not y.dtype.is_floating:
        raise TypeError(f"`y` must be of a floating dtype, such as float32; got {y.dtype.name}.")
    flat = tf.reshape(tf.cast(y, tf.float32), [-1])
    # Without the outer edges the count of edges up to `y` is clipped by itself.
    inner = tf.constant(bin_edges(levels, scaling)[1:-1])
    below = tf.searchsorted(inner, flat, side="right")
    return tf.cast(tf.reshape(below, tf.shape(y)), level_dtype(levels))


def _noise(x: tf.Tensor, seed: Any) -> tf.Tensor:
    if seed is None:
        return tf.random.uniform(tf.shape(x))
    seed = tf.convert_to_tensor(seed)
    if not seed.shape.is_compatible_with([2]):
        raise ValueError(f"`seed` must be of shape [2]; got shape {seed.shape}.")
    return tf.random.stateless_uniform(tf.shape(x), seed)
