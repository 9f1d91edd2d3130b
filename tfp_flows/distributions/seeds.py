"""The same thing for many seeds, one after the other."""

from collections.abc import Callable

import tensorflow as tf


def for_each_seed(
    function: Callable[[tf.Tensor], tf.Tensor],
    seed: tf.Tensor,
    n: int | tf.Tensor,
    dtype: tf.DType,
) -> tf.Tensor:
    """`function(seed_k)` for `n` seeds made of one: `[n, ...]`, of the given dtype."""
    seeds = tf.random.stateless_uniform([n, 2], seed, minval=None, maxval=None, dtype=tf.int32)
    # One at a time: that is what keeps the memory flat.
    return tf.map_fn(function, seeds, parallel_iterations=1, fn_output_signature=dtype)


def log_mean_exp(values: tf.Tensor) -> tf.Tensor:
    """`log(mean(exp(values)))` over the first axis."""
    n = tf.cast(tf.shape(values)[0], values.dtype)
    return tf.reduce_logsumexp(values, axis=0) - tf.math.log(n)
