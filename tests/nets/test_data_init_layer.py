"""DataInitConv2D: what it computes, and how it is made and saved."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import DataInitConv2D

both = pytest.mark.parametrize("weight_norm", [False, True])
sizes = pytest.mark.parametrize("kernel_size", [1, 3])


def _x(*shape, dtype="float32", seed=0):
    # Images far from standard, so that what sets a layer has something to do.
    return (3.0 + 2.0 * np.random.default_rng(seed).normal(size=shape)).astype(dtype)


def _layer(kernel_size=3, filters=4, channels=3, **kwargs):
    layer = DataInitConv2D(filters, kernel_size, **kwargs)
    layer.build((None, None, None, channels))
    return layer


def _literal(x, weights, *rest):
    """The released code: of W and b, or of V, g and b."""
    if len(rest) == 2:
        weights = rest[0] * tf.nn.l2_normalize(weights, [0, 1, 2])
    return tf.nn.bias_add(tf.nn.conv2d(x, weights, 1, "SAME"), rest[-1])


@both
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_it_is_the_literal_layer_with_its_gradients(kernel_size, weight_norm):
    layer = _layer(kernel_size, weight_norm=weight_norm, dtype="float64")
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    x = tf.constant(_x(2, 6, 5, 3, dtype="float64"))
    variables = [v.value for v in layer.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, theirs = layer(x), _literal(x, *variables)
        losses = [tf.reduce_sum(tf.sin(y)) for y in (ours, theirs)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)
    gradients = [tape.gradient(loss, [x, *variables]) for loss in losses]
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8)


@both
def test_variables_and_their_starts(weight_norm):
    layer = _layer(3, filters=64, channels=64, weight_norm=weight_norm)
    names = ["direction", "gain", "bias"] if weight_norm else ["kernel", "bias"]
    assert [v.name for v in layer.trainable_variables] == names
    assert [(v.name, v.dtype) for v in layer.non_trainable_variables] == [("initialized", "bool")]
    weights = layer.trainable_variables[0].numpy()
    assert abs(weights.mean()) < 1e-3
    assert weights.std() == pytest.approx(0.05, rel=0.02)
    np.testing.assert_array_equal(layer.bias, np.zeros(64))
    if weight_norm:
        np.testing.assert_array_equal(layer.gain, np.ones(64))


@both
@sizes
def test_mixed_precision_rounds_once(kernel_size, weight_norm):
    layer = _layer(kernel_size, weight_norm=weight_norm, dtype="mixed_bfloat16")
    assert {v.dtype for v in layer.trainable_variables} == {"float32"}
    x = tf.cast(_x(2, 6, 5, 3), "bfloat16")
    wanted = _literal(tf.cast(x, "float32"), *(v.value for v in layer.trainable_variables))
    assert layer(x).dtype == "bfloat16"
    np.testing.assert_allclose(tf.cast(layer(x), "float32"), wanted, rtol=0.02, atol=0.02)


@both
def test_unknown_sizes_and_empty_batches(weight_norm):
    for kernel_size in (1, 3):
        layer, x = _layer(kernel_size, weight_norm=weight_norm), tf.constant(_x(2, 6, 5, 3))
        call = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 3])])
        np.testing.assert_allclose(call(x), layer(x), rtol=1e-4, atol=1e-5)
    # TensorFlow's convolutions on CPUs give empty batches the wrong shape.
    layer = _layer(1, weight_norm=weight_norm)
    call = tf.function(layer, input_signature=[tf.TensorSpec([None, 6, 5, 3])])
    assert layer(x[:0]).shape == call(x[:0]).shape == (0, 6, 5, 4)


# Keras 3.15 gives NumPy 2 its variables in the old way.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_layer_of_its_own_is_saved(tmp_path):
    inputs = keras.Input((6, 5, 3))
    layer = DataInitConv2D(4, 3, init_scale=0.1, weight_norm=True, dtype="float64")
    model, x = keras.Model(inputs, layer(inputs)), _x(2, 6, 5, 3)
    with phases.initializing():
        layer(x)
    model.save(tmp_path / "model.keras")
    other = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(other(x), model(x))
    assert other.layers[-1].get_config() == layer.get_config()
    assert layer.compute_output_shape((None, 6, 5, 3)) == (None, 6, 5, 4)


@pytest.mark.parametrize(
    ("error", "message", "kwargs"),
    [
        (ValueError, "`filters` must be an integer of at least 1; got 0.", {"filters": 0}),
        (ValueError, "`kernel_size` must be odd; got 4.", {"kernel_size": 4}),
        (ValueError, "`init_scale` must be positive; got 0.", {"init_scale": 0}),
        (TypeError, "`init_scale` must be a number; got '3'.", {"init_scale": "3"}),
        (TypeError, "`weight_norm` must be a bool; got 1.", {"weight_norm": 1}),
    ],
)
def test_bad_arguments(error, message, kwargs):
    with pytest.raises(error) as caught:
        DataInitConv2D(**{"filters": 4, "kernel_size": 3} | kwargs)
    assert str(caught.value) == message
