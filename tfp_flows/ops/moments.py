"""Statistics of a whole batch, wherever its parts are."""

import tensorflow as tf

from tfp_flows.typing import TensorPair


def global_moments(x: tf.Tensor, axes: list[int]) -> TensorPair:
    """Mean and variance over `axes`, and over all replicas of a distribution strategy.

    They are those of the whole batch, whatever the sizes of its parts: a replica may have nothing
    of a last batch. Gradients flow through both, also between replicas.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        mean = tf.reduce_mean(x, axes)
        return mean, tf.reduce_mean(tf.math.squared_difference(x, mean), axes)
    size = tf.cast(tf.reduce_prod(tf.gather(tf.shape(x), axes)), x.dtype)
    total, size = context.all_reduce(tf.distribute.ReduceOp.SUM, [tf.reduce_sum(x, axes), size])
    mean, size = total / size, tf.stop_gradient(size)
    squares = tf.reduce_sum(tf.math.squared_difference(x, mean), axes)
    return mean, context.all_reduce(tf.distribute.ReduceOp.SUM, squares) / size


def positive_std(mean: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
    """The standard deviation, and 1 where the values were constant up to rounding.

    It is finite also where the variance is too large for its dtype.
    """
    std = tf.sqrt(tf.where(tf.math.is_inf(variance), variance.dtype.max, variance))
    return tf.where(std <= 1e-5 * tf.abs(mean), tf.ones_like(std), std)
