"""Numbers at the ends of a dtype: what the fuzz found."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.transforms import (
    Affine,
    ExpScale,
    GaussianMixture,
    LogisticMixture,
    Scale,
    SigmoidScale,
    TanhScale,
)

UNBOUNDED = [ExpScale(), TanhScale(1e3), SigmoidScale(), SigmoidScale(0.0, 1e300)]


def answers(method, value, raw):
    """Value, log-slope and the gradients of each."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([value, raw])
        out, log_slope = method(value, raw)
    gradients = [tape.gradient(target, [value, raw]) for target in (out, log_slope)]
    return [out, log_slope, *(g for g in tf.nest.flatten(gradients) if g is not None)]


@pytest.mark.parametrize("raw", [-1e4, -100.0, 100.0, 1e4])
@pytest.mark.parametrize("scale", UNBOUNDED, ids=str)
@pytest.mark.parametrize("kind", [Affine, Scale])
def test_zero_times_a_scale_without_bounds_is_zero(kind, scale, raw):
    transform = kind(scale)
    raw = tf.constant([0.0, raw][-transform.num_params :])
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        results = answers(method, tf.zeros([1]), raw)
        assert np.all(np.isfinite(tf.concat(results, 0)))
        assert float(results[0][0]) == 0.0


@pytest.mark.parametrize("offset", [math.nan, math.inf])
def test_offsets_are_finite(offset):
    with pytest.raises(ValueError, match="`offset` must be finite; got"):
        SigmoidScale(offset)
    with pytest.raises(TypeError, match="`offset` must be a number; got None"):
        SigmoidScale(None)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("size", [1e8, 1e12, 1e20, 1e30, 3e38])
@pytest.mark.parametrize("kind", [LogisticMixture, GaussianMixture])
def test_outliers_of_mixtures_are_finite(kind, size, dtype):
    transform = kind(2, log_scale_bound=10.0)
    value = tf.constant([[size], [-size]], dtype)
    raw = tf.constant([0.0, 0.0, 3.0, -3.0, 1.0, -1.0, -10.0, 10.0], dtype)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        results = answers(method, value, raw)
        assert all(np.all(np.isfinite(result)) for result in results)
        assert float(results[0][0, 0]) > 1e3 > -1e3 > float(results[0][1, 0])


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
@pytest.mark.parametrize("kind", [LogisticMixture, GaussianMixture])
def test_mixtures_refuse_16_bits(kind, dtype):
    with pytest.raises(TypeError, match="must be float32 or float64; got"):
        kind(2).inverse_and_log_det(tf.zeros([1], dtype), tf.zeros([8], dtype))
