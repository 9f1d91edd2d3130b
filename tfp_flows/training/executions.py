"""Several steps between two calls of the callbacks."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def one_by_one(function: Callable[[Any], Any], model: keras.Model) -> Callable[[Any], Any]:
    """`function`, which runs `steps_per_execution` steps, with a graph for each of them.

    Keras 3.15 has one graph for all, with a loop over the data, which TensorFlow cannot make where
    these are those of several replicas. And it reads the next batch during a step: where that
    fails, the reading may be cancelled, and with it all that follows. No step fails under XLA.
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
