"""TFP's bijector cache with its traps closed and the log-det kept with the value.

TFP keeps the result of each bijector call in one global table, keyed by the identity of the input
tensor. `TransformedDistribution.log_prob` relies on it: it asks for `inverse(x)` and then for
`forward_log_det_jacobian` of the result. Four things go wrong with the stock table:

1. A log-det is kept as long as its *input* lives, so after a variable changes, or inside a new
   gradient tape, the old one comes back with the new value.
2. The key does not say in which graph the result was made, so a tensor from inside a `tf.cond`,
   a `tf.while_loop` or a nested `tf.function` comes back outside of it.
3. The table is alive for good, so that no graph ever dies, and a batch that is seen under many
   contexts keeps them all.
4. Value and log-det are computed by separate calls, so each network runs twice.

What was computed in one phase (see `phases`) is not known in another.

Under a gradient tape only what that tape has recorded counts as known: the rest is computed again,
or its gradient would be missing.

What stays as in TFP: with no tape, and while the *result* of a call is alive, the same call gives
that very object again, also after a variable has changed. `log_prob(sample())` needs it.
"""

import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.eager import record

from tfp_flows.phases import current


class FlowCache:
    """Keeps value and log-det together, in one graph, while the value lives.

    A bijector class has one as its `_cache` and methods `_forward_and_ildj` and
    `_inverse_and_ildj` that return `(value, inverse log-det)`: the sign is that of the inverse
    direction in both, because TFP stores a single attribute, `ildj`.
    """

    def __init__(self, bijector: Any = None) -> None:
        self._bijector = bijector

    def __get__(self, bijector: Any, owner: Any = None) -> "FlowCache":
        return FlowCache(bijector)

    def forward(self, x: tf.Tensor, **kwargs: Any) -> tf.Tensor:
        """`f(x)`; the four methods are those that `tfb.Bijector` calls."""
        return self._result("forward", "inverse", x, kwargs)

    def inverse(self, y: tf.Tensor, **kwargs: Any) -> tf.Tensor:
        """`f^-1(y)`."""
        return self._result("inverse", "forward", y, kwargs)

    def forward_attributes(self, x: tf.Tensor, **kwargs: Any) -> dict[str, Any]:
        """`{"ildj": ...}` if `f(x)` is alive, else a dict that nobody keeps."""
        return self._attributes("forward", x, kwargs)

    def inverse_attributes(self, y: tf.Tensor, **kwargs: Any) -> dict[str, Any]:
        """`{"ildj": ...}` if `f^-1(y)` is alive, else a dict that nobody keeps."""
        return self._attributes("inverse", y, kwargs)

    def _result(self, way: str, way_back: str, value: tf.Tensor, kwargs: dict) -> tf.Tensor:
        entries = entries_of_this_graph()
        key = self._key(way, value, kwargs)
        known = _known(entries.get(key))
        if known is not None:
            return known
        result, ildj = getattr(self._bijector, f"_{way}_and_ildj")(value, **kwargs)
        if result is value:  # The two ends are told apart by identity.
            result = tf.identity(result)
        key_back = self._key(way_back, result, kwargs)

        made = weakref.ref(result, lambda made: _forget(entries, key, key_back, made))
        attributes = {"ildj": ildj}
        entries[key] = _Entry(made, made, attributes)
        # As long as the result lives, it keeps what it was made from.
        entries[key_back] = _Entry(lambda: value, made, attributes)
        return result

    def _attributes(self, way: str, value: tf.Tensor, kwargs: dict) -> dict[str, Any]:
        entry = entries_of_this_graph().get(self._key(way, value, kwargs))
        return {} if entry is None or _known(entry) is None else entry.attributes

    def _key(self, way: str, value: tf.Tensor, kwargs: dict) -> tuple:
        return way, id(value), _Same(self._bijector), _same(kwargs), current()


class _Entry(NamedTuple):
    """One end of a map: the other end, which of the two was made by it, and the log-det."""

    other: Callable[[], Any]
    made: Callable[[], Any]
    attributes: dict[str, Any]


def _known(entry: _Entry | None) -> Any:
    """The other end, unless a tape is active that has not recorded how the result was made."""
    if entry is None:
        return None
    if record.could_possibly_record() and not record.should_record_backprop([entry.made()]):
        return None
    return entry.other()


def _forget(entries: dict[tuple, _Entry], key: tuple, key_back: tuple, made: Any) -> None:
    """Drops both ends of a map, unless they have been overwritten by a newer one."""
    for end in (key, key_back):
        if end in entries and entries[end].made is made:
            del entries[end]


class _Same:
    """Equal to itself alone; keeps a thing alive, so that nothing else can get its `id`."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._thing is other._thing

    def __hash__(self) -> int:
        return id(self._thing)


def _same(kwargs: Any) -> Any:
    if isinstance(kwargs, dict):
        return tuple((name, _same(value)) for name, value in sorted(kwargs.items()))
    return _Same(kwargs)


_EAGER_ENTRIES: dict[tuple, _Entry] = {}


def entries_of_this_graph() -> dict[tuple, _Entry]:
    """The table of eager mode, or that of the graph under construction, which dies with it."""
    if tf.executing_eagerly():
        return _EAGER_ENTRIES
    graph = tf.compat.v1.get_default_graph()
    if not hasattr(graph, "_tfp_flows_cache"):
        graph._tfp_flows_cache = {}
    return graph._tfp_flows_cache
