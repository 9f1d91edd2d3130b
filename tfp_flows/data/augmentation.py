"""Random flips and shifts of batches of images."""

from typing import Any

import tensorflow as tf


def flipped(images: tf.Tensor, seed: Any) -> tf.Tensor:
    """Each image mirrored left to right, or not, with equal chances.

    Args:
      images: `[b, H, W, C]`.
      seed: integers `[2]` that determine which.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.data.augmentation import flipped
      >>> flipped(tf.zeros([5, 4, 4, 1], tf.uint8), seed=[1, 2]).shape
      TensorShape([5, 4, 4, 1])
    """
    heads = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], seed) < 0.5
    return tf.where(heads, tf.reverse(images, [2]), images)


def shifted(images: tf.Tensor, shift: int, seed: Any) -> tf.Tensor:
    """Each image moved by up to `shift` pixels along both axes; pixels of its edge are repeated.

    Args:
      images: `[b, H, W, C]`.
      shift: all integers in `-shift..shift` are equally likely.
      seed: integers `[2]` that determine by how much.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.data.augmentation import shifted
      >>> shifted(tf.zeros([5, 4, 4, 1], tf.uint8), 2, seed=[1, 2]).shape
      TensorShape([5, 4, 4, 1])
    """
    count = tf.shape(images)[0]
    offsets = tf.random.stateless_uniform([count, 2], seed, -shift, shift + 1, tf.int32)
    for axis in (1, 2):
        size = images.shape[axis]
        places = tf.range(size) + offsets[:, axis - 1, tf.newaxis]
        places = tf.clip_by_value(places, 0, size - 1)
        images = tf.gather(images, places, axis=axis, batch_dims=1)
    return images
