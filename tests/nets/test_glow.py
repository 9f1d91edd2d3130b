"""Glow's nets: counts, starts, the first batch, contexts."""

import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import GlowNet, TopPrior, ZeroConv

KEPT, MOVED = (6, 4, 3), (6, 4, 2)
CONTEXTS = [None, (5,), (6, 4, 5), (12, 4, 5)]


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _scrambled(net):
    rng = np.random.default_rng(1)
    for variable in net.trainable_variables:
        variable.assign(0.3 * rng.normal(size=variable.shape))
    return net


def _count(net):
    return sum(v.value.shape.num_elements() for v in net.trainable_variables)


@pytest.mark.parametrize(("channels", "width"), [(3, 8), (6, 16)])
@pytest.mark.parametrize("num_params", [1, 2])
@pytest.mark.parametrize("context", CONTEXTS)
def test_glow_net_has_the_released_number_of_parameters(channels, width, num_params, context):
    event = (6, 4, channels)
    net = GlowNet(width)(event, event, num_params, context)
    n_out = num_params * channels
    f = 9 * (channels + 1) * width + 2 * width + width * width + 2 * width
    f += 9 * (width + 1) * n_out + 2 * n_out
    shifts = 0 if context is None else 2 * width * (10 if context == (12, 4, 5) else 5)
    assert _count(net) == f + shifts


