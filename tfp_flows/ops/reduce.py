"""Sums over the trailing (event) axes."""

import tensorflow as tf


def sum_event(x: tf.Tensor, event_ndims: int) -> tf.Tensor:
    """Sums the last `event_ndims` axes: `[B..., E...] -> [B...]`."""
    return tf.reduce_sum(x, axis=list(range(-event_ndims, 0)))


def sum_log_det(
    log_det: tf.Tensor, x: tf.Tensor, event_ndims: int, min_event_ndims: int
) -> tf.Tensor:
    """The log-det of events of rank `event_ndims` from that of their sub-events.

    `log_det` belongs to sub-events of rank `min_event_ndims`; where it is one number for several
    of them, it counts once for each.
    """
    extra = event_ndims - min_event_ndims
    if not extra:
        return log_det
    summed = x.shape[x.shape.rank - event_ndims : x.shape.rank - min_event_ndims]
    if log_det.shape.rank == 0 and summed.is_fully_defined():
        return log_det * summed.num_elements()
    batch_shape = tf.shape(x)[: tf.rank(x) - min_event_ndims]
    if log_det.shape.rank == 0:
        count = tf.reduce_prod(batch_shape[-extra:])
        return log_det * tf.cast(count, log_det.dtype)
    if not summed.is_fully_defined() or log_det.shape[-extra:] != summed:
        log_det = tf.broadcast_to(log_det, batch_shape)
    return sum_event(log_det, extra)
