"""Seeds of all kinds as TFP's stateless pair."""

import operator
from typing import Any

import tensorflow as tf

from tfp_flows.ops.arguments import check_int


def stateless_seed(seed: Any) -> tf.Tensor:
    """A pair of int32: from an integer, from a pair, or a new one which follows `set_seed`.

    Raises:
      TypeError: if the seed is no integer and no pair of integers.
      ValueError: if it has another shape or is out of range.
    """
    if seed is None:
        return tf.random.uniform([2], 0, tf.int32.max, tf.int32)
    is_scalar = tf.TensorShape(getattr(seed, "shape", ())).rank == 0
    if is_scalar and not isinstance(seed, list | tuple):
        _require_index(seed)
        return tf.constant(divmod(check_int("seed", seed, -(2**62), 2**62 - 1), 2**31), tf.int32)
    seed = tf.convert_to_tensor(seed)
    if not seed.dtype.is_integer:
        raise TypeError(f"`seed` must be an integer or a pair of integers; got {seed.dtype.name}.")
    if not seed.shape.is_compatible_with([2]):
        raise ValueError(f"`seed` must be an integer or of shape [2]; got shape {seed.shape}.")
    return tf.cast(seed, tf.int32)


def _require_index(seed: Any) -> None:
    """Refuses numbers of other kinds, without the range of integers in the message."""
    try:
        operator.index(seed)
    except TypeError as error:
        raise TypeError(f"`seed` must be an integer; got {seed!r}.") from error
