"""A tape gets results that it has recorded, whatever was computed before it."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import flows, nets


@pytest.fixture
def flow():
    return flows.coupling_flow((4,), num_couplings=2, net=nets.MLP((8,), zero_init=False))


@pytest.fixture
def x():
    return tf.constant(np.random.default_rng(0).normal(size=(5, 4)), tf.float32)


def gradients(flow, x):
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(flow.log_prob(x))
    return tape.gradient(loss, flow.trainable_variables)


def check(flow, got, x):
    wanted = gradients(flow, tf.identity(x))
    assert all(gradient is not None for gradient in got)
    for gradient, fresh in zip(got, wanted, strict=True):
        np.testing.assert_allclose(gradient, fresh, atol=1e-6)


def test_two_unrolled_steps_on_one_tensor_both_train(flow, x):
    variables = flow.trainable_variables

    @tf.function
    def two_steps(x):
        for variable, gradient in zip(variables, gradients(flow, x), strict=True):
            variable.assign_sub(0.1 * gradient)
        return gradients(flow, x)

    check(flow, two_steps(x), x)


def test_a_sample_from_before_the_tape_trains(flow):
    y = flow.sample(5, seed=[0, 1])
    check(flow, gradients(flow, y), y)


def test_a_latent_that_is_kept_does_not_stand_in_for_its_recomputation(flow, x):
    kept = flow.bijector.inverse(x)
    check(flow, gradients(flow, x), x)
    assert kept is not None


def test_gradient_by_the_data_of_something_scored_before(flow, x):
    before = flow.log_prob(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        after = flow.log_prob(x)
    assert tape.gradient(after, x) is not None
    np.testing.assert_allclose(before, after, atol=1e-6)


def test_reparameterised_samples_are_scored_without_running_the_networks_again(flow):
    calls = []
    for coupling in flow.bijector.bijectors:
        network = coupling.net
        network.flat_call = _counted(network.flat_call, calls)
    with tf.GradientTape() as tape:
        y = flow.sample(5, seed=[0, 1])
        loss = tf.reduce_mean(flow.log_prob(y) + tf.reduce_sum(y**2, axis=-1))
    assert len(calls) == 2
    assert all(g is not None for g in tape.gradient(loss, flow.trainable_variables))


def _counted(function, calls):
    def call(*args):
        calls.append(1)
        return function(*args)

    return call
