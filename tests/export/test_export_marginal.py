"""SavedModels of the observed part of a joint distribution."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, export, flows, nets
from tfp_flows.distributions import Marginal, standard_normal

tfd = tfp.distributions


def _marginal(likelihood, held):
    joint = tfd.JointDistributionNamed({"z": standard_normal((2,)), "x": likelihood})
    joint.held = held
    net = nets.MLP((4,), zero_init=False)
    posterior = flows.coupling_flow((2,), context_shape=(2,), num_couplings=1, net=net)
    return Marginal(joint, "x", posterior)


def _real():
    noise = tf.Variable(-0.5)
    return _marginal(lambda z: tfd.Independent(tfd.Normal(z, tf.exp(noise)), 1), noise)


def _binary():
    net = bijectors.KerasNetwork(nets.MLP((4,), zero_init=False)((2,), (2,), 1))
    return _marginal(lambda z: tfd.Independent(tfd.Bernoulli(logits=net(z)), 1), net)


@pytest.mark.parametrize("make", [_real, _binary])
def test_bounds_of_a_marginal_have_seeds_and_numbers_of_samples(make, scramble, tmp_path):
    marginal = scramble(make())
    export.save(marginal, tmp_path)
    loaded = tf.saved_model.load(str(tmp_path))
    names = {"log_prob", "log_prob_importance_weighted", "bits_per_dim", "sample"}
    assert set(loaded.signatures) == {*names, "serving_default"}
    samples = loaded.sample(3, seed=7)
    assert samples.dtype == marginal.dtype
    np.testing.assert_allclose(samples, marginal.sample(3, seed=[0, 7]), rtol=1e-5)
    x = tf.cast([[0, 1], [1, 1], [1, 0]], marginal.dtype)
    bound = marginal.log_prob(x, seed=[0, 5])
    np.testing.assert_allclose(loaded.log_prob(x, seed=5), bound, rtol=1e-5)
    bits = loaded.signatures["bits_per_dim"](x=x, seed=tf.constant(5))["bits_per_dim"]
    np.testing.assert_allclose(bits, -bound / 2 / np.log(2), rtol=1e-5)
    tighter = marginal.log_prob(x, num_samples=4, importance_weighted=True, seed=[0, 5])
    found = loaded.log_prob_importance_weighted(x, num_samples=4, seed=5)
    np.testing.assert_allclose(found, tighter, rtol=1e-5)
    assert np.all(loaded.log_prob(x, seed=5) != loaded.log_prob(x, seed=6))
