"""Batches of the rows of a table, with noise on whole numbers."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.batches import Batches
from tfp_flows.data.elements import Elements
from tfp_flows.data.options import check_shard, remainder_dropped
from tfp_flows.data.order import in_epochs
from tfp_flows.ops.arguments import check_int


def row_batches(
    values: np.ndarray,
    is_discrete: np.ndarray,
    batch_size: int,
    *,
    shuffle: bool,
    seed: int | None,
    drop_remainder: bool,
    shard: tuple[int, int] | None,
) -> Batches:
    """Batches of the rows `[n, D]`; see `Table.batches`."""
    check_int("batch_size", batch_size, 1)
    worker, workers = check_shard(shard)
    values = values[worker::workers]
    if not len(values):
        raise ValueError(f"`shard` must leave at least 1 row; got {shard}.")
    remainder_dropped(len(values), batch_size, drop=drop_remainder, shuffle=shuffle)

    def finish(batch: dict[str, tf.Tensor], noise_seed: tf.Tensor) -> Any:
        x = batch["row"]
        return with_noise(x, is_discrete, noise_seed) if is_discrete.any() else x

    batches_of = in_epochs(
        Elements.of_arrays({"row": values}),
        finish,
        batch_size=batch_size,
        shuffle=shuffle,
        drop_remainder=drop_remainder,
        seed=seed,
        worker=worker,
    )
    return Batches(
        batches_of,
        batch_size=batch_size,
        event_shape=values.shape[1:],
        num_levels=None,
        bin_width=1.0,
        num_events=len(values),
        drop_remainder=drop_remainder,
        num_classes=None,
        class_names=None,
        shard=(worker, workers),
    )


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
