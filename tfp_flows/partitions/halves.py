"""First half and second half of the last axis (NICE, RealNVP's channel-wise masks, Glow)."""

import dataclasses

import tensorflow as tf

from tfp_flows.partitions.base import Partition
from tfp_flows.typing import Shape, TensorPair


@dataclasses.dataclass(frozen=True, kw_only=True)
class Halves(Partition):
    """Keeps the first `C // 2` entries of the last axis (`parity=0`) or the others.

    Args:
      parity: 0 keeps the first half, 1 the second.
      event_ndims: rank of one event: 1 for vectors, 3 for the channels of images
        `[..., H, W, C]` under a convolutional network.
      equal: whether an odd `C` is refused, for networks that serve both parities.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.partitions import Halves
      >>> kept, moved = Halves().split(tf.constant([1.0, 2.0, 3.0, 4.0]))
      >>> kept.numpy(), moved.numpy()
      (array([1., 2.], dtype=float32), array([3., 4.], dtype=float32))
    """

    event_ndims: int = 1  # type: ignore[assignment]
    equal: bool = False

    def part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        self._check_rank(event_shape)
        *leading, size = event_shape
        self._check_moves(size, "entries on the last axis", event_shape)
        if self.equal:
            self._check_even(size, "entries on the last axis", event_shape)
        first = (*leading, size // 2)
        return self._ordered(first, (*leading, size - size // 2))

    def split(self, x: tf.Tensor) -> TensorPair:
        size = x.shape[-1]
        return self._ordered(*tf.split(x, [size // 2, size - size // 2], axis=-1))

    def merge(self, kept: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
        return tf.concat(self._ordered(kept, moved), axis=-1)
