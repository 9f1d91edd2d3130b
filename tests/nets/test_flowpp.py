"""Flow++'s nets: counts, the first batch, the released code, contexts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import FlowPPContext, FlowPPNet, concat_elu

EVENT = (6, 4, 3)


def _x(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def _count(net):
    return sum(v.value.shape.num_elements() for v in net.trainable_variables)


def _conv(ci, co, k=3):
    return k * k * ci * co + co


def _coupling(event, f, b, k, *, ctx=None, attn=True, final=False, wn=False):
    """The number of parameters in the released code."""
    h, w, c = event
    gain = 1 if wn else 0
    n = h * w * f + _conv(c, f) + gain * f
    for _ in range(b):
        n += _conv(2 * f, f) + gain * f
        n += 0 if ctx is None else _conv(2 * ctx, f, 1) + gain * f
        n += _conv(2 * f, 2 * f, 1) + gain * 2 * f + 2 * f
        if attn:
            n += _conv(f, 3 * f, 1) + gain * 3 * f + _conv(f, 2 * f, 1) + gain * 2 * f + 2 * f
    outputs = c * (2 + 3 * k)
    return n + _conv(2 * f if final else f, outputs) + gain * outputs


@pytest.mark.parametrize(
    ("event", "sizes", "kinds"),
    [
        ((32, 16, 3), (96, 10, 32), {}),
        ((32, 16, 3), (96, 2, 32), {"ctx": 32}),
        ((32, 16, 3), (64, 2, 32), {"ctx": 32, "final": True, "wn": True}),
        ((64, 32, 3), (32, 5, 4), {"ctx": 32, "attn": False, "final": True}),
        ((8, 4, 6), (16, 1, 4), {"ctx": 5, "attn": False, "wn": True}),
    ],
)
def test_it_has_the_released_number_of_parameters(event, sizes, kinds):
    filters, blocks, k = sizes
    context = (*event[:2], kinds["ctx"]) if "ctx" in kinds else None
    kwargs = {"final_activation": "final" in kinds, "weight_norm": "wn" in kinds}
    for mixer in ["attention", "pointwise"] if kinds.get("attn", True) else [None]:
        net = FlowPPNet(filters, blocks, mixer=mixer, **kwargs)(event, event, 2 + 3 * k, context)
        assert _count(net) == _coupling(event, *sizes, **kinds)


def test_contexts_have_the_released_numbers_of_parameters():
    cifar = FlowPPContext()((32, 32, 3))
    assert _count(cifar) == _conv(6, 32) + 3 * (_conv(64, 32) + _conv(64, 64))
    block = _conv(64, 32) + 32 + _conv(64, 64) + 64 + 2 * 32
    block += _conv(32, 96, 1) + 96 + _conv(32, 64, 1) + 64 + 2 * 32
    deep = FlowPPContext(num_blocks=8, attention=True, layer_norm=True, weight_norm=True)
    assert _count(deep((32, 32, 3))) == _conv(6, 32) + 32 + 32 * 16 * 32 + 8 * block
    large = FlowPPContext(num_blocks=5, layer_norm=True)((64, 64, 3))
    assert _count(large) == _conv(6, 32) + 5 * (_conv(64, 32) + _conv(64, 64) + 2 * 32)


def _norm(layer, x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-5) * layer.gamma.value + layer.beta.value


def _scrambled(net):
    rng = np.random.default_rng(1)
    for variable in net.trainable_variables:
        variable.assign(0.4 * rng.normal(size=variable.shape))
    return net


@pytest.mark.parametrize("final", [False, True])
@pytest.mark.parametrize("mixer", ["attention", "pointwise", None])
def test_it_is_the_literal_net(mixer, final):
    make = FlowPPNet(8, 2, mixer=mixer, final_activation=final, dtype="float64")
    net = _scrambled(make(EVENT, (6, 4, 2), 5, (12, 4, 3)))
    kept, context = _x(2, *EVENT, dtype="float64"), _x(2, 12, 4, 3, dtype="float64", seed=1)
    rows = np.concatenate([context[:, ::2], context[:, 1::2]], 3)
    positions = net.positions.value
    x = net.first(kept) if mixer else net.first(kept) + positions
    for block in net.blocks:
        x = _norm(block.conv_norm, block.conv(x, rows))
        if mixer:
            x = _norm(block.mixer_norm, block.mixer(x, positions))
    wanted = net.last(concat_elu(x) if final else x)
    np.testing.assert_allclose(net(kept, context), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("mixer", ["attention", "pointwise", None])
@pytest.mark.parametrize("weight_norm", [False, True])
def test_first_batch_makes_small_parameters(mixer, weight_norm):
    net = FlowPPNet(8, 2, mixer=mixer, weight_norm=weight_norm)(EVENT, EVENT, 5, (7,))
    positions = net.positions.numpy()
    assert positions.shape == (6, 4, 8)
    assert 0.007 < positions.std() < 0.013
    inputs = 2.0 + 5.0 * _x(16, *EVENT), _x(16, 7)
    with phases.initializing():
        raw = net(*inputs)
    np.testing.assert_allclose(np.mean(raw, (0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.std(raw, (0, 1, 2)), 0.1, rtol=1e-3)
    np.testing.assert_allclose(net(*inputs), raw, rtol=1e-3, atol=1e-5)
    flags = [v for v in net.variables if "initialized" in v.name]
    assert len(flags) == 2 + 2 * (5 if mixer else 3)
    assert all(flag.numpy() for flag in flags)


@pytest.mark.parametrize("mixer", ["attention", "pointwise", None])
def test_all_variables_are_trained(mixer):
    net = FlowPPNet(8, 2, mixer=mixer, weight_norm=True)(EVENT, EVENT, 5, (7,))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(net(_x(3, *EVENT), _x(3, 7), training=True)))
    gradients = tape.gradient(loss, [v.value for v in net.trainable_variables])
    assert all(np.abs(gradient).max() > 0.0 for gradient in gradients)


class Outer(keras.Model):
    """A model that calls its net in plain Python, as a bijector does."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def call(self, x, context):
        return self.net(x, context)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_dropout_is_for_training_only(compiled, inside):
    net = _scrambled(FlowPPNet(8, 1, dropout=0.5)(EVENT, EVENT, 5, (7,)))
    plain = FlowPPNet(8, 1, dropout=0.0)(EVENT, EVENT, 5, (7,))
    assert len(net.variables) == len(plain.variables) + 2
    call = Outer(net) if inside else net
    call = tf.function(call) if compiled else call
    inputs = tf.constant(_x(3, *EVENT)), tf.constant(_x(3, 7))
    np.testing.assert_allclose(call(*inputs), net(*inputs), rtol=1e-4, atol=1e-4)
    one, other = (call(*inputs, training=True) for _ in range(2))
    assert min(np.abs(one - net(*inputs)).max(), np.abs(one - other).max()) > 0.1


