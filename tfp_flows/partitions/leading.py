"""The first few entries of the last axis, and the rest."""

import dataclasses

import tensorflow as tf

from tfp_flows.ops.arguments import check_int
from tfp_flows.partitions.base import Partition
from tfp_flows.typing import Shape, TensorPair


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leading(Partition):
    """Keeps the first `size` entries of the last axis (`parity=0`) or the others.

    Args:
      size: how many entries the first part has.
      parity: 0 keeps the first part, 1 the second.
      event_ndims: rank of one event: 1 for vectors, 3 for the channels of images
        `[..., H, W, C]` under a convolutional network.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.partitions import Leading
      >>> kept, moved = Leading(size=1).split(tf.constant([1.0, 2.0, 3.0]))
      >>> kept.numpy(), moved.numpy()
      (array([1.], dtype=float32), array([2., 3.], dtype=float32))
    """

    size: int
    event_ndims: int = 1  # type: ignore[assignment]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_int("size", self.size, 1)

    def part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        self._check_rank(event_shape)
        *leading, size = event_shape
        if size <= self.size:
            raise ValueError(
                f"{self} needs more than {self.size} entries on the last axis, so that some are "
                f"left for the other part; got {size} in `event_shape` {event_shape}."
            )
        return self._ordered((*leading, self.size), (*leading, size - self.size))

    def split(self, x: tf.Tensor) -> TensorPair:
        return self._ordered(*tf.split(x, [self.size, x.shape[-1] - self.size], axis=-1))

    def merge(self, kept: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
        return tf.concat(self._ordered(kept, moved), axis=-1)
