"""The black and the white squares of an image (RealNVP, section 3.4)."""

import dataclasses

import numpy as np
import tensorflow as tf

from tfp_flows.ops import masks
from tfp_flows.ops.shape import reshape_event
from tfp_flows.partitions.base import Partition
from tfp_flows.typing import Shape, TensorPair


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checkerboard(Partition):
    """Keeps the pixels of `[..., H, W, C]` with `(row + column) % 2 == parity`.

    In place, both parts keep the shape of the event, with zeros where the other part stands: the
    network sees every kept pixel where it is. Packed, each row is squeezed to its own half, so
    that both parts are `[..., H, W/2, C]` and network and transform do half the work.

    Args:
      parity: 0 keeps the top left pixel, 1 moves it.
      packed: whether the parts are squeezed to half the width; `W` must then be even.
    """

    packed: bool = False

    @property
    def event_ndims(self) -> int:
        return 3

    def part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        self._check_rank(event_shape)
        height, width, channels = event_shape
        self._check_moves(height * width, "pixels", event_shape)
        if not self.packed:
            return event_shape, event_shape
        self._check_even(width, "columns when packed", event_shape)
        return (height, width // 2, channels), (height, width // 2, channels)

    def split(self, x: tf.Tensor) -> TensorPair:
        if not self.packed:
            return masks.split(x, self._board(x))
        return self._swap_rows(x[..., 0::2, :], x[..., 1::2, :])

    def merge(self, kept: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
        if not self.packed:
            return masks.merge(kept, moved, self._board(kept))
        pairs = tf.stack(self._swap_rows(kept, moved), axis=-2)
        height, width, channels = kept.shape[-3:]
        return reshape_event(pairs, 4, (height, 2 * width, channels))

    def sum(self, log_slope: tf.Tensor) -> tf.Tensor:
        if not self.packed:
            return masks.sum_moved(log_slope, self._board(log_slope), self.event_ndims)
        return super().sum(log_slope)

    def _board(self, x: tf.Tensor) -> np.ndarray:
        """`True` where a pixel is kept: `[H, W, 1]`."""
        height, width = x.shape[-3:-1]
        squares = np.add.outer(np.arange(height), np.arange(width)) % 2
        return (squares == self.parity)[..., np.newaxis]

    def _swap_rows(self, first: tf.Tensor, second: tf.Tensor) -> TensorPair:
        """Even and odd columns to kept and moved, or back: every other row is swapped."""
        rows = np.arange(first.shape[-3]) % 2 == self.parity
        rows = rows[:, np.newaxis, np.newaxis]
        return tf.where(rows, first, second), tf.where(rows, second, first)
