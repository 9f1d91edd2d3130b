"""Several steps between two calls of the callbacks, on several replicas."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def one_by_one(function: Callable[[Any], Any], model: keras.Model) -> Callable[[Any], Any]:
    """`function`, which runs `steps_per_execution` steps, with a graph for each of them.

    Keras 3.15 has one graph for all, with a loop over the data that TensorFlow cannot make where
    they are those of several replicas.
    """

    def run(iterator: Any) -> Any:
        logs, steps = None, model.steps_per_execution
        model.steps_per_execution = 1
        try:
            for _ in range(steps):
                logs = function(iterator)
        except (StopIteration, tf.errors.OutOfRangeError):
            if logs is None:
                raise
        finally:
            model.steps_per_execution = steps
        return logs

    return run
