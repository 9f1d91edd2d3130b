"""Conditional flows, as the noises use them."""

from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.typing import Bijector, Distribution, Shape, TensorPair


def check_conditional(name: str, flow: Any) -> tuple[Shape, Shape]:
    """Accepts a conditional flow; gives the shapes of one event and of one context.

    Raises:
      TypeError: if it is no transformed distribution over floating numbers.
      ValueError: if it takes no context, or its events have no static shape.
    """
    bijector = getattr(flow, "bijector", None)
    if not (isinstance(flow, Distribution) and isinstance(bijector, Bijector)):
        raise TypeError(f"`{name}` must be a `tfd.TransformedDistribution`; got {flow!r}.")
    event_shape, context_shape = flow.event_shape, context_shape_of(bijector)
    if not isinstance(event_shape, tf.TensorShape) or not event_shape.is_fully_defined():
        raise ValueError(f"`{name}` must have events of one static shape; got {event_shape}.")
    if context_shape is None:
        raise ValueError(
            f"`{name}` must be conditional, to know which integers it draws noise for; got {flow} "
            f"of event shape {tuple(event_shape)}, which takes no context. See `context_shape` of "
            "the functions in `tfp_flows.flows`."
        )
    return tuple(event_shape), tuple(context_shape)


def draw_given(flow: Distribution, context: tf.Tensor, seed: tf.Tensor) -> TensorPair:
    """One event for each of `n` contexts, and the log-densities, by one pass through the networks.

    Args:
      flow: a conditional transformed distribution.
      context: tensor `[n, *context_shape]`.
      seed: a stateless seed.
    """
    n = tf.shape(context)[0] if context.shape[0] is None else context.shape[0]
    return flow.experimental_sample_and_log_prob(n, seed=seed, bijector_kwargs={"context": context})
