"""How a composition runs one of its parts, ours or stock: value and log-det in one go."""

from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.ops.reduce import sum_log_det
from tfp_flows.typing import Bijector, TensorPair


def route(link: Bijector, context: tf.Tensor | None, kwargs: dict) -> dict:
    """What one link gets of the keywords of the whole."""
    routed = dict(kwargs.get(link.name, {}))
    if context is not None and context_shape_of(link) is not None:
        routed.setdefault("context", context)
    return routed


def forward_through(link: Bijector, z: tf.Tensor, ndims: int, kwargs: dict[str, Any]) -> TensorPair:
    """`x` and the log-det of latent events of rank `ndims`."""
    if isinstance(link, EventBijector):
        x, log_det = link.forward_and_log_det(z, **kwargs)
        return x, sum_log_det(log_det, z, ndims, link.forward_min_event_ndims)
    # A fresh tensor: TFP's cache cannot know it, so nothing stale or foreign can come back.
    z = tf.nest.map_structure(tf.identity, z)
    x = link.forward(z, **kwargs)
    return x, link.forward_log_det_jacobian(z, event_ndims=ndims, **kwargs)


def inverse_through(link: Bijector, x: tf.Tensor, ndims: int, kwargs: dict[str, Any]) -> TensorPair:
    """`z` and the log-det of data events of rank `ndims`."""
    if isinstance(link, EventBijector):
        z, log_det = link.inverse_and_log_det(x, **kwargs)
        return z, sum_log_det(log_det, x, ndims, link.inverse_min_event_ndims)
    x = tf.nest.map_structure(tf.identity, x)
    z = link.inverse(x, **kwargs)
    return z, link.inverse_log_det_jacobian(x, event_ndims=ndims, **kwargs)
