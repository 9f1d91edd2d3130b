"""w = g * v / ||v||."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.nets import WeightNormConv2D, WeightNormDense, weight_norm

CASES = {
    "dense": (WeightNormDense, keras.layers.Dense, (4,), {}, (5, 3)),
    "conv": (WeightNormConv2D, keras.layers.Conv2D, (4, 3), {"padding": "same"}, (2, 6, 6, 3)),
}
both = pytest.mark.parametrize("case", CASES)


def _layer(case, *, plain=False, **kwargs):
    normed, other, args, other_kwargs, shape = CASES[case]
    keras.utils.set_random_seed(3)
    layer = other(*args, **other_kwargs, **kwargs) if plain else normed(*args, **kwargs)
    layer.build((None, *shape[1:]))
    return layer


def _x(case):
    return np.random.default_rng(0).normal(size=CASES[case][-1])


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_starts_as_the_plain_layer(case, dtype):
    x = _x(case).astype(dtype)
    ours = _layer(case, activation="tanh", dtype=dtype)
    theirs = _layer(case, plain=True, activation="tanh", dtype=dtype)
    np.testing.assert_allclose(ours.kernel, theirs.kernel, rtol=1e-5)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-6)
    assert ours(x).dtype == dtype
    assert ours.compute_output_shape(x.shape) == tuple(ours(x).shape)


@both
def test_gain_is_the_norm_and_direction_only_a_direction(case):
    layer = _layer(case)
    before = layer.kernel
    layer.direction.assign(7.0 * layer.direction)
    np.testing.assert_allclose(layer.kernel, before, rtol=1e-5)
    layer.gain.assign([1.0, 2.0, 3.0, -4.0])
    norms = np.linalg.norm(np.reshape(layer.kernel, [-1, 4]), axis=0)
    np.testing.assert_allclose(norms, [1.0, 2.0, 3.0, 4.0], rtol=1e-5)


@both
def test_gradient_is_orthogonal_to_the_direction(case):
    layer = _layer(case)
    variables = [layer.direction.value, layer.gain.value, layer.bias.value]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(_x(case))))
    direction, gain, bias = tape.gradient(loss, variables)
    along = tf.reduce_sum(direction * variables[0])
    assert abs(along) < 1e-4 * tf.norm(direction) * tf.norm(variables[0])
    assert min(tf.norm(direction), tf.norm(gain), tf.norm(bias)) > 0


@both
@pytest.mark.parametrize(("dtype", "stored"), [("mixed_bfloat16", "float32"), ("bfloat16",) * 2])
def test_norm_is_float32_at_lower_precision(case, dtype, stored, monkeypatch):
    layer = _layer(case, dtype=dtype)
    seen = []
    square_norm = weight_norm.square_norm
    spy = lambda direction: seen.append(square_norm(direction)) or seen[-1]  # noqa: E731
    monkeypatch.setattr(weight_norm, "square_norm", spy)
    assert layer(_x(case)).dtype == "bfloat16"
    assert layer.direction.dtype == layer.gain.dtype == stored
    exact = np.sum(np.reshape(tf.cast(layer.direction.value, "float64"), [-1, 4]) ** 2, axis=0)
    assert seen[0].dtype == "float32"
    np.testing.assert_allclose(seen[0], exact, rtol=1e-6)


def test_no_direction_is_no_nan():
    layer = _layer("dense")
    layer.direction.assign(np.zeros([3, 4]))
    np.testing.assert_array_equal(layer(_x("dense")), np.zeros([5, 4]))


def test_other_starts():
    layer = WeightNormConv2D(
        4,
        3,
        use_bias=False,
        kernel_initializer=keras.initializers.RandomUniform(2.0, 3.0),
        gain_initializer=keras.initializers.Constant(0.5),
        gain_regularizer=keras.regularizers.L2(3.0),
    )
    layer.build((None, 6, 6, 3))
    assert [v.name for v in layer.variables] == ["direction", "gain"]
    assert 2.0 <= layer.direction.numpy().min() <= layer.direction.numpy().max() <= 3.0
    norms = np.linalg.norm(np.reshape(layer.kernel, [-1, 4]), axis=0)
    np.testing.assert_allclose(norms, np.full(4, 0.5), rtol=1e-5)
    np.testing.assert_allclose(layer.losses, [3.0 * 4 * 0.25])
    np.testing.assert_array_equal(layer(np.zeros([2, 6, 6, 3])), np.zeros([2, 6, 6, 4]))


def test_without_gain_kernels_have_length_one():
    layer = WeightNormConv2D(4, 3, use_gain=False)
    layer.build((None, 6, 6, 3))
    assert [v.name for v in layer.variables] == ["direction", "bias"]
    norms = np.linalg.norm(np.reshape(layer.kernel, [-1, 4]), axis=0)
    np.testing.assert_allclose(norms, np.ones(4), rtol=1e-5)
