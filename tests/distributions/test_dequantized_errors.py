"""What `Dequantized` and its noises refuse, and in which words."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import flows, latents, nets, testing
from tfp_flows.distributions import (
    ArgmaxNoise,
    Dequantized,
    FlowNoise,
    standard_normal,
)

tfd = tfp.distributions


def _flow(context_shape=None, size=2):
    net = nets.MLP((4,))
    return flows.coupling_flow((size,), num_couplings=1, net=net, context_shape=context_shape)


def _pixels():
    return Dequantized(standard_normal((2,)), 4)


@pytest.mark.parametrize("x", [np.array([0.5, 1.0]), [0.5, 1.0], tf.constant([1.0, 2.0])])
def test_floating_events_are_refused_with_their_dtype(x):
    for method in (_pixels().log_prob, _pixels().prob, _pixels().unnormalized_log_prob):
        with pytest.raises(TypeError, match=r"`x` must be of an integer dtype.*got float(32|64)\."):
            method(x)


@pytest.mark.parametrize("dtype", [np.int8, np.int64])
def test_levels_out_of_range_are_refused(dtype):
    for x in ([0, 4], [-1, 0], [100, 0]):
        match = rf"`x` must have levels in 0\.\.3; got the range {min(x)}\.\.{max(x)}"
        for method in (_pixels().log_prob, _pixels().prob, _pixels().unnormalized_log_prob):
            with pytest.raises(ValueError, match=match):
                method(np.array(x, dtype))
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"levels in 0\.\.3"):
            tf.function(_pixels().log_prob)(tf.constant(x, tf.int64))


def test_numbers_that_would_wrap_in_a_byte_are_refused():
    with pytest.raises(ValueError, match=r"in 0\.\.255; got the range -1\.\.300"):
        Dequantized(standard_normal((2,)), 256).log_prob(np.array([300, -1]))


@pytest.mark.parametrize("shape", [(3,), (2, 3), ()])
def test_events_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"`x` must have shape \[\.\.\., 2\]; got \("):
        _pixels().log_prob(np.zeros(shape, int))


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        (0, ValueError, "at least 1; got 0"),
        (-3, ValueError, "at least 1; got -3"),
        (1.0, TypeError, "at least 1; got 1.0"),
        (True, TypeError, "at least 1; got True"),
        (None, TypeError, "at least 1; got None"),
    ],
)
def test_bad_numbers_of_samples_are_refused(given, error, match):
    with pytest.raises(error, match=f"`num_samples` must be an integer of {match}"):
        _pixels().log_prob([0, 1], num_samples=given)


def test_bad_numbers_of_samples_are_refused_in_graphs():
    graph = tf.function(lambda n: _pixels().log_prob([0, 1], num_samples=n))
    with pytest.raises(tf.errors.InvalidArgumentError, match="`num_samples` must be an integer of"):
        graph(tf.constant(0))
    with pytest.raises(TypeError, match="`num_samples` must be an integer; got dtype float32"):
        graph(tf.constant(2.0))
    with pytest.raises(ValueError, match=r"`num_samples` must be one number; got shape \(2,\)"):
        graph(tf.constant([2, 3]))


def test_one_importance_weighted_sample_warns():
    with pytest.warns(UserWarning, match=r"no difference.*plain bound.*More samples tighten") as w:
        got = _pixels().log_prob([0, 1], importance_weighted=True, seed=1)
    assert w[0].filename == __file__
    np.testing.assert_array_equal(got, _pixels().log_prob([0, 1], seed=1))


@pytest.mark.parametrize(
    ("seed", "error"), [(0.5, TypeError), ([1.0, 2.0], TypeError), ([1, 2, 3], ValueError)]
)
def test_bad_seeds_are_refused(seed, error):
    with pytest.raises(error, match="`seed` must be an integer"):
        _pixels().log_prob([0, 1], seed=seed)


def test_what_is_no_continuous_distribution_is_refused():
    joint = tfd.JointDistributionSequential([tfd.Normal(0.0, 1.0), tfd.Normal(0.0, 1.0)])
    with pytest.raises(TypeError, match="`flow` must be a TFP distribution; got None"):
        Dequantized(None, 4)
    for flow in (_pixels(), joint):
        with pytest.raises(TypeError, match="`flow` must be continuous and have events of one"):
            Dequantized(flow, 4)


@pytest.mark.parametrize(("levels", "error"), [(1, ValueError), (2.0, TypeError), (2**17, None)])
def test_bad_numbers_of_levels_are_refused(levels, error):
    with pytest.raises(error or ValueError, match=r"`num_levels` must be an integer in 2\.\.65536"):
        Dequantized(standard_normal((2,)), levels)


def test_noises_must_be_noises_that_fit():
    flow = standard_normal((2,))
    with pytest.raises(TypeError, match="`noise` must be a Noise; got 'uniform'"):
        Dequantized(flow, 4, "uniform")
    with pytest.raises(ValueError, match=r"of the flow's, \(2,\); got a noise of event shape \(3,"):
        Dequantized(flow, 4, FlowNoise(_flow((3,), 3)))
    with pytest.raises(ValueError, match=r"events \[\.\.\., 4\].*got event shape \(2,\)"):
        Dequantized(flow, 4, ArgmaxNoise())
    with pytest.raises(
        ValueError, match=r"of the flow's, \(5, 2\); got a noise of event shape \(2"
    ):
        Dequantized(standard_normal((5, 2)), 2, ArgmaxNoise(_flow((2,))))


def test_noise_flows_must_be_conditional():
    for kind in (FlowNoise, ArgmaxNoise):
        with pytest.raises(TypeError, match=r"`flow` must be a `tfd\.TransformedDistribution`"):
            kind(standard_normal((2,)))
        with pytest.raises(ValueError, match=r"must be conditional.*of event shape \(2,\), which"):
            kind(_flow())
        with pytest.raises(
            ValueError, match=r"events of shape \(2,\) and contexts of shape \(3,\)"
        ):
            kind(_flow((3,)))


def test_nets_must_make_the_contexts_of_the_flow():
    with pytest.raises(ValueError, match=r"`net` must put out shape \(1, 3\)"):
        FlowNoise(_flow((3,)), lambda x: x)
    with pytest.raises(TypeError, match="`net` must be callable"):
        FlowNoise(_flow((3,)), "net")
    hidden = tf.Variable(tf.ones([2, 3]))
    with pytest.raises(ValueError, match="`net` reads variables that its bijector cannot see"):
        FlowNoise(_flow((3,)), lambda x: x @ hidden)


def test_nan_is_no_level():
    broken = tfd.Independent(tfd.Normal([0.5, np.nan], 0.1), 1)
    for noise, shape in ((None, (2,)), (ArgmaxNoise(), ())):
        pixels = Dequantized(broken, 2, noise)
        assert pixels.event_shape == shape
        with pytest.raises(ValueError, match=r"numbers; the number of NaN.* is 3, out of 6"):
            pixels.sample(3)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"numbers; the number of NaN"):
            tf.function(pixels.sample)(3)


def test_what_looks_into_flows_points_to_the_flow():
    pixels = Dequantized(_flow(), 4)
    with pytest.raises(TypeError, match=r"the `\.flow` of a `Dequantized`"):
        testing.diagnose(pixels, [[0, 1]])
    with pytest.raises(TypeError, match=r"for a `Dequantized` its `\.flow`"):
        latents.encode(pixels, tf.zeros([1, 2]))
    assert pixels.flow is pixels.distribution
