"""Checks of the arguments of `images`, and what they mean together."""

from numbers import Integral
from typing import Any

from tfp_flows.data.levels import check_num_levels
from tfp_flows.data.scaling import ScalingName, bin_width, scaling_of
from tfp_flows.ops.arguments import check_int, check_shape

_FITS = ("crop", "pad", "resize")


def check_size(size: Any, fit: Any) -> tuple[int, int] | None:
    """Gives `size` as two Python integers, or `None`."""
    if fit not in _FITS:
        raise ValueError(f"`fit` must be one of {_FITS}; got {fit!r}.")
    if size is None:
        return None
    if isinstance(size, Integral):
        raise TypeError(f"`size` must be (height, width), such as ({size}, {size}); got {size}.")
    height_and_width = check_shape("size", size)
    if len(height_and_width) != 2:
        raise ValueError(f"`size` must be (height, width); got {height_and_width}.")
    return height_and_width


def check_channels(channels: Any) -> int | None:
    """Gives `channels` as a Python integer, or `None`."""
    if channels is None:
        return None
    if check_int("channels", channels, 1, 3) == 2:
        raise ValueError("`channels` must be 1 for grey images or 3 for RGB ones; got 2.")
    return int(channels)


def check_class_names(class_names: Any, *, labels: bool) -> tuple[str, ...] | None:
    """Gives `class_names` as a tuple, or `None`."""
    if class_names is None:
        return None
    if not labels:
        raise ValueError(f"`class_names` must not be given without `labels`; got {class_names}.")
    wanted = f"`class_names` must be different names, one at least; got {class_names!r}."
    is_sequence = isinstance(class_names, tuple | list)
    if not is_sequence or not all(isinstance(name, str) for name in class_names):
        raise TypeError(wanted)
    if not class_names or len(set(class_names)) < len(class_names):
        raise ValueError(wanted)
    return tuple(class_names)


def check_shard(shard: Any) -> tuple[int, int]:
    """Gives `(index, count)`, by default the only shard."""
    if shard is None:
        return 0, 1
    if not isinstance(shard, tuple | list) or len(shard) != 2:
        raise TypeError(f"`shard` must be a pair (index, count); got {shard!r}.")
    count = check_int("shard[1]", shard[1], 1)
    return check_int("shard[0]", shard[0], 0, count - 1), count


def levels_of(num_bits: int, num_levels: int | None) -> tuple[int, int]:
    """How many levels the images of the source have, and those of the batches.

    Raises:
      TypeError: one of the numbers is no integer.
      ValueError: one is out of range, or both are given.

    Example:
      >>> from tfp_flows.data.options import levels_of
      >>> levels_of(5, None), levels_of(8, 17)
      ((256, 32), (17, 17))
    """
    bits = check_int("num_bits", num_bits, 1, 8)
    if num_levels is None:
        return 256, 2**bits
    if bits != 8:
        raise ValueError(
            f"`num_bits` must not be given with `num_levels`, {num_levels}: only bytes have bits "
            f"to leave out; got {bits}."
        )
    levels = check_num_levels(num_levels)
    return levels, levels


def width_of(num_levels: int, scaling: ScalingName, *, dequantize: bool) -> float:
    """The distance of neighbouring levels in the batches.

    Raises:
      ValueError: there is no such scaling, or one is given for integers.
    """
    scaling_of(scaling, num_levels)
    if dequantize:
        return bin_width(num_levels, scaling)
    if scaling not in ("unit", "integers"):
        raise ValueError(f"`scaling` must not be given without `dequantize`; got {scaling!r}.")
    return 1.0


def remainder_dropped(
    size: int | None, batch_size: int, *, drop: bool | None, shuffle: bool
) -> bool:
    """Whether a last batch of fewer images is left out.

    Raises:
      ValueError: nothing would be left.
    """
    fills = size is not None and size >= batch_size
    if drop is None:
        return shuffle and fills
    if drop and size is not None and not fills:
        wanted = f"at most {size}, as many as there are, with `drop_remainder`"
        raise ValueError(f"`batch_size` must be {wanted}; got {batch_size}.")
    return drop
