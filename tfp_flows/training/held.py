"""The batch of the last step, for the one who asks what was wrong with it."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfp_flows.training.workers import local, parts


class HeldBatch:
    """Keeps a batch as long as its step runs.

    In graphs the step itself puts it into variables, which share or copy its memory: the data of a
    `tf.data.Iterator` never pass through Python. XLA would compile anew for each shape of such a
    variable, and a generator has its data in Python: there Python reads the batch and hands it on.
    """

    def __init__(self) -> None:
        self._rooms: dict[Any, list[tf.Variable]] = {}
        self._spec: Any = None
        self._read: Any = None

    def kept(
        self, function: Callable[[Any], Any], strategy: tf.distribute.Strategy, *, by_step: bool
    ) -> Callable[[Any], Any]:
        """A function of an iterator, of which it takes a batch, that keeps the batch.

        Args:
          function: what runs the step.
          strategy: under which the step runs.
          by_step: whether its step calls `hold`. Otherwise Python reads, and the function may take
            a single batch.
        """

        def run(iterator: Any) -> Any:
            spec = getattr(iterator, "element_spec", None)
            if by_step and spec is not None:
                # Here, as a failed trace that made variables gives no outputs the second time.
                if _dtypes(spec) not in self._rooms:
                    with strategy.scope():
                        self._rooms[_dtypes(spec)] = [_room(dtype) for dtype in _dtypes(spec)]
                self._spec = spec
                return function(iterator)
            self._read = next(iterator)
            return function(iter([self._read]))

        return run

    def hold(self, data: Any) -> tf.Operation:
        """Puts a batch into variables; to be called in a step."""
        rooms = self._rooms.get(_dtypes(data), [])
        pairs = zip(rooms, _leaves(data), strict=False)
        return tf.group(*[room.assign(tensor, read_value=False) for room, tensor in pairs])

    def clear(self) -> None:
        """Forgets what is held."""
        self._spec = self._read = None
        for room in (room for rooms in self._rooms.values() for room in rooms):
            for part in parts(room):
                part.assign(_nothing(part.dtype))

    def get(self) -> Any:
        """The batch, as arrays in its structure; `None` if nothing is held."""
        structure, values = self._read, _leaves(self._read)
        if structure is None and self._spec is not None:
            structure, values = self._spec, self._rooms[_dtypes(self._spec)]
        arrays = [local(value) for value in values]
        if not any(map(len, arrays)):
            return None
        left = iter(arrays)
        return tf.nest.map_structure(
            lambda leaf: None if _dtype(leaf) is None else next(left), structure
        )


def _leaves(data: Any) -> list[Any]:
    """Tensors or their specs; datasets may hold `None` as well."""
    return [leaf for leaf in tf.nest.flatten(data) if _dtype(leaf) is not None]


def _dtypes(data: Any) -> tuple[tf.DType, ...]:
    return tuple(map(_dtype, _leaves(data)))


def _dtype(leaf: Any) -> tf.DType | None:
    # Under a strategy, a spec for each replica; where a dataset holds `None`, a spec of nothing.
    parts = tf.nest.flatten(leaf, expand_composites=True)
    return getattr(parts[0], "dtype", None) if parts else None


def _room(dtype: tf.DType) -> tf.Variable:
    return tf.Variable(
        _nothing(dtype),
        shape=tf.TensorShape(None),
        trainable=False,
        # Of each replica for itself.
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.NONE,
    )


def _nothing(dtype: tf.DType) -> tf.Tensor:
    return tf.zeros([0], dtype)
