"""The base density of NICE."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows.typing import Distribution, Shape


def standard_logistic(event_shape: Shape, dtype: tf.DType = tf.float32) -> Distribution:
    """Independent standard logistic entries, `log p(z) = -softplus(z) - softplus(-z)` each.

    Args:
      event_shape: shape of one event.
      dtype: of samples and densities.

    Example:
      >>> from tfp_flows import distributions
      >>> distributions.standard_logistic((784,)).event_shape
      TensorShape([784])
    """
    event_shape = tuple(event_shape)
    zeros = tf.zeros(event_shape, dtype)
    logistic = tfp.distributions.Logistic(zeros, tf.ones([], dtype))
    return tfp.distributions.Independent(logistic, reinterpreted_batch_ndims=len(event_shape))
