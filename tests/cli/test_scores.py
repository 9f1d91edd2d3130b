"""Scores of the parts of a run."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import data, flows
from tfp_flows.cli.scores import scored
from tfp_flows.training import FlowModel

tfd = tfp.distributions


def _model():
    model = FlowModel(tfd.Independent(tfd.Normal(tf.Variable([0.0, 0.0]), 1.0), 1))
    model.compile()
    return model


@pytest.mark.parametrize(
    "batch_size", [7, *(pytest.param(n, marks=pytest.mark.slow) for n in (100, 5000))]
)
def test_some_events_stand_for_all_of_them_though_they_are_sorted(batch_size):
    ordered = np.sort(np.random.default_rng(0).normal(size=(3000, 2)), axis=0)
    batches = data.table(ordered).batches(batch_size, shuffle=False, seed=0)
    model = _model()
    whole, some = scored(model, batches), scored(model, batches, at_most=1000)
    assert (whole.num_events, some.num_events) == (3000, 1000)
    assert abs(some.nll - whole.nll) < 3 * some.nll_error
    assert some == scored(model, batches, at_most=1000)
    assert whole == scored(model, batches, at_most=3000)


def test_some_events_come_with_their_contexts():
    images, labels = np.zeros([50, 2, 2, 1], np.uint8), np.arange(50) % 2
    batches = data.images(
        (images, labels), "test", batch_size=4, labels=True, num_levels=256, seed=0
    )
    model = FlowModel(flows.coupling_flow((2, 2, 1), num_couplings=1, num_classes=2))
    model.compile()
    assert scored(model, batches, at_most=9).num_events == 9
