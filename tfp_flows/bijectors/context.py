"""Contexts: what a conditional bijector is told beside the event."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.typing import Bijector, Shape

REMEDY = "Flows of `tfp_flows.flows` take one with `num_classes` or `context_shape`."
"""What to do about a context that nobody takes."""


def context_shape_of(bijector: Bijector) -> Shape | None:
    """The shape of one context of any bijector, ours or an inverted one; `None` if it has none."""
    # `tfb.Invert(...)` is no instance of `tfb.Invert` when it holds networks.
    wrapped = getattr(bijector, "bijector", None)
    if isinstance(wrapped, Bijector):
        return context_shape_of(wrapped)
    return getattr(bijector, "context_shape", None)


def common_context_shape(bijectors: Sequence[Bijector]) -> Shape | None:
    """That of all who take one.

    Raises:
      ValueError: if they want contexts of several shapes.
    """
    shapes = [(bijector.name, context_shape_of(bijector)) for bijector in bijectors]
    wanted = {shape for _, shape in shapes if shape is not None}
    if len(wanted) > 1:
        raise ValueError(f"`bijectors` must want contexts of one shape; got {shapes}.")
    return wanted.pop() if wanted else None


def fit_context(
    bijector: Any,
    context: Any,
    dtype: tf.DType,
    batch_shape: tf.TensorShape,
    dynamic_batch_shape: tf.Tensor,
) -> tf.Tensor:
    """Casts `context` to `dtype` and broadcasts it to the batch of the events.

    Integers are classes, one for each event: they become one-hot vectors.

    Raises:
      ValueError: if the context is missing, unexpected, or of another shape or batch, or if a
        class is out of range.
      TypeError: if it is not floating, and classes do not fit.
      tf.errors.InvalidArgumentError: if a class is out of range, in a graph.
    """
    wanted = bijector.context_shape
    if wanted is None:
        raise ValueError(f"`context` must not be given: `{bijector.name}` takes none. {REMEDY}")
    if context is None:
        raise ValueError(
            f"`context` must be given: `{bijector.name}` wants [..., *{wanted}]. Densities and "
            'samples take `bijector_kwargs={"context": labels}`, and `FlowModel.fit` pairs (x, '
            "label), as `data.images` gives them with `labels=True`."
        )
    context = tf.convert_to_tensor(context)
    if context.dtype.is_integer:
        context = one_hot(bijector.name, wanted, context, dtype)
    if not context.dtype.is_floating:
        raise TypeError(
            f"`context` must be floating for `{bijector.name}`, or integers for classes; got "
            f"{context.dtype.name}."
        )
    context = tf.cast(context, dtype)
    ndims = len(wanted)
    rank = context.shape.rank
    if rank is None or rank < ndims or not context.shape[rank - ndims :].is_compatible_with(wanted):
        raise ValueError(
            f"`context` must have shape [..., *{wanted}] for `{bijector.name}`; got "
            f"{context.shape}."
        )
    given = context.shape[: rank - ndims]
    if given.is_fully_defined() and given == batch_shape:
        return context
    _check_batch(given, batch_shape)
    return tf.broadcast_to(context, tf.concat([dynamic_batch_shape, wanted], axis=0))


def one_hot(name: str, shape: Shape, labels: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Classes as contexts of the given shape, for who has that name; errors as in `fit_context`."""
    if len(shape) != 1:
        raise TypeError(
            f"`context` must be floating for `{name}`, of shape [..., *{shape}]; got "
            f"{labels.dtype.name}. Only vectors can stand for classes."
        )
    num_classes = shape[0]
    wanted = f"classes in 0..{num_classes - 1}, by the `num_classes` of the flow"
    message = f"`context` must hold {wanted}, for `{name}`; got"
    labels = tf.cast(labels, tf.int64)  # A byte could not be compared with 300 classes.
    is_class = (labels >= 0) & (labels < num_classes)
    vectors = tf.one_hot(labels, num_classes, dtype=dtype)
    if tf.executing_eagerly():
        if not tf.reduce_all(is_class):
            raise ValueError(f"{message} {sorted(set(labels.numpy().ravel().tolist()))}.")
        return vectors
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(is_class), [message, labels])]):
        # XLA leaves the assertion out: then NaN says it.
        return tf.where(is_class[..., tf.newaxis], vectors, tf.constant(np.nan, dtype))


def _check_batch(given: tf.TensorShape, batch_shape: tf.TensorShape) -> None:
    message = (
        f"`context` must have a batch that broadcasts to that of the events, "
        f"{tuple(batch_shape)}; got {tuple(given)}."
    )
    if given.rank is not None and given.rank - 1 == batch_shape.rank and given[-1] == 1:
        message += " Labels of shape [n, 1] become [n] by `labels[:, 0]`."
    try:
        both = tf.broadcast_static_shape(given, batch_shape)
    except ValueError as error:
        raise ValueError(message) from error
    if not both.is_compatible_with(batch_shape):
        raise ValueError(message)
