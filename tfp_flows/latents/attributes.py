"""Directions in latent space that change one attribute of an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.latents.checks import check_events, check_flow, check_numbers
from tfp_flows.latents.vectors import (
    from_vector,
    join_levels,
    level_shapes,
    split_levels,
    to_vector,
)
from tfp_flows.ops.arguments import check_int
from tfp_flows.typing import Distribution


def attribute_direction(
    flow: Distribution,
    with_attribute: Any,
    without_attribute: Any,
    *,
    context: Any = None,
    batch_size: int = 256,
) -> list[tf.Tensor]:
    """The mean latents of events with an attribute less those of events without it.

    Kingma and Dhariwal 2018 (Glow), https://arxiv.org/abs/1807.03039, section 6. `move` goes along
    the direction. Runs eagerly, batch by batch.

    Args:
      flow: a `tfd.TransformedDistribution`.
      with_attribute: events `[n, *event]`.
      without_attribute: events `[m, *event]`.
      context: for flows that take one: one for all events, `[*context]`, or a tuple of two, for
        the events with and without the attribute, `[n, *context]` and `[m, *context]`.
      batch_size: number of events to encode at once.

    Returns:
      Tensors of the shapes of `tfp_flows.bijectors.latent_shapes`, one a level.

    Raises:
      TypeError: if `flow` is no transformed distribution, or events are not floating.
      ValueError: if there are no events, if they are not finite or of another shape, or if
        contexts do not fit.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> direction = latents.attribute_direction(flow, tf.ones([5, 2]), tf.zeros([7, 2]))
      >>> [part.numpy().tolist() for part in direction]
      [[1.0, 1.0]]
    """
    check_flow(flow)
    batch_size = check_int("batch_size", batch_size, 1)
    both = context if isinstance(context, tuple) and len(context) == 2 else (context, context)
    present = _mean(flow, "with_attribute", with_attribute, both[0], batch_size)
    absent = _mean(flow, "without_attribute", without_attribute, both[1], batch_size)
    difference = tf.constant(present - absent, flow.distribution.dtype)
    return split_levels(difference, level_shapes(flow))


def move(
    flow: Distribution,
    x: Any,
    direction: Sequence[Any],
    strengths: Sequence[float],
    context: Any = None,
) -> tf.Tensor:
    """`x`, moved in latent space along `direction` by each of the strengths.

    Args:
      flow: a `tfd.TransformedDistribution`.
      x: events `[..., *event]`.
      direction: one tensor a level, such as those of `attribute_direction`.
      strengths: numbers; 0 is `x` itself, 1 adds the direction once, -1 takes it away.
      context: for flows that take one, `[..., *context]`.

    Returns:
      Events `[len(strengths), ..., *event]`.

    Raises:
      TypeError: if `flow` is no transformed distribution, or for what is no number.
      ValueError: if `x` or `direction` are not finite or of another shape, or if `strengths` is
        no list of finite numbers.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> latents.move(flow, tf.zeros([5, 2]), [tf.ones([2])], [-1.0, 0.0, 1.0]).shape
      TensorShape([3, 5, 2])
    """
    check_flow(flow)
    step = join_levels("direction", direction, flow)
    if step.shape.rank != 1:
        raise ValueError(
            f"`direction` must be one, without batch axes; got batch shape {step.shape[:-1]}."
        )
    steps = check_numbers("strengths", strengths)
    if steps.ndim != 1:
        raise ValueError(f"`strengths` must be a list of numbers; got {strengths!r}.")
    vector = to_vector(flow, check_events("x", x, flow), context)
    ones = tf.ones([tf.rank(vector)], tf.int32)
    steps = tf.reshape(tf.constant(steps, vector.dtype), tf.concat([[-1], ones], axis=0))
    return from_vector(flow, vector + steps * step, context)


def _mean(flow: Distribution, name: str, x: Any, context: Any, batch_size: int) -> np.ndarray:
    """The mean latent vector of events, `[D]`, summed in float64."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    wanted = tf.TensorShape([None, *flow.event_shape])
    shape = tf.TensorShape(x.shape)
    if not wanted.is_compatible_with(shape) or not shape.rank or not shape[0]:
        raise ValueError(f"`{name}` must have shape {wanted} and hold events; got shape {shape}.")
    size = int(shape[0])
    context = _rows(flow, context, size)
    total = np.zeros(flow.distribution.event_shape.num_elements(), np.float64)
    for first in range(0, size, batch_size):
        part = slice(first, first + batch_size)
        events = check_events(name, x[part], flow)
        vectors = to_vector(flow, events, None if context is None else context[part])
        total += tf.reduce_sum(tf.cast(vectors, tf.float64), axis=0).numpy()
    return total / size


def _rows(flow: Distribution, context: Any, size: int) -> tf.Tensor | None:
    """One context for each event."""
    if context is None:
        return None
    context = tf.convert_to_tensor(context)
    wanted = context_shape_of(flow.bijector)
    if wanted is None:
        raise ValueError(f"`context` must not be given: {flow.name} takes none.")
    if tuple(context.shape) not in (wanted, (size, *wanted)):
        raise ValueError(
            f"`context` must have shape {wanted} or {(size, *wanted)}; got {tuple(context.shape)}."
        )
    return tf.broadcast_to(context, [size, *wanted])
