"""Convolutions that see where the image ends, as those of Glow's released code do."""

import functools
from typing import Any

import numpy as np
import tensorflow as tf


def edge_outputs(height: int | tf.Tensor, width: int | tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """What a channel that is 1 in the padding and 0 inside adds to a "same" convolution.

    It does not depend on the images: this is once a batch what one more channel of padded inputs
    would be once an image.

    Args:
      height: Of the images.
      width: Of the images.
      kernel: `[k, k, 1, filters]`, the weights of that channel, with an odd k.

    Returns:
      Tensor `[1, height, width, filters]`.

    Example:
      >>> edge_outputs(3, 4, tf.ones([3, 3, 1, 1]))[0, ..., 0].numpy()
      array([[5., 3., 3., 5.],
             [3., 0., 0., 3.],
             [5., 3., 3., 5.]], dtype=float32)
    """
    size = kernel.shape[0]
    if isinstance(height, int) and isinstance(width, int):
        # A table: one product of matrices is a fraction of the operations of a convolution.
        table = tf.constant(_ring_windows(height, width, size), kernel.dtype)
        edge = tf.matmul(table, tf.reshape(kernel, [size * size, -1]))
        return tf.reshape(edge, [1, height, width, -1])
    pad = size // 2
    inside = tf.zeros([1, height, width, 1], kernel.dtype)
    ring = tf.pad(inside, [[0, 0], [pad, pad], [pad, pad], [0, 0]], constant_values=1)
    return tf.nn.conv2d(ring, kernel, strides=1, padding="VALID")


@functools.cache
def _ring_windows(height: int, width: int, size: int) -> np.ndarray:
    """Which weights of a kernel see the padding: `[height * width, size * size]`."""
    ring = np.pad(np.zeros([height, width], np.int8), size // 2, constant_values=1)
    windows = np.lib.stride_tricks.sliding_window_view(ring, (size, size))
    return windows.reshape(height * width, size * size)


def image_sizes(x: tf.Tensor) -> tuple[Any, Any]:
    """Height and width of images `[N, H, W, C]`, as plain ints where they are known."""
    height, width = x.shape[1:3]
    return (
        tf.shape(x)[1] if height is None else height,
        tf.shape(x)[2] if width is None else width,
    )
