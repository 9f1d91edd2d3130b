"""The batch of the last step, for the one who asks what was wrong with it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


class HeldBatch:
    """Keeps a batch as long as its step runs.

    In graphs the step itself puts it into variables, which share or copy its memory: the data of a
    `tf.data.Iterator` never pass through Python. XLA would compile anew for each shape of such a
    variable, so there Python reads the batch and hands it on.
    """

    def __init__(self) -> None:
        self._variables: dict[Any, list[tf.Variable]] = {}
        self._read: Any = None

    def kept(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """A function of an iterator, of which it takes one batch, with Python as the reader."""

        def run(iterator: Any) -> Any:
            self._read = next(iterator)
            return function(iter([self._read]))

        return run

    def hold(self, inputs: Any) -> tf.Operation:
        """Puts events, and contexts if there are any, into variables; to be called in a step."""
        # What is no tensor is refused elsewhere.
        tensors = [value for value in tf.nest.flatten(inputs) if isinstance(value, tf.Tensor)]
        key = tuple((tensor.dtype, str(tensor.shape[1:])) for tensor in tensors)
        with tf.init_scope():
            if key not in self._variables:
                self._variables[key] = [_room(tensor) for tensor in tensors]
        pairs = zip(self._variables[key], tensors, strict=True)
        return tf.group(*[room.assign(tensor, read_value=False) for room, tensor in pairs])

    def clear(self) -> None:
        """Forgets what is held."""
        self._read = None
        for room in (room for rooms in self._variables.values() for room in rooms):
            for part in _parts(room):
                part.assign(_nothing(part))

    def get(self, unpack: Any) -> Any:
        """Events, or `{"x": events, "context": contexts}`, as arrays; `None` if nothing is held.

        Args:
          unpack: makes inputs of what an iterator gives.
        """
        if self._read is not None:
            return tf.nest.map_structure(_joined, unpack(self._read))
        for rooms in self._variables.values():
            arrays = [_joined(room) for room in rooms]
            if len(arrays[0]):
                # As `tf.nest` flattens dicts: by name.
                return arrays[0] if len(arrays) == 1 else {"context": arrays[0], "x": arrays[1]}
        return None


def _room(tensor: tf.Tensor) -> tf.Variable:
    rank = tensor.shape.rank
    # Of each replica for itself.
    return tf.Variable(
        _nothing(tensor),
        shape=tf.TensorShape(None if rank is None else [None, *tensor.shape[1:]]),
        trainable=False,
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.NONE,
    )


def _nothing(like: Any) -> tf.Tensor:
    shape = [0] if like.shape.rank is None else [0, *like.shape[1:]]
    return tf.zeros([size or 0 for size in shape], like.dtype)


def _parts(value: Any) -> tuple[Any, ...]:
    strategy = getattr(value, "distribute_strategy", None)
    parts = strategy.experimental_local_results(value) if strategy else getattr(value, "values", 0)
    return tuple(parts) if isinstance(parts, tuple | list) else (value,)


def _joined(value: Any) -> np.ndarray:
    return np.concatenate([np.asarray(part) for part in _parts(value)])
