"""Each part of an event through a bijector of its own."""

from collections.abc import Callable

import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.context import common_context_shape
from tfp_flows.bijectors.links import forward_through, inverse_through, route
from tfp_flows.ops.arguments import check_kind, check_shape
from tfp_flows.partitions import Partition
from tfp_flows.typing import Bijector, Shape, TensorPair


class Partwise(EventBijector):
    """`z = merge(first^-1(x1), second^-1(x2))` with `(x1, x2) = partition.split(x)`.

    The log-det is the sum of both. No part sees the other one, so this is no coupling: the released
    code of Flow++ has it around 1x1 convolutions, one for the even and one for the odd columns.

    Args:
      partition: one that splits events, such as `Stripes` or `Halves`.
      first: for the part that the partition keeps; it does not change its shape.
      second: for the other part.
      event_shape: shape of one event.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if the partition cannot split the event, or only zeroes parts of it, or if a
        bijector changes the shape of its part, or if they want contexts of two shapes.
      TypeError: if an argument is not of the kind named above.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors, partitions
      >>> mix = bijectors.Partwise(
      ...     partitions.Stripes(),
      ...     bijectors.InvertibleConv1x1(3),
      ...     bijectors.InvertibleConv1x1(3),
      ...     event_shape=(8, 8, 3),
      ... )
      >>> mix.inverse(tf.ones([5, 8, 8, 3])).shape
      TensorShape([5, 8, 8, 3])
    """

    def __init__(
        self,
        partition: Partition,
        first: Bijector,
        second: Bijector,
        *,
        event_shape: Shape,
        validate_args: bool = False,
        name: str = "partwise",
    ) -> None:
        parameters = dict(locals())
        check_kind("partition", partition, Partition)
        check_kind("first", first, Bijector)
        check_kind("second", second, Bijector)
        event_shape = check_shape("event_shape", event_shape)
        shapes = partition.disjoint_part_shapes(event_shape)
        for argument, part, shape in zip(("first", "second"), (first, second), shapes, strict=True):
            given = tuple(part.inverse_event_shape(tf.TensorShape(shape)))
            if given != shape:
                raise ValueError(f"`{argument}` must keep the shape {shape}; got {given}.")
        self._partition = partition
        self._parts = (first, second)
        self._context_shape = self._no_dependency(common_context_shape(self._parts))
        super().__init__(
            forward_min_event_ndims=len(event_shape),
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )

    @property
    def partition(self) -> Partition:
        """Which entries go through which bijector."""
        return self._partition

    @property
    def parts(self) -> tuple[Bijector, Bijector]:
        """The two bijectors."""
        return self._parts

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        return self._run(forward_through, z, context)

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        return self._run(inverse_through, x, context)

    def _run(self, through: Callable, event: tf.Tensor, context: tf.Tensor | None) -> TensorPair:
        ndims = self._partition.event_ndims
        results = [
            through(part, value, ndims, route(part, context, {}))
            for part, value in zip(self._parts, self._partition.split(event), strict=True)
        ]
        (first, log_det), (second, other_log_det) = results
        return self._partition.merge(first, second), log_det + other_log_det
