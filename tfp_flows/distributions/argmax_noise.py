"""A dequantizer for categories, which have no order."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfp_flows.data.levels import level_dtype
from tfp_flows.distributions.conditional import check_conditional, draw_given
from tfp_flows.distributions.noise import Draw, Noise
from tfp_flows.distributions.standard_normal import standard_normal
from tfp_flows.ops.batch import flatten_batch
from tfp_flows.typing import Distribution, Shape, TensorPair


class ArgmaxNoise(Noise):
    """`y [..., S, K]` whose largest entry is the category `x [..., S]`, one of `K = num_levels`.

    With `u` from N(0, I), or from a flow that knows `x`, and the threshold `T = u_x`,

        y_x = T
        y_j = T - softplus(T - u_j)   for j != x
        log q(y|x) = log q(u|x) - sum_{j != x} log sigmoid(T - u_j)

    in nats. Importance weights around Gaussian `u` have heavy tails: compare several numbers of
    samples, or give a flow over `distributions.standard_logistic`.

    Hoogeboom et al. 2021, https://arxiv.org/abs/2102.05379, section 3 and algorithm 3.

    Args:
      flow: a conditional `tfd.TransformedDistribution` of `u`, with events `[..., S, K]` and
        contexts of the same shape, which are one-hot vectors of `x`; `None`: N(0, I).
      name: as in `tf.Module`.

    Raises:
      TypeError: if `flow` is no transformed distribution.
      ValueError: if `flow` takes no context, or one of another shape.

    Example:
      >>> from tfp_flows import distributions
      >>> flow = distributions.standard_normal((5, 3))
      >>> words = distributions.Dequantized(flow, 3, distributions.ArgmaxNoise())
      >>> words.event_shape
      TensorShape([5])
    """

    def __init__(self, flow: Distribution | None = None, *, name: str = "argmax_noise") -> None:
        super().__init__(name=name)
        self._flow = flow
        if flow is not None:
            event_shape, context_shape = check_conditional("flow", flow)
            if context_shape != event_shape:
                raise ValueError(
                    "`flow` must take one-hot vectors, of the shape of its events, as contexts; "
                    f"got events of shape {event_shape} and contexts of shape {context_shape}."
                )

    def data_shape(self, flow_shape: Shape, num_levels: int) -> Shape:
        """The same without the last axis, which must be as long as there are categories."""
        if not flow_shape or flow_shape[-1] != num_levels:
            raise ValueError(
                f"`flow` must have events [..., {num_levels}], one number for each of the "
                f"`num_levels` categories; got event shape {flow_shape}."
            )
        if self._flow is not None and tuple(self._flow.event_shape) != flow_shape:
            raise ValueError(
                f"`noise` must have events of the shape of the flow's, {flow_shape}; got a noise "
                f"of event shape {tuple(self._flow.event_shape)}."
            )
        return flow_shape[:-1]

    def sampler(self, x: tf.Tensor, num_levels: int, event_shape: Shape, dtype: tf.DType) -> Draw:
        ndims = len(event_shape) + 1
        flat, restore = flatten_batch(x, ndims - 1)
        one_hot = tf.one_hot(flat, num_levels, dtype=dtype)

        def draw(seed: tf.Tensor) -> TensorPair:
            u, log_q = self._draw(one_hot, seed, (*event_shape, num_levels), dtype)
            y, log_det = _below_threshold(u, one_hot)
            log_q -= tf.reduce_sum(log_det, axis=list(range(1, ndims + 1)))
            return restore(y, ndims), restore(log_q, 0)

        return draw

    def quantize(self, y: tf.Tensor, num_levels: int) -> tf.Tensor:
        """The place of the largest entry."""
        return tf.cast(tf.argmax(y, axis=-1), level_dtype(num_levels))

    def get_config(self) -> dict[str, Any]:
        """`flow`."""
        return {"flow": self._flow}

    def _draw(
        self, one_hot: tf.Tensor, seed: tf.Tensor, event_shape: Shape, dtype: tf.DType
    ) -> TensorPair:
        if self._flow is not None:
            u, log_q = draw_given(self._flow, tf.cast(one_hot, self._flow.dtype), seed)
            return tf.cast(u, dtype), tf.cast(log_q, dtype)
        u = tf.random.stateless_normal(tf.shape(one_hot), seed, dtype=dtype)
        return u, standard_normal(event_shape, dtype).log_prob(u)


def _below_threshold(u: tf.Tensor, one_hot: tf.Tensor) -> TensorPair:
    """The events, and the log-slope of each entry."""
    threshold = tf.reduce_sum(u * one_hot, axis=-1, keepdims=True)
    below = threshold - tf.nn.softplus(threshold - u)
    # Rounding must not make another entry as large as the threshold.
    limits = np.finfo(u.dtype.as_numpy_dtype)
    highest = threshold - tf.abs(threshold) * limits.eps - limits.tiny
    below = tf.minimum(below, tf.stop_gradient(highest))
    is_x = one_hot > 0
    log_slope = -tf.nn.softplus(u - threshold)  # log sigmoid(T - u)
    return tf.where(is_x, threshold, below), tf.where(is_x, tf.zeros_like(u), log_slope)
