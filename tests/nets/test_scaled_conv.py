"""ScaledConv2D: what it computes, and how a first batch sets it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import ScaledConv2D

RUNS = {
    "eager": lambda f: f,
    "graph": tf.function,
    "xla": lambda f: tf.function(f, jit_compile=True),
}


def _x(*shape, dtype="float32", seed=0):
    # Images far from standard, so that what sets a layer has something to do.
    return (3.0 + 2.0 * np.random.default_rng(seed).normal(size=shape)).astype(dtype)


def _layer(kernel_size=3, filters=4, channels=3, **kwargs):
    layer = ScaledConv2D(filters, kernel_size, **kwargs)
    layer.build((None, None, None, channels))
    return layer


def _scrambled(layer):
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))
    return layer


def _initialize(layer, x, run="eager"):
    def call(x):
        with phases.initializing():
            return layer(x)

    return RUNS[run](call)(tf.constant(x))


def _literal(layer, x, kernel, bias, log_scale):
    """The released code, line by line."""
    pad = layer.kernel_size // 2
    if layer.edge and pad:
        x = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
        plane = np.ones(x.shape[:3], x.dtype.as_numpy_dtype)
        plane[:, pad:-pad, pad:-pad] = 0.0
        x = tf.concat([x, plane[..., np.newaxis]], axis=3)
        y = tf.nn.conv2d(x, kernel, 1, "VALID")
    else:
        y = tf.nn.conv2d(x, kernel, 1, "SAME")
    return (y + bias) * tf.exp(log_scale * 3.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("edge", [False, True])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_it_is_the_literal_layer_with_its_gradients(kernel_size, edge, dtype):
    layer = _scrambled(_layer(kernel_size, edge=edge, dtype=dtype))
    x = tf.constant(_x(2, 6, 5, 3, dtype=dtype))
    variables = [layer.kernel.value, layer.bias.value, layer.log_scale.value]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours, theirs = layer(x), _literal(layer, x, *variables)
        losses = [tf.reduce_sum(tf.sin(y)) for y in (ours, theirs)]
    tolerance = 2e-4 if dtype == "float32" else 1e-11
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    gradients = [tape.gradient(loss, [x, *variables]) for loss in losses]
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=10 * tolerance, atol=20 * tolerance)


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 3)])
def test_edge_of_small_images(size):
    layer = _scrambled(_layer(edge=True))
    x = tf.constant(_x(2, *size, 3))
    wanted = _literal(layer, x, layer.kernel.value, layer.bias.value, layer.log_scale.value)
    np.testing.assert_allclose(layer(x), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("run", ["graph", "xla"])
def test_unknown_sizes_and_xla(run):
    layer, x = _scrambled(_layer(edge=True)), tf.constant(_x(2, 6, 5, 3))
    call = RUNS[run](layer)
    np.testing.assert_allclose(call(x), layer(x), rtol=1e-4, atol=1e-4)
    if run == "graph":
        call = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 3])])
        np.testing.assert_allclose(call(x), layer(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel_size", "last"), [(1, "BiasAdd"), (3, "AddV2")])
def test_one_pass_over_the_outputs(kernel_size, last):
    layer = _layer(kernel_size, edge=True)
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec([None, 6, 5, 3])).graph
    passes = [
        op.type
        for op in graph.get_operations()
        if op.outputs and op.outputs[0].shape.rank == 4 and op.outputs[0].shape[0] is None
    ]
    assert [name for name in passes if name not in ("Placeholder", "Identity")] == ["Conv2D", last]


def test_mixed_precision_multiplies_in_float32():
    layer = _scrambled(_layer(1, dtype="mixed_bfloat16"))
    assert {v.dtype for v in layer.variables} == {"float32"}
    x = tf.cast(_x(2, 6, 5, 3), "bfloat16")
    scale = tf.exp(3.0 * layer.log_scale.value)
    kernel = tf.cast(layer.kernel.value * scale, "bfloat16")
    wanted = tf.nn.conv2d(x, kernel, 1, "SAME") + tf.cast(layer.bias.value * scale, "bfloat16")
    assert layer(x).dtype == "bfloat16"
    np.testing.assert_array_equal(
        tf.cast(layer(x), "float32").numpy(), tf.cast(wanted, "float32").numpy()
    )


def test_starts():
    np.testing.assert_array_equal(_layer(edge=True)(_x(2, 6, 5, 3)), np.zeros([2, 6, 5, 4]))
    kernel = _layer(3, filters=64, channels=64, data_init=True).kernel.numpy()
    assert abs(kernel.mean()) < 1e-3
    assert kernel.std() == pytest.approx(0.05, rel=0.02)
    assert _layer(kernel_initializer="ones").kernel.numpy().min() == 1.0


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("edge", [False, True])
@pytest.mark.parametrize(("dtype", "atol"), [("float32", 1e-5), ("float64", 1e-10)])
def test_first_batch_makes_standard_outputs(run, edge, dtype, atol):
    layer = _layer(edge=edge, data_init=True, dtype=dtype)
    x = _x(8, 6, 5, 3, dtype=dtype)
    y = _initialize(layer, x, run)
    assert layer.initialized.numpy()
    np.testing.assert_allclose(y, layer(x), rtol=1e-4, atol=10 * atol)
    np.testing.assert_allclose(np.mean(y, (0, 1, 2)), 0.0, atol=atol)
    # The released code adds 1e-6 to the standard deviation.
    np.testing.assert_allclose(np.std(y, (0, 1, 2)), 1.0, rtol=atol + 1e-5)


def test_values_are_those_of_the_released_code():
    layer, x = _layer(data_init=True, dtype="float64"), _x(8, 6, 5, 3, dtype="float64")
    raw = tf.nn.conv2d(x, layer.kernel.value, 1, "SAME").numpy()
    _initialize(layer, x)
    mean, std = raw.mean((0, 1, 2)), raw.std((0, 1, 2))
    np.testing.assert_allclose(layer.bias, -mean, rtol=1e-10)
    np.testing.assert_allclose(layer.log_scale, np.log(1 / (std + 1e-6)) / 3, rtol=1e-10)


@pytest.mark.parametrize("run", RUNS)
def test_only_the_first_batch_counts(run):
    layer = _layer(data_init=True)
    _initialize(layer, _x(8, 6, 5, 3), run)
    before = layer.get_weights()
    _initialize(layer, 7.0 * _x(8, 6, 5, 3, seed=5), run)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_nothing_happens_outside_of_the_phase_and_without_data_init():
    layer, plain, x = _layer(data_init=True), _layer(), _x(8, 6, 5, 3)
    layer(x)
    with phases.training():
        layer(x)
    _initialize(plain, x)
    assert not layer.initialized.numpy()
    assert [v.name for v in plain.variables] == ["kernel", "bias", "log_scale"]
    assert np.abs(layer.bias.numpy()).max() == np.abs(plain.bias.numpy()).max() == 0.0


def test_the_flag_is_a_saved_variable_that_is_not_trained(tmp_path):
    layer, x = _layer(data_init=True), _x(8, 6, 5, 3)
    assert [(v.name, v.dtype) for v in layer.non_trainable_variables] == [("initialized", "bool")]
    _initialize(layer, x)
    tf.train.Checkpoint(layer=layer).write(str(tmp_path / "layer"))
    by_checkpoint, by_weights = _layer(data_init=True), _layer(data_init=True)
    tf.train.Checkpoint(layer=by_checkpoint).read(str(tmp_path / "layer")).assert_consumed()
    by_weights.set_weights(layer.get_weights())
    for other in (by_checkpoint, by_weights):
        assert other.initialized.numpy()
        np.testing.assert_array_equal(_initialize(other, 9.0 * x), layer(9.0 * x))


def test_constant_channels_keep_their_scale():
    layer = _layer(1, data_init=True)
    kernel = layer.kernel.numpy()
    kernel[..., 1] = 0.0  # Constant, and 0.
    kernel[0, 0, :, 2] = [0.1, 0.0, 0.0]  # Constant up to rounding, and not 0.
    layer.kernel.assign(kernel)
    x = _x(8, 6, 5, 3)
    noise = np.random.default_rng(0).integers(2, size=x.shape[:3])
    x[..., 0] = 1e4 + np.spacing(np.float32(1e4)) * noise
    y = _initialize(layer, x)
    np.testing.assert_array_equal(layer.log_scale.numpy()[1:3], [0.0, 0.0])
    np.testing.assert_allclose(np.asarray(y)[..., 1:3], 0.0, atol=1e-2)
    assert np.abs(layer.log_scale.numpy()[[0, 3]]).min() > 0.0


@pytest.mark.parametrize("dtype", ["float32", "float64", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("x", [_x(1, 1, 1, 3), _x(1, 6, 5, 3), np.zeros([1, 4, 4, 3], "float32")])
@pytest.mark.parametrize("edge", [False, True])
def test_one_event_is_enough_to_stay_finite(x, dtype, edge):
    layer = _layer(edge=edge, data_init=True, dtype=dtype)
    y = tf.cast(_initialize(layer, x), "float64")
    assert np.isfinite(y).all()
    assert all(np.isfinite(v.numpy()).all() for v in layer.trainable_variables)


@pytest.mark.parametrize("edge", [False, True])
def test_replicas_see_the_whole_batch(edge, strategy):
    with strategy.scope():
        layer = _layer(edge=edge, data_init=True)
    x = _x(8, 6, 5, 3) + np.repeat([0.0, 5.0], 4).astype("float32")[:, None, None, None]

    def run():
        half = tf.distribute.get_replica_context().replica_id_in_sync_group
        with phases.initializing():
            return layer(tf.reshape(tf.constant(x), [2, 4, 6, 5, 3])[half])

    def both():
        return tf.concat(strategy.experimental_local_results(strategy.run(run)), axis=0)

    y = tf.function(both)()
    assert layer.initialized.numpy()
    np.testing.assert_allclose(np.mean(y, (0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.std(y, (0, 1, 2)), 1.0, rtol=1e-4)
    np.testing.assert_allclose(both(), y, rtol=1e-4, atol=1e-5)


def test_a_layer_of_its_own_is_saved_as_a_config():
    layer = ScaledConv2D(4, 3, edge=True, data_init=True, log_scale_factor=2.0, dtype="float64")
    config = keras.saving.serialize_keras_object(layer)
    other = keras.saving.deserialize_keras_object(config)
    assert isinstance(other, ScaledConv2D)
    assert other.get_config() == layer.get_config()
    assert layer.compute_output_shape((None, 6, 5, 3)) == (None, 6, 5, 4)


@pytest.mark.parametrize(
    ("error", "message", "kwargs"),
    [
        (ValueError, "`filters` must be an integer of at least 1; got 0.", {"filters": 0}),
        (ValueError, "`kernel_size` must be odd; got 4.", {"kernel_size": 4}),
        (TypeError, "`edge` must be a bool; got 1.", {"edge": 1}),
        (TypeError, "`data_init` must be a bool; got None.", {"data_init": None}),
        (ValueError, "`log_scale_factor` must be positive; got 0.", {"log_scale_factor": 0}),
        (ValueError, "`log_scale_factor` must be finite; got inf.", {"log_scale_factor": np.inf}),
        (TypeError, "`log_scale_factor` must be a number; got '3'.", {"log_scale_factor": "3"}),
    ],
)
def test_bad_arguments(error, message, kwargs):
    with pytest.raises(error) as caught:
        ScaledConv2D(**{"filters": 4, "kernel_size": 3} | kwargs)
    assert str(caught.value) == message
