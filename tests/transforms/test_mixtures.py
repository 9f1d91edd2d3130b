"""LogisticMixture and GaussianMixture: parameters, starts, and flows of one dimension."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from tfp_flows import bijectors, transforms
from tfp_flows.transforms import Affine, ExpScale, GaussianMixture, LogisticMixture, TanhScale

tfb, tfd = tfp.bijectors, tfp.distributions
KINDS = {"logistic": (LogisticMixture, stats.logistic), "gaussian": (GaussianMixture, stats.norm)}


@pytest.mark.parametrize("name", KINDS)
def test_it_is_the_quantile_of_the_cdf_then_scale_and_shift(name):
    kind, law = KINDS[name]
    rng = np.random.default_rng(0)
    shift, raw_scale = rng.normal(size=(2, 5))
    logits, means, log_scales = rng.normal(size=(3, 4, 5))
    raw = np.concatenate([shift, raw_scale, *(p.ravel() for p in (logits, means, log_scales))])
    x = rng.normal(size=5)
    weights = np.exp(logits) / np.exp(logits).sum(axis=0)
    cdf = (weights * law.cdf((x - means) * np.exp(-log_scales))).sum(axis=0)
    wanted = law.ppf(cdf) * np.exp(np.tanh(raw_scale)) + shift
    z, _ = kind(4, spread=0.0).inverse_and_log_det(tf.constant(x), tf.constant(raw))
    np.testing.assert_allclose(z, wanted, rtol=1e-10)
    apart = means - np.linspace(-2.0, 2.0, 4)[:, np.newaxis] * log_scales
    raw = np.concatenate([shift, raw_scale, *(p.ravel() for p in (logits, apart, log_scales))])
    z, _ = kind(4, spread=2.0).inverse_and_log_det(tf.constant(x), tf.constant(raw))
    np.testing.assert_allclose(z, wanted, rtol=1e-10)


@pytest.mark.parametrize("name", KINDS)
def test_one_component_is_an_affine_map(name):
    raw = tf.constant([0.5, 0.3, 9.0, -2.0, 0.7], tf.float64)
    x = tf.constant([[-3.0], [4.0]], tf.float64)
    z, log_slope = KINDS[name][0](1, scale=ExpScale()).inverse_and_log_det(x, raw)
    affine = Affine(ExpScale())
    middle, slope = affine.inverse_and_log_det(x, tf.constant([2.0, -0.7], tf.float64))
    np.testing.assert_allclose(z, middle * np.exp(0.3) + 0.5, rtol=1e-12)
    np.testing.assert_allclose(log_slope, tf.broadcast_to(slope + 0.3, [2, 1]), rtol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_raw_numbers_of_any_size_stay_finite_both_ways(name):
    transform = KINDS[name][0](3)
    rng = np.random.default_rng(1)
    raw = tf.constant(rng.choice([-1e3, -7.0, 0.0, 7.0, 1e3], (64, 11)), tf.float32)
    value = tf.constant(rng.normal(size=(64, 1)), tf.float32)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        with tf.GradientTape() as tape:
            tape.watch([value, raw])
            results = method(value, raw)
        assert all(np.all(np.isfinite(result)) for result in results)
        assert all(np.all(np.isfinite(g)) for g in tape.gradient(results, [value, raw]))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"num_components": 0}, "`num_components` must be an integer of at least 1; got 0"),
        ({"spread": float("inf")}, "`spread` must be finite; got inf"),
        ({"log_scale_bound": 0.0}, r"`log_scale_bound` must be in \(0, 60\]; got 0.0"),
        ({"log_scale_bound": 100.0}, r"`log_scale_bound` must be in \(0, 60\]; got 100.0"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        LogisticMixture(**kwargs)
    with pytest.raises(TypeError, match="`scale` must be a ScaleMap"):
        GaussianMixture(scale=2.0)


def trained(distribution, data, steps=300, rate=0.05):
    """After some steps of Adam: the density, in nats, of each event."""
    optimizer = keras.optimizers.Adam(rate)
    variables = distribution.trainable_variables

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(distribution.log_prob(data))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    optimizer.build(variables)
    for _ in range(steps):
        step()
    return distribution.log_prob(data)


def two_bumps(size=2000):
    rng = np.random.default_rng(0)
    return tf.constant(rng.choice([-2.0, 2.0], (size, 1)) + 0.2 * rng.normal(size=(size, 1)))


def one_dimension(base, transform, link=None):
    """`base` carried to the line by a link, and from there to the data by a mixture."""
    layer = bijectors.Elementwise(transform, (1,), dtype=tf.float64)
    chain = bijectors.Chain([layer] if link is None else [layer, tfb.Invert(link)])
    return tfd.TransformedDistribution(tfd.Sample(base, 1), chain)


ZERO, ONE, FIVE = (tf.constant(number, tf.float64) for number in (0.0, 1.0, 5.0))
# The logit's line to (0, 1), and by the quantile function of the base to its line.
QUANTILE = tfb.Chain([tfb.Invert(tfb.NormalCDF()), tfb.Sigmoid()])
BASES = {
    "uniform": (tfd.Uniform(ZERO, ONE), LogisticMixture(4), tfb.Sigmoid()),
    "beta": (tfd.Beta(FIVE, FIVE), LogisticMixture(4), tfb.Sigmoid()),
    "gaussian": (tfd.Normal(ZERO, ONE), GaussianMixture(4), None),
    "quantile of the base": (tfd.Normal(ZERO, ONE), LogisticMixture(4), QUANTILE),
}


@pytest.mark.parametrize("name", BASES)
def test_data_to_a_base(name):
    base, transform, link = BASES[name]
    flow = one_dimension(base, transform, link)
    data = two_bumps()
    best = 0.5 * stats.norm.pdf(data, -2, 0.2) + 0.5 * stats.norm.pdf(data, 2, 0.2)
    # From the identity, where all components are alike, to both bumps.
    assert np.mean(trained(flow, data)) > np.mean(np.log(best)) - 0.06
    latents = np.sort(np.ravel(flow.bijector.inverse(data)))
    cdf = base.cdf(tf.constant(latents)).numpy()
    assert np.max(np.abs(cdf - (np.arange(2000) + 0.5) / 2000)) < 0.05
    assert np.all(np.isfinite(flow.sample(100)))


def test_samples_are_reparameterized():
    """The scale of a base is learned through the numeric inverse."""
    layer = bijectors.Elementwise(LogisticMixture(3), (2,))
    flow = tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), 2), layer)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(flow.sample(50, seed=[0, 1]) - 3.0))
    (gradient,) = tape.gradient(loss, layer.trainable_variables)
    assert gradient is not None
    assert np.all(np.isfinite(gradient))
    assert np.max(np.abs(gradient)) > 0.1


def test_scale_is_bounded_by_its_map():
    raw = tf.concat([tf.zeros([1]), [1e6], tf.zeros([6])], axis=0)
    for bound in (0.5, 1.0):
        transform = transforms.LogisticMixture(2, scale=TanhScale(bound))
        _, log_slope = transform.inverse_and_log_det(tf.zeros([1]), raw)
        np.testing.assert_allclose(log_slope, [bound], rtol=1e-5)
