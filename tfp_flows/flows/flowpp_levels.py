"""How many couplings each level of Flow++ has."""

import math
from collections.abc import Sequence

from tfp_flows.flows.parts import check_levels
from tfp_flows.ops.arguments import check_int
from tfp_flows.partitions import Partition
from tfp_flows.typing import Shape

Levels = Sequence[tuple[int, int]]


def checked_couplings(couplings: Levels | None, event_shape: Shape, partition: Partition) -> Levels:
    """The couplings, or default ones that fit the image.

    Raises:
      ValueError: if there are none, or less than 0, or if the image cannot be squeezed so often.
      TypeError: if they are no pairs of integers.
    """
    if couplings is None:
        couplings = _default(event_shape, partition)
    wanted = "pairs, one for each level: how many split channels, and how many columns"
    if not _are_pairs(couplings):
        raise TypeError(f"`couplings` must be {wanted}; got {couplings!r}.")
    numbers = [check_int("couplings", number, 0) for pair in couplings for number in pair]
    if not any(numbers):
        raise ValueError(f"`couplings` must be {wanted}, at least one in all; got {couplings}.")
    check_levels(len(couplings), len(couplings) - 1, event_shape)
    return couplings


def _are_pairs(couplings: Levels) -> bool:
    try:
        return all(len(numbers) == 2 for numbers in couplings)
    except TypeError:
        return False


def _default(event_shape: Shape, partition: Partition) -> Levels:
    """Those of the paper, as far as they fit: with fewer squeezes first, or fewer levels."""
    first = max(0, math.ceil(math.log2(max(event_shape[:2]) / 32)))
    # Of ImageNet 64 and CelebA, or of CIFAR-10.
    rest = ((0, 4), (2, 2), (2, 2)) if first else ((0, 4), (2, 3))
    for squeezes in range(first, -1, -1):
        levels = ((0, 0),) * squeezes + rest
        number = _fitting(levels, event_shape, partition)
        if number > squeezes:
            return levels[:number]
    return rest


def _fitting(levels: Levels, shape: Shape, partition: Partition) -> int:
    """How many of the levels the image can have."""
    for level, (_, columns) in enumerate(levels):
        if level:
            height, width, channels = shape
            if height % 2 or width % 2:
                return level
            shape = (height // 2, width // 2, 4 * channels)
        if columns:
            try:
                partition.part_shapes(shape)
            except ValueError:
                return level
    return len(levels)
