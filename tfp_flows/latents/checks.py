"""Checks of flows, events and numbers, with errors that say what was wanted and what came."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.context import REMEDY, context_shape_of
from tfp_flows.typing import Bijector, Distribution


def check_flow(flow: Any) -> None:
    """Raises unless `flow` is one transformed distribution over one tensor of static shape.

    Raises:
      TypeError: if it is no transformed distribution.
      ValueError: if its events have no static shape, or if it is a batch of distributions.
    """
    # By behaviour: around most bijectors `tfd.TransformedDistribution` makes a private class.
    parts = getattr(flow, "bijector", None), getattr(flow, "distribution", None)
    if not (isinstance(parts[0], Bijector) and isinstance(parts[1], Distribution)):
        raise TypeError(
            "`flow` must be a `tfd.TransformedDistribution`, with a `bijector` and the "
            f"`distribution` of its latents; for a `Dequantized` its `.flow`; got {flow!r}."
        )
    for shape in (flow.event_shape, parts[1].event_shape):
        if not isinstance(shape, tf.TensorShape) or not shape.is_fully_defined():
            raise ValueError(
                f"`flow` must have events and latents of one static shape; got {shape}."
            )
    if flow.batch_shape.rank:
        raise ValueError(
            "`flow` must be a single distribution, of batch shape (); got batch shape "
            f"{tuple(flow.batch_shape)}."
        )


def check_context(flow: Distribution, context: Any) -> dict[str, Any]:
    """The keywords of the bijector.

    Raises:
      ValueError: if there is a context which nobody takes; TFP's own bijectors would drop it.
    """
    if context is None:
        return {}
    if context_shape_of(flow.bijector) is None:
        raise ValueError(f"`context` must not be given: {flow.name} takes none. {REMEDY}")
    return {"context": context}


def check_one_context(flow: Distribution, context: Any) -> None:
    """Raises a `ValueError` for contexts in a batch, which would meet the wrong events."""
    wanted = context_shape_of(flow.bijector)
    if context is None or wanted is None:
        return
    context = tf.convert_to_tensor(context)
    got = tuple(context.shape)
    if got != (() if context.dtype.is_integer else wanted):  # Integers are classes.
        raise ValueError(f"`context` must be one for all, of shape {wanted}; got shape {got}.")


def check_events(name: str, x: Any, flow: Distribution) -> tf.Tensor:
    """`x` as a tensor `[..., *event]` of the dtype of the flow.

    Raises:
      TypeError: if it is not floating.
      ValueError: if it has another shape or is not finite.
    """
    return check_floats(name, x, tuple(flow.event_shape), flow.dtype)


def check_floats(name: str, x: Any, shape: tuple[int, ...], dtype: tf.DType) -> tf.Tensor:
    """`x` as a finite tensor `[..., *shape]` of the dtype; for the errors see `check_events`."""
    x = tf.convert_to_tensor(x)
    if not x.dtype.is_floating:
        raise TypeError(
            f"`{name}` must be floating; got {x.dtype.name}. Dequantize integer data first, for "
            "example with `tfp_flows.data.dequantize`."
        )
    rank = x.shape.rank
    if rank is not None:
        batch = x.shape[: max(rank - len(shape), 0)]
        if not x.shape.is_compatible_with([*batch, *shape]):
            wanted = ", ".join(map(str, ("...", *shape)))
            raise ValueError(f"`{name}` must have shape [{wanted}]; got {tuple(x.shape)}.")
        x = tf.ensure_shape(x, [*batch, *shape])
    return tf.cast(_check_finite(name, x), dtype)


def check_numbers(name: str, value: Any) -> np.ndarray:
    """`value`, a number or a list of numbers, as a float64 array.

    Raises:
      TypeError: if there is something else than real numbers in it.
      ValueError: if one of them is not finite.
    """
    numbers = np.asarray(value)
    if numbers.dtype.kind not in "iuf":
        raise TypeError(f"`{name}` must hold real numbers; got {value!r}.")
    if not np.all(np.isfinite(numbers)):
        raise ValueError(f"`{name}` must be finite; got {value!r}.")
    return numbers.astype(np.float64)


def _check_finite(name: str, x: tf.Tensor) -> tf.Tensor:
    bad = tf.math.count_nonzero(~tf.math.is_finite(x))
    if tf.is_symbolic_tensor(bad):
        message = f"`{name}` must be finite; the number of NaN and infinite entries is"
        with tf.control_dependencies([tf.debugging.Assert(bad == 0, [message, bad])]):
            return tf.identity(x)
    if bad > 0:
        raise ValueError(f"`{name}` must be finite; got {int(bad)} NaN or infinite entries.")
    return x
