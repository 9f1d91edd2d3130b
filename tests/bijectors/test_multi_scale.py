"""Multi-scale flows: latents that leave at each level."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, nets, partitions, testing
from tfp_flows.bijectors import multi_scale
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject, random_data, scrambled

tfb, tfd = tfp.bijectors, tfp.distributions
HALVES = partitions.Halves(event_ndims=3)
NET = nets.ConvResNet(2, 1, dtype="float64")


def leading(size):
    return partitions.Leading(size=size, event_ndims=3)


def coupling(shape, partition=HALVES, context_shape=None, name="coupling"):
    shapes = partition.part_shapes(shape)
    net = NET(*shapes, 2, context_shape)
    return bijectors.AffineCoupling(
        partition, net, event_shape=shape, context_shape=context_shape, name=name
    )


def level(shape, context_shape=None):
    """Squeezes images of half the channels to this shape."""
    return bijectors.Chain([bijectors.Squeeze(), coupling(shape, HALVES, context_shape)])


def three_levels(context_shape=None):
    shapes = [(4, 4, 4), (2, 2, 8), (1, 1, 16)]
    return multi_scale([level(shape, context_shape) for shape in shapes], (8, 8, 1))


def uneven():
    """Three of four channels go on, then five of twelve; with a prior of what leaves."""
    prior = coupling((4, 2, 4), leading(3), name="prior")
    levels = [bijectors.Chain([level((4, 2, 4)), prior]), level((2, 1, 12)), coupling((2, 1, 5))]
    return multi_scale(levels, (8, 4, 1), partition=[leading(3), leading(5)])


def flow_of(bijector, size=64):
    base = distributions.standard_normal((size,), tf.float64)
    return tfd.TransformedDistribution(base, bijector)


def data(shape, n=3):
    return random_data(shape, tf.float64, seed=1, n=n)


@pytest.mark.parametrize(
    ("make", "shape"), [(three_levels, (8, 8, 1)), (uneven, (8, 4, 1))], ids=["even", "uneven"]
)
def test_log_prob_is_that_of_the_dense_jacobian(make, shape):
    bijector, x = make(), data(shape)
    size = int(np.prod(shape))
    with scrambled(bijector, scale=0.3, seed=0):
        subject = Subject(bijector, x, 3)
        z = subject.inverse(x).numpy()
        assert z.shape == (3, size)
        normal = -0.5 * np.sum(z**2, -1) - 0.5 * size * np.log(2 * np.pi)
        wanted = normal + values.autodiff_log_det(subject)
        np.testing.assert_allclose(flow_of(bijector, size).log_prob(x), wanted, rtol=1e-10)
        assert values.round_trip_of_data(subject) < 1e-10
        assert values.forward_log_det_against_inverse(subject) < 1e-10


def test_latents_are_those_of_the_levels_in_turn():
    levels, x = [level((4, 4, 4)), level((2, 2, 8)), level((1, 1, 16))], data((8, 8, 1))
    bijector = multi_scale(levels, (8, 8, 1))
    assert bijectors.latent_shapes(bijector, (8, 8, 1)) == [(4, 4, 2), (2, 2, 4), (1, 1, 16)]
    with scrambled(bijector, scale=0.3, seed=0):
        left, value = [], x
        for link in levels[:-1]:
            value, leaves = tf.split(link.inverse(value), 2, axis=-1)
            left.append(leaves)
        left.append(levels[-1].inverse(value))
        wanted = tf.concat([tf.reshape(part, [3, -1]) for part in left], axis=-1)
        np.testing.assert_allclose(bijector.inverse(x), wanted, rtol=1e-12)


def test_shapes_of_uneven_levels():
    bijector = uneven()
    assert bijectors.latent_shapes(bijector, (8, 4, 1)) == [(4, 2, 1), (2, 1, 7), (2, 1, 5)]
    assert bijector.inverse_event_shape((8, 4, 1)) == (32,)
    assert bijector.forward_event_shape((32,)) == (8, 4, 1)
    assert bijector.inverse_event_shape_tensor([8, 4, 1]).numpy().tolist() == [32]
    assert bijector.forward_event_shape_tensor([32]).numpy().tolist() == [8, 4, 1]


def test_one_level_is_that_level():
    inner = coupling((4, 2, 4))
    bijector, x = multi_scale([inner], (4, 2, 4)), data((4, 2, 4))
    with scrambled(bijector, scale=0.3, seed=0):
        np.testing.assert_array_equal(bijector.inverse(x), inner.inverse(x))
    assert bijectors.latent_shapes(bijector, (4, 2, 4)) == [(4, 2, 4)]


def test_a_last_coupling_is_a_learned_prior_of_what_leaves():
    prior, x = coupling((4, 4, 4), name="prior"), data((4, 4, 4))
    flow = flow_of(multi_scale([prior, tfb.Identity()], (4, 4, 4)))
    with scrambled(prior, scale=0.3, seed=0):
        kept, leaves = HALVES.split(x)
        shift, scale = HALVES.split(prior.inverse(tf.concat([kept, 0 * leaves], -1)))[1], None
        ones = HALVES.split(prior.inverse(tf.concat([kept, tf.ones_like(leaves)], -1)))[1]
        scale = ones - shift
        gaussian = tfd.Normal(-shift / scale, 1 / scale)
        stays = tf.cast(tfd.Normal(0.0, 1.0).log_prob(tf.cast(kept, tf.float32)), tf.float64)
        wanted = tf.reduce_sum(gaussian.log_prob(leaves) + stays, [1, 2, 3])
        np.testing.assert_allclose(flow.log_prob(x), wanted, rtol=1e-6)


@pytest.mark.parametrize("context_shape", [(3,), (8, 8, 2)], ids=str)
def test_contexts_reach_every_level(context_shape):
    levels = [level((4, 4, 4)), level((2, 2, 8)), level((1, 1, 16), (3,))]
    bijector = three_levels((3,)) if context_shape == (3,) else multi_scale(levels, (8, 8, 1))
    assert bijector.context_shape == (3,)
    x, context = data((8, 8, 1)), data((3,))
    with scrambled(bijector, scale=0.3, seed=0):
        z = bijector.inverse(x, context=context)
        other = bijector.inverse(tf.identity(x), context=-context)
        assert np.max(np.abs(z[:, -16:] - other[:, -16:])) > 0.01
        back = bijector.forward(tf.identity(z), context=context)
        np.testing.assert_allclose(back, x, rtol=1e-8, atol=1e-10)
    with pytest.raises(ValueError, match="`context` must be given"):
        bijector.inverse(x)


def test_inside_of_stock_compositions():
    x = data((8, 8, 1))
    bijector = three_levels()
    shift = tfb.Shift(tf.constant(1.0, tf.float64))
    with scrambled(bijector, scale=0.3, seed=0):
        wanted, log_det = bijector.inverse_and_log_det(x - 1)
        for nested in (tfb.Chain([shift, bijector]), tfb.Invert(tfb.Invert(bijector))):
            y = x if nested.name.startswith("chain") else x - 1
            np.testing.assert_allclose(nested.inverse(tf.identity(y)), wanted, rtol=1e-10)
            got = nested.inverse_log_det_jacobian(tf.identity(y), event_ndims=3)
            np.testing.assert_allclose(got, log_det, rtol=1e-10)
            back = nested.forward(tf.identity(wanted))
            np.testing.assert_allclose(back, y, rtol=1e-8, atol=1e-10)
        flow = flow_of(tfb.Chain([shift, bijector]))
        base = flow_of(tfb.Identity()).log_prob(wanted)
        np.testing.assert_allclose(flow.log_prob(tf.identity(x)), base + log_det, rtol=1e-10)
        assert flow.sample(2, seed=1).shape == (2, 8, 8, 1)


def test_diagnose_reports_each_layer_of_each_level():
    bijector = bijectors.Chain([three_levels(), tfb.Shift(tf.constant(0.5, tf.float64))])
    x = data((8, 8, 1))
    with scrambled(bijector, scale=0.3, seed=0):
        reports = testing.diagnose(flow_of(bijector), x[:1])
        log_det = float(bijector.inverse_log_det_jacobian(x[:1])[0])
        inner = bijector.bijectors[0].bijectors
        coarse = inner[0].inverse(x[:1])[..., :2]
        second = inner[1].rest.bijectors[0].inverse_log_det_jacobian(coarse)
    names = ["squeeze", "coupling"] * 3 + ["shift"]
    assert [report.layer for report in reports] == [f"{i} {name}" for i, name in enumerate(names)]
    assert sum(report.log_det[0] for report in reports) == pytest.approx(log_det, rel=1e-9)
    assert reports[3].log_det[0] == pytest.approx(float(second[0]), rel=1e-9)
    assert all(report.round_trip < 1e-10 for report in reports)
    assert reports[-1].not_finite is None


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_diagnose_finds_the_level_that_is_to_blame(broken):
    scales = [tfb.Scale(tf.constant(np.inf if i == broken else 2.0)) for i in range(3)]
    x = tf.ones([2, 4, 4, 4])
    reports = testing.diagnose(multi_scale(scales, (4, 4, 4)), x * np.float32(1e30))
    assert [report.round_trip < np.inf for report in reports] == [i != broken for i in range(3)]


def test_diagnose_hands_contexts_to_the_levels():
    flow = flow_of(three_levels((3,)))
    assert len(testing.diagnose(flow, data((8, 8, 1)), data((3,)))) == 6
