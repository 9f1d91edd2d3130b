"""Batches of dequantized images for training."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.dequantize import dequantize
from tfp_flows.data.levels import check_integer, check_num_levels, checked_array
from tfp_flows.ops.arguments import check_int


def batches(
    images: Any,
    batch_size: int,
    *,
    num_levels: int,
    labels: Any = None,
    shuffle: bool = True,
    seed: int | None = None,
    drop_remainder: bool = False,
) -> tf.data.Dataset[Any]:
    """Shuffles, batches and dequantizes integer images, anew in each epoch.

    An epoch is one iterator over the dataset (or one round of its `repeat`). No two epochs have
    the same noise or, with `shuffle`, the same order. With `seed`, the first epochs of two such
    datasets agree, so do the second ones, and so on: in one process or in two, for one version
    of TensorFlow and one global seed (`tf.random.set_seed` takes part, as in every operation with
    a seed). An iterator that is left early, `next(iter(dataset))` say, counts as an epoch. Call
    this function eagerly; the dataset can be used in a `tf.function`.

    Args:
      images: integers in `0..num_levels - 1`: an array `[n, H, W, C]`, or a `tf.data.Dataset` of
        images `[H, W, C]`. All elements of a dataset are held in memory to shuffle them.
      batch_size: images in a batch.
      num_levels: number of values that a pixel can take, 2..65536.
      labels: floating array `[n, ...]` that the flow is conditioned on; one-hot for classes.
      shuffle: whether each epoch comes in a new random order of all images.
      seed: makes order and noise reproducible; `None` for new ones in each run.
      drop_remainder: whether to leave out a last batch of fewer images.

    Returns:
      A dataset of `x`, float32 `[b, H, W, C]` in [0, 1), or with `labels` of
      `{"x": x, "context": labels}`, both float32. The batch size is static with `drop_remainder`.

    Raises:
      TypeError: images are not integers, labels not floating, sizes no integers.
      ValueError: a shape, a size, the number of labels or, in an array, a pixel is out of range.
      tf.errors.InvalidArgumentError: a pixel of a dataset is out of range, when it is read.

    Example:
      >>> from tfp_flows.data.digits import DIGITS_NUM_LEVELS, load_digits
      >>> from tfp_flows.data.pipeline import batches
      >>> images, _ = load_digits()
      >>> dataset = batches(images, 64, num_levels=DIGITS_NUM_LEVELS, seed=0)
      >>> next(iter(dataset)).shape
      TensorShape([64, 8, 8, 1])
    """
    levels = check_num_levels(num_levels)
    elements = _elements(images, levels)
    if labels is not None:
        elements = _with_context(elements, labels)
    _check_sizes(elements, batch_size, must_fill=drop_remainder)
    if shuffle:
        elements = _shuffled(elements, seed)
    batched = elements.batch(batch_size, drop_remainder=drop_remainder)
    return _dequantized(batched, levels, seed).prefetch(tf.data.AUTOTUNE)


def _elements(images: Any, num_levels: int) -> tf.data.Dataset[Any]:
    if not isinstance(images, tf.data.Dataset):
        array = checked_array(images, num_levels)
        _check_rank(array.shape, ("n", "H", "W", "C"))
        return tf.data.Dataset.from_tensor_slices(array)
    spec = images.element_spec
    if not isinstance(spec, tf.TensorSpec):
        raise TypeError(f"`images` must be a dataset of single tensors; got elements {spec}.")
    check_integer(spec.dtype)
    _check_rank(spec.shape, ("H", "W", "C"))
    return images


def _check_rank(shape: Any, axes: tuple[str, ...]) -> None:
    rank = tf.TensorShape(shape).rank
    if rank != len(axes):
        wanted = ", ".join(axes)
        raise ValueError(f"`images` must be of shape [{wanted}]; got shape {shape}.")


def _with_context(elements: tf.data.Dataset[Any], labels: Any) -> tf.data.Dataset[Any]:
    array = np.asarray(labels)
    if not tf.as_dtype(array.dtype).is_floating:
        hint = "for classes pass one-hot vectors, `np.eye(num_classes)[labels]`"
        raise TypeError(f"`labels` must be of a floating dtype ({hint}); got {array.dtype}.")
    size = int(elements.cardinality())
    if size < 0:
        kind = "infinite" if size == tf.data.INFINITE_CARDINALITY else "unknown"
        raise ValueError(f"`images` must be of known size to go with `labels`; got {kind} size.")
    if array.shape[:1] != (size,):
        raise ValueError(f"`labels` must have {size} rows, as `images`; got shape {array.shape}.")
    context = tf.data.Dataset.from_tensor_slices(array.astype(np.float32))
    return tf.data.Dataset.zip({"x": elements, "context": context})


def _check_sizes(elements: tf.data.Dataset[Any], batch_size: int, *, must_fill: bool) -> None:
    check_int("batch_size", batch_size, 1)
    size = int(elements.cardinality())
    if size == 0:
        raise ValueError("`images` must hold at least 1 image; got 0.")
    if must_fill and 0 < size < batch_size:
        wanted = f"at most {size}, the number of images, with `drop_remainder`"
        raise ValueError(f"`batch_size` must be {wanted}; got {batch_size}.")


def _shuffled(elements: tf.data.Dataset[Any], seed: int | None) -> tf.data.Dataset[Any]:
    size = elements.cardinality()
    if size == tf.data.INFINITE_CARDINALITY:
        raise ValueError("`images` must be finite with `shuffle`; got an infinite dataset.")
    return elements.shuffle(size, seed=seed, reshuffle_each_iteration=True)


def _dequantized(
    batched: tf.data.Dataset[Any], num_levels: int, seed: int | None
) -> tf.data.Dataset[Any]:
    def add_noise(batch: Any, noise_seed: tf.Tensor) -> Any:
        if isinstance(batch, dict):
            return {**batch, "x": dequantize(batch["x"], num_levels, seed=noise_seed)}
        return dequantize(batch, num_levels, seed=noise_seed)

    # Stateless noise from a source of seeds: a stateful draw in a parallel map comes in no fixed
    # order, and one fixed seed would repeat the noise in each epoch.
    source = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    seeds = source.batch(2, drop_remainder=True)
    pairs = tf.data.Dataset.zip(batched, seeds)
    return pairs.map(add_noise, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
