"""Actnorm is set once, by the first batch."""

import math
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, training
from tfp_flows.phases import initializing
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject, scrambled

tfb, tfd = tfp.bijectors, tfp.distributions
SHAPE = (4, 2, 3)


def data(n=50, shape=SHAPE, dtype=tf.float64):
    x = np.random.default_rng(0).normal(size=(n, *shape))
    return tf.constant(x * [0.01, 1.0, 30.0] + [5.0, -3.0, 100.0], dtype)


def axes(event_shape):
    return tuple(range(4 - len(event_shape)))


def state(layer):
    return [v.numpy() for v in (layer._shift, layer._log_scale, layer._initialized)]


def set_by(layer, x, direction="inverse"):
    with initializing():
        return getattr(layer, direction)(x)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("factor", [1.0, 3.0])
@pytest.mark.parametrize("event_shape", [(3,), (2, 3), SHAPE], ids=str)
def test_first_batch_has_mean_0_and_deviation_1(event_shape, factor, dtype):
    layer = bijectors.ActNorm(event_shape, log_scale_factor=factor, dtype=dtype)
    x = data(dtype=dtype)
    z = set_by(layer, x).numpy()
    atol = 1e-3 if dtype == tf.float32 else 1e-11
    np.testing.assert_allclose(z.mean(axes(event_shape)), np.zeros(event_shape), atol=atol)
    np.testing.assert_allclose(z.std(axes(event_shape)), np.ones(event_shape), atol=atol)
    np.testing.assert_array_equal(layer.inverse(tf.identity(x)), z)
    assert bool(layer._initialized)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_turned_round_the_data_come_forward(factor, dtype):
    inner = bijectors.ActNorm((3,), log_scale_factor=factor, dtype=dtype)
    layer = tfb.Invert(inner)
    z = set_by(layer, data(dtype=dtype)).numpy()
    atol = 1e-3 if dtype == tf.float32 else 1e-11
    np.testing.assert_allclose(z.mean((0, 1, 2)), np.zeros(3), atol=atol)
    np.testing.assert_allclose(z.std((0, 1, 2)), np.ones(3), atol=atol)


def test_initialized_forward_under_an_inverted_layer():
    layer = bijectors.ActNorm((3,), log_scale_factor=3.0, dtype=tf.float64)
    z = set_by(layer, data(), "forward").numpy()
    np.testing.assert_allclose(z.mean((0, 1, 2)), np.zeros(3), atol=1e-11)
    np.testing.assert_allclose(z.std((0, 1, 2)), np.ones(3), atol=1e-11)


def test_variables_hold_the_statistics():
    layer = bijectors.ActNorm((3,), log_scale_factor=3.0, dtype=tf.float64)
    x = data().numpy()
    set_by(layer, tf.constant(x))
    np.testing.assert_allclose(layer._shift, -x.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(layer._log_scale, np.log(1 / x.std((0, 1, 2))) / 3, rtol=1e-12)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_log_det_is_that_of_all_pixels(factor):
    layer = bijectors.ActNorm((3,), log_scale_factor=factor, dtype=tf.float64)
    with scrambled(layer, scale=0.5, seed=1):
        wanted = factor * 4 * 2 * np.sum(layer._log_scale)
        for sign, direction in [(1, "inverse"), (-1, "forward")]:
            log_det = getattr(layer, f"{direction}_log_det_jacobian")(data(), event_ndims=3)
            np.testing.assert_allclose(log_det, sign * wanted * np.ones(log_det.shape), rtol=1e-12)
        assert values.log_det_against_autodiff(Subject(layer, data(3), 3)) < 1e-9


@pytest.mark.parametrize("direction", ["inverse", "forward"])
def test_a_second_batch_changes_nothing(direction):
    layer = bijectors.ActNorm((3,), dtype=tf.float64)
    set_by(layer, data(), direction)
    before = state(layer)
    for again in ("inverse", "forward"):
        set_by(layer, 7 * data() + 3, again)
    for a, b in zip(state(layer), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_nothing_is_set_outside_of_the_phase():
    layer, x = bijectors.ActNorm((3,), dtype=tf.float64), data()
    np.testing.assert_array_equal(layer.inverse(x), x)
    layer.forward(tf.identity(x))
    assert not bool(layer._initialized)
    np.testing.assert_array_equal(layer._shift, np.zeros(3))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e4])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_a_constant_channel_keeps_its_scale(value, dtype):
    layer = bijectors.ActNorm((3,), dtype=dtype, name="mine")
    x = data(dtype=dtype).numpy()
    x[..., 1] = value
    with pytest.warns(UserWarning, match=r"`mine` .* constant in the channels \[1\]: their scale"):
        z = set_by(layer, tf.constant(x)).numpy()
    assert np.isfinite(z).all()
    assert layer._log_scale[1] == 0
    np.testing.assert_allclose(z[..., 1], 0, atol=1e-2 if dtype == tf.float32 else 1e-10)
    np.testing.assert_allclose(z[..., 2].std(), 1, rtol=1e-5)


