"""What a batch says: events, and contexts if there are any."""

from typing import Any

import tensorflow as tf

from tfp_flows.typing import Distribution


def event_and_context(inputs: Any, distribution: Distribution) -> tuple[Any, Any]:
    """Takes a batch apart and checks it against the distribution.

    Args:
      inputs: events, or `{"x": events, "context": contexts}`.
      distribution: whose events they should be.

    Raises:
      TypeError: if the events are integers and the distribution is continuous.
      ValueError: if the events have another shape than the distribution, or if a dict has other
        keys.
    """
    if not _is_joint(distribution) and isinstance(inputs, dict):
        if set(inputs) != {"x", "context"}:
            raise ValueError(
                f'A batch given as a dict must have the keys "x" and "context"; got {list(inputs)}.'
            )
        x, context = inputs["x"], inputs["context"]
    else:
        x, context = inputs, None
    if not _is_joint(distribution):
        _check_events(x, distribution)
    return x, context


def _is_joint(distribution: Distribution) -> bool:
    return not isinstance(distribution.event_shape, tf.TensorShape)


def _check_events(x: tf.Tensor, distribution: Distribution) -> None:
    if distribution.dtype.is_floating and not x.dtype.is_floating:
        raise TypeError(
            f"`x` must be floating for a continuous distribution; got {x.dtype.name}. Dequantize "
            "integer data first, for example with `tfp_flows.data.batches`."
        )
    event_shape = tf.TensorShape(distribution.event_shape)
    ndims = event_shape.rank
    given = x.shape[x.shape.rank - ndims :] if x.shape.rank is not None and ndims else event_shape
    if not given.is_compatible_with(event_shape):
        raise ValueError(
            f"`x` must have shape [batch, *{tuple(event_shape)}]; got {tuple(x.shape)}."
        )
