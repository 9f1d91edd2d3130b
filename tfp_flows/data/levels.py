"""Integer pixels: which are allowed."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.ops.arguments import check_int

# A float32 has 24 bits: with more levels too few of them are left for the noise.
MAX_NUM_LEVELS = 2**16


def check_num_levels(num_levels: int) -> int:
    """Gives `num_levels` if it is an integer in `2..65536`, else raises."""
    return check_int("num_levels", num_levels, 2, MAX_NUM_LEVELS)


def level_dtype(num_levels: int) -> tf.DType:
    """The dtype that levels are given in: uint8 for up to 256 of them, int32 for more."""
    return tf.uint8 if num_levels - 1 <= tf.uint8.max else tf.int32


def checked_levels(name: str, values: Any, num_levels: int) -> tf.Tensor:
    """Gives `values`, an array or a tensor, as int32 in `0..num_levels - 1`.

    Raises:
      TypeError: the dtype is not an integer one.
      ValueError: a value is out of range, where the values are known.
      tf.errors.InvalidArgumentError: a value is out of range, in a graph.
    """
    if tf.is_symbolic_tensor(values):
        return tf.cast(checked_symbol(values, num_levels, name), tf.int32)
    return tf.convert_to_tensor(checked_array(values, num_levels, name).astype(np.int32))


def checked_array(images: Any, num_levels: int, name: str = "images") -> np.ndarray:
    """Gives `images` as a NumPy array of integers in `0..num_levels - 1`.

    Raises:
      TypeError: the dtype is not an integer one (booleans are not integers).
      ValueError: a pixel is out of range.
    """
    array = np.asarray(images)
    check_integer(array.dtype, name)
    if array.size:
        # Python integers: in uint8 the number 256 would not exist.
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= num_levels:
            raise ValueError(f"{_wanted(name, num_levels)}; got the range {low}..{high}.")
    return array


def checked_symbol(images: tf.Tensor, num_levels: int, name: str = "images") -> tf.Tensor:
    """Gives the graph tensor `images`, which checks its pixels whenever the graph runs.

    A graph that XLA compiles runs without the check.

    Raises:
      TypeError: the dtype is not an integer one.
      tf.errors.InvalidArgumentError: a pixel is out of range, when the graph runs.
    """
    check_integer(images.dtype, name)
    low, high = tf.reduce_min(images), tf.reduce_max(images)
    # Casting the two numbers, not the images, costs no memory. A huge uint64 wraps to a negative
    # number, so both must pass both comparisons.
    extremes = tf.cast([low, high], tf.int64)
    inside = tf.reduce_all((extremes >= 0) & (extremes < num_levels))
    message = f"{_wanted(name, num_levels)}; got the range"
    # The extremes of an empty batch are those of its dtype.
    allowed = tf.logical_or(inside, tf.equal(tf.size(images), 0))
    with tf.control_dependencies([tf.debugging.Assert(allowed, [message, low, "to", high])]):
        return tf.identity(images)


def check_integer(dtype: Any, name: str = "images") -> None:
    """Raises a `TypeError` unless `dtype`, of NumPy or TensorFlow, is an integer one."""
    dtype = getattr(dtype, "as_numpy_dtype", dtype)
    if not np.issubdtype(dtype, np.integer):
        got = np.dtype(dtype).name
        raise TypeError(f"`{name}` must be of an integer dtype, such as uint8; got {got}.")


def _wanted(name: str, num_levels: int) -> str:
    return f"`{name}` must have levels in 0..{num_levels - 1}"