def test_a_batch_of_one():
    layer = bijectors.ActNorm(SHAPE, dtype=tf.float64)
    with pytest.warns(UserWarning, match=r"\[\(0, 0, 0\), \(0, 0, 1\).* and 4 more: their scale"):
        z = set_by(layer, data(1))
    np.testing.assert_array_equal(z, np.zeros([1, *SHAPE]))
    np.testing.assert_array_equal(layer._log_scale, np.zeros(SHAPE))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_small_and_large_channels_are_no_constants(scale):
    layer = bijectors.ActNorm((3,), dtype=tf.float64)
    x = tf.constant(scale * np.random.default_rng(0).normal(size=(100, 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        z = set_by(layer, x).numpy()
    np.testing.assert_allclose(z.std(0), np.ones(3), rtol=1e-9)


def test_a_variance_beyond_the_dtype_leaves_the_layer_finite():
    layer = bijectors.ActNorm((2,))
    x = tf.constant([[3e19, 3e19], [-1e19, 3e19]])
    with pytest.warns(UserWarning, match=r"constant in the channels \[1\]"):
        z = set_by(layer, x).numpy()
    assert np.isfinite(layer._log_scale).all()
    np.testing.assert_allclose(z[:, 0], [1, -1], rtol=0.2)


def flow():
    layer = bijectors.ActNorm((3,), name="kept")
    return tfd.TransformedDistribution(distributions.standard_normal((3,)), layer)


def restored(model, tmp_path, kind):
    fresh = training.FlowModel(flow())
    if kind == "weights":
        model.save_weights(tmp_path / "m.weights.h5")
        fresh.load_weights(tmp_path / "m.weights.h5")
    elif kind == "checkpoint":
        path = tf.train.Checkpoint(model=model).save(str(tmp_path / "m"))
        tf.train.Checkpoint(model=fresh).restore(path).assert_existing_objects_matched()
    else:
        path = tf.train.Checkpoint(flow=model.distribution).save(str(tmp_path / "m"))
        checkpoint = tf.train.Checkpoint(flow=fresh.distribution)
        checkpoint.restore(path).assert_existing_objects_matched()
    return fresh


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
@pytest.mark.parametrize("kind", ["weights", "checkpoint", "checkpoint of the flow"])
def test_restored_layers_stay_as_they_are(tmp_path, kind):
    keras.utils.set_random_seed(0)
    model, x = training.FlowModel(flow()), tf.random.normal([100, 3], 5.0, 3.0)
    training.initialize(model.distribution, x)
    fresh = restored(model, tmp_path, kind)
    layer = fresh.distribution.bijector
    assert bool(layer._initialized)
    training.initialize(fresh.distribution, 2 * x)
    for a, b in zip(state(layer), state(model.distribution.bijector), strict=True):
        np.testing.assert_array_equal(a, b)
    assert math.isclose(float(layer._shift[0]), -float(tf.reduce_mean(x[:, 0])), rel_tol=1e-5)


@pytest.mark.parametrize("factor", [0, -1, float("nan")])
def test_bad_arguments(factor):
    with pytest.raises(ValueError, match="`log_scale_factor` must be positive; got"):
        bijectors.ActNorm((3,), log_scale_factor=factor)
    with pytest.raises(ValueError, match=r"`event_shape` must have rank 1 or more; got \(\)"):
        bijectors.ActNorm(())
    with pytest.raises(ValueError, match=r"must be given events of shape \(3,\); got \(5, 4\)"):
        bijectors.ActNorm((3,)).inverse(tf.ones([5, 4]))
