"""Even and odd columns or rows of an image (the released Flow++ splits columns)."""

import dataclasses
from typing import Literal

import tensorflow as tf

from tfp_flows.ops.shape import reshape_event
from tfp_flows.partitions.base import Partition
from tfp_flows.typing import Shape, TensorPair


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stripes(Partition):
    """Keeps every other column of `[..., H, W, C]`: parts are `[..., H, W/2, C]`.

    Args:
      parity: 0 keeps the even stripes, 1 the odd ones.
      direction: `"vertical"` stripes are columns, `"horizontal"` ones are rows, with parts
        `[..., H/2, W, C]`.
    """

    direction: Literal["vertical", "horizontal"] = "vertical"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.direction, str) or self.direction not in ("vertical", "horizontal"):
            raise ValueError(
                f"`direction` must be 'vertical' or 'horizontal'; got {self.direction!r}."
            )

    @property
    def event_ndims(self) -> int:
        return 3

    def part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        self._check_rank(event_shape)
        size = event_shape[self._axis]
        what = "columns" if self.direction == "vertical" else "rows"
        self._check_moves(size, what, event_shape)
        self._check_even(size, what, event_shape)
        half = list(event_shape)
        half[self._axis] = size // 2
        return tuple(half), tuple(half)

    def split(self, x: tf.Tensor) -> TensorPair:
        if self.direction == "vertical":
            return self._ordered(x[..., 0::2, :], x[..., 1::2, :])
        return self._ordered(x[..., 0::2, :, :], x[..., 1::2, :, :])

    def merge(self, kept: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
        pairs = tf.stack(self._ordered(kept, moved), axis=self._axis)
        event = list(kept.shape[-3:])
        event[self._axis] *= 2
        return reshape_event(pairs, 4, tuple(event))

    @property
    def _axis(self) -> int:
        return -2 if self.direction == "vertical" else -3
