"""What a coupling asks of a partition."""

import abc
import dataclasses
import math
from typing import Any, TypeVar

import tensorflow as tf

from tfp_flows.ops.arguments import check_int
from tfp_flows.ops.reduce import sum_event
from tfp_flows.typing import Shape, TensorPair

Self = TypeVar("Self", bound="Partition")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Partition(abc.ABC):
    """Splits an event into entries that are kept and entries that move, and merges them again.

    A partition knows no event shape of its own (`Mask` excepted): the same object serves events
    of every size. `merge(*split(x)) == x`, always, and `flipped().split(x)` gives the same two
    parts in the other order: `bijectors.Chain` splits once for couplings in a row.

    Args:
      parity: 0 or 1; which of the two parts is kept. The two parities of a partition move every
        entry once.
    """

    parity: int = 0

    def __post_init__(self) -> None:
        check_int("parity", self.parity, 0, 1)
        check_int("event_ndims", self.event_ndims, 1)

    @property
    @abc.abstractmethod
    def event_ndims(self) -> int:
        """The rank of one event."""

    @abc.abstractmethod
    def part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        """Shapes of the kept and of the moved part.

        Raises:
          ValueError: where the partition cannot split `event_shape`.
        """

    def is_disjoint(self, event_shape: Shape) -> bool:
        """Whether each entry is in one part alone: not where parts are in place, with zeros."""
        return sum(map(math.prod, self.part_shapes(event_shape))) == math.prod(event_shape)

    def disjoint_part_shapes(self, event_shape: Shape) -> tuple[Shape, Shape]:
        """`part_shapes` for who hands the parts on, each by itself.

        Raises:
          ValueError: also where the parts are in place, as large as the event, with zeros.
        """
        if not self.is_disjoint(event_shape):
            raise ValueError(
                "`partition` must split the event, such as `Halves`, `Leading` or `Stripes`; got "
                f"one that zeroes parts of it in place, {self}."
            )
        return self.part_shapes(event_shape)

    @abc.abstractmethod
    def split(self, x: tf.Tensor) -> TensorPair:
        """`[..., *event] -> kept [..., *kept_shape], moved [..., *moved_shape]`."""

    @abc.abstractmethod
    def merge(self, kept: tf.Tensor, moved: tf.Tensor) -> tf.Tensor:
        """Undoes `split`."""

    def sum(self, log_slope: tf.Tensor) -> tf.Tensor:
        """Sums what a transform says of the moved entries: `[..., *moved_shape] -> [...]`."""
        return sum_event(log_slope, self.event_ndims)

    def flipped(self: Self) -> Self:
        """The same partition with the other parity: what was kept moves."""
        return dataclasses.replace(self, parity=1 - self.parity)

    def _ordered(self, first: Any, second: Any) -> tuple[Any, Any]:
        """Turns (first, second) into (kept, moved), and (kept, moved) back."""
        return (first, second) if self.parity == 0 else (second, first)

    def _check_rank(self, event_shape: Shape) -> None:
        if len(event_shape) != self.event_ndims:
            raise ValueError(
                f"`event_shape` must have rank {self.event_ndims} for {self}; got "
                f"{event_shape} of rank {len(event_shape)}."
            )

    def _check_moves(self, size: int, what: str, event_shape: Shape) -> None:
        if size < 2:
            raise ValueError(
                f"{self} needs at least 2 {what} so that one part is kept and one moves; got "
                f"{size} in `event_shape` {event_shape}. Use a larger event, or "
                "`bijectors.Elementwise` for one-dimensional or purely conditional maps."
            )

    def _check_even(self, size: int, what: str, event_shape: Shape) -> None:
        if size % 2:
            raise ValueError(
                f"{self} needs an even number of {what}; got {size} in `event_shape` {event_shape}."
            )
