"""From data to latents, level by level, and back."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfp_flows.latents.checks import check_events, check_flow
from tfp_flows.latents.vectors import (
    from_vector,
    join_levels,
    level_shapes,
    split_levels,
    to_vector,
)
from tfp_flows.typing import Distribution


def encode(flow: Distribution, x: Any, context: Any = None) -> list[tf.Tensor]:
    """The latents of `x`, one tensor a level, in the order in which they leave.

    A flow without levels has one.

    Args:
      flow: a `tfd.TransformedDistribution`.
      x: events `[..., *event]`.
      context: for flows that take one, `[..., *context]`.

    Returns:
      Tensors `[..., *shape]`, with the shapes of `tfp_flows.bijectors.latent_shapes`.

    Raises:
      TypeError: if `flow` is no transformed distribution or `x` not floating.
      ValueError: if `x` is not finite, or a shape does not fit.
      tf.errors.InvalidArgumentError: if `x` is not finite, in a graph.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((4, 4, 1), num_couplings=2)
      >>> [z.shape for z in latents.encode(flow, tf.zeros([5, 4, 4, 1]))]
      [TensorShape([5, 4, 4, 1])]
    """
    check_flow(flow)
    vector = to_vector(flow, check_events("x", x, flow), context)
    return split_levels(vector, level_shapes(flow))


def decode(flow: Distribution, latents: Sequence[Any], context: Any = None) -> tf.Tensor:
    """The events `[..., *event]` of latents: the inverse of `encode`.

    Args:
      flow: a `tfd.TransformedDistribution`.
      latents: tensors `[..., *shape]`, one a level, all of one batch shape.
      context: for flows that take one, `[..., *context]`.

    Raises:
      TypeError: if `flow` is no transformed distribution, `latents` no list, or its tensors not
        floating.
      ValueError: if the number of latents or the shape of one does not fit, or if one is not
        finite; the message names the level.
      tf.errors.InvalidArgumentError: if a latent is not finite, in a graph.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((4, 4, 1), num_couplings=2)
      >>> latents.decode(flow, [tf.zeros([5, 4, 4, 1])]).shape
      TensorShape([5, 4, 4, 1])
    """
    check_flow(flow)
    return from_vector(flow, join_levels("latents", latents, flow), context)
