"""What images `[H, W, C]` are given as context: a vector, or an image of their size or larger.

The levels of a multi-scale flow are of different sizes, and all get the same context. Where it is
larger than the level, its tiles become channels: `[Hc, Wc, Cc]` is `[H, W, Cc * Hc/H * Wc/W]`.
"""

import math

import tensorflow as tf

from tfp_flows.nets.edge import image_sizes
from tfp_flows.typing import Shape


def check_context(context_shape: Shape, image_shape: Shape) -> None:
    """Refuse contexts that fit no image `[H, W, C]`.

    Raises:
      ValueError: If `context_shape` is neither `[Dc]` nor tiles of `[H, W]`.
    """
    if len(context_shape) == 1 or (len(context_shape) == 3 and _fits(context_shape, image_shape)):
        return
    raise ValueError(
        "`context_shape` must be [Dc], or [H, W, Cc] with multiples of the H and W of "
        f"{image_shape}; got {context_shape}."
    )


def context_channels(context_shape: Shape, image_shape: Shape) -> int:
    """How many channels `context_as_image` gives.

    Example:
      >>> context_channels((32, 32, 3), image_shape=(32, 16, 6))
      6
    """
    return context_shape[-1] * math.prod(_tile(context_shape, image_shape))


def context_as_image(context: tf.Tensor, context_shape: Shape, image_shape: Shape) -> tf.Tensor:
    """Contexts that can be added to images once their channels are as many.

    The shapes say what was built; heights and widths of the tensor may be others.

    Args:
      context: Tensor `[N, Dc]` or `[N, Hc, Wc, Cc]`.
      context_shape: `(Dc,)` or `(Hc, Wc, Cc)`.
      image_shape: `(H, W, C)` of the images it is for.

    Returns:
      Tensor `[N, 1, 1, Dc]`, or `[N, H, W, dy * dx * Cc]` of tiles of `dy = Hc/H` times
      `dx = Wc/W` pixels, ordered by row, column and channel.
    """
    if len(context_shape) == 1:
        return context[:, tf.newaxis, tf.newaxis]
    dy, dx = _tile(context_shape, image_shape)
    if dy == dx == 1:
        return context
    # Not tf.nn.space_to_depth: packed checkerboards have tiles of 1 x 2 pixels.
    size, channels = tf.shape(context)[0], context_shape[-1]
    height, width = image_sizes(context)
    tiles = tf.reshape(context, [size, height // dy, dy, width // dx, dx, channels])
    tiles = tf.transpose(tiles, [0, 1, 3, 2, 4, 5])
    return tf.reshape(tiles, [size, height // dy, width // dx, dy * dx * channels])


def _tile(context_shape: Shape, image_shape: Shape) -> Shape:
    if len(context_shape) == 1:
        return 1, 1
    return context_shape[0] // image_shape[0], context_shape[1] // image_shape[1]


def _fits(context_shape: Shape, image_shape: Shape) -> bool:
    sizes = zip(context_shape[:2], image_shape[:2], strict=True)
    return all(image > 0 and context > 0 and context % image == 0 for context, image in sizes)
