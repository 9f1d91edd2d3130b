"""From numbers for each event to one number for a batch."""

from typing import Any

import tensorflow as tf


def mean(values: tf.Tensor, weights: tf.Tensor | None) -> tf.Tensor:
    """`sum(weights * values) / len(values)`, as Keras weighs losses; 0 for an empty batch.

    Not divided by the sum of the weights: batches and replicas then count by their weights, and a
    batch of weight 0 is no error. A replica may get nothing of a last batch.
    """
    total = tf.reduce_sum(values if weights is None else weights * values)
    return tf.math.divide_no_nan(total, tf.cast(tf.size(values), values.dtype))


def event_weights(sample_weight: Any, values: tf.Tensor) -> tf.Tensor | None:
    """`sample_weight`, `[batch]` or `[batch, 1]`, in the shape and type of `values`."""
    if sample_weight is None:
        return None
    return tf.reshape(tf.cast(sample_weight, values.dtype), tf.shape(values))


def num_replicas() -> int:
    """How many replicas share a batch; Keras adds their losses and gradients."""
    return tf.distribute.get_strategy().num_replicas_in_sync
