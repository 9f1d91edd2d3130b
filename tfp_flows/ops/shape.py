"""Shapes of events."""

import tensorflow as tf

from tfp_flows.ops.batch import flatten_batch


def reshape_event(x: tf.Tensor, event_ndims: int, event_shape: tuple[int, ...]) -> tf.Tensor:
    """Gives the last `event_ndims` axes the shape `event_shape`: `[B..., E...] -> [B..., F...]`."""
    flat, restore = flatten_batch(x, event_ndims)
    return restore(tf.reshape(flat, [-1, *event_shape]), len(event_shape))


def check_event_shape(name: str, x: tf.Tensor, event_shape: tuple[int, ...]) -> None:
    """Raises a `ValueError` unless `x` can be of the shape `[..., *event_shape]`."""
    rank, ndims = x.shape.rank, len(event_shape)
    if rank is None:
        return
    if rank < ndims or not x.shape[rank - ndims :].is_compatible_with(event_shape):
        wanted = ", ".join(map(str, ("...", *event_shape)))
        raise ValueError(f"`{name}` must have shape [{wanted}]; got {tuple(x.shape)}.")
