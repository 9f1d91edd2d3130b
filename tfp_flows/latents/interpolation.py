"""Paths between two images."""

from typing import Any, Literal

import numpy as np
import tensorflow as tf

from tfp_flows.latents.checks import check_events, check_flow
from tfp_flows.latents.vectors import from_vector, to_vector
from tfp_flows.ops.arguments import check_int
from tfp_flows.typing import Distribution, TensorPair

_KINDS = ("spherical", "linear")


def interpolate(
    flow: Distribution,
    start: Any,
    end: Any,
    num: int = 8,
    *,
    kind: Literal["spherical", "linear"] = "spherical",
    context: Any = None,
) -> tf.Tensor:
    """Events on the way from `start` to `end` through latent space, the ends included.

    Most latents of N(0, I) lie near a sphere. A straight line leaves it and passes through
    untypical, blurred events; `"spherical"` turns the direction at constant speed, while the norm
    goes linearly from one to the other. Where the shorter way round is not defined (parallel,
    opposite and zero latents) the path is the straight line.

    Args:
      flow: a `tfd.TransformedDistribution`.
      start: events `[..., *event]`.
      end: events of the same shape.
      num: number of events on each path, at least 2.
      kind: of path.
      context: for flows that take one, `[..., *context]`.

    Returns:
      Events `[num, ..., *event]`.

    Raises:
      TypeError: if `flow` is no transformed distribution, or events are not floating.
      ValueError: if events are not finite or of another shape, if `num` is less than 2, or for
        another `kind`.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import flows, latents
      >>> flow = flows.coupling_flow((2,), num_couplings=2)
      >>> latents.interpolate(flow, tf.zeros([3, 2]), tf.ones([3, 2]), num=5).shape
      TensorShape([5, 3, 2])
    """
    check_flow(flow)
    num = check_int("num", num, 2)
    if kind not in _KINDS:
        raise ValueError(f"`kind` must be one of {_KINDS}; got {kind!r}.")
    start, end = check_events("start", start, flow), check_events("end", end, flow)
    if not start.shape.is_compatible_with(end.shape):
        raise ValueError(
            f"`end` must have the shape of `start`, {tuple(start.shape)}; got {tuple(end.shape)}."
        )
    ends = to_vector(flow, start, context), to_vector(flow, end, context)
    between = _spherical if kind == "spherical" else _linear
    # The ends are put there as they are, not computed with a rounding.
    path = [ends[0][tf.newaxis], between(*ends, _steps(ends[0], num)), ends[1][tf.newaxis]]
    return from_vector(flow, tf.concat(path, axis=0), context)


def _steps(like: tf.Tensor, num: int) -> tf.Tensor:
    """`num - 2` numbers inside of (0, 1), `[num - 2, 1, ..., 1]`, one axis more than `like`."""
    steps = tf.constant(np.linspace(0.0, 1.0, num)[1:-1], like.dtype)
    return tf.reshape(steps, tf.concat([[-1], tf.ones([tf.rank(like)], tf.int32)], axis=0))


def _linear(a: tf.Tensor, b: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
    return (1 - t) * a + t * b


def _spherical(a: tf.Tensor, b: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
    (unit_a, norm_a), (unit_b, norm_b) = _polar(a), _polar(b)
    apart, together = _polar(unit_a - unit_b)[1], _polar(unit_a + unit_b)[1]
    # Exact for small angles as well, where the arc cosine of a product is mostly rounding error.
    angle = 2 * tf.math.atan2(apart, together)
    sine = tf.sin(angle)
    # Divided by less, rounding errors of the two directions would be all that is left of them.
    is_defined = (
        (sine > np.sqrt(np.finfo(a.dtype.as_numpy_dtype).eps)) & (norm_a > 0) & (norm_b > 0)
    )
    sine = tf.where(is_defined, sine, tf.ones_like(sine))
    unit = (tf.sin((1 - t) * angle) * unit_a + tf.sin(t * angle) * unit_b) / sine
    return tf.where(is_defined, unit * _linear(norm_a, norm_b, t), _linear(a, b, t))


def _polar(v: tf.Tensor) -> TensorPair:
    """Directions and norms `[..., 1]` of vectors, without overflow; zeros for zero vectors."""
    largest = tf.reduce_max(tf.abs(v), axis=-1, keepdims=True)
    scaled = tf.math.divide_no_nan(v, largest)
    norm = tf.norm(scaled, axis=-1, keepdims=True)
    return tf.math.divide_no_nan(scaled, norm), largest * norm
