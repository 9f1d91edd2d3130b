"""What is no joint distribution of two parts, or hides variables, is refused by name."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import flows, nets
from tfp_flows.distributions import Marginal, standard_normal

tfd = tfp.distributions


def _posterior(size=2, context_shape=(2,)):
    net = nets.MLP((4,))
    return flows.coupling_flow((size,), num_couplings=1, net=net, context_shape=context_shape)


def _joint(likelihood=lambda z: tfd.Independent(tfd.Normal(z, 1.0), 1), **kwargs):
    return tfd.JointDistributionNamed({"z": standard_normal((2,)), "x": likelihood}, **kwargs)


def test_joints_of_other_parts_are_refused():
    with pytest.raises(TypeError, match="`joint` must be a joint distribution; got 'joint'"):
        Marginal("joint", "x", _posterior())
    normal = standard_normal((2,))
    for joint in (
        normal,
        tfd.JointDistributionNamed({"x": normal}),
        tfd.JointDistributionNamed({"x": normal, "y": normal, "z": normal}),
        tfd.JointDistributionSequential([normal, normal]),
    ):
        with pytest.raises(TypeError, match="`joint` must have two parts with names"):
            Marginal(joint, "x", _posterior())
    with pytest.raises(ValueError, match=r"`observed` must be one of \['z', 'x'\]; got 'y'"):
        Marginal(_joint(), "y", _posterior())


def test_posteriors_that_do_not_fit_are_refused():
    match = r"`posterior` must have events of shape \(2,\), as 'z'; got .* shape \(3,\)"
    with pytest.raises(ValueError, match=match):
        Marginal(_joint(), "x", _posterior(3))
    with pytest.raises(ValueError, match="`posterior` must be conditional"):
        Marginal(_joint(), "x", _posterior(context_shape=None))
    with pytest.raises(TypeError, match=r"`posterior` must be a `tfd\.TransformedDistribution`"):
        Marginal(_joint(), "x", standard_normal((2,)))
    with pytest.raises(ValueError, match=r"got events \(2,\) and contexts \(3,\)"):
        Marginal(_joint(), "x", _posterior(context_shape=(3,)))


def test_variables_that_tfp_cannot_see_are_refused():
    noise = tf.Variable(1.0, name="noise")
    joint = _joint(lambda z: tfd.Independent(tfd.Normal(z, tf.exp(noise)), 1))
    with pytest.raises(ValueError, match=r"`joint` must show .* got \['noise:0'\].*attribute"):
        Marginal(joint, "x", _posterior())
    joint.noise = noise
    marginal = Marginal(joint, "x", _posterior())
    assert any(variable is noise for variable in marginal.trainable_variables)


def test_bad_events_are_refused():
    marginal = Marginal(_joint(), "x", _posterior())
    with pytest.raises(ValueError, match=r"`x` must have shape \[..., 2\]; got \(5, 3\)"):
        marginal.log_prob(np.zeros([5, 3], "float32"))
    with pytest.raises(ValueError, match=r"`num_samples` must be .* at least 1; got 0"):
        marginal.log_prob(np.zeros([5, 2], "float32"), num_samples=0)
    bits = _joint(lambda z: tfd.Independent(tfd.Bernoulli(logits=z), 1))
    with pytest.raises(TypeError, match="`x` must be of integers, as int32; got float32"):
        Marginal(bits, "x", _posterior()).log_prob(np.full([5, 2], 0.5, "float32"))


def test_a_joint_with_a_density_for_each_entry_is_refused():
    joint = _joint(lambda z: tfd.Normal(z, 1.0))
    with pytest.raises(ValueError, match=r"`joint` must"):
        Marginal(joint, "x", _posterior())
