"""What happens to an image once, before it is kept, and in each epoch, after that."""

from typing import Any

import tensorflow as tf

from tfp_flows.data.augmentation import augmented
from tfp_flows.data.dequantize import dequantize as with_noise
from tfp_flows.data.elements import Elements
from tfp_flows.data.fitting import Fit, check_sizes, fitted, with_channels, with_levels
from tfp_flows.data.levels import checked_array, checked_symbol, level_dtype
from tfp_flows.data.order import Finish
from tfp_flows.data.scaling import ScalingName


def prepared(
    elements: Elements,
    *,
    source_levels: int,
    num_levels: int,
    size: tuple[int, int] | None,
    fit: Fit,
    channels: int | None,
) -> Elements:
    """The images checked, of `size`, `channels` and `num_levels`, in the dtype of so many."""
    check_sizes(elements, size, fit)
    spec = elements.image_spec
    has_channels = channels is None or spec.shape[2] == channels
    if not has_channels and spec.shape[2] not in (1, 3):
        raise ValueError(
            f"`source` must hold grey or RGB images with `channels`; got {spec.shape[2]} channels."
        )
    # Every byte is one of 256 levels.
    is_sound = spec.dtype == tf.uint8 and source_levels == 256
    if elements.tensors is not None and not is_sound:
        checked_array(elements.tensors["image"], source_levels, "source")
        is_sound = True
    dtype = level_dtype(num_levels)
    has_size = size is None or spec.shape[:2] == size
    has_shape = has_size and has_channels
    if is_sound and has_shape and num_levels == source_levels and spec.dtype == dtype:
        return elements

    def prepare(image: tf.Tensor) -> tf.Tensor:
        if not is_sound:
            image = checked_symbol(image, source_levels, "source")
        if size is not None:
            image = fitted(image, size, fit)
        if not has_channels:
            image = with_channels(image, channels)
        if num_levels != source_levels:
            image = with_levels(image, num_levels.bit_length() - 1)
        return tf.cast(image, dtype)

    return elements.mapped(prepare)


def finisher(
    *,
    num_levels: int,
    flip: bool,
    shift: int,
    dequantize: bool,
    scaling: ScalingName,
) -> Finish:
    """What makes a batch of integers one for the flow."""

    def finish(batch: dict[str, tf.Tensor], seed: tf.Tensor) -> Any:
        x = batch["image"]
        # One seed for each purpose: the same one would tie the noise to the shifts.
        augmentation_seed, noise_seed = tf.unstack(tf.random.split(seed, 2))
        if flip or shift:
            x = augmented(x, flip=flip, shift=shift, seed=augmentation_seed)
        if dequantize:
            x = with_noise(x, num_levels, seed=noise_seed, scaling=scaling)
        return (x, batch["label"]) if "label" in batch else x

    return finish