@pytest.mark.parametrize(
    ("message", "run"),
    [
        ("`filters` must be an integer of at least 1; got 0.", lambda: FlowPPNet(0)),
        ("a multiple of 4 heads; got 6.", lambda: FlowPPNet(6)),
        ("a multiple of 4 heads; got 6.", lambda: FlowPPContext(6, attention=True)),
        ("`num_blocks` must be an integer of at least 1; got 0.", lambda: FlowPPNet(8, 0)),
        ("('attention', 'pointwise', None); got 'mlp'.", lambda: FlowPPNet(8, mixer="mlp")),
        ("at least 0 and less than 1; got 1.", lambda: FlowPPContext(dropout=1)),
        ("float dtype or policy; got 'int32'.", lambda: FlowPPContext(dtype="int32")),
        ("with an even W; got (6, 5, 3).", lambda: FlowPPContext()((6, 5, 3))),
        ("with an even W; got (6, 4).", lambda: FlowPPContext()((6, 4))),
        ("shape [..., 6, 4, 3]; got (2, 6, 6, 3).", lambda: FlowPPContext()(EVENT)(_x(2, 6, 6, 3))),
    ],
)
def test_errors(message, run):
    with pytest.raises(ValueError, match=r"\bmust (be|have)") as caught:
        run()
    # Keras adds to the errors of a call what it was called with.
    assert message in str(caught.value)


@pytest.mark.parametrize("make", [FlowPPNet, FlowPPContext])
@pytest.mark.parametrize("name", ["weight_norm", "final_activation", "attention", "layer_norm"])
def test_flags_are_bools(make, name):
    if hasattr(make(), name):
        with pytest.raises(TypeError, match=f"`{name}` must be a bool; got 1."):
            make(**{name: 1})
