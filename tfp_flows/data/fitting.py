"""Images of the size and the bit depth that a flow takes."""

import collections
from typing import Any, Literal

import tensorflow as tf

from tfp_flows.data.elements import Elements, named

Fit = Literal["crop", "pad", "resize"]


def fitted(image: tf.Tensor, size: tuple[int, int], fit: Fit) -> tf.Tensor:
    """An image of `size`: its middle, itself in a border of zeros, or all of it made smaller.

    Args:
      image: integers `[H, W, C]`.
      size: height and width to give it.
      fit: "crop" cuts the middle out; "pad" adds zeros around; "resize" scales the image, sides in
        proportion, until it just covers `size`, and cuts the middle out: by means over areas where
        it gets smaller, bilinear where it gets larger.

    Raises:
      tf.errors.InvalidArgumentError: the image is too small to be cropped, or too large to be
        padded.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.data.fitting import fitted
      >>> image = tf.zeros([28, 28, 1], tf.uint8)
      >>> fitted(image, (32, 32), "pad").shape, fitted(image, (14, 7), "resize").shape
      (TensorShape([32, 32, 1]), TensorShape([14, 7, 1]))
    """
    if fit == "resize":
        image = _covering(image, size)
    else:
        _check(image, size, fit)
    return tf.image.resize_with_crop_or_pad(image, *size)


def fits(shape: Any, size: tuple[int, int], fit: Fit) -> bool:
    """Whether images of a height and a width can be given `size` so."""
    if fit == "crop":
        return shape[0] >= size[0] and shape[1] >= size[1]
    return fit == "resize" or (shape[0] <= size[0] and shape[1] <= size[1])


def check_sizes(elements: Elements, size: tuple[int, int] | None, fit: Fit) -> None:
    """Raises a `ValueError` unless all images will be of one size; it names files.

    Of sets whose sizes are not known beforehand, it lets those through that get a `size`.
    """
    shape = elements.image_spec.shape
    known = elements.sizes or ({"all": shape[:2]} if shape[:2].is_fully_defined() else {})
    if size is None and elements.sizes:
        usual, _ = collections.Counter(known.values()).most_common(1)[0]
        others = {file: _times(its) for file, its in known.items() if its != usual}
        if others:
            raise ValueError(
                f"`source` must hold images of one size, or `size` must be given; most are "
                f"{_times(usual)}, but not {named(others)}."
            )
    elif size is None and not shape.is_fully_defined():
        raise ValueError(f"`size` must be given for images of shape {shape}; got None.")
    elif size is not None:
        bad = {file: _times(its) for file, its in known.items() if not fits(its, size, fit)}
        if bad:
            raise ValueError(_wanted(size, fit) + f"; got {named(bad)}.")


def with_channels(image: tf.Tensor, channels: int) -> tf.Tensor:
    """Grey images as RGB, or RGB ones as grey: `Y = 0.299 R + 0.587 G + 0.114 B` (ITU-R BT.601).

    Args:
      image: integers `[H, W, 1]` or `[H, W, 3]`.
      channels: 1 or 3.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.data.fitting import with_channels
      >>> with_channels(tf.constant([[[255, 0, 0]]], tf.uint8), 1).numpy().tolist()
      [[[76]]]
    """
    if channels == 3:
        return tf.broadcast_to(image, [*tf.unstack(tf.shape(image)[:2]), 3])
    # A grey image is three equal ones.
    rgb = tf.cast(with_channels(image, 3), tf.float32)
    grey = tf.reduce_sum(rgb * [0.299, 0.587, 0.114], axis=-1, keepdims=True)
    return tf.cast(tf.round(grey), image.dtype)


def with_levels(image: tf.Tensor, num_bits: int) -> tf.Tensor:
    """The top bits of bytes, as integers in `0..2**num_bits - 1`.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.data.fitting import with_levels
      >>> with_levels(tf.constant([0, 7, 8, 255], tf.uint8), 5).numpy().tolist()
      [0, 0, 1, 31]
    """
    return image // tf.cast(2 ** (8 - num_bits), image.dtype)


def _covering(image: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    shape = tf.cast(tf.shape(image)[:2], tf.float32)
    scale = tf.reduce_max(tf.cast(size, tf.float32) / shape)
    # Rounding must not make one side smaller than wanted.
    target = tf.maximum(tf.cast(tf.round(scale * shape), tf.int32), size)
    resized = tf.cond(
        scale < 1,
        lambda: tf.image.resize(image, target, method="area"),
        lambda: tf.image.resize(image, target, method="bilinear"),
    )
    return tf.cast(tf.round(resized), image.dtype)


def _check(image: tf.Tensor, size: tuple[int, int], fit: Fit) -> None:
    shape = tf.shape(image)[:2]
    tf.debugging.Assert(
        tf.reduce_all(shape >= size if fit == "crop" else shape <= size),
        [_wanted(size, fit) + "; got", shape],
    )


def _wanted(size: tuple[int, int], fit: Fit) -> str:
    wanted = "at least" if fit == "crop" else "at most"
    return f'`source` must hold images of {wanted} `size`, {_times(size)}, with `fit="{fit}"`'


def _times(size: Any) -> str:
    return f"{size[0]}x{size[1]}"
