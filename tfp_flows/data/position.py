"""Which epoch the next iterator gives, and from which batch on."""

from typing import Any

import tensorflow as tf


class Position:
    """A counter outside of any iterator, that a pipeline reads when it starts.

    Not a `tf.Variable`: those made under a distribution strategy have copies, and one of int64
    would live on an accelerator, where `tf.data` cannot read it.
    """

    def __init__(self) -> None:
        self._table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0)

    @property
    def epoch(self) -> int:
        """Of the next iterator."""
        return int(self._table.lookup(tf.constant("epoch")))

    def seek(self, epoch: int, batch: int = 0) -> None:
        """Makes the next iterator start at a batch of an epoch; those after it at batch 0."""
        keys, values = tf.constant(["epoch", "batch"]), tf.constant([epoch, batch], tf.int64)
        self._table.insert(keys, values)

    def taken(self) -> tf.data.Dataset[Any]:
        """One place, `[epoch, batch]`; whoever reads it moves the position to the next epoch."""

        def take(_: tf.Tensor) -> tf.Tensor:
            keys = tf.constant(["epoch", "batch"])
            now = self._table.lookup(keys)
            with tf.control_dependencies([now]):
                moved = self._table.insert(keys, tf.stack([now[0] + 1, tf.zeros_like(now[1])]))
            with tf.control_dependencies([moved]):
                return tf.identity(now)

        return tf.data.Dataset.range(1).map(take)

    def taken_for_good(self) -> tf.data.Dataset[Any]:
        """One place, and all epochs after it, wherever the position is moved meanwhile."""

        def count(now: tf.Tensor) -> tf.data.Dataset[Any]:
            following = tf.data.Dataset.counter(now[0] + 1)
            return tf.data.Dataset.from_tensors(now).concatenate(
                following.map(lambda epoch: tf.stack([epoch, tf.zeros_like(epoch)]))
            )

        return self.taken().flat_map(count)
