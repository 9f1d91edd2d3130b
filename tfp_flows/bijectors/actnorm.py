"""Activation normalization (Glow, section 3.1)."""

import math
import warnings

import numpy as np
import tensorflow as tf

from tfp_flows.bijectors.base import EventBijector
from tfp_flows.ops.arguments import check_real, check_shape
from tfp_flows.ops.moments import global_moments, positive_std
from tfp_flows.phases import is_initializing, set_once
from tfp_flows.typing import Shape, TensorPair


class ActNorm(EventBijector):
    """Learned shift and scale, set so that a first batch of latents has mean 0 and variance 1.

    Inverse: `z = (x + shift) * exp(factor * log_scale)`, with log-det
    `factor * sum(log_scale)` for each event of the given shape. With `event_shape=(C,)` that is
    Glow's layer: one pair of numbers a channel, and images `[..., H, W, C]` are `H*W` events each.
    With `event_shape=(H, W, C)` it is Flow++'s: one pair a pixel and channel.

    It starts as the identity; `training.initialize(flow, batch)` sets it, once, from the data.
    Constant channels keep their scale. Once `factor * log_scale` is beyond 87 in float32, or 708 in
    float64, values are infinite or NaN. Kingma & Dhariwal 2018, https://arxiv.org/abs/1807.03039.

    Args:
      event_shape: shape of one event, and of the shift and the scale.
      log_scale_factor: what the variable `log_scale` is multiplied with; 3 in Glow's released
        code, which makes it learn faster.
      dtype: of the variables.
      validate_args: as in TFP.
      name: as in TFP.

    Raises:
      ValueError: if `event_shape` is `()` or `log_scale_factor` is not positive.

    Example:
      >>> import tensorflow as tf
      >>> from tfp_flows import bijectors
      >>> layer = bijectors.ActNorm((3,))
      >>> layer.inverse(tf.ones([5, 8, 8, 3])).shape
      TensorShape([5, 8, 8, 3])
    """

    def __init__(
        self,
        event_shape: Shape,
        *,
        log_scale_factor: float = 1.0,
        dtype: tf.DType = tf.float32,
        validate_args: bool = False,
        name: str = "actnorm",
    ) -> None:
        parameters = dict(locals())
        event_shape = check_shape("event_shape", event_shape)
        if not event_shape:
            raise ValueError("`event_shape` must have rank 1 or more; got (). Use (1,) instead.")
        if not 0 < check_real("log_scale_factor", log_scale_factor) < math.inf:
            raise ValueError(f"`log_scale_factor` must be positive; got {log_scale_factor}.")
        self._event_shape = self._no_dependency(event_shape)
        self._factor = float(log_scale_factor)
        super().__init__(
            forward_min_event_ndims=len(event_shape),
            is_constant_jacobian=True,
            validate_args=validate_args,
            parameters=parameters,
            name=name,
        )
        # Replicas agree on what they assign; a strategy wants to be told how to aggregate it.
        mean = tf.VariableAggregation.MEAN
        zeros = tf.zeros(event_shape, dtype)
        self._shift = tf.Variable(zeros, name="shift", aggregation=mean)
        self._log_scale = tf.Variable(zeros, name="log_scale", aggregation=mean)
        self._initialized = tf.Variable(
            False,  # noqa: FBT003
            trainable=False,
            name="initialized",
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    def _forward_and_log_det(self, z: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        self._check_event(z)
        if is_initializing():  # Under `tfb.Invert` the data come this way.
            mean, std = self._statistics(z)
            self._set(mean / std, tf.math.log(std))
        shift, log_scale = self._values(z.dtype)
        return z * tf.exp(-log_scale) - shift, -tf.reduce_sum(log_scale)

    def _inverse_and_log_det(self, x: tf.Tensor, context: tf.Tensor | None = None) -> TensorPair:
        del context
        self._check_event(x)
        if is_initializing():
            mean, std = self._statistics(x)
            self._set(-mean, -tf.math.log(std))
        shift, log_scale = self._values(x.dtype)
        return (x + shift) * tf.exp(log_scale), tf.reduce_sum(log_scale)

    def _values(self, dtype: tf.DType) -> TensorPair:
        return tf.cast(self._shift, dtype), self._factor * tf.cast(self._log_scale, dtype)

    def _statistics(self, x: tf.Tensor) -> TensorPair:
        batch_axes = list(range(x.shape.rank - len(self._event_shape)))
        mean, variance = global_moments(x, batch_axes)
        std = positive_std(mean, variance)
        # As a tensor: a variable of several replicas is always true.
        if tf.executing_eagerly() and not bool(tf.convert_to_tensor(self._initialized)):
            _warn_of_constants(self.name, variance, std)
        return mean, std

    def _set(self, shift: tf.Tensor, log_scale: tf.Tensor) -> None:
        values = [(self._shift, shift), (self._log_scale, log_scale / self._factor)]
        set_once(self._initialized, values)

    def _check_event(self, event: tf.Tensor) -> None:
        if not event.shape[-len(self._event_shape) :].is_compatible_with(self._event_shape):
            raise ValueError(
                f"`{self.name}` must be given events of shape {self._event_shape}; got "
                f"{tuple(event.shape)}."
            )


def _warn_of_constants(name: str, variance: tf.Tensor, std: tf.Tensor) -> None:
    constant = np.argwhere((std.numpy() == 1.0) & (variance.numpy() < 0.5))
    if len(constant):
        channels = [int(i[0]) if len(i) == 1 else tuple(map(int, i)) for i in constant[:20]]
        more = f" and {len(constant) - 20} more" if len(constant) > 20 else ""
        warnings.warn(
            f"The batch that `{name}` was initialized with is constant in the channels {channels}"
            f"{more}: their scale stays 1. Use a larger batch, or data that vary there.",
            stacklevel=2,
        )
