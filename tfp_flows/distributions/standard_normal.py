"""The usual base density."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.typing import Distribution, Shape


def standard_normal(event_shape: Shape, dtype: tf.DType = tf.float32) -> Distribution:
    """`N(0, I)` over events of any shape, with nothing to learn.

    Args:
      event_shape: shape of one event.
      dtype: of samples and densities.

    Example:
      >>> from tfp_flows import distributions
      >>> distributions.standard_normal((8, 8, 1)).event_shape
      TensorShape([8, 8, 1])
    """
    event_shape = tuple(event_shape)
    zeros = tf.zeros(event_shape, dtype)
    normal = tfp.distributions.Normal(zeros, tf.ones([], dtype))
    return tfp.distributions.Independent(normal, reinterpreted_batch_ndims=len(event_shape))
