"""Random flips and shifts of batches of images."""

from typing import Any

import tensorflow as tf


def augmented(images: tf.Tensor, *, flip: bool, shift: int, seed: Any) -> tf.Tensor:
    """Images mirrored left to right with equal chances, then moved; pixels of an edge are repeated.

    Args:
      images: `[b, H, W, C]`.
      flip: whether to mirror.
      shift: by how many pixels at most, along both axes; all of `-shift..shift` are equally likely.
      seed: integers `[2]` that determine which and by how much.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.data.augmentation import augmented
      >>> augmented(tf.zeros([5, 4, 4, 1], tf.uint8), flip=True, shift=2, seed=[1, 2]).shape
      TensorShape([5, 4, 4, 1])
    """
    _, height, width, channels = images.shape
    count = tf.shape(images)[0]
    flip_seed, shift_seed = tf.unstack(tf.random.split(seed, 2))
    offsets = tf.random.stateless_uniform([2, count, 1], shift_seed, -shift, shift + 1, tf.int32)
    rows, columns = (
        tf.clip_by_value(tf.range(size) + offset, 0, size - 1)
        for size, offset in zip((height, width), tf.unstack(offsets), strict=True)
    )
    if flip:
        heads = tf.random.stateless_uniform([count, 1], flip_seed) < 0.5
        columns = tf.where(heads, width - 1 - columns, columns)
    # In one pass over the pixels: `tf.reverse` and `tf.where` take longer on bytes.
    places = rows[:, :, tf.newaxis] * width + columns[:, tf.newaxis, :]
    pixels = tf.reshape(images, [-1, height * width, channels])
    moved = tf.gather(pixels, tf.reshape(places, [-1, height * width]), batch_dims=1)
    return tf.reshape(moved, [-1, height, width, channels])
