"""TFP's bijector cache with its traps closed and the log-det kept with the value.

TFP keeps the result of each bijector call in one global table, keyed by the identity of the input
tensor. `TransformedDistribution.log_prob` relies on it: it asks for `inverse(x)` and then for
`forward_log_det_jacobian` of the result. Three things go wrong with the stock table:

1. A log-det is kept as long as its *input* lives, so after a variable changes, or inside a new
   gradient tape, the old one comes back with the new value.
2. The key does not say in which graph the result was made, so a tensor from inside a `tf.cond`,
   a `tf.while_loop` or a nested `tf.function` comes back outside of it.
3. Value and log-det are computed by separate calls, so each network runs twice.

This is the only file that knows TFP's `cache_util`.
"""

from typing import Any

import tensorflow as tf
from tensorflow_probability.python.internal import cache_util


class FlowCache(cache_util.BijectorCache):
    """Keeps value and log-det together, for one graph, while the value lives.

    The named methods of the bijector return `(value, inverse log-det)`: their sign is that of the
    inverse direction in both methods, because TFP stores a single attribute, `ildj`.
    """

    def __init__(
        self,
        forward_name: str = "_forward_and_ildj",
        inverse_name: str = "_inverse_and_ildj",
        **kwargs: Any,
    ) -> None:
        super().__init__(forward_name=forward_name, inverse_name=inverse_name, **kwargs)

    def forward(self, x: Any, **kwargs: Any) -> Any:
        return super().forward(x, **_in_this_graph(kwargs))

    def inverse(self, y: Any, **kwargs: Any) -> Any:
        return super().inverse(y, **_in_this_graph(kwargs))

    def forward_attributes(self, x: Any, **kwargs: Any) -> dict[str, Any]:
        return self._live_attributes(x, self._forward_name, kwargs)

    def inverse_attributes(self, y: Any, **kwargs: Any) -> dict[str, Any]:
        return self._live_attributes(y, self._inverse_name, kwargs)

    def _live_attributes(self, value: Any, name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
        edge = self._get_or_create_edge(value, name, _in_this_graph(kwargs))
        # Without a living partner the log-det may belong to older variables: hand out a dict
        # that nobody keeps.
        return edge.attributes if edge.output_ref else {}

    def _get_or_create_edge(self, input: Any, forward_name: str, kwargs: dict[str, Any]) -> Any:
        edge = super()._get_or_create_edge(input, forward_name, kwargs)
        if edge.output_ref is not None and not edge.output_ref:
            edge.attributes.clear()
        return edge

    def _invoke(
        self,
        input: Any,
        fn_name: str,
        kwargs: dict[str, Any],
        attributes: dict[str, Any],
    ) -> Any:
        kwargs = {name: value for name, value in kwargs.items() if name != "_graph"}
        value, attributes["ildj"] = getattr(self.bijector, fn_name)(input, **kwargs)
        return value


def _in_this_graph(kwargs: dict[str, Any]) -> dict[str, Any]:
    graph = None if tf.executing_eagerly() else id(tf.compat.v1.get_default_graph())
    return dict(kwargs, _graph=graph)
