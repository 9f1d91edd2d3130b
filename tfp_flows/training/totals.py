"""From numbers for each event to one number for a batch."""

from typing import Any

import tensorflow as tf


def mean(values: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
    """`sum(weights * values) / len(values)`, as Keras weighs losses; 0 for an empty batch.

    Not divided by the sum of the weights: batches then count by their weights, and a batch of
    weight 0 is no error. A replica may get nothing of a last batch.
    """
    total = tf.reduce_sum(values if weights is None else weights * values)
    return tf.math.divide_no_nan(total, tf.cast(tf.size(values), values.dtype))


def event_weights(sample_weight: Any, values: tf.Tensor) -> tf.Tensor | None:
    """`sample_weight`, `[batch]` or `[batch, 1]`, in the shape and type of `values`."""
    if sample_weight is None:
        return None
    return tf.reshape(tf.cast(sample_weight, values.dtype), tf.shape(values))


def share_of(size: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Which part of a batch `size` events are, as replicas share it; Keras adds their losses."""
    context, count = tf.distribute.get_replica_context(), num_replicas()
    if context is None or count == 1:
        return tf.constant(1 / count, dtype)
    size = tf.cast(size, dtype)
    return tf.math.divide_no_nan(size, context.all_reduce(tf.distribute.ReduceOp.SUM, size))


def num_replicas() -> int:
    """How many replicas share a batch."""
    return tf.distribute.get_strategy().num_replicas_in_sync
