"""The batches of an epoch, which its number and a seed determine."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfp_flows.data.elements import Elements
from tfp_flows.ops.arguments import check_int

BatchesOf = Callable[[tf.data.Dataset[Any]], tf.data.Dataset[Any]]
"""Of places `[epoch, batch]`: the batches of each epoch from that batch on."""

Finish = Callable[[dict[str, tf.Tensor], tf.Tensor], Any]
"""`finish(batch, seed)` gives what a batch is made of, with integers `[2]` for its randomness."""

SHUFFLED = 10_000
"""Images that are not in memory are read so many at a time, and put into a random order."""


def in_epochs(
    elements: Elements,
    finish: Finish,
    *,
    batch_size: int,
    shuffle: bool,
    drop_remainder: bool,
    seed: int | None,
    worker: int = 0,
) -> BatchesOf:
    """The batches of numbered epochs, each in its order and with its randomness.

    Workers with one seed get different noise. `None` draws a seed.
    """
    root = (_drawn() if seed is None else check_int("seed", seed, 0), worker)
    tensors = elements.tensors
    size = None if tensors is None else len(next(iter(tensors.values())))

    def ordered(epoch_seed: tf.Tensor) -> tf.data.Dataset[Any]:
        order_seed = _folded(epoch_seed, 0)
        if size is None:
            return _shuffled(elements.dataset, order_seed) if shuffle else elements.dataset
        rows = _permutation(size, order_seed) if shuffle else tf.range(size)
        return tf.data.Dataset.from_tensor_slices(rows)

    def epoch_of(now: tf.Tensor) -> tf.data.Dataset[Any]:
        epoch_seed = _folded(tf.constant(root, tf.int64), now[0])
        # Whole batches are left out, not read: rows of arrays are but numbers here.
        rows = ordered(epoch_seed).skip(now[1] * batch_size)
        numbered = rows.batch(batch_size, drop_remainder=drop_remainder).enumerate(now[1])
        return numbered.map(lambda number, batch: (_folded(epoch_seed, number + 1), batch))

    def finished(batch_seed: tf.Tensor, batch: Any) -> Any:
        if tensors is not None:
            batch = {key: tf.gather(its, batch) for key, its in tensors.items()}
        return finish(batch, batch_seed)

    def batches_of(places: tf.data.Dataset[Any]) -> tf.data.Dataset[Any]:
        batches = places.flat_map(epoch_of)
        batches = batches.map(finished, tf.data.AUTOTUNE, deterministic=True)
        # TensorFlow's autotuner can miss that its iterator is gone, and then holds the process up
        # until its next turn: for as long as the epoch took, up to a minute. It gains nothing here.
        options = tf.data.Options()
        options.autotune.enabled = False
        return batches.prefetch(tf.data.AUTOTUNE).with_options(options)

    return batches_of


def _folded(seed: tf.Tensor, number: Any) -> tf.Tensor:
    return tf.random.fold_in(seed, tf.cast(number, tf.int64))


def _shuffled(dataset: tf.data.Dataset[Any], seed: tf.Tensor) -> tf.data.Dataset[Any]:
    # Not `dataset.shuffle`: two iterators that live at the same time share its generator, whatever
    # their seeds, and so would two epochs.
    blocks = dataset.batch(SHUFFLED).enumerate().map(lambda n, block: _permuted(block, seed, n))
    # The next block is read while this one is used.
    return blocks.prefetch(1).unbatch()


def _permuted(block: dict[str, tf.Tensor], seed: tf.Tensor, number: tf.Tensor) -> Any:
    size = tf.shape(next(iter(block.values())))[0]
    rows = _permutation(size, _folded(seed, number))
    return {key: tf.gather(value, rows) for key, value in block.items()}


def _permutation(size: Any, seed: tf.Tensor) -> tf.Tensor:
    return tf.argsort(tf.random.stateless_uniform([size], seed, None, None, tf.int64))


def _drawn() -> int:
    return int(tf.random.uniform([], maxval=2**31 - 1, dtype=tf.int32))
