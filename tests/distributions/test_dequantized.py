"""Integers under a flow: the bounds, and what they are bounds of."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import data, flows, nets
from tfp_flows.distributions import (
    ArgmaxNoise,
    Dequantized,
    FlowNoise,
    standard_logistic,
    standard_normal,
)

tfd = tfp.distributions
LEVELS = 4


def _exact_flow():
    """A density on [0, 1]^2 whose bins have probabilities in closed form."""
    return tfd.Independent(tfd.LogitNormal(np.float64([0.7, -0.3]), np.float64(0.5)), 1)


def _exact(x):
    scalar = _exact_flow().distribution
    return np.prod(scalar.cdf((x + 1.0) / LEVELS) - scalar.cdf(x / np.float64(LEVELS)), axis=-1)


def _noise_flow(size=2, dtype="float64", **kwargs):
    net = nets.MLP((4,), zero_init=False, dtype=dtype)
    kwargs = {"num_couplings": 2, "net": net, "context_shape": (size,), **kwargs}
    return flows.coupling_flow((size,), dtype=dtype, **kwargs)


def _noises():
    """With tails that leave importance weights a variance, which those of N(0, 1) do not."""
    flow = _noise_flow()
    for variable in flow.trainable_variables:
        variable.assign(0.5 * variable)
    base = standard_logistic((2,), tf.float64)
    learned = FlowNoise(tfd.TransformedDistribution(base, flow.bijector))
    return {"uniform": None, "flow": learned}


EVERY_X = np.array(list(itertools.product(range(LEVELS), repeat=2)))


@pytest.mark.parametrize("num_levels", [2, 4, 17, 256, 65536])
@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_uniform_noise_is_the_dequantized_flow_exactly(num_levels, shape):
    flow = flows.coupling_flow((3,), num_couplings=1, logit_alpha=0.05)
    x = np.random.default_rng(0).integers(0, num_levels, (*shape, 3))
    got = Dequantized(flow, num_levels).log_prob(x, seed=[1, 2])
    y = data.dequantize(x, num_levels, seed=[1, 2])
    np.testing.assert_array_equal(got, flow.log_prob(y) - 3 * math.log(num_levels))


@pytest.mark.parametrize("kind", ["uniform", "flow"])
def test_importance_weighted_bounds_converge_to_the_probability(kind):
    pixels = Dequantized(_exact_flow(), LEVELS, _noises()[kind])
    x = EVERY_X[[5, 10, 13]]
    got = pixels.log_prob(tf.repeat(x[None], 2000, 0), num_samples=4, importance_weighted=True)
    # The mean weight is the probability, without bias.
    np.testing.assert_allclose(np.mean(np.exp(got), axis=0), _exact(x), rtol=0.1)


@pytest.mark.parametrize("kind", ["uniform", "flow"])
def test_bounds_are_below_the_probability_and_tighten(kind):
    pixels = Dequantized(_exact_flow(), LEVELS, _noises()[kind])
    x = np.repeat(EVERY_X[None], 500, axis=0)
    means = [np.mean(pixels.log_prob(x), axis=0)]
    for n in (4, 16, 64):
        bound = tf.function(pixels.log_prob)(x, num_samples=n, importance_weighted=True)
        means.append(np.mean(bound, axis=0))
    exact = np.log(_exact(EVERY_X))
    likely = exact > math.log(1e-4)  # The tails of the others are slow to average.
    assert np.all(np.array(means)[:, likely] < exact[likely] + 0.02)
    assert np.all(np.diff(means, axis=0)[:, likely] > -0.02)
    assert np.mean(np.abs(means[-1] - exact)[likely]) < 0.05
    assert np.sum(np.exp(means[0])) < 1


def test_the_mean_of_many_samples_is_the_plain_bound():
    pixels = Dequantized(_exact_flow(), LEVELS)
    x = EVERY_X[8:12]
    many = tf.function(pixels.log_prob)(x, num_samples=300, seed=1)
    each = pixels.log_prob(np.repeat(x[None], 300, axis=0), seed=2)
    np.testing.assert_allclose(many, np.mean(each, axis=0), atol=0.5, rtol=0.05)


def test_samples_are_integers_in_range_with_the_right_probabilities():
    pixels = Dequantized(_exact_flow(), LEVELS)
    x = pixels.sample((2, 4000), seed=[0, 1])
    assert x.dtype == pixels.dtype == tf.uint8
    assert x.shape == (2, 4000, 2)
    assert np.max(x) < LEVELS
    code = np.reshape(x, [-1, 2]) @ [LEVELS, 1]
    frequencies = np.bincount(code, minlength=16) / len(code)
    np.testing.assert_allclose(frequencies, _exact(EVERY_X), atol=0.015)
    np.testing.assert_array_equal(x, pixels.sample((2, 4000), seed=[0, 1]))


def test_samples_are_the_quantized_samples_of_the_flow():
    flow = flows.coupling_flow((3,), num_couplings=1, logit_alpha=0.05)
    for num_levels, dtype in ((256, tf.uint8), (257, tf.int32)):
        got = Dequantized(flow, num_levels).sample(5, seed=[1, 2])
        assert got.dtype == dtype
        wanted = data.quantize(flow.sample(5, seed=[1, 2]), num_levels)
        np.testing.assert_array_equal(got, wanted)


def test_a_context_reaches_the_flow_and_not_the_noise():
    flow = flows.coupling_flow(
        (2,), num_couplings=1, net=nets.MLP((4,), zero_init=False), num_classes=3, logit_alpha=0.05
    )
    pixels = Dequantized(flow, LEVELS, FlowNoise(_noise_flow(dtype="float32")))
    x, kwargs = EVERY_X[:3], {"bijector_kwargs": {"context": np.array([0, 1, 2])}}
    one = pixels.log_prob(x, seed=[1, 2], num_samples=2, **kwargs)
    y, log_q = pixels.noise.sampler(tf.constant(x, tf.int32), LEVELS, (2,), tf.float32)([1, 2])
    np.testing.assert_allclose(
        pixels.log_prob(x, seed=[1, 2], **kwargs), flow.log_prob(y, **kwargs) - log_q, rtol=1e-6
    )
    assert np.all(np.isfinite(one))
    assert pixels.sample(3, **kwargs).shape == (3, 2)
    with pytest.raises(ValueError, match="`context` must be given"):
        pixels.log_prob(x)


@pytest.mark.parametrize("kind", ["uniform", "flow", "argmax"])
def test_batches_of_any_rank_and_size(kind):
    if kind == "argmax":
        pixels = Dequantized(standard_normal((2, LEVELS)), LEVELS, ArgmaxNoise())
    else:
        pixels = Dequantized(_exact_flow(), LEVELS, _noises()[kind])
    for shape in ((), (5,), (2, 3), (0,), (1, 2, 2)):
        for kwargs in ({}, {"num_samples": 3}, {"num_samples": 2, "importance_weighted": True}):
            got = pixels.log_prob(np.zeros([*shape, 2], np.uint8), **kwargs)
            assert got.shape == shape
            assert got.dtype == pixels.flow.dtype

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.uint8), tf.TensorSpec([], tf.int32)])
    def graph(x, n):
        return pixels.log_prob(x, num_samples=n, importance_weighted=True, seed=3)

    x = EVERY_X.astype(np.uint8)
    for size, n in ((16, 1), (5, 4), (0, 2)):
        eager = pixels.log_prob(x[:size], num_samples=max(n, 2), importance_weighted=True, seed=3)
        if n > 1:
            np.testing.assert_allclose(graph(x[:size], n), eager, rtol=1e-5)
        else:
            assert graph(x[:size], n).shape == size


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("kind", ["uniform", "flow", "argmax"])
def test_xla_gives_bounds_of_the_same_mean_and_nan_out_of_range(kind, n):
    if kind == "argmax":
        pixels = Dequantized(standard_normal((2, LEVELS)), LEVELS, ArgmaxNoise())
    else:
        pixels = Dequantized(_exact_flow(), LEVELS, _noises()[kind])

    @tf.function(jit_compile=True)
    def compiled(x):
        return pixels.log_prob(x, num_samples=n, seed=3)

    x = tf.repeat(EVERY_X[None, 5:11], 300, axis=0)  # XLA has other random numbers.
    wanted, got = pixels.log_prob(x, num_samples=n), compiled(x)
    np.testing.assert_allclose(np.mean(got, 0), np.mean(wanted, 0), rtol=0.2, atol=0.5)
    got = compiled(tf.where(tf.equal(tf.range(6)[:, None], 2), LEVELS, x[:1]))
    np.testing.assert_array_equal(np.isnan(got[0]), np.arange(6) == 2)


def test_probabilities_follow_the_bound():
    pixels = Dequantized(_exact_flow(), LEVELS)
    log_prob = pixels.log_prob(EVERY_X, seed=1)
    np.testing.assert_allclose(pixels.prob(EVERY_X, seed=1), np.exp(log_prob))
    np.testing.assert_array_equal(pixels.unnormalized_log_prob(EVERY_X, seed=1), log_prob)
    x, log_prob = pixels.experimental_sample_and_log_prob(3, seed=1)
    assert (x.dtype, x.shape, log_prob.shape) == (tf.uint8, (3, 2), (3,))
    assert pixels.event_shape_tensor().numpy().tolist() == [2]
    assert pixels.batch_shape_tensor().shape == (0,)
    assert pixels.copy(num_levels=300).dtype == tf.int32


@pytest.mark.parametrize("importance_weighted", [False, True])
def test_gradients_of_many_samples_are_the_mean_of_those_of_one(importance_weighted):
    pixels = Dequantized(_noise_flow(context_shape=None), LEVELS, FlowNoise(_noise_flow()))
    variables, x = pixels.trainable_variables, EVERY_X[5]

    def bound(**kwargs):
        with tf.GradientTape() as tape:
            value = pixels.log_prob(x, **kwargs)
        return value, [tf.convert_to_tensor(g) for g in tape.gradient(value, variables)]

    pair = tf.constant([0, 1])
    _, gradients = bound(num_samples=3, importance_weighted=importance_weighted, seed=pair)
    # The seeds of the three samples, as `bounds.lower_bound` derives them.
    seeds = tf.random.stateless_uniform([3, 2], pair, minval=None, maxval=None, dtype=tf.int32)
    single = [bound(seed=seed) for seed in seeds]
    logits = tf.stack([value for value, _ in single])
    weights = tf.nn.softmax(logits if importance_weighted else tf.zeros_like(logits))
    for i, gradient in enumerate(gradients):
        assert np.max(np.abs(gradient)) > 0, variables[i].name
        wanted = tf.tensordot(weights, tf.stack([each[i] for _, each in single]), 1)
        np.testing.assert_allclose(gradient, wanted, rtol=1e-3, atol=1e-5)
