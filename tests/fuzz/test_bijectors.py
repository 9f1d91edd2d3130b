"""Layers without networks: fixed ones, and those with extreme variables."""

import math
import warnings

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import strategies as st
from strategies import ALL_FLOATS, as_float64, batch_shapes, event_shapes, fuzz, has_nan, numbers

from tfp_flows import bijectors, phases

ALPHAS = st.floats(1e-30, 0.499) | st.sampled_from([1e-300, 1e-6, 0.05, 0.25, 0.4999])


def both_ways(layer, x):
    z, log_det = layer.inverse_and_log_det(x)
    return z, log_det, *layer.forward_and_log_det(z)


@fuzz(1, alpha=ALPHAS, shape=batch_shapes(), draw=numbers(ALL_FLOATS), ends=st.booleans())
def test_logit(alpha, shape, draw, ends):
    unit = np.abs(draw.numpy(shape)) % 1.0
    x = tf.constant(np.round(unit) if ends else unit, draw.dtype)
    z, log_det, back, back_log_det = both_ways(bijectors.Logit(alpha), x)
    z, log_det, wanted, back, back_log_det = as_float64(z, log_det, x, back, back_log_det)
    for result in (z, log_det, back, back_log_det):
        assert np.all(np.isfinite(result))
    # p and 1 - p round by eps, log p by eps of itself; dx/dz = p (1 - p) / (1 - 2 alpha), and
    # p (1 - p) times 1/p + 1/(1 - p) is 1. The end within 8 eps is moved by as much.
    np.testing.assert_array_less(np.abs(back - wanted), 32 * draw.eps / (1 - 2 * alpha))
    error = 32 * draw.eps * (1 + np.abs(z) - math.log1p(-2 * alpha))
    np.testing.assert_array_less(np.abs(log_det + back_log_det), error)


@fuzz(0.5, alpha=ALPHAS, shape=batch_shapes(), draw=numbers(ALL_FLOATS))
def test_samples_of_a_logit_have_a_density(alpha, shape, draw):
    layer = bijectors.Logit(alpha)
    x, log_det = layer.forward_and_log_det(draw(*shape))
    for result in (x, log_det, *layer.inverse_and_log_det(x)):
        assert np.all(np.isfinite(as_float64(result)[0]))


@fuzz(
    2,
    factor=st.integers(2, 4),
    order=st.sampled_from(["channel", "position", "diagonal"]),
    sizes=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 5)),
    batch=batch_shapes(2),
    draw=numbers(ALL_FLOATS),
)
def test_squeeze(factor, order, sizes, batch, draw):
    layer = bijectors.Squeeze(factor, order)
    height, width, channels = sizes
    off = [(1, 0), (0, 1), (0, 0)][min(draw.seed % 8, 2)]  # Mostly, the tiles cover the image.
    x = draw(*batch, height * factor + off[0], width * factor + off[1], channels)
    if any(off):
        with pytest.raises(ValueError, match="must be given heights and widths divisible by"):
            layer.inverse_and_log_det(x)
        return
    z, log_det, back, _ = both_ways(layer, x)
    assert tuple(z.shape) == (*batch, height, width, channels * factor**2)
    assert z.shape == layer.inverse_event_shape(x.shape)
    assert layer.inverse_event_shape_tensor(tf.shape(x)).numpy().tolist() == z.shape.as_list()
    assert layer.forward_event_shape_tensor(tf.shape(z)).numpy().tolist() == x.shape.as_list()
    assert float(log_det) == 0.0
    assert np.asarray(back).tobytes() == np.asarray(x).tobytes()


@fuzz(
    1,
    size=st.integers(1, 8),
    kind=st.sampled_from(["lu", "full"]),
    start=st.sampled_from(["rotation", "identity"]),
    batch=batch_shapes(),
    draw=numbers(),
)
def test_invertible_conv(size, kind, start, batch, draw):
    tf.random.set_seed(draw.seed)
    layer = bijectors.InvertibleConv1x1(size, parametrization=kind, start=start, dtype=draw.dtype)
    noise = 0.3 * np.random.default_rng(draw.seed).normal(size=(size, size))
    layer.trainable_variables[0].assign_add(tf.constant(noise, draw.dtype))
    # Products of C numbers are the largest of them, C times, at most.
    x = draw(*batch, size, most=10 ** (0.9 * draw.decades))
    _, log_det, back, back_log_det = both_ways(layer, x)
    matrix = layer.matrix.numpy().astype("float64")
    value, back = as_float64(x, back)
    condition = np.linalg.cond(matrix)
    largest = np.max(np.abs(value), axis=-1, keepdims=True, initial=0)
    error = 8 * size**1.5 * draw.eps * condition * largest + draw.tiny * size * condition
    assert np.all(np.abs(back - value) <= error)
    wanted = np.linalg.slogdet(matrix)[1]
    error = 16 * size * draw.eps * (1 + condition)
    assert abs(float(log_det) - wanted) <= error
    assert abs(float(log_det) + float(back_log_det)) <= error


@fuzz(1, shape=event_shapes(largest=3), factor=st.floats(0.1, 10.0), draw=numbers())
def test_actnorm_with_any_variables(shape, factor, draw):
    layer = bijectors.ActNorm(shape, log_scale_factor=factor, dtype=draw.dtype)
    log_scale, shift = layer.trainable_variables  # By name.
    shift.assign(draw(*shape))
    log_scale.assign(draw(*shape, most=(87 if draw.dtype == tf.float32 else 708) / factor))
    z, log_det, back, back_log_det = both_ways(layer, draw(5, *shape))
    assert not any(has_nan(result) for result in (z, log_det, back, back_log_det))
    assert float(log_det) == -float(back_log_det)


@fuzz(1, size=st.integers(1, 4), rows=st.integers(1, 9), draw=numbers())
def test_actnorm_set_from_any_data(size, rows, draw):
    layer = bijectors.ActNorm((size,), dtype=draw.dtype)
    x = draw(rows, size)
    with phases.initializing(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Of channels that are constant.
        layer.inverse_and_log_det(x)
    z, log_det, back, _ = both_ways(layer, x)
    for result in (z, log_det, back):
        assert np.all(np.isfinite(as_float64(result)[0]))


@fuzz(1, shape=event_shapes(largest=3), batch=batch_shapes(2), draw=numbers())
def test_standardize(shape, batch, draw):
    mean, std = draw.numpy(shape), np.abs(draw.numpy(shape))
    if np.any(std < draw.tiny):
        with pytest.raises(ValueError, match="`std` must be"):
            bijectors.Standardize(mean, std, dtype=draw.dtype)
        return
    layer = bijectors.Standardize(mean, std, dtype=draw.dtype)
    x = draw(*batch, *shape)
    z, log_det, back, back_log_det = both_ways(layer, x)
    assert np.isfinite(float(log_det))
    assert float(log_det) == -float(back_log_det)
    value, latent, back = as_float64(x, z, back)
    assert not has_nan(z)
    fits = np.isfinite(latent)
    error = 8 * draw.eps * (np.abs(value) + np.abs(mean)) + draw.tiny * (2 + std)
    assert np.all(np.abs(back - value)[fits] <= np.broadcast_to(error, value.shape)[fits])
