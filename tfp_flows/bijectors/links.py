"""How a composition runs its parts, ours or stock: value and log-det in one go."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.bijectors.context import context_shape_of
from tfp_flows.ops.reduce import sum_log_det
from tfp_flows.typing import Bijector, TensorPair, Way


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


class Told(NamedTuple):
    """What a composition is told beside the event."""

    context: tf.Tensor | None
    kwargs: dict[str, Any]

    def of(self, link: Bijector) -> dict[str, Any]:
        """What one link gets of it."""
        return route(link, self.context, self.kwargs)


class Step(NamedTuple):
    """A pass through one link, for events of rank `ndims`, or ranks of several parts."""

    link: Bijector
    way: Way
    ndims: Any

    @property
    def way_back(self) -> Way:
        """The other direction."""
        return "forward" if self.way == "inverse" else "inverse"

    def run(self, value: Any, told: Told) -> TensorPair:
        """What comes out, and the log-det."""
        through = forward_through if self.way == "forward" else inverse_through
        return through(self.link, value, self.ndims, told.of(self.link))

    def undo(self, value: Any, told: Told) -> Any:
        """What went in."""
        if isinstance(self.link, EventBijector):
            return getattr(self.link, f"{self.way_back}_and_log_det")(value, **told.of(self.link))[
                0
            ]
        value = tf.nest.map_structure(tf.identity, value)
        return getattr(self.link, self.way_back)(value, **told.of(self.link))


def steps_of(links: Iterable[Bijector], way: Way, ndims: Any) -> list[Step]:
    """Passes through the links, one after the other."""
    steps = []
    for link in links:
        steps.append(Step(link, way, ndims))
        ndims = getattr(link, f"{way}_event_ndims")(ndims)
    return steps
