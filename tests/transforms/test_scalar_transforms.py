"""Golden values, identities, inverses, slopes and layout of the scalar families."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.transforms import (
    Additive,
    Affine,
    ExpScale,
    ScalarTransform,
    ScaleMap,
    SigmoidScale,
    TanhScale,
)

IDENTITY_AT_ZERO = [
    Additive(),
    Affine(),
    Affine(TanhScale(0.3)),
    Affine(ExpScale()),
    Affine(SigmoidScale(offset=0.0, max_scale=2.0)),
]
BOUNDED = [Additive(), Affine(), Affine(TanhScale(0.3)), Affine(TanhScale(10.0))]
ALL = [*IDENTITY_AT_ZERO, Affine(SigmoidScale()), Affine(SigmoidScale(1.0, 3.0))]
SCALES = [TanhScale(), TanhScale(0.3), ExpScale(), SigmoidScale(), SigmoidScale(0.0, 2.0)]


def some_raw(transform, num_channels=3, batch=(4,), seed=0):
    shape = (*batch, transform.num_params * num_channels)
    return tf.constant(np.random.default_rng(seed).normal(size=shape))


def some_values(num_channels=3, batch=(4,), seed=1):
    return tf.constant(np.random.default_rng(seed).normal(size=(*batch, num_channels)))


def test_additive_adds_on_the_way_to_the_latents():
    z, log_slope = Additive().inverse_and_log_det(tf.constant([1.0, 2.0]), tf.constant([0.5, -3.0]))
    np.testing.assert_array_equal(z, [1.5, -1.0])
    np.testing.assert_array_equal(log_slope, [0.0, 0.0])
    x, _ = Additive().forward_and_log_det(z, tf.constant([0.5, -3.0]))
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_affine_shifts_first_and_scales_then():
    raw = tf.constant([0.5, math.log(2.0)], tf.float64)
    x = tf.constant([1.0], tf.float64)
    z, log_slope = Affine(ExpScale()).inverse_and_log_det(x, raw)
    np.testing.assert_allclose(z, [3.0], rtol=1e-15)
    np.testing.assert_allclose(log_slope, [math.log(2.0)], rtol=1e-15)
    back, back_slope = Affine(ExpScale()).forward_and_log_det(z, raw)
    np.testing.assert_allclose(back, x, rtol=1e-15)
    np.testing.assert_allclose(back_slope, -log_slope, rtol=1e-15)


@pytest.mark.parametrize("transform", IDENTITY_AT_ZERO, ids=str)
def test_zero_is_the_identity(transform):
    x = some_values()
    raw = tf.zeros([4, transform.num_params * 3], tf.float64)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        y, log_slope = method(x, raw)
        np.testing.assert_allclose(y, x, rtol=1e-15)
        np.testing.assert_allclose(log_slope, np.zeros([4, 3]), atol=1e-15)


def test_sigmoid_scale_starts_where_glow_does():
    start = SigmoidScale().log_scale(tf.zeros([], tf.float64))
    assert float(start) == pytest.approx(-0.1269280110429726, abs=1e-15)


@pytest.mark.parametrize(
    ("scale", "raw", "wanted"),
    [
        (TanhScale(), 1.0, 2 * math.tanh(0.5)),
        (TanhScale(0.5), -2.0, -0.5 * math.tanh(4.0)),
        (ExpScale(), -7.5, -7.5),
        (SigmoidScale(), -2.0, math.log(0.5)),
        (SigmoidScale(0.0, 3.0), 1.0, math.log(3 / (1 + math.exp(-1.0)))),
    ],
    ids=str,
)
def test_scale_maps_have_their_golden_values(scale, raw, wanted):
    got = float(scale.log_scale(tf.constant(raw, tf.float64)))
    assert got == pytest.approx(wanted, abs=1e-15)


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_scale_maps_increase_and_keep_their_bounds(scale):
    raw = tf.constant(np.linspace(-12, 12, 201))
    log_scale = scale.log_scale(raw).numpy()
    assert np.all(np.diff(log_scale) >= 0)
    assert np.all(np.diff(log_scale)[90:110] > 0)
    if isinstance(scale, TanhScale):
        assert np.max(np.abs(log_scale)) <= scale.bound
    if isinstance(scale, SigmoidScale):
        assert np.max(log_scale) <= math.log(scale.max_scale)


def test_near_zero_a_tanh_scale_is_its_raw_number():
    raw = tf.constant(1e-4, tf.float64)
    for bound in (0.1, 2.0, 50.0):
        assert float(TanhScale(bound).log_scale(raw)) == pytest.approx(1e-4, rel=1e-6)


@pytest.mark.parametrize("transform", ALL, ids=str)
def test_inverse_undoes_forward(transform):
    z, raw = some_values(), some_raw(transform)
    x, log_slope = transform.forward_and_log_det(z, raw)
    back, back_slope = transform.inverse_and_log_det(x, raw)
    np.testing.assert_allclose(back, z, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(back_slope, -log_slope, rtol=1e-12)
    assert log_slope.shape == x.shape == z.shape


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=lambda d: d.name)
@pytest.mark.parametrize("transform", BOUNDED, ids=str)
def test_raw_numbers_of_any_size_give_finite_results(transform, dtype):
    raw = tf.constant(np.linspace(-1e4, 1e4, 2 * transform.num_params), dtype)
    values = tf.constant([-30.0, 0.7], dtype)
    with tf.GradientTape() as tape:
        tape.watch([raw, values])
        z, log_slope = transform.inverse_and_log_det(values, raw)
        x, _ = transform.forward_and_log_det(z, raw)
        total = tf.reduce_sum(x) + tf.reduce_sum(z) + tf.reduce_sum(log_slope)
    for result in (z, log_slope, x, *tape.gradient(total, [raw, values])):
        assert np.all(np.isfinite(result))
    # What is lost is the rounding of a shift by 1e4.
    np.testing.assert_allclose(x, values, atol=1e4 * np.finfo(dtype.as_numpy_dtype).eps * 4)


@pytest.mark.parametrize("transform", [Affine(SigmoidScale()), Affine(SigmoidScale(0.0, 2.0))])
def test_sigmoid_scales_are_finite_on_the_side_of_densities(transform):
    raw = tf.constant([5.0, -5.0, -1e4, 1e4], tf.float32)
    values = tf.constant([3.0, -2.0])
    with tf.GradientTape() as tape:
        tape.watch([raw, values])
        z, log_slope = transform.inverse_and_log_det(values, raw)
        total = tf.reduce_sum(z) + tf.reduce_sum(log_slope)
    for result in (z, log_slope, *tape.gradient(total, [raw, values])):
        assert np.all(np.isfinite(result))


@pytest.mark.parametrize("transform", ALL, ids=str)
def test_log_slopes_are_those_of_autodiff(transform):
    values, raw = some_values(), some_raw(transform)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        with tf.GradientTape() as tape:
            tape.watch(values)
            result, log_slope = method(values, raw)
        slope = tape.gradient(result, values)
        assert np.all(slope.numpy() > 0)
        np.testing.assert_allclose(log_slope, np.log(slope), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("transform", ALL, ids=str)
def test_parameter_k_of_channel_c_stands_at_k_times_channels_plus_c(transform):
    num_channels = 3
    values, raw = some_values(num_channels), some_raw(transform, num_channels)
    together, slopes = transform.inverse_and_log_det(values, raw)
    for c in range(num_channels):
        own = tf.gather(raw, [k * num_channels + c for k in range(transform.num_params)], axis=-1)
        alone, slope = transform.inverse_and_log_det(values[:, c : c + 1], own)
        np.testing.assert_allclose(together[:, c], alone[:, 0], rtol=1e-14)
        np.testing.assert_allclose(slopes[:, c], slope[:, 0], rtol=1e-14)


@pytest.mark.parametrize("transform", ALL, ids=str)
def test_parameters_are_shared_by_broadcasting(transform):
    values, raw = some_values(batch=(4, 5)), some_raw(transform, batch=(5,))
    shared = transform.inverse_and_log_det(values, raw)
    spread = transform.inverse_and_log_det(values, tf.broadcast_to(raw, [4, *raw.shape]))
    for ours, theirs in zip(shared, spread, strict=True):
        np.testing.assert_allclose(tf.broadcast_to(ours, theirs.shape), theirs, rtol=1e-14)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64, tf.float16], ids=lambda d: d.name)
@pytest.mark.parametrize("transform", ALL, ids=str)
def test_results_have_the_dtype_of_the_values(transform, dtype):
    values, raw = tf.cast(some_values(), dtype), tf.cast(some_raw(transform), dtype)
    for method in (transform.inverse_and_log_det, transform.forward_and_log_det):
        assert [part.dtype for part in method(values, raw)] == [dtype, dtype]


@pytest.mark.parametrize("transform", ALL, ids=str)
def test_transforms_are_frozen_hashable_and_equal_by_value(transform):
    twin = dataclasses.replace(transform)
    assert twin == transform
    assert hash(twin) == hash(transform)
    assert transform != (Additive() if isinstance(transform, Affine) else Affine())
    with pytest.raises(dataclasses.FrozenInstanceError):
        transform.scale = ExpScale()


def test_transforms_with_other_scales_differ():
    assert len(set(ALL)) == len(ALL)
    assert Affine(TanhScale(1.0)) != Affine(TanhScale(2.0))


@pytest.mark.parametrize("bound", [0.0, -1.0, math.inf, math.nan])
def test_bounds_are_positive_and_finite(bound):
    with pytest.raises(ValueError, match=f"`bound` must be at least 1e-4 and finite; got {bound}"):
        TanhScale(bound)


@pytest.mark.parametrize("max_scale", [0.0, -1.0, math.inf, math.nan])
def test_largest_scales_are_positive_and_finite(max_scale):
    wanted = f"`max_scale` must be positive and finite; got {max_scale}"
    with pytest.raises(ValueError, match=wanted):
        SigmoidScale(max_scale=max_scale)


@pytest.mark.parametrize("base", [ScalarTransform, ScaleMap])
def test_the_base_classes_make_nothing(base):
    with pytest.raises(TypeError, match="abstract"):
        base()


@pytest.mark.parametrize("scale", [2.0, TanhScale])
def test_affine_refuses_what_is_no_scale_map(scale):
    with pytest.raises(TypeError, match="`scale` must be a ScaleMap; got"):
        Affine(scale)
