"""Multi-scale flows, and the latents of their levels."""

from collections.abc import Sequence

import tensorflow as tf

from tfp_flows.bijectors.chain import Chain
from tfp_flows.bijectors.factor_out import CHANNEL_HALVES, FactorOut
from tfp_flows.ops.arguments import check_kind, check_shape
from tfp_flows.partitions import Partition
from tfp_flows.typing import Bijector, Shape


def multi_scale(
    levels: Sequence[Bijector],
    event_shape: Shape,
    *,
    partition: Partition | Sequence[Partition] = CHANNEL_HALVES,
    name: str = "multi_scale",
) -> Chain:
    """The composition of levels, between which latents leave: `[..., D]` to `[..., *event_shape]`.

    The result is `Chain([level0, FactorOut(Chain([level1, FactorOut(...)]))])`.

    Args:
      levels: what the data meet at each level, in this order; at least one.
      event_shape: shape of one event of data.
      partition: what goes on (kept) and leaves (moved) after each level but the last: one, or one
        for each.
      name: as in TFP.

    Raises:
      ValueError: if there is no level, or not one partition for each level but the last, or if
        something does not fit; the message names the level.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors
      >>> flow = bijectors.multi_scale([bijectors.Squeeze(), bijectors.Squeeze()], (8, 8, 1))
      >>> flow.inverse(tf.zeros([5, 8, 8, 1])).shape
      TensorShape([5, 64])
    """
    if not levels:
        raise ValueError("`levels` must hold at least one bijector; got none.")
    partitions = [partition] * (len(levels) - 1) if isinstance(partition, Partition) else partition
    if len(partitions) != len(levels) - 1:
        raise ValueError(
            f"`partition` must be one for each level but the last, {len(levels) - 1}; got "
            f"{len(partitions)}."
        )
    shapes = _shapes_of_levels(levels, check_shape("event_shape", event_shape), partitions)
    flow = Chain([levels[-1]], name=name)
    for level, shape, part in reversed(list(zip(levels, shapes, partitions, strict=False))):
        flow = Chain([level, FactorOut(flow, shape, partition=part)], name=name)
    return flow


def latent_shapes(bijector: Bijector, event_shape: Shape) -> list[Shape]:
    """Shapes of the latents of each level, in the order in which they leave.

    The flat latent of a multi-scale flow is their concatenation, each in row-major order. Any
    other bijector has one level, of the shape that its latents have.

    Args:
      bijector: of a flow.
      event_shape: shape of one event of its data.

    Example:
      >>> from tfp_flows import bijectors
      >>> flow = bijectors.multi_scale([bijectors.Squeeze(), bijectors.Squeeze()], (8, 8, 1))
      >>> bijectors.latent_shapes(flow, (8, 8, 1))
      [(4, 4, 2), (2, 2, 8)]
    """
    if isinstance(bijector, Chain):
        *links, last = bijector.bijectors
        for link in links:
            event_shape = tuple(link.inverse_event_shape(tf.TensorShape(event_shape)))
        return latent_shapes(last, event_shape)
    if isinstance(bijector, FactorOut):
        kept_shape, left_shape = bijector.part_shapes
        return [left_shape, *latent_shapes(bijector.rest, kept_shape)]
    return [tuple(bijector.inverse_event_shape(tf.TensorShape(event_shape)))]


def _shapes_of_levels(
    levels: Sequence[Bijector], event_shape: Shape, partitions: Sequence[Partition]
) -> list[Shape]:
    """The event shape at the end of each level, before anything leaves."""
    shapes = []
    for i, level in enumerate(levels):
        check_kind("levels", level, Bijector)
        try:
            shapes.append(tuple(level.inverse_event_shape(tf.TensorShape(event_shape))))
            if i < len(partitions):
                event_shape = partitions[i].part_shapes(shapes[-1])[0]
        except ValueError as error:
            raise ValueError(
                f"Level {i} of {len(levels)} cannot take events of shape {event_shape}: {error}"
            ) from error
    return shapes
