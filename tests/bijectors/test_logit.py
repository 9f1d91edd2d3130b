"""From [0, 1] to the line, away from its ends."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import bijectors
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject

ALPHAS = [1e-6, 0.05, 0.3, 0.499]


def unit(*shape):
    return np.random.default_rng(0).random(shape)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_formula(alpha):
    x = unit(5, 3)
    p = alpha + (1 - 2 * alpha) * x
    z, log_det = bijectors.Logit(alpha).inverse_and_log_det(tf.constant(x))
    np.testing.assert_allclose(z, np.log(p / (1 - p)), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(log_det, np.log((1 - 2 * alpha) / (p * (1 - p))), rtol=1e-10)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_log_det_and_round_trip_in_both_directions(alpha):
    layer = bijectors.Logit(alpha)
    x = tf.constant(unit(5, 3))
    subject = Subject(layer, x, 1)
    assert values.log_det_against_autodiff(subject) < 1e-9
    assert values.round_trip_of_data(subject) < 1e-9
    z = tf.constant(np.linspace(-5.0, 5.0, 7))
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = layer.forward(z)
    wanted = tf.math.log(tape.gradient(y, z))
    np.testing.assert_allclose(layer.forward_log_det_jacobian(z, 0), wanted, rtol=1e-10)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("alpha", [1e-6, 0.05])
def test_the_ends_are_finite(alpha, dtype):
    x = tf.constant([0.0, 1.0], dtype)
    z, log_det = bijectors.Logit(alpha).inverse_and_log_det(x)
    assert np.isfinite(z).all()
    assert np.isfinite(log_det).all()
    np.testing.assert_allclose(z, np.log((1 - alpha) / alpha) * np.array([-1, 1]), rtol=1e-5)
    np.testing.assert_allclose(bijectors.Logit(alpha).forward(tf.identity(z)), x, atol=1e-6)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_16_bits_are_enough_for_the_ends(dtype):
    x = tf.constant([0.0, 0.5, 1.0], dtype)
    z, log_det = bijectors.Logit(0.05).inverse_and_log_det(x)
    np.testing.assert_allclose(tf.cast(z, tf.float32), [-2.9444, 0.0, 2.9444], atol=0.05)
    assert log_det.dtype == dtype


def test_latents_of_any_size_stay_near_the_unit_interval():
    layer, z = bijectors.Logit(0.1), tf.constant([-200.0, -90.0, 90.0, 200.0])
    x, log_det = layer.forward_and_log_det(z)
    np.testing.assert_allclose(x, [-0.125, -0.125, 1.125, 1.125], rtol=1e-6)
    np.testing.assert_allclose(log_det, -np.abs(z) - np.log(0.8), rtol=1e-6)


@pytest.mark.parametrize("alpha", [0, 0.5, -1, 1.0, float("nan")])
def test_other_alphas_are_refused(alpha):
    with pytest.raises(ValueError, match=r"`alpha` must be between 0 and 0.5; got"):
        bijectors.Logit(alpha)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_saturated_samples_have_a_density(alpha, dtype):
    layer = bijectors.Logit(alpha)
    z = tf.constant([-1e4, -100.0, -40.0, -17.5, -16.0, 16.0, 17.5, 40.0, 100.0, 1e4], dtype)
    back, log_det = layer.inverse_and_log_det(tf.identity(layer.forward(z)))
    assert np.all(np.isfinite(back))
    assert np.all(np.isfinite(log_det))
    assert np.all(np.sign(back) == np.sign(z))
    assert np.all(np.isnan(layer.inverse(tf.constant([-3.0e3, 3.0e3], dtype))))
