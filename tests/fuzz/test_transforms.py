"""Shifts and scales: every number that a dtype holds, as a value and as a raw parameter."""

import numpy as np
import tensorflow as tf
from hypothesis import assume, strategies as st
from strategies import ALL_FLOATS, Numbers, as_float64, batch_shapes, fuzz, has_nan, numbers

from tfp_flows import transforms as t

POSITIVE = st.floats(1e-3, 1e3) | st.sampled_from([1e-4, 0.5, 1.0, 2.0, 10.0, 1e30])
SCALES = st.one_of(
    st.builds(t.TanhScale, POSITIVE),
    st.builds(t.ExpScale, POSITIVE | st.just(float("inf"))),
    st.builds(t.SigmoidScale, st.floats(-1e3, 1e3), POSITIVE),
)
MAPS = st.just(t.Additive()) | st.builds(t.Affine, SCALES) | st.builds(t.Scale, SCALES)


def parts(transform, raw):
    """Shift and log-scale, in float64."""
    if isinstance(transform, t.Additive):
        return as_float64(raw)[0], 0.0
    *shift, raw_scale = tf.split(raw, transform.num_params, axis=-1)
    log_scale = as_float64(transform.scale.log_scale(raw_scale))[0]
    return (as_float64(shift[0])[0] if shift else 0.0), log_scale


@fuzz(1.5, transform=MAPS, shape=batch_shapes(), size=st.integers(1, 5), draw=numbers(ALL_FLOATS))
def test_inverse_then_forward(transform, shape, size, draw):
    x, raw = draw(*shape, size), draw(*shape, transform.num_params * size)
    z, log_slope = transform.inverse_and_log_det(x, raw)
    back, back_slope = transform.forward_and_log_det(z, raw)
    assert z.dtype == log_slope.dtype == back.dtype == x.dtype
    assert z.shape == log_slope.shape == back.shape == x.shape
    assert not has_nan(z)
    assert not has_nan(back)
    np.testing.assert_array_equal(*as_float64(log_slope, -back_slope))
    assert np.all(np.isfinite(as_float64(log_slope)[0]))
    value, latent, back = as_float64(x, z, back)
    shift, log_scale = parts(transform, raw)
    # Each operation rounds once; what underflows on the way is lost, and comes back stretched.
    # exp(s) and exp(-s) are within two units of the last place each, for the same s.
    error = 8 * draw.eps * (np.abs(value) + 2 * np.abs(shift))
    error = error + 4 * draw.tiny * (1 + np.exp(-np.minimum(0, log_scale)))
    fits = np.isfinite(latent)
    assert np.all(np.abs(back - value)[fits] <= np.broadcast_to(error, value.shape)[fits])
    # Only what is too large for the dtype is infinite.
    with np.errstate(divide="ignore"):
        log_size = np.log(np.abs(value + shift)) + log_scale
    assert np.all(log_size[~fits] > np.log(draw.largest) - 0.1)


@fuzz(1.5, transform=MAPS, shape=batch_shapes(1), size=st.integers(1, 4), draw=numbers(ALL_FLOATS))
def test_gradients_are_finite_where_values_are(transform, shape, size, draw):
    value, raw = draw(*shape, size), draw(*shape, transform.num_params * size)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([value, raw])
            out, log_slope = method(value, raw)
        # Near the largest number the product of value and slope, or bound of a scale, need not fit.
        assume(np.all(np.abs(as_float64(out)[0]) < 1e-3 * draw.largest))
        for target in (out, log_slope):
            for source in (value, raw):
                gradient = tape.gradient(target, source, unconnected_gradients="zero")
                assert np.all(np.isfinite(as_float64(gradient)[0]))


@fuzz(1, transform=MAPS, size=st.integers(1, 4), draw=numbers(ALL_FLOATS))
def test_larger_values_have_larger_images(transform, size, draw):
    values = tf.constant(np.sort(draw.numpy((16, size)), axis=0), draw.dtype)
    raw = draw(transform.num_params * size)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        out = as_float64(method(values, raw)[0])[0]
        assert np.all(out[1:] >= out[:-1])


@fuzz(0.5, transform=MAPS, draw=numbers(kinds=("plain",)), place=st.integers(0, 3))
def test_log_slope_is_that_of_autodiff(transform, draw, place):
    draw = Numbers("float64", draw.seed, draw.kinds)
    value, raw = draw(4, 3), draw(4, transform.num_params * 3)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        with tf.GradientTape() as tape:
            tape.watch(value)
            out, log_slope = method(value, raw)
        slope = tape.gradient(out, value).numpy()[place]
        wanted = log_slope.numpy()[place]
        # The exponential turns rounding of the log-scale into a relative error.
        error = 4 * draw.eps * (1 + np.abs(wanted))
        np.testing.assert_array_less(np.abs(np.log(slope) - wanted), error)


@fuzz(0.3, transform=MAPS, draw=numbers(ALL_FLOATS), in_raw=st.booleans())
def test_nan_stays_nan(transform, draw, in_raw):
    value, raw = draw.numpy((3, 2)), draw.numpy((3, transform.num_params * 2))
    (raw if in_raw else value)[1, 0] = np.nan
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        out, log_slope = method(tf.constant(value, draw.dtype), tf.constant(raw, draw.dtype))
        assert np.isnan(as_float64(out)[0][1, 0]) or np.isnan(as_float64(log_slope)[0][1, 0])
        assert not has_nan(out[::2])
