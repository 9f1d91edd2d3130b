"""Inputs of exported functions: their specs, checks of them, and what TFP wants in their place."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

COUNT, SEED, NUM_SAMPLES = (
    tf.TensorSpec([], tf.int32, name=name) for name in ("count", "seed", "num_samples")
)


def batch_of(shape: Any, dtype: tf.DType, name: str) -> tf.TensorSpec:
    """Any number of tensors of one static shape."""
    return tf.TensorSpec([None, *shape], dtype, name=name)


def function_of(call: Callable[..., tf.Tensor], inputs: Sequence[tf.TensorSpec]) -> Any:
    """A `tf.function` whose arguments have the names of the tensors.

    `temperature` is 1 if left out. A SavedModel keeps that for those who load it in Python.
    """

    def function(*tensors: tf.Tensor) -> tf.Tensor:
        return call(*tensors)

    function.__name__ = call.__name__.strip("_")
    signature = inspect.Signature([_parameter(spec.name) for spec in inputs])
    function.__signature__ = signature
    return tf.function(function, input_signature=inputs)


def stateless_pair(seed: tf.Tensor) -> tf.Tensor:
    """The pair that `ops.seeds.stateless_seed` makes of an int32."""
    low = tf.bitwise.bitwise_and(seed, tf.int32.max)
    return tf.stack([tf.bitwise.right_shift(seed, 31), low])


def keywords(context: Sequence[tf.Tensor]) -> dict[str, Any]:
    """A context, or none, as a bijector takes it."""
    return {"context": context[0]} if context else {}


def bijector_keywords(context: Sequence[tf.Tensor]) -> dict[str, Any]:
    """A context, or none, as a distribution takes it."""
    return {"bijector_kwargs": keywords(context)} if context else {}


def checked_count(count: tf.Tensor, context: Sequence[tf.Tensor]) -> tf.Tensor:
    """`count`, if so many events can be drawn, with one context for each or one for all."""
    count = _checked(count, count >= 0, "`count` must be at least 0; got", count)
    for tensor in context:
        rows = tf.shape(tensor)[0]
        message = "`context` must be `count` contexts, or 1 for all; got"
        count = _checked(count, (rows == count) | (rows == 1), message, rows, "for `count`", count)
    return count


def checked_temperature(temperature: tf.Tensor) -> tf.Tensor:
    """`temperature`, if latents can be multiplied by it."""
    is_valid = (temperature >= 0) & (temperature < np.inf)
    message = "`temperature` must be finite and at least 0; got"
    return _checked(temperature, is_valid, message, temperature)


def _checked(tensor: tf.Tensor, condition: tf.Tensor, *message: Any) -> tf.Tensor:
    with tf.control_dependencies([tf.debugging.Assert(condition, list(message))]):
        return tf.identity(tensor)


def _parameter(name: str) -> inspect.Parameter:
    default = 1.0 if name == "temperature" else inspect.Parameter.empty
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)
