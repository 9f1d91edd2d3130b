"""Logistic and Gaussian in logs, against scipy."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfp_flows.ops.laws import GAUSSIAN, LOGISTIC

LAWS = {"logistic": (LOGISTIC, stats.logistic), "gaussian": (GAUSSIAN, stats.norm)}
FAR = np.array([-1e4, -700.0, -40.0, -30.5, -29.5, -20.0, -10.5, -9.5, -5.0, -1.0, 0.0, 2.0, 8.0])


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 3e-7), ("float64", 3e-13)])
def test_logs_are_those_of_scipy(name, dtype, tolerance):
    law, known = LAWS[name]
    z = tf.constant(FAR, dtype)
    scale = 1.0 + np.abs(known.logcdf(z.numpy().astype("float64")))
    assert np.max(np.abs(law.log_cdf(z) - known.logcdf(FAR)) / scale) < tolerance
    np.testing.assert_allclose(law.log_pdf(z), known.logpdf(FAR), rtol=10 * tolerance)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_quantile_undoes_both_tails(name, dtype, tolerance, jit_compile):
    law, _ = LAWS[name]

    @tf.function(jit_compile=jit_compile)
    def there_and_back(z):
        return law.quantile(law.log_cdf(z), law.log_cdf(-z))

    z = tf.constant(np.concatenate([FAR, -FAR, np.linspace(-3, 3, 13)]), dtype)
    np.testing.assert_allclose(there_and_back(z), z, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", LAWS)
def test_gradients(name):
    law, known = LAWS[name]
    z = tf.constant([-60.0, -31.0, -29.0, -3.0, -0.1, 0.0, 0.2, 4.0], tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        log_cdf = law.log_cdf(z)
        back = law.quantile(log_cdf, law.log_cdf(-z))
    slope = np.exp(known.logpdf(z) - known.logcdf(z))
    np.testing.assert_allclose(tape.gradient(log_cdf, z), slope, rtol=1e-9)
    np.testing.assert_allclose(tape.gradient(back, z), np.ones(8), rtol=1e-9)
