"""From [0, 1] to the line, away from the ends (RealNVP, section 4.1)."""

import math

import ml_dtypes
import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.ops.arguments import check_real
from tfp_flows.typing import TensorPair


class Logit(EventBijector):
    """`z = logit(alpha + (1 - 2 alpha) x)` for every entry `x` in [0, 1].

    The log-slope of this inverse is `log(1 - 2 alpha) - log p - log(1 - p)` with
    `p = alpha + (1 - 2 alpha) x`. The forward direction is a stretched sigmoid, which reaches
    from `-alpha/(1 - 2 alpha)` to `1 + alpha/(1 - 2 alpha)`, a little past both ends. Beyond these
    two the inverse is NaN.

    The paper of RealNVP prints `alpha + (1 - alpha) x`, which would map to [alpha, 1]; its code has
    what stands here. Dinh et al. 2017, https://arxiv.org/abs/1605.08803, section 4.1.

    Args:
      alpha: distance that is kept from 0 and 1, between 0 and 0.5; 0.05 in RealNVP.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if `alpha` is not between 0 and 0.5.

    Example:
      >>> from tfp_flows import bijectors
      >>> [round(float(z), 4) for z in bijectors.Logit(0.05).inverse([0.0, 0.5, 1.0])]
      [-2.9444, 0.0, 2.9444]
    """

    def __init__(
        self, alpha: float = 0.05, *, validate_args: bool = False, name: str = "logit"
    ) -> None:
        parameters = dict(locals())
        if not 0 < check_real("alpha", alpha) < 0.5:
            raise ValueError(f"`alpha` must be between 0 and 0.5; got {alpha}.")
        self._alpha = float(alpha)
        super().__init__(
            forward_min_event_ndims=0,
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        x = (tf.sigmoid(z) - self._alpha) / (1 - 2 * self._alpha)
        log_slope = -tf.nn.softplus(z) - tf.nn.softplus(-z) - math.log1p(-2 * self._alpha)
        return x, log_slope

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        log_p, log_rest = (tf.math.log(self._stretched(part)) for part in (x, 1 - x))
        return log_p - log_rest, math.log1p(-2 * self._alpha) - log_p - log_rest

    def _stretched(self, x: tf.Tensor) -> tf.Tensor:
        p = self._alpha + (1 - 2 * self._alpha) * x
        # A saturated sample is at the end, where rounding decides between 0 and a negative number.
        limits = ml_dtypes.finfo(p.dtype.as_numpy_dtype)  # Of bfloat16, too.
        return tf.where(tf.abs(p) < 8 * limits.eps, tf.maximum(p, limits.tiny), p)
