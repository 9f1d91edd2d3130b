"""Any boolean array."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.ops import masks
from tfp_flows.partitions.base import Partition
from tfp_flows.typing import Shape, TensorPair


@dataclasses.dataclass(frozen=True, eq=False)
class Mask(Partition):
    """Keeps the entries where `kept` is `True`; both parts have the shape of the event.

    Args:
      kept: boolean array (or nested lists) of the shape of one event, of any rank from 1 on.
      parity: 1 swaps what is kept and what moves.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.partitions import Mask
      >>> kept, moved = Mask([True, False, False]).split(tf.constant([1.0, 2.0, 3.0]))
      >>> kept.numpy(), moved.numpy()
      (array([1., 0., 0.], dtype=float32), array([0., 2., 3.], dtype=float32))
    """

    kept: Any = dataclasses.field(kw_only=False)

    def __post_init__(self) -> None:
        kept = np.array(self.kept)
        if kept.dtype != np.bool_:
            raise TypeError(f"`kept` must be a boolean array; got dtype {kept.dtype}.")
        if kept.ndim == 0 or kept.all() or not kept.any():
            raise ValueError(
                "`kept` must be an array with at least one `True` and one `False`; got "
                f"{kept.sum()} `True` in shape {kept.shape}."
            )
        kept.flags.writeable = False
        object.__setattr__(self, "kept", kept)
        super().__post_init__()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and np.array_equal(self._board, other._board)

    def __hash__(self) -> int:
        return hash((self.kept.shape, self._board.tobytes()))

    @property
    def event_ndims(self) -> int:
        return self.kept.ndim

    def part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        if event_shape != self.kept.shape:
            raise ValueError(
                f"`event_shape` must be that of the mask, {self.kept.shape}; got {event_shape}."
            )
        return event_shape, event_shape

    def split(self, x: tf.Tensor) -> TensorPair:
        return masks.split(x, self._board)

    def merge(self, kept: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
        return masks.merge(kept, moved, self._board)

    def sum(self, log_slope: tf.Tensor) -> tf.Tensor:
        return masks.sum_moved(log_slope, self._board, self.event_ndims)

    @property
    def _board(self) -> np.ndarray:
        return self.kept if self.parity == 0 else ~self.kept
