"""Sums over the trailing (event) axes."""

import tensorflow as tf


def sum_event(x: tf.Tensor, event_ndims: int) -> tf.Tensor:
    """Sums the last `event_ndims` axes: `[B..., E...] -> [B...]`."""
    return tf.reduce_sum(x, axis=list(range(-event_ndims, 0)))


def sum_log_det(
    log_det: tf.Tensor, x: tf.Tensor, event_ndims: int, min_event_ndims: int
) -> tf.Tensor:
    """The log-det of events of rank `event_ndims` from that of their sub-events.

    `log_det` belongs to sub-events of rank `min_event_ndims`; it may be one number for all of
    them, which then counts once for each.
    """
    extra = event_ndims - min_event_ndims
    if not extra:
        return log_det
    if log_det.shape.rank == 0:
        counts = tf.shape(x)[tf.rank(x) - event_ndims : tf.rank(x) - min_event_ndims]
        return log_det * tf.cast(tf.reduce_prod(counts), log_det.dtype)
    return sum_event(log_det, extra)
