"""Splitting in place: a boolean array says what is kept, zeros stand for the rest."""

import numpy as np
import tensorflow as tf

from tfp_flows.ops.reduce import sum_event


def split(x: tf.Tensor, kept: np.ndarray) -> tuple[tf.Tensor, tf.Tensor]:
    """The kept and the moved entries of `x`, each with zeros where the other stands."""
    weight = tf.cast(kept, x.dtype)
    return x * weight, x * (1 - weight)


def merge(kept: tf.Tensor, moved: tf.Tensor, mask: np.ndarray) -> tf.Tensor:
    """Takes `kept` where the mask is true and `moved` elsewhere."""
    return tf.where(mask, kept, moved)


def sum_moved(x: tf.Tensor, kept: np.ndarray, event_ndims: int) -> tf.Tensor:
    """Sums the entries of `x` that move: `[B..., E...] -> [B...]`."""
    return sum_event(x * tf.cast(~kept, x.dtype), event_ndims)
