"""Learned priors are layers: the base stays N(0, I), and the log-det counts them."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import flows, nets, testing
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject, random_data, scrambled

SMALL = {
    "realnvp": {"num_levels": 2, "net": nets.ConvResNet(2, 1, dtype="float64")},
    "glow": {"num_levels": 2, "num_steps": 1, "filters": 2},
}


def make(name, *, learned_prior):
    return getattr(flows, name)(
        (4, 4, 1), dtype="float64", logit_alpha=None, learned_prior=learned_prior, **SMALL[name]
    )


@pytest.mark.parametrize("name", SMALL)
def test_it_adds_variables_and_the_log_det_is_right(name):
    flow = make(name, learned_prior=True)
    without = make(name, learned_prior=False)
    assert len(flow.trainable_variables) > len(without.trainable_variables)
    with scrambled(flow.bijector, scale=0.1, seed=0):
        subject = Subject(flow.bijector, random_data((4, 4, 1), tf.float64, seed=1), 3)
        assert values.log_det_against_autodiff(subject) < 1e-8
        assert values.round_trip_of_data(subject) < 1e-8


@pytest.mark.parametrize("name", SMALL)
def test_what_leaves_depends_on_what_stays(name, capsys):
    flow = make(name, learned_prior=True)
    reports = testing.diagnose(flow, np.random.default_rng(0).random((2, 4, 4, 1)))
    assert len(capsys.readouterr().out.splitlines()) == len(reports)
    with scrambled(flow.bijector, scale=0.1, seed=0):
        x = random_data((4, 4, 1), tf.float64, seed=1)
        z = flow.bijector.inverse(x).numpy()
        z[:, 8:] += 1.0  # The latents of the second level alone.
        again = flow.bijector.inverse(flow.bijector.forward(tf.constant(z)))
    np.testing.assert_allclose(again, z, atol=1e-8)
