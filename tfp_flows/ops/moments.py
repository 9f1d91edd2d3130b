"""Statistics of a whole batch, wherever its parts are."""

import tensorflow as tf

from tfp_flows.typing import TensorPair


def global_moments(x: tf.Tensor, axes: list[int]) -> TensorPair:
    """Mean and variance over `axes`, and over all replicas of a distribution strategy.

    Replicas count alike, whatever the sizes of their parts of the batch. Gradients flow through
    both, also between replicas.
    """
    mean = _over_replicas(tf.reduce_mean(x, axes))
    variance = _over_replicas(tf.reduce_mean(tf.math.squared_difference(x, mean), axes))
    return mean, variance


def _over_replicas(value: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def positive_std(mean: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
    """The standard deviation, and 1 where the values were constant up to rounding."""
    is_constant = variance <= 1e-10 * tf.square(mean)
    return tf.where(is_constant, tf.ones_like(variance), tf.sqrt(variance))
