import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from table import ROWS

from tfp_flows import distributions
from tfp_flows.testing.subject import Subject, random_data, scrambled


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


@pytest.fixture(params=ROWS, ids=lambda row: row.name)
def row(request):
    return request.param


@pytest.fixture
def subject(row):
    """The row in float64, with its variables moved off their start."""
    bijector = bijector_of(row.create("float64"))
    x = random_data(row.event_shape, tf.float64, seed=1)
    with scrambled(bijector, scale=0.3, seed=7):
        yield Subject(bijector, x, len(row.event_shape))


@pytest.fixture
def flow(row):
    """The row as a float32 distribution, with its variables moved off their start."""
    made = flow_of(row.create("float32"), row.event_shape)
    with scrambled(made.bijector, scale=0.3, seed=7):
        yield made


@pytest.fixture
def batch(row, flow):
    """Events and keywords for `flow.log_prob`."""
    x = random_data(row.event_shape, tf.float32, seed=2)
    return x, context_of(flow.bijector, x, row.event_shape)
