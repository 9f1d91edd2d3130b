"""Even and odd entries of the last axis (the tabular RealNVP of Papamakarios et al.)."""

import dataclasses

import tensorflow as tf

from tfp_flows.ops.shape import reshape_event
from tfp_flows.partitions.base import Partition
from tfp_flows.typing import Shape, TensorPair


@dataclasses.dataclass(frozen=True, kw_only=True)
class Alternating(Partition):
    """Keeps the entries 0, 2, 4, ... of the last axis (`parity=0`) or 1, 3, 5, ...

    Args:
      parity: 0 keeps the even entries, 1 the odd ones.
      event_ndims: rank of one event: 1 for vectors, 3 for the channels of images.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows.partitions import Alternating
      >>> kept, moved = Alternating().split(tf.constant([0.0, 1.0, 2.0]))
      >>> kept.numpy(), moved.numpy()
      (array([0., 2.], dtype=float32), array([1.], dtype=float32))
    """

    event_ndims: int = 1  # type: ignore[assignment]

    def part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        self._check_rank(event_shape)
        *leading, size = event_shape
        self._check_moves(size, "entries on the last axis", event_shape)
        return self._ordered((*leading, (size + 1) // 2), (*leading, size // 2))

    def split(self, x: tf.Tensor) -> TensorPair:
        return self._ordered(x[..., 0::2], x[..., 1::2])

    def merge(self, kept: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
        even, odd = self._ordered(kept, moved)
        num_pairs = odd.shape[-1]
        pairs = tf.stack([even[..., :num_pairs], odd], axis=-1)
        merged = reshape_event(pairs, 2, (2 * num_pairs,))
        if even.shape[-1] == num_pairs:
            return merged
        return tf.concat([merged, even[..., num_pairs:]], axis=-1)
