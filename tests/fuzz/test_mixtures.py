"""Mixtures: from moderate parameters to those at which every exponential overflows."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from strategies import Numbers, fuzz

from tfp_flows.transforms import GaussianMixture, LogisticMixture

# To trace one takes seconds: most are for the long run.
slow = functools.partial(pytest.param, marks=pytest.mark.slow)
KINDS = [
    slow((LogisticMixture(1), 1, "float32")),
    pytest.param((LogisticMixture(4), 3, "float32")),
    slow((LogisticMixture(4, spread=0.0, log_scale_bound=10.0), 2, "float64")),
    slow((GaussianMixture(1), 1, "float32")),
    slow((GaussianMixture(4), 3, "float32")),
    slow((GaussianMixture(3, spread=5.0, log_scale_bound=10.0), 1, "float64")),
]
every_kind = pytest.mark.parametrize("kind", KINDS)
SEEDS, SOME = st.integers(0, 2**32 - 1), st.lists(st.sampled_from(Numbers.KINDS), min_size=1)
ROWS = 16


@functools.cache
def traced(transform, size, dtype):
    """Values, log-slopes and the gradients of both, of both directions, in one graph."""
    rows = [tf.TensorSpec([None, n], dtype) for n in (size, transform.num_params * size)]

    def answers(method, value, raw):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([value, raw])
            out, log_slope = method(value, raw)
        gradients = tape.gradient(out, [value, raw]), tape.gradient(log_slope, [value, raw])
        return out, log_slope, gradients

    @functools.partial(tf.function, input_signature=rows)
    def both(value, raw):
        return (
            answers(transform.inverse_and_log_det, value, raw),
            answers(transform.forward_and_log_det, value, raw),
        )

    return both


@every_kind
@fuzz(0.1, seed=SEEDS, some=SOME)
def test_values_and_log_slopes_are_always_finite(kind, seed, some):
    transform, size, dtype = kind
    draw = Numbers(dtype, seed, some)
    # Means are within the reach of the law.
    end = transform.law.reach(draw.dtype).value
    value, raw = draw(ROWS, size), draw(ROWS, transform.num_params * size, most=end)
    for out, log_slope, _ in traced(*kind)(value, raw):
        assert np.all(np.isfinite(out))
        assert np.all(np.isfinite(log_slope))


@every_kind
@fuzz(0.1, seed=SEEDS, some=SOME)
def test_gradients_are_finite(kind, seed, some):
    transform, size, dtype = kind
    draw = Numbers(dtype, seed, some)
    value, raw = draw(ROWS, size, most=1e3), draw(ROWS, transform.num_params * size, most=1e3)
    for answers in traced(*kind)(value, raw):
        assert all(np.all(np.isfinite(result)) for result in tf.nest.flatten(answers))


@every_kind
@fuzz(0.1, seed=SEEDS, some=SOME)
def test_inverse_then_forward(kind, seed, some):
    transform, size, dtype = kind
    draw = Numbers(dtype, seed, some)
    # Components that are at most 2000 apart.
    x, raw = draw(ROWS, size, most=1e3), draw(ROWS, transform.num_params * size, most=30.0)
    z = traced(*kind)(x, raw)[0][0]
    back, back_slope, _ = traced(*kind)(z, raw)[1]
    # How far each rounding moves x: that of x less a mean, which is a raw mean and a spread times
    # a log-scale. And the latent: it is a sum of logarithms of weights and tails, and of a shift.
    at_x = 16 * draw.eps * (np.abs(back) + 30 + abs(transform.spread) * 10)
    at_z = 64 * draw.eps * (60 + np.abs(z))
    ends = tf.constant(np.concatenate([back - at_x, back + at_x]), dtype)
    near = traced(*kind)(ends, tf.concat([raw, raw], 0))[0][0]
    # As the map increases: at most so far off the point whose image is z.
    assert np.all(near[:ROWS] - at_z <= z)
    assert np.all(z <= near[ROWS:] + at_z)
    # Both are of the same point.
    there = traced(*kind)(back, raw)[0][1]
    assert np.all(np.abs(there + back_slope) <= 64 * draw.eps * (60 + np.abs(there)))


@every_kind
@fuzz(0.05, seed=SEEDS, some=SOME)
def test_larger_values_have_larger_images(kind, seed, some):
    transform, size, dtype = kind
    draw = Numbers(dtype, seed, some)
    values = tf.constant(np.sort(draw.numpy((ROWS, size), most=1e3), axis=0), dtype)
    raw = tf.repeat(draw(1, transform.num_params * size, most=30.0), ROWS, axis=0)
    at_z = 64 * draw.eps * (100 + np.abs(values))
    (z, *_), (x, slope, _) = traced(*kind)(values, raw)
    assert np.all(z[1:] - z[:-1] >= -64 * draw.eps * (100 + np.abs(z[1:])))
    # A latent is good to `at_z`, and so is its preimage where the map is flat.
    at_x = 64 * draw.eps * (100 + np.abs(x)) + at_z * np.exp(np.minimum(slope, 80))
    assert np.all(x[1:] - x[:-1] >= -at_x[1:] - at_x[:-1])


@every_kind
@fuzz(0.05, seed=SEEDS, in_raw=st.booleans())
def test_nan_stays_nan(kind, seed, in_raw):
    transform, size, dtype = kind
    draw = Numbers(dtype, seed, ["plain"])
    value, raw = draw.numpy((3, size)), draw.numpy((3, transform.num_params * size))
    (raw if in_raw else value)[1, 0] = np.nan
    for out, log_slope, _ in traced(*kind)(tf.constant(value, dtype), tf.constant(raw, dtype)):
        assert np.isnan(out[1, 0])
        assert np.isfinite(out[::2]).all()
        assert np.isfinite(log_slope[::2]).all()
