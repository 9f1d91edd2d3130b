"""Flow++'s net of contexts: what it computes, and all the ways to call and save it."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import FlowPPContext

EVENT = (6, 4, 3)
MAKERS = {
    "plain": FlowPPContext(8, 2),
    "normalized": FlowPPContext(8, 1, layer_norm=True, dropout=0.0),
    "attention": FlowPPContext(8, 1, attention=True, layer_norm=True, weight_norm=True),
}
each = pytest.mark.parametrize("kind", MAKERS)


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _net(kind):
    net = MAKERS[kind](EVENT)
    with phases.initializing():
        net(_x(16, *EVENT))
    return net


def _norm(layer, x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-5) * layer.gamma.value + layer.beta.value


@each
def test_it_is_the_literal_net(kind):
    net, images = _net(kind), _x(2, *EVENT)
    this, that = tf.unstack(tf.reshape(images, [2, 6, 2, 2, 3]), axis=3)
    x = net.first(tf.concat([this, that], 3))
    for block in net.blocks:
        assert block.conv.last.kernel_size == 3
        x = block.conv(x)
        x = x if block.conv_norm is None else _norm(block.conv_norm, x)
        if kind == "attention":
            x = _norm(block.mixer_norm, block.mixer(x, net.positions.value))
    np.testing.assert_allclose(net(images), x, rtol=1e-4, atol=1e-4)
    assert net.context_shape == (6, 2, 8)
    assert (net.positions is None) == (kind != "attention")
    assert all(v.numpy() for v in net.variables if "initialized" in v.name)


def test_attention_has_a_norm_of_its_own():
    net = FlowPPContext(8, 1, attention=True)(EVENT)
    assert net.blocks[0].conv_norm is None
    assert net.blocks[0].mixer_norm is not None


@each
@pytest.mark.slow
def test_any_batch_shape_unknown_sizes_and_xla(kind):
    net, images = _net(kind), tf.constant(_x(2, 5, *EVENT))
    wanted = net(images)
    assert wanted.shape == (2, 5, 6, 2, 8)
    np.testing.assert_allclose(net(images[1, 2]), wanted[1, 2], rtol=1e-3, atol=1e-4)
    for shape in ([None, None, 6, 4, 3], [2, 5, None, None, None], None):
        call = tf.function(net, input_signature=[tf.TensorSpec(shape)])
        np.testing.assert_allclose(call(images), wanted, rtol=1e-3, atol=1e-4)
    compiled = tf.function(net, jit_compile=True)
    np.testing.assert_allclose(compiled(images), wanted, rtol=1e-3, atol=1e-4)


@each
def test_dropout_is_for_training_only(kind):
    net, images = _net(kind), _x(2, *EVENT)
    change = np.abs(net(images, training=True) - net(images)).max()
    assert (change > 1e-3) == (kind != "normalized")


def test_mixed_precision():
    net = FlowPPContext(8, 1, attention=True, dropout=0.0, dtype="mixed_bfloat16")(EVENT)
    assert {v.dtype for v in net.trainable_variables} == {"float32"}
    with phases.initializing():
        y = net(_x(16, *EVENT))
    assert y.dtype == "bfloat16"
    assert np.isfinite(tf.cast(y, "float32")).all()


# Keras 3.15 gives NumPy 2 its variables in the old way.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@each
@pytest.mark.parametrize("how", ["checkpoint", "model", "copy"])
def test_saved_and_restored(kind, how, tmp_path):
    old, new, images = _net(kind), MAKERS[kind](EVENT), _x(2, *EVENT)
    if how == "checkpoint":
        saved = tf.train.Checkpoint(net=old).save(tmp_path / "net")
        tf.train.Checkpoint(net=new).restore(saved).assert_consumed()
    elif how == "model":
        old.save(tmp_path / "net.keras")
        new = keras.models.load_model(tmp_path / "net.keras")
    else:
        new = copy.deepcopy(old)
    np.testing.assert_array_equal(old(images), new(images))
    assert new.get_config() == old.get_config()
    for ours, theirs in zip(old.variables, new.variables, strict=True):
        if "seed" not in ours.name:  # Keras saves no states of random numbers.
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
