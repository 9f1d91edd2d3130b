"""The gated layers of Flow++ against the released code, and what all of them can do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import GatedAttention2D, GatedConv2D, GatedPointwise2D, concat_elu

MAKERS = {
    "conv": lambda **kwargs: GatedConv2D(8, **kwargs),
    "attention": lambda **kwargs: GatedAttention2D(8, **{"num_heads": 2} | kwargs),
    "pointwise": lambda **kwargs: GatedPointwise2D(8, **kwargs),
}
each = pytest.mark.parametrize("kind", MAKERS)


def _x(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def _layer(kind, **kwargs):
    layer = MAKERS[kind](**kwargs)
    layer.build((None, None, None, 8))
    rng = np.random.default_rng(1)
    for variable in layer.trainable_variables:
        variable.assign(0.4 * rng.normal(size=variable.shape))
    return layer


def _conv(layer, x):
    weights, *gain, bias = (v.value for v in layer.trainable_variables)
    if gain:
        weights = gain[0] * tf.nn.l2_normalize(weights, [0, 1, 2])
    return tf.nn.conv2d(x, weights, 1, "SAME") + bias


def _elu(x):
    return tf.nn.elu(tf.concat([x, -x], 3))


def _gate(layer, x, hidden):
    a, b = tf.split(_conv(layer.last, hidden), 2, axis=3)
    return x + a * tf.sigmoid(b)


def _literal(kind, layer, x, other):
    """The released code, line by line."""
    if kind == "conv":
        hidden = _conv(layer.first, _elu(x))
        if other is not None:
            hidden += _conv(layer.shift, _elu(other))
        return _gate(layer, x, _elu(hidden))
    batch, height, width, _ = x.shape
    hidden = _conv(layer.first, x if other is None else x + other)
    if kind == "pointwise":
        hidden = tf.reshape(hidden, [batch, height, width, 8, 3])
        return _gate(layer, x, tf.reduce_max(hidden, axis=4))
    heads = layer.num_heads
    hidden = tf.reshape(hidden, [batch, height * width, 3, heads, 8 // heads])
    query, key, value = tf.unstack(tf.transpose(hidden, [2, 0, 3, 1, 4]))
    weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) / np.sqrt(8.0 / heads))
    mixed = tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3])
    return _gate(layer, x, tf.reshape(mixed, [batch, height, width, 8]))


def _other(kind, has_other):
    """Keyword arguments of the layer, and its second input."""
    if not has_other:
        return {}, None
    if kind == "conv":
        return {"context_channels": 3}, tf.constant(_x(2, 1, 1, 3, dtype="float64", seed=3))
    return {}, tf.constant(_x(6, 5, 8, dtype="float64", seed=3))


def test_concat_elu():
    x = _x(2, 3, 4, 5)
    wanted = [np.where(v > 0, v, np.expm1(v)) for v in (x, -x)]
    np.testing.assert_allclose(concat_elu(tf.constant(x)), np.concatenate(wanted, 3), rtol=1e-5)


@each
@pytest.mark.parametrize("has_other", [False, True])
@pytest.mark.parametrize("weight_norm", [False, True])
def test_it_is_the_literal_layer_with_its_gradients(kind, has_other, weight_norm):
    kwargs, other = _other(kind, has_other)
    layer = _layer(kind, weight_norm=weight_norm, dtype="float64", **kwargs)
    x = tf.constant(_x(2, 6, 5, 8, dtype="float64"))
    sources = [x, *(() if other is None else (other,))]
    sources += [v.value for v in layer.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(sources)
        ours, theirs = layer(x, other), _literal(kind, layer, x, other)
        losses = [tf.reduce_sum(tf.sin(y)) for y in (ours, theirs)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    gradients = [tape.gradient(loss, sources) for loss in losses]
    for one, other_one in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other_one, rtol=1e-9, atol=1e-9)


def test_kernel_sizes_and_contexts_of_image_size():
    layer = _layer("conv", kernel_size=5, last_kernel_size=3, context_channels=2, dtype="float64")
    assert [v.shape[0] for v in layer.trainable_variables if len(v.shape) == 4] == [3, 5, 1]
    x, context = (tf.constant(_x(2, 6, 5, c, dtype="float64")) for c in (8, 2))
    np.testing.assert_allclose(layer(x, context), _literal("conv", layer, x, context), rtol=1e-10)


def test_attention_and_pointwise_have_as_many_parameters():
    counts = [_layer(kind).count_params() for kind in ("attention", "pointwise")]
    # The two flags of the first batch count, too.
    assert counts == [8 * 24 + 24 + 8 * 16 + 16 + 2] * 2


@each
@pytest.mark.parametrize("weight_norm", [False, True])
def test_first_batch_makes_small_changes(kind, weight_norm):
    layer, x = MAKERS[kind](weight_norm=weight_norm), 3.0 + 2.0 * _x(8, 6, 5, 8)
    with phases.initializing():
        change = layer(x) - x
    assert all(v.numpy() for v in layer.non_trainable_variables)
    assert 0.02 < np.std(change) < 0.08  # 0.1 times about 0.5.
    np.testing.assert_allclose(layer(x) - x, change, rtol=1e-3, atol=1e-5)


@each
@pytest.mark.slow
def test_dropout_is_for_training_only(kind):
    layer, plain, x = _layer(kind, dropout=0.5), _layer(kind), _x(2, 6, 5, 8)
    for run in (layer, tf.function(layer), tf.function(layer, jit_compile=True)):
        np.testing.assert_allclose(run(x), plain(x), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(run(x, training=False), plain(x), rtol=1e-4, atol=1e-4)
        one, other = run(x, training=True), run(x, training=True)
        assert np.abs(one - plain(x)).max() > 0.1
        assert np.abs(one - other).max() > 0.1
    assert len(layer.variables) == len(plain.variables) + 1


@each
@pytest.mark.parametrize(("dtype", "atol"), [("mixed_bfloat16", 0.3), ("mixed_float16", 0.05)])
def test_mixed_precision(kind, dtype, atol):
    layer, plain, x = _layer(kind, dtype=dtype), _layer(kind), _x(2, 6, 5, 8)
    assert {v.dtype for v in layer.trainable_variables} == {"float32"}
    assert layer(x).dtype == keras.dtype_policies.get(dtype).compute_dtype
    np.testing.assert_allclose(tf.cast(layer(x), "float32"), plain(x), atol=atol)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_softmax_is_in_float32(dtype):
    layer = _layer("attention", dtype=dtype)
    graph = tf.function(layer).get_concrete_function(tf.TensorSpec([None, 6, 5, 8])).graph
    (softmax,) = [op for op in graph.get_operations() if op.type == "Softmax"]
    assert softmax.outputs[0].dtype == "float32"
    # Products of queries and keys are 102400, which is finite in float16 if scaled in time.
    layer.first.kernel.assign(20.0 * tf.ones_like(layer.first.kernel.value))
    assert np.isfinite(tf.cast(layer(np.ones([2, 6, 5, 8], "float32")), "float32")).all()


@each
def test_unknown_sizes_xla_and_empty_batches(kind):
    layer, x = _layer(kind), tf.constant(_x(2, 6, 5, 8))
    for sizes in ([None, 6, 5, 8], [None, None, None, 8]):
        call = tf.function(layer, input_signature=[tf.TensorSpec(sizes)])
        np.testing.assert_allclose(call(x), layer(x), rtol=1e-4, atol=1e-4)
        if kind != "conv":  # TensorFlow's 3x3 convolutions on CPUs know no empty batches.
            assert call(x[:0]).shape == layer(x[:0]).shape == (0, 6, 5, 8)
    compiled = tf.function(layer, jit_compile=True)
    np.testing.assert_allclose(compiled(x), layer(x), rtol=1e-4, atol=1e-4)
    assert compiled(x[:0]).shape == (0, 6, 5, 8)


# Keras 3.15 gives NumPy 2 its variables in the old way.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@each
@pytest.mark.parametrize("weight_norm", [False, True])
def test_layers_of_their_own_are_saved(kind, weight_norm, tmp_path):
    inputs = keras.Input((6, 5, 8))
    kwargs = {"kernel_size": 5, "last_kernel_size": 3} if kind == "conv" else {}
    layer = MAKERS[kind](dropout=0.25, weight_norm=weight_norm, dtype="float64", **kwargs)
    model, x = keras.Model(inputs, layer(inputs)), _x(2, 6, 5, 8)
    with phases.initializing():
        before = model(x)
    model.save(tmp_path / "model.keras")
    other = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(other(x), before, rtol=1e-6)
    assert other.layers[-1].get_config() == layer.get_config()
    assert layer.compute_output_shape((None, 6, 5, 8)) == (None, 6, 5, 8)
