"""How far a training got, as every file of weights says it."""

from typing import Any

import keras
import tensorflow as tf

_TRAINING, _EVALUATION = 0, 1


class Progress:
    """A weight of a model: a seed, and the number of batches that it was trained with.

    Together they determine the randomness of a step, and which batch comes next: a training that
    is restored from a file goes on as if it had never stopped. The iterations of the optimizer
    would not do, since they start again with another `compile`.

    Args:
      model: that gets the weight.
    """

    def __init__(self, model: keras.Model) -> None:
        self.variable: Any = model.add_weight(
            name="progress",
            shape=(2,),
            initializer=_beginning,
            dtype="int64",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.awaits_validation = False
        """Whether what was restored has seen all batches of an epoch, but not its validation."""

    @property
    def num_batches(self) -> int:
        """How many batches the model was trained with."""
        return int(self.variable.numpy()[1])

    def advance(self) -> None:
        """One more; to be called in a step, under the control of its checks."""
        self.variable.value.assign_add(tf.constant([0, 1], tf.int64))

    def training_seed(self) -> tf.Tensor:
        """Integers `[2]` for the randomness of a training step, others in each replica."""
        return self._seed(_TRAINING, self.variable[1])

    def evaluation_seed(self, batch: Any) -> tf.Tensor:
        """Those for a batch of an evaluation: the same in each, so that they can be compared."""
        return self._seed(_EVALUATION, batch)

    def _seed(self, purpose: int, number: Any) -> tf.Tensor:
        seed = tf.cast(tf.stack([self.variable[0], purpose]), tf.int32)
        context = tf.distribute.get_replica_context()
        replica = 0 if context is None else context.replica_id_in_sync_group
        for data in (number, replica):
            seed = tf.random.fold_in(seed, tf.cast(data, tf.int32))
        return seed


def _beginning(shape: Any, dtype: Any) -> tf.Tensor:
    del shape
    # From the global generator, so that it follows `keras.utils.set_random_seed`. As a start value:
    # a strategy gives all workers that of the first.
    seed = tf.random.uniform([], maxval=tf.int32.max, dtype=tf.int32)
    return tf.cast(tf.stack([seed, 0]), dtype)
