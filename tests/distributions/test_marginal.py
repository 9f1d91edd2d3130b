"""The observed part of a joint distribution: its bounds, and that all of it is trained."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, flows, nets, transforms
from tfp_flows.distributions import Marginal, standard_normal

tfd, tfb = tfp.distributions, tfp.bijectors

SLOPE, NOISE = 1.5, 0.7
X = np.float64([[-2.0], [0.3], [4.0]])


def _gaussian_joint():
    def noisy(z):
        return tfd.Independent(tfd.Normal(SLOPE * z, np.float64(NOISE)), 1)

    return tfd.JointDistributionNamed({"z": standard_normal((1,), tf.float64), "x": noisy})


def _exact():
    return tfd.Independent(tfd.Normal(np.float64([0.0]), np.hypot(SLOPE, NOISE)), 1)


def _true_posterior():
    """That of `x = SLOPE * z + NOISE * e`, in closed form."""
    precision = 1 + SLOPE**2 / NOISE**2

    def raw_parameters(x):  # From `z` to the standard normal.
        mean = SLOPE / NOISE**2 / precision * x
        return tf.concat([-mean, tf.zeros_like(x) + 0.5 * np.log(precision)], -1)

    transform = transforms.Affine(transforms.ExpScale())
    raw = bijectors.Elementwise(transform, (1,), net=raw_parameters, context_shape=(1,))
    return tfd.TransformedDistribution(standard_normal((1,), tf.float64), raw)


def _wrong_posterior():
    base = tfd.Independent(tfd.Normal(np.float64([0.2]), np.float64(2.0)), 1)
    return tfd.TransformedDistribution(base, _true_posterior().bijector)


def test_the_true_posterior_gives_the_density_itself():
    marginal = Marginal(_gaussian_joint(), "x", _true_posterior())
    for kwargs in ({}, {"num_samples": 3}, {"num_samples": 3, "importance_weighted": True}):
        np.testing.assert_allclose(marginal.log_prob(X, **kwargs), _exact().log_prob(X), rtol=1e-6)


def test_another_posterior_gives_bounds_that_tighten():
    marginal = Marginal(_gaussian_joint(), "x", _wrong_posterior())
    exact = _exact().log_prob(X).numpy()
    log_prob = tf.function(marginal.log_prob)  # In eager mode thousands of samples take a minute.
    elbo = log_prob(X, num_samples=2000, seed=1).numpy()
    # KL(N(0.2, 2^2) || N(0, 1)), in units of the true posterior.
    gap = 0.5 * (0.2**2 + 2.0**2 - 1) - np.log(2.0)
    np.testing.assert_allclose(exact - elbo, gap, rtol=0.15)
    many = log_prob(X, num_samples=2000, importance_weighted=True, seed=1).numpy()
    np.testing.assert_allclose(many, exact, atol=0.1)
    same = log_prob(X, num_samples=2000, importance_weighted=True, seed=1).numpy()
    np.testing.assert_array_equal(many, same)


def test_samples_are_those_of_the_observed_part():
    sample = Marginal(_gaussian_joint(), "x", _true_posterior()).sample(4000, seed=0)
    assert sample.shape == (4000, 1)
    assert sample.dtype == tf.float64
    np.testing.assert_allclose(np.std(sample), np.hypot(SLOPE, NOISE), rtol=0.05)


class Counting(tf.Module):
    def __init__(self, net):
        super().__init__()
        self.net, self.calls = bijectors.KerasNetwork(net), 0

    def __call__(self, *args):
        self.calls += 1
        return self.net(*args)


def _coroutine(prior, likelihood):
    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        z = yield prior
        yield likelihood(z)

    return joint


def _named(prior, likelihood):
    return tfd.JointDistributionNamed({"z": prior, "x": likelihood})


def _pixels(make=_named, encoder=None):
    """A small VAE of binary images, with a stock prior that is trained."""
    decoder = bijectors.KerasNetwork(nets.MLP((4,), zero_init=False)((2,), (2, 2, 1), 1))

    def likelihood(z):
        return tfd.Independent(tfd.Bernoulli(logits=decoder(z)), 3, name="x")

    prior = tfd.Independent(tfd.Normal(tf.Variable([0.1, 0.2]), 1.0), 1, name="z")
    joint = make(prior, likelihood)
    joint.held = decoder if make is _named else tf.Module()
    if make is not _named:
        joint.held.parts = [decoder, prior]
    net = nets.MLP((4,), zero_init=False)
    posterior = flows.coupling_flow((2,), num_couplings=2, net=net, context_shape=(3,))
    return Marginal(joint, "x", posterior, encoder or keras.layers.Dense(3, name="encoder"))


def _encoder():
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, name="encoder")])


@pytest.mark.parametrize("make", [_named, _coroutine])
def test_any_batch_of_any_kind_of_joint_distribution(make):
    marginal = _pixels(make, _encoder())
    for shape in ((), (5,), (2, 3), (0,)):
        x = np.ones([*shape, 2, 2, 1], np.uint8)
        assert marginal.log_prob(x).shape == shape
        if 0 not in shape:  # TFP's coroutines cannot.
            assert marginal.sample(shape).shape == (*shape, 2, 2, 1)
    traced = tf.function(
        marginal.log_prob, input_signature=[tf.TensorSpec([None, 2, 2, 1], tf.int32)]
    )
    assert np.isfinite(traced(np.ones([4, 2, 2, 1], np.int32))).all()


def test_every_network_runs_once():
    def make(size, num_params):
        return nets.MLP((4,), zero_init=False)((size,), (2,), num_params, None)

    decoder, encoder, shift = Counting(make(2, 1)), Counting(make(2, 1)), Counting(make(2, 2))
    joint = tfd.JointDistributionNamed(
        {
            "z": standard_normal((2,)),
            "x": lambda z: tfd.Independent(tfd.Normal(decoder(z), 1.0), 1),
        }
    )
    joint.decoder = decoder
    layer = bijectors.Elementwise(transforms.Affine(), (2,), net=shift, context_shape=(2,))
    posterior = tfd.TransformedDistribution(standard_normal((2,)), bijectors.Chain([layer]))
    marginal = Marginal(joint, "x", posterior, encoder)
    counted = (decoder, encoder, shift)
    for net in counted:
        net.calls = 0
    tf.function(marginal.log_prob)(tf.zeros([3, 2]))
    assert [net.calls for net in counted] == [1, 1, 1]


def test_fit_trains_every_variable_and_files_hold_them(tmp_path):
    marginal = _pixels(encoder=_encoder())
    model = tfp_flows.FlowModel(marginal)
    assert len(model.trainable_variables) == 2 * 2 * 2 + 4 + 1 + 2
    model.compile(keras.optimizers.SGD(0.1))
    before = [variable.numpy() for variable in marginal.trainable_variables]
    x = np.random.default_rng(0).integers(0, 2, [64, 2, 2, 1], np.uint8)
    history = model.fit(x, batch_size=16, epochs=2, verbose=0).history
    assert np.isfinite(history["nll"]).all()
    for old, variable in zip(before, marginal.trainable_variables, strict=True):
        assert (old != variable.numpy()).any(), variable.name
    path = tf.train.Checkpoint(model=tfp_flows.FlowModel(marginal)).save(str(tmp_path / "model"))
    score = marginal.log_prob(x, seed=0).numpy()
    again = tfp_flows.FlowModel(_pixels(encoder=_encoder()))
    tf.train.Checkpoint(model=again).restore(path).assert_existing_objects_matched()
    np.testing.assert_array_equal(again.distribution.log_prob(x, seed=0), score)
    alone = _pixels(encoder=_encoder())
    path = tf.train.Checkpoint(marginal=marginal).save(str(tmp_path / "alone"))
    tf.train.Checkpoint(marginal=alone).restore(path).assert_existing_objects_matched()
    np.testing.assert_array_equal(alone.log_prob(x, seed=0), score)
