import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.data import bin_width, dequantize, quantize
from tfp_flows.data.scaling import bin_edges

LEVELS = [2, 3, 17, 49, 255, 256, 65536]
ALMOST_ONE = np.nextafter(np.float32(1), np.float32(0))


def all_levels(num_levels):
    dtype = np.uint8 if num_levels <= 256 else np.uint16
    return np.arange(num_levels).astype(dtype)


def freeze_noise(monkeypatch, u):
    monkeypatch.setattr(tf.random, "uniform", lambda shape: tf.fill(shape, np.float32(u)))


def test_covers_the_unit_interval_uniformly():
    images = np.tile(all_levels(256), 1000)
    y = dequantize(images, 256, seed=[1, 2]).numpy()
    # Bins that are no multiple of a level, so that each one needs the noise to be right.
    counts, _ = np.histogram(y, bins=1000, range=(0.0, 1.0))
    expected = len(images) / 1000
    # Each level holds exactly 1000, so the statistic is below a chi-square of 999 degrees.
    assert np.sum((counts - expected) ** 2 / expected) < 1150


def test_noise_fills_a_level_uniformly():
    y = dequantize(np.full(100_000, 5, np.uint8), 17, seed=[3, 4]).numpy()
    counts, _ = np.histogram(y * 17 - 5, bins=100, range=(0.0, 1.0))
    assert counts.sum() == 100_000
    # 99.99 % quantile of chi-square with 99 degrees of freedom.
    assert np.sum((counts - 1000.0) ** 2 / 1000) < 161


@pytest.mark.parametrize("num_levels", LEVELS)
@pytest.mark.parametrize("u", [0.0, 1 - 2.0**-23, ALMOST_ONE])
@pytest.mark.parametrize("compiled", [False, True])
def test_never_reaches_an_edge(monkeypatch, num_levels, u, compiled):
    freeze_noise(monkeypatch, u)
    images = tf.constant(all_levels(num_levels))
    y = tf.function(lambda x: dequantize(x, num_levels), jit_compile=compiled)(images)
    assert float(tf.reduce_max(y)) < 1.0
    assert float(tf.reduce_min(y)) > 0.0
    np.testing.assert_array_equal(quantize(y, num_levels), images)


@pytest.mark.parametrize("num_levels", LEVELS)
@pytest.mark.parametrize("u", [0.0, ALMOST_ONE])
@pytest.mark.parametrize("scaling", ["centered", "symmetric", "integers"])
def test_other_scalings_do_not_leave_the_level(monkeypatch, num_levels, u, scaling):
    freeze_noise(monkeypatch, u)
    images = tf.constant(all_levels(num_levels))
    compiled = tf.function(lambda x: dequantize(x, num_levels, scaling=scaling), jit_compile=True)
    y = compiled(images)
    np.testing.assert_array_equal(quantize(y, num_levels, scaling=scaling), images)


@pytest.mark.parametrize("num_levels", LEVELS)
def test_quantize_undoes_dequantize(num_levels):
    images = np.random.default_rng(0).permutation(np.tile(all_levels(num_levels), 3))
    y = dequantize(images, num_levels, seed=[5, 6])
    np.testing.assert_array_equal(quantize(y, num_levels), images)


@pytest.mark.parametrize("num_levels", LEVELS)
def test_quantize_takes_edges_to_the_level_that_they_begin(num_levels):
    k = np.arange(num_levels)
    edges = (k / num_levels).astype(np.float32)
    np.testing.assert_array_equal(quantize(edges, num_levels), k)
    below = np.nextafter(edges[1:], np.float32(0))
    np.testing.assert_array_equal(quantize(below, num_levels), k[:-1])


def test_quantize_clips():
    y = [-np.inf, -3.0, -1e-9, 1.0, 7.0, np.inf]
    assert quantize(y, 256).numpy().tolist() == [0, 0, 0, 255, 255, 255]


def test_quantize_is_the_floor_away_from_edges():
    y = np.random.default_rng(1).random((50, 8, 8, 1))
    np.testing.assert_array_equal(quantize(y, 17), np.floor(y * 17))


@pytest.mark.parametrize(("num_levels", "dtype"), [(256, tf.uint8), (257, tf.int32)])
def test_quantize_gives_the_dtype_that_holds_the_levels(num_levels, dtype):
    assert quantize([0.999999], num_levels).dtype == dtype
    assert int(quantize([0.999999], num_levels)[0]) == num_levels - 1


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint32", "int64", "uint64"])
def test_takes_each_integer_dtype(dtype):
    images = np.array([[0, 3], [16, 9]], dtype)
    in_graph = tf.function(lambda x: dequantize(x, 17, seed=[1, 1]))
    y = dequantize(images, 17, seed=[1, 1])
    assert y.dtype == tf.float32
    np.testing.assert_array_equal(quantize(y, 17), images)
    np.testing.assert_array_equal(in_graph(tf.constant(images)), y)


def test_takes_empty_images():
    images = np.zeros((0, 8, 8, 1), np.uint8)
    assert dequantize(images, 256).shape == (0, 8, 8, 1)
    in_graph = tf.function(lambda x: dequantize(x, 17))
    assert in_graph(tf.constant(images)).shape == (0, 8, 8, 1)


def test_same_seed_gives_same_noise():
    images = np.zeros((4, 8, 8, 1), np.uint8)
    first, again, other = (dequantize(images, 17, seed=[0, s]).numpy() for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.mean(first == other) < 0.01


def test_without_a_seed_each_call_has_new_noise():
    images = np.zeros((4, 8, 8, 1), np.uint8)
    in_graph = tf.function(lambda: dequantize(images, 17))
    assert np.mean(dequantize(images, 17).numpy() == dequantize(images, 17).numpy()) < 0.01
    assert np.mean(in_graph().numpy() == in_graph().numpy()) < 0.01


def test_maps_over_a_dataset_with_static_shapes():
    images = np.full((3, 8, 8, 1), 16, np.uint8)
    dataset = tf.data.Dataset.from_tensor_slices(images).batch(2)
    noisy = dataset.map(lambda x: dequantize(x, 17))
    levels = noisy.map(lambda y: quantize(y, 17))
    assert noisy.element_spec == tf.TensorSpec([None, 8, 8, 1], tf.float32)
    assert levels.element_spec == tf.TensorSpec([None, 8, 8, 1], tf.uint8)
    np.testing.assert_array_equal(np.concatenate(list(levels.as_numpy_iterator())), images)


@pytest.mark.parametrize("num_levels", [2, 17, 256])
def test_bin_width_is_the_distance_of_levels(num_levels):
    np.testing.assert_allclose(np.diff(bin_edges(num_levels)), bin_width(num_levels), rtol=1e-4)
