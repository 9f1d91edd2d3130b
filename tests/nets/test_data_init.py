"""DataInitConv2D: how a first batch sets it."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import DataInitConv2D

RUNS = {
    "eager": lambda f: f,
    "graph": tf.function,
    "xla": lambda f: tf.function(f, jit_compile=True),
}
both = pytest.mark.parametrize("weight_norm", [False, True])
sizes = pytest.mark.parametrize("kernel_size", [1, 3])


def _x(*shape, dtype="float32", seed=0):
    # Images far from standard, so that what sets a layer has something to do.
    return (3.0 + 2.0 * np.random.default_rng(seed).normal(size=shape)).astype(dtype)


def _layer(kernel_size=3, filters=4, channels=3, **kwargs):
    layer = DataInitConv2D(filters, kernel_size, **kwargs)
    layer.build((None, None, None, channels))
    return layer


def _initialize(layer, x, run="eager"):
    def call(x):
        with phases.initializing():
            return layer(x)

    return RUNS[run](call)(tf.constant(x))


def _literal(x, weights, *rest):
    """The released code: of W and b, or of V, g and b."""
    if len(rest) == 2:
        weights = rest[0] * tf.nn.l2_normalize(weights, [0, 1, 2])
    return tf.nn.bias_add(tf.nn.conv2d(x, weights, 1, "SAME"), rest[-1])


@both
@sizes
@pytest.mark.parametrize("run", RUNS)
def test_first_batch_sets_mean_and_standard_deviation(run, kernel_size, weight_norm):
    layer = _layer(kernel_size, init_scale=0.1, weight_norm=weight_norm)
    before = layer.trainable_variables[0].numpy()
    x = _x(8, 6, 5, 3)
    y = _initialize(layer, x, run)
    assert layer.initialized.numpy()
    np.testing.assert_allclose(y, layer(x), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.mean(y, (0, 1, 2)), 0.0, atol=1e-6)
    np.testing.assert_allclose(np.std(y, (0, 1, 2)), 0.1, rtol=1e-4)
    if weight_norm:
        np.testing.assert_array_equal(layer.direction, before)
    else:
        ratio = layer.kernel.numpy() / before
        np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0, 0, 0], ratio.shape), rtol=1e-4)


@both
def test_values_are_those_of_the_released_code(weight_norm):
    layer = _layer(init_scale=0.3, weight_norm=weight_norm, dtype="float64")
    x = _x(8, 6, 5, 3, dtype="float64")
    before = [v.numpy() for v in layer.trainable_variables]
    raw = _literal(x, *before).numpy()
    scale = 0.3 / np.sqrt(raw.var((0, 1, 2)) + 1e-8)
    _initialize(layer, x)
    np.testing.assert_allclose(layer.bias, -raw.mean((0, 1, 2)) * scale, rtol=1e-10)
    scaled = layer.gain if weight_norm else layer.kernel
    np.testing.assert_allclose(scaled, before[-2] * scale, rtol=1e-10)


@both
@pytest.mark.parametrize("run", RUNS)
def test_only_the_first_batch_counts(run, weight_norm):
    layer = _layer(weight_norm=weight_norm)
    _initialize(layer, _x(8, 6, 5, 3), run)
    before = layer.get_weights()
    _initialize(layer, 7.0 * _x(8, 6, 5, 3, seed=5), run)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@both
def test_nothing_happens_outside_of_the_phase(weight_norm):
    layer = _layer(weight_norm=weight_norm)
    before = layer.get_weights()
    layer(_x(8, 6, 5, 3))
    with phases.training():
        layer(_x(8, 6, 5, 3), training=True)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@both
def test_the_flag_is_saved(weight_norm, tmp_path):
    layer, x = _layer(weight_norm=weight_norm), _x(8, 6, 5, 3)
    _initialize(layer, x)
    tf.train.Checkpoint(layer=layer).write(str(tmp_path / "layer"))
    other = _layer(weight_norm=weight_norm)
    tf.train.Checkpoint(layer=other).read(str(tmp_path / "layer")).assert_consumed()
    assert other.initialized.numpy()
    np.testing.assert_array_equal(_initialize(other, 9.0 * x), layer(9.0 * x))


@both
def test_constant_channels_count_as_of_standard_deviation_1(weight_norm):
    layer = _layer(1, weight_norm=weight_norm)
    weights = layer.trainable_variables[0].numpy()
    weights[..., 1] = 0.0  # Constant, and 0.
    weights[0, 0, :, 2] = [0.1, 0.0, 0.0]  # Constant up to rounding, and not 0.
    layer.trainable_variables[0].assign(weights)
    x = _x(8, 6, 5, 3)
    noise = np.random.default_rng(0).integers(2, size=x.shape[:3])
    x[..., 0] = 1e4 + np.spacing(np.float32(1e4)) * noise
    scaled = layer.gain if weight_norm else layer.kernel
    before = scaled.numpy()
    y = _initialize(layer, x)
    np.testing.assert_allclose(np.asarray(y)[..., 1:3], 0.0, atol=1e-2)
    np.testing.assert_allclose(scaled.numpy()[..., 1:3], before[..., 1:3], rtol=1e-6)
    assert np.abs(scaled.numpy() - before)[..., 3].max() > 1e-3


@both
@pytest.mark.parametrize("dtype", ["float32", "float64", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("x", [_x(1, 1, 1, 3), _x(1, 6, 5, 3), np.zeros([1, 4, 4, 3], "float32")])
def test_one_event_is_enough_to_stay_finite(x, dtype, weight_norm):
    layer = _layer(weight_norm=weight_norm, dtype=dtype)
    assert np.isfinite(tf.cast(_initialize(layer, x), "float64")).all()
    assert all(np.isfinite(v.numpy()).all() for v in layer.trainable_variables)


@both
def test_replicas_see_the_whole_batch(weight_norm, strategy):
    with strategy.scope():
        layer = _layer(weight_norm=weight_norm)
    x = _x(8, 6, 5, 3) + np.repeat([0.0, 5.0], 4).astype("float32")[:, None, None, None]

    def run():
        half = tf.distribute.get_replica_context().replica_id_in_sync_group
        with phases.initializing():
            return layer(tf.reshape(tf.constant(x), [2, 4, 6, 5, 3])[half])

    def joined():
        return tf.concat(strategy.experimental_local_results(strategy.run(run)), axis=0)

    y = tf.function(joined)()
    assert layer.initialized.numpy()
    np.testing.assert_allclose(np.mean(y, (0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.std(y, (0, 1, 2)), 1.0, rtol=1e-4)
