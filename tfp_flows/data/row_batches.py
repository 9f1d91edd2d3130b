"""Batches of the rows of a table, with noise on whole numbers."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.ops.arguments import check_int


def row_batches(
    values: np.ndarray,
    is_discrete: np.ndarray,
    batch_size: int,
    *,
    shuffle: bool,
    seed: int | None,
    drop_remainder: bool,
) -> tf.data.Dataset[Any]:
    """Batches of the rows `[n, D]`; see `Table.batches`."""
    check_int("batch_size", batch_size, 1)
    size = len(values)
    if drop_remainder and batch_size > size:
        wanted = f"at most {size}, the number of rows, with `drop_remainder`"
        raise ValueError(f"`batch_size` must be {wanted}; got {batch_size}.")
    # Numbers of rows are shuffled, and the rows of a batch gathered at once, which is faster than
    # a dataset of rows.
    numbers = tf.data.Dataset.range(size)
    if shuffle:
        numbers = numbers.shuffle(size, seed=seed, reshuffle_each_iteration=True)
    numbers = numbers.batch(batch_size, drop_remainder=drop_remainder)
    return _gathered(numbers, tf.constant(values), is_discrete, seed).prefetch(tf.data.AUTOTUNE)


def with_noise(x: tf.Tensor, is_discrete: np.ndarray, seed: tf.Tensor) -> tf.Tensor:
    """`x + u` with `u ~ U[0, 1)` in the discrete columns: rounded down it is `x`, always.

    Args:
      x: rows `[b, D]`.
      is_discrete: which columns hold whole numbers, `[D]`.
      seed: integers `[2]` that determine the noise.
    """
    u = tf.random.stateless_uniform(tf.shape(x), seed, dtype=x.dtype)
    # 200 + 0.9999999 is 201 in float32.
    highest = tf.math.nextafter(x + 1, x)
    return tf.where(is_discrete, tf.minimum(x + u, highest), x)


def _gathered(
    numbers: tf.data.Dataset[Any], rows: tf.Tensor, is_discrete: np.ndarray, seed: int | None
) -> tf.data.Dataset[Any]:
    def gather(batch: tf.Tensor, noise_seed: tf.Tensor) -> tf.Tensor:
        x = tf.gather(rows, batch)
        return with_noise(x, is_discrete, noise_seed) if is_discrete.any() else x

    # As in `data.batches`: noise from a source of seeds comes in a fixed order, anew each epoch.
    source = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    pairs = tf.data.Dataset.zip(numbers, source.batch(2, drop_remainder=True))
    return pairs.map(gather, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
