"""What the tests make of a row."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import distributions
from tfp_flows.testing.subject import Subject


def bijector_of(made):
    """Rows of flows make distributions; the others make bijectors."""
    return getattr(made, "bijector", made)


def flow_of(made, event_shape, dtype=tf.float32):
    """A distribution of any row."""
    if isinstance(made, tfp.distributions.Distribution):
        return made
    latent_shape = made.inverse_event_shape(tf.TensorShape(event_shape))
    base = distributions.standard_normal(tuple(latent_shape), dtype)
    return tfp.distributions.TransformedDistribution(base, made)


def context_of(bijector, x, event_shape):
    """Keywords for `log_prob`, with a random context where one is wanted."""
    context = Subject(bijector, x, len(event_shape)).context
    return {} if context is None else {"bijector_kwargs": {"context": context}}
