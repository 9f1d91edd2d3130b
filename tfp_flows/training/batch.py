"""What a batch says: events, and contexts if there are any."""

from typing import Any

import tensorflow as tf

from tfp_flows.bijectors.context import REMEDY, context_shape_of
from tfp_flows.typing import Distribution, Shape


def event_and_context(inputs: Any, distribution: Distribution) -> tuple[Any, Any]:
    """Takes a batch apart and checks it against the distribution.

    Args:
      inputs: events, or `{"x": events, "context": contexts}`.
      distribution: whose events they should be.

    Raises:
      TypeError: if the events are integers and the distribution is continuous, or if the batch is
        neither a tensor nor a dict.
      ValueError: if the events have another shape than the distribution, if the context is
        unexpected or of another batch size, or if a dict has other keys.
    """
    x, context = inputs, None
    if isinstance(inputs, dict):
        if set(inputs) != {"x", "context"}:
            raise ValueError(
                f'A batch given as a dict must have the keys "x" and "context"; got {list(inputs)}.'
            )
        x, context = inputs["x"], inputs["context"]
    if not hasattr(x, "dtype"):
        raise TypeError(
            'A batch must be one tensor, or {"x": tensor, "context": tensor}; got a '
            f"{type(x).__name__}."
        )
    _check_events(x, distribution)
    if context is not None:
        check_context(context, distribution, x.shape[:1])
    return x, context


def labels_as_context(x: Any, y: Any, distribution: Distribution) -> tuple[Any, Any]:
    """`(x, y)` of Keras as inputs and targets: a conditional flow has no targets but contexts."""
    if y is None or isinstance(x, dict) or context_shape(distribution) is None:
        return x, y
    shape = tf.TensorShape(y.shape)
    # Labels come as [n, 1] in some datasets, and of unknown rank from Keras's own arrays.
    if tf.as_dtype(y.dtype).is_integer and (shape.rank is None or shape[1:] == (1,)):
        y = tf.reshape(y, [-1])
    return {"x": x, "context": y}, None


def check_context(context: tf.Tensor, distribution: Distribution, batch_shape: Any) -> None:
    """Raises a `ValueError` for a context which nobody takes, or of another batch size."""
    wanted = context_shape(distribution)
    if wanted is None:
        raise ValueError(
            f"`context` must not be given: {distribution.name} takes none; got shape "
            f"{tuple(context.shape)}. {REMEDY}"
        )
    given = tf.TensorShape(context.shape)
    if given.rank == len(wanted) + 1 and not given[:1].is_compatible_with(batch_shape):
        raise ValueError(
            f"`context` must have the batch shape {tuple(batch_shape)} of the events; got shape "
            f"{tuple(given)}."
        )


def bijector_kwargs(context: Any) -> dict[str, Any]:
    """How TFP hands a context to the bijector of a `TransformedDistribution`."""
    return {} if context is None else {"bijector_kwargs": {"context": context}}


def context_shape(distribution: Any) -> Shape | None:
    """The shape of one context of a distribution; `None` if it takes none."""
    bijector = getattr(distribution, "bijector", None)
    if bijector is not None:
        return context_shape_of(bijector)
    # `Independent` and the like hand their keywords on.
    inner = getattr(distribution, "distribution", None)
    return None if inner is None else context_shape(inner)


def real_dtype(distribution: Any) -> tf.DType:
    """The dtype of densities and contexts: for integers under a flow, that of the flow."""
    while not distribution.dtype.is_floating:
        distribution = getattr(distribution, "distribution", None)
        if distribution is None:
            return tf.float32
    return distribution.dtype


def _check_events(x: tf.Tensor, distribution: Distribution) -> None:
    dtype = tf.as_dtype(x.dtype)
    if distribution.dtype.is_floating and not dtype.is_floating:
        raise TypeError(
            f"`x` must be floating for a continuous distribution; got {dtype.name}. Dequantize "
            "integer data first, for example with `tfp_flows.data.images`."
        )
    event_shape = tuple(distribution.event_shape)
    if not tf.TensorShape([None, *event_shape]).is_compatible_with(x.shape):
        wanted = ", ".join(map(str, ("batch", *event_shape)))
        raise ValueError(f"`x` must have shape [{wanted}]; got {tuple(x.shape)}.")
