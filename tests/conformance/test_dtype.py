import keras
import pytest
import tensorflow as tf
from subjects import context_of, flow_of

from tfp_flows.testing import behaviour
from tfp_flows.testing.subject import random_data


def test_results_have_the_dtype_of_the_data(subject):
    assert behaviour.dtypes(subject) == 0


@pytest.fixture
def mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def test_mixed_precision_leaves_densities_in_float32(row, mixed_precision):
    flow = flow_of(row.create(None), row.event_shape)
    x = random_data(row.event_shape, tf.float32, seed=2)
    log_prob = flow.log_prob(x, **context_of(flow.bijector, x, row.event_shape))
    assert log_prob.dtype == tf.float32
    assert bool(tf.reduce_all(tf.math.is_finite(log_prob)))
