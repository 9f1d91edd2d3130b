"""Multi-scale flows: latents leave at each level (RealNVP, section 3.6)."""

import math
from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.bijectors.links import forward_through, inverse_through, route
from tfp_flows.ops.arguments import check_kind, check_shape
from tfp_flows.ops.shape import reshape_event
from tfp_flows.partitions import Halves, Partition
from tfp_flows.typing import Bijector, Shape, TensorPair

CHANNEL_HALVES = Halves(event_ndims=3)


class FactorOut(EventBijector):
    """Part of the data leaves as latents, the other part goes on through `rest`.

    Inverse, with the kept part `x1` and the moved part `x2` of the partition:
    `z = [x2, rest^-1(x1)]`, flattened and concatenated to one vector. The log-det is that of
    `rest`. A chain that ends with a `FactorOut` is a multi-scale flow: see `multi_scale`, and
    `tfp_flows.latents` for the latents as a list with one tensor a level.

    A learned prior of what leaves, given what stays, is a coupling right before: with
    `AffineCoupling(partition, net)` as the last layer of a level, `x2` leaves as
    `z2 = (x2 + t(x1)) * exp(s(x1))`, so that the base can stay N(0, I).

    Dinh et al. 2017, https://arxiv.org/abs/1605.08803, equations 14 to 16.

    Args:
      rest: what the kept part goes through.
      event_shape: shape of one event of data.
      partition: keeps what goes on, moves what leaves; one that splits, such as `Halves`,
        `Leading`, `Stripes`.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if the partition cannot split the event, or only zeroes parts of it, or if
        `rest` cannot take what is kept.
      TypeError: if an argument is not of the kind named above.

    Example:
      >>> import tensorflow as tf, tensorflow_probability as tfp
      >>> from tfp_flows import bijectors
      >>> layer = bijectors.FactorOut(tfp.bijectors.Identity(), (4, 4, 2))
      >>> layer.inverse(tf.zeros([5, 4, 4, 2])).shape
      TensorShape([5, 32])
    """

    def __init__(
        self,
        rest: Bijector,
        event_shape: Shape,
        *,
        partition: Partition = CHANNEL_HALVES,
        validate_args: bool = False,
        name: str = "factor_out",
    ) -> None:
        parameters = dict(locals())
        check_kind("rest", rest, Bijector)
        check_kind("partition", partition, Partition)
        event_shape = check_shape("event_shape", event_shape)
        kept_shape, left_shape = partition.disjoint_part_shapes(event_shape)
        rest_shape = tuple(rest.inverse_event_shape(tf.TensorShape(kept_shape)))
        self._rest, self._partition = rest, partition
        self._event_shape = self._no_dependency(event_shape)
        self._kept_shape = self._no_dependency(kept_shape)
        self._left_shape = self._no_dependency(left_shape)
        self._rest_shape = self._no_dependency(rest_shape)
        self._context_shape = self._no_dependency(context_shape_of(rest))
        super().__init__(
            forward_min_event_ndims=1,
            inverse_min_event_ndims=len(event_shape),
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )

    @property
    def rest(self) -> Bijector:
        """What the kept part goes through."""
        return self._rest

    @property
    def partition(self) -> Partition:
        """Keeps what goes on, moves what leaves."""
        return self._partition

    @property
    def part_shapes(self) -> tuple[Shape, Shape]:
        """Event shapes of what goes on, before `rest`, and of what leaves."""
        return tuple(self._kept_shape), tuple(self._left_shape)

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        kept, left = self._partition.split(x)
        kwargs = route(self._rest, context, {})
        z, log_det = inverse_through(self._rest, kept, len(self._kept_shape), kwargs)
        parts = [(left, self._left_shape), (z, self._rest_shape)]
        return tf.concat([_flat(part, shape) for part, shape in parts], axis=-1), log_det

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        sizes = [math.prod(self._left_shape), math.prod(self._rest_shape)]
        left, z = tf.split(z, sizes, axis=-1)
        z = reshape_event(z, 1, self._rest_shape)
        kwargs = route(self._rest, context, {})
        kept, log_det = forward_through(self._rest, z, len(self._rest_shape), kwargs)
        return self._partition.merge(kept, reshape_event(left, 1, self._left_shape)), log_det

    def _inverse_event_shape(self, output_shape: tf.TensorShape) -> tf.TensorShape:
        return tf.TensorShape([*output_shape[: -len(self._event_shape)], self._size])

    def _forward_event_shape(self, input_shape: tf.TensorShape) -> tf.TensorShape:
        return tf.TensorShape([*input_shape[:-1], *self._event_shape])

    def _inverse_event_shape_tensor(self, output_shape: tf.Tensor) -> tf.Tensor:
        return tf.concat([output_shape[: -len(self._event_shape)], [self._size]], axis=0)

    def _forward_event_shape_tensor(self, input_shape: tf.Tensor) -> tf.Tensor:
        return tf.concat([input_shape[:-1], self._event_shape], axis=0)

    @property
    def _size(self) -> int:
        return math.prod(self._event_shape)


def _flat(part: tf.Tensor, event_shape: Any) -> tf.Tensor:
    return reshape_event(part, len(event_shape), (math.prod(event_shape),))
