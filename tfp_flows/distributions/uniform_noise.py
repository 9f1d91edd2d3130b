"""The usual dequantizer."""

import math

import tensorflow as tf

from tfp_flows.data.dequantize import into_bins
from tfp_flows.distributions.noise import Draw, Noise
from tfp_flows.typing import Shape, TensorPair


class UniformNoise(Noise):
    """`y = (x + u) / num_levels` with `u ~ U[0, 1)`, so that `log q(y|x) = D log(num_levels)`.

    The noise is that of `data.dequantize` for the same seed.

    Theis et al. 2016, https://arxiv.org/abs/1511.01844, section 3.1.
    """

    def sampler(self, x: tf.Tensor, num_levels: int, event_shape: Shape, dtype: tf.DType) -> Draw:
        log_q = tf.constant(math.prod(event_shape) * math.log(num_levels), dtype)

        def draw(seed: tf.Tensor) -> TensorPair:
            u = tf.random.stateless_uniform(tf.shape(x), seed)
            return tf.cast(into_bins(x, u, num_levels), dtype), log_q

        return draw
