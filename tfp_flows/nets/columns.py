"""Images of half the width and twice the channels."""

import tensorflow as tf

from tfp_flows.ops.arguments import check_shape
from tfp_flows.typing import Shape


def check_columns(image_shape: Shape) -> Shape:
    """The shape, if it is [H, W, C] with an even W.

    Raises:
      TypeError: If it is no tuple of ints.
      ValueError: If it is another shape.
    """
    shape = check_shape("image_shape", image_shape)
    if len(shape) != 3 or shape[1] % 2:
        raise ValueError(f"`image_shape` must be [H, W, C] with an even W; got {shape}.")
    return shape


def fold_columns(images: tf.Tensor) -> tf.Tensor:
    """`[N, H, W / 2, 2C]` of `[N, H, W, C]`: the channels of even columns, then of odd ones.

    Example:
      >>> fold_columns(tf.reshape(tf.range(4), [1, 1, 4, 1]))[0, 0].numpy()
      array([[0, 1],
             [2, 3]], dtype=int32)
    """
    return tf.concat([images[:, :, ::2], images[:, :, 1::2]], axis=-1)
