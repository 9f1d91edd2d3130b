"""Splitting in place: a boolean array says what is kept, zeros stand for the rest."""

import numpy as np
import tensorflow as tf

from tfp_flows.ops.reduce import sum_event


def split(x: tf.Tensor, kept: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
    """The kept and the moved entries of `x`, each with zeros where the other stands."""
    # Not by multiplication: 0 * inf is NaN, and the network would see it.
    zero = tf.zeros([], x.dtype)
    return tf.where(kept, x, zero), tf.where(kept, zero, x)


def merge(kept: tf.Tensor, moved: tf.Tensor, mask: np.ndarray) -> tf.Tensor:
    """Takes `kept` where the mask is true and `moved` elsewhere."""
    return tf.where(mask, kept, moved)


def sum_moved(x: tf.Tensor, kept: np.ndarray, event_ndims: int) -> tf.Tensor:
    """Sums the entries of `x` that move: `[B..., E...] -> [B...]`."""
    return sum_event(tf.where(kept, tf.zeros([], x.dtype), x), event_ndims)