def test_released_glow_has_44_million_parameters():
    total, channels = 0, 12
    for level in range(3):
        event = (4, 4, channels // 2)
        total += 32 * (2 * channels + channels**2 + _count(GlowNet()(event, event, 2)))
        if level < 2:
            total += _count(ZeroConv()(event, event, 2))
            channels *= 2
    total += _count(TopPrior()((4, 4, channels), 2))
    assert total == 44_603_604


def test_no_edge_is_a_channel_less():
    with_edge, without = (GlowNet(8, edge=edge)(KEPT, MOVED, 2) for edge in (True, False))
    assert _count(with_edge) - _count(without) == 9 * 8 + 9 * 4


def test_glow_net_is_three_convolutions():
    net = _scrambled(GlowNet(8, activation="tanh")(KEPT, MOVED, 2, (5,)))
    x, context = _x(2, *KEPT), _x(2, 5, seed=1)
    shifts = [context @ shift.kernel.numpy()[0, 0] for shift in net.shifts]
    y = np.tanh(net.first(x) + shifts[0][:, None, None])
    y = np.tanh(net.middle(y) + shifts[1][:, None, None])
    np.testing.assert_allclose(net(x, context), net.last(y), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("make", [GlowNet(8), ZeroConv()])
@pytest.mark.parametrize("context", CONTEXTS)
def test_starts_at_zero_and_learns_from_context(make, context):
    net = make(KEPT, MOVED, 2, context)
    inputs = [_x(3, *KEPT)] + ([] if context is None else [_x(3, *context)])
    np.testing.assert_array_equal(net(*inputs), np.zeros([3, 6, 4, 4]))
    _scrambled(net)
    before = net(*inputs)
    if context is not None:
        inputs[1] = _x(3, *context, seed=7)
        assert np.abs(net(*inputs) - before).max() > 1e-2


def test_zero_conv_is_one_convolution_and_a_shift():
    net = _scrambled(ZeroConv()(KEPT, MOVED, 2, (5,)))
    assert _count(net) == 9 * (3 + 1) * 4 + 2 * 4 + 5 * 4
    x, context = _x(4, *KEPT), _x(4, 5, seed=1)
    shift = context @ net.shift.kernel.numpy()[0, 0]
    wanted = net.conv(x) + shift[:, None, None]
    np.testing.assert_allclose(net(x, context), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("compiled", [None, False, True])
@pytest.mark.parametrize("context", [None, (5,)])
def test_first_batch_standardizes_every_convolution(compiled, context):
    net = GlowNet(8)(KEPT, MOVED, 2, context)
    inputs = [2.0 + 5.0 * _x(16, *KEPT)] + ([] if context is None else [_x(16, *context)])

    def run(*inputs):
        with phases.initializing():
            return net(*inputs)

    run = run if compiled is None else tf.function(run, jit_compile=compiled)
    run(*map(tf.constant, inputs))
    seen = net.first(inputs[0])
    shifts = [0.0] * 2 if context is None else [f(inputs[1][:, None, None]) for f in net.shifts]
    for y in (seen, net.middle(tf.nn.relu(seen + shifts[0]))):
        np.testing.assert_allclose(np.mean(y, (0, 1, 2)), 0.0, atol=1e-4)
        np.testing.assert_allclose(np.std(y, (0, 1, 2)), 1.0, rtol=1e-4)
    np.testing.assert_array_equal(net(*inputs), np.zeros([16, 6, 4, 4]))


@pytest.mark.parametrize("edge", [True, False])
def test_top_prior_is_a_convolution_of_zeros(edge):
    net = _scrambled(TopPrior(edge=edge)((5, 4, 3), 2))
    assert _count(net) == 9 * (6 + edge) * 6 + 2 * 6
    np.testing.assert_allclose(net(), net.top(np.zeros([1, 5, 4, 6], "float32")), rtol=1e-5)
    assert (np.ptp(net(), axis=(1, 2)).min() > 0.0) == edge


@pytest.mark.parametrize("edge", [True, False])
def test_all_variables_of_the_top_prior_have_gradients(edge):
    net = _scrambled(TopPrior(edge=edge)((5, 4, 3), 2, (7,)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net(_x(2, 7)) ** 2)
    gradients = tape.gradient(loss, [v.value for v in net.trainable_variables])
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_top_prior_starts_at_zero():
    np.testing.assert_array_equal(TopPrior()((5, 4, 3), 2)(), np.zeros([1, 5, 4, 6]))
    net = TopPrior()((5, 4, 3), 2, (7,))
    np.testing.assert_array_equal(net(_x(3, 7)), np.zeros([3, 5, 4, 6]))
    assert _count(net) == 9 * 7 * 6 + 2 * 6 + 7 * 6 + 2 * 6


@pytest.mark.parametrize("batch", [(), (5,), (2, 5)])
@pytest.mark.parametrize("context", [(7,), (2, 3, 4), ()])
def test_top_prior_of_contexts(batch, context):
    net = _scrambled(TopPrior()((5, 4, 3), 2, context))
    x = tf.constant(_x(*batch, *context))
    assert net(x).shape == (*batch, 5, 4, 6)
    flat = np.reshape(x, [*batch, -1])
    scale = np.exp(3.0 * net.shift.log_scale.numpy())
    shift = (flat @ net.shift.kernel.numpy()[0, 0] + net.shift.bias.numpy()) * scale
    wanted = net.top.of_zeros(5, 4)[0] + shift[..., None, None, :]
    np.testing.assert_allclose(net(x), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("compiled", [False, True])
def test_top_prior_in_graphs(compiled):
    net = _scrambled(TopPrior()((5, 4, 3), 2))
    got = tf.function(net, jit_compile=compiled)()
    np.testing.assert_allclose(got, net(), rtol=1e-5)


@pytest.mark.parametrize(
    ("message", "run"),
    [
        ("`event_shape` must be [H, W, C]; got (4,).", lambda: TopPrior()((4,), 2)),
        ("`num_params` must be an integer of at least 1; got 0.", lambda: TopPrior()((4, 4, 3), 0)),
        ("must be None; got shape (2, 5).", lambda: TopPrior()((4, 4, 3), 2)(_x(2, 5))),
        ("must have event shape (5,); got None.", lambda: TopPrior()((4, 4, 3), 2, (5,))(None)),
        ("shape [..., 5]; got (2, 4).", lambda: TopPrior()((4, 4, 3), 2, (5,))(_x(2, 4))),
        ("`kernel_size` must be odd; got 2.", lambda: GlowNet(kernel_size=2)),
        ("`kernel_size` must be odd; got 2.", lambda: ZeroConv(kernel_size=2)),
        ("`filters` must be an integer of at least 1; got 0.", lambda: GlowNet(0)),
        ("`log_scale_factor` must be positive; got -1.", lambda: TopPrior(log_scale_factor=-1)),
        ("Keras activation; got 'rule'.", lambda: GlowNet(activation="rule")),
        ("the same H and W; got (3,) and (3,).", lambda: ZeroConv()((3,), (3,), 2)),
    ],
)
def test_errors(message, run):
    with pytest.raises(ValueError, match=r"\bmust (be|have)") as caught:
        run()
    # Keras adds to the errors of a call what it was called with.
    assert message in str(caught.value)
