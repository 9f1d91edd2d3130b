"""Events of another shape."""

import tensorflow as tf

from tfp_flows.ops.batch import flatten_batch


def reshape_event(x: tf.Tensor, event_ndims: int, event_shape: tuple[int, ...]) -> tf.Tensor:
    """Gives the last `event_ndims` axes the shape `event_shape`: `[B..., E...] -> [B..., F...]`."""
    flat, restore = flatten_batch(x, event_ndims)
    return restore(tf.reshape(flat, [-1, *event_shape]), len(event_shape))
