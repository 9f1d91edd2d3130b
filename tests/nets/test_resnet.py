"""The ConvResNet: shapes, counts, blocks, start, context."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.nets import ConvResNet

BATCHES = [(), (5,), (4, 5), (2, 1, 5)]
KEPT, MOVED = (6, 6, 3), (6, 6, 2)


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _net(context=None, filters=4, kept=KEPT, moved=MOVED, num_params=3, **kwargs):
    kwargs = {"zero_init": False, "activation": "tanh"} | kwargs
    return ConvResNet(filters, **kwargs)(kept, moved, num_params, context)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("context", [None, (5,), (6, 6, 5)])
def test_any_batch_shape_is_member_by_member(batch, context):
    net = _net(context)
    inputs = [_x(*batch, *KEPT)] + ([_x(*batch, *context, seed=1)] if context else [])
    y = net(*inputs)
    assert y.shape == (*batch, 6, 6, 6)
    last = (-1,) * len(batch)
    one = net(*(x[last] for x in inputs))
    np.testing.assert_allclose(y[last], one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("known", ["rank", "nothing"])
def test_unknown_batch(batch, known):
    net = _net((5,))

    def signature(*event):
        return tf.TensorSpec([None] * len(batch) + [*event] if known == "rank" else None)

    traced = tf.function(net, input_signature=[signature(None, None, 3), signature(5)])
    x, context = _x(*batch, *KEPT), _x(*batch, 5)
    np.testing.assert_allclose(traced(x, context), net(x, context), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kwargs", "context", "count"),
    [
        ({}, None, 112 + 2 * 296 + 30),
        ({"num_blocks": 1}, None, 112 + 296 + 30),
        ({"kernel_size": 1}, None, (3 * 4 + 4) + 4 * (4 * 4 + 4) + 30),
        ({}, (5,), 112 + 2 * (296 + 24) + 30),
        ({}, (6, 6, 5), 112 + 2 * (296 + 24) + 30),
        ({"weight_norm": True}, (5,), 112 + 4 + 2 * (296 + 24 + 3 * 4) + 30),
    ],
)
def test_built_with_the_exact_number_of_parameters(kwargs, context, count):
    net = _net(context, **kwargs)
    assert net.built
    assert sum(v.value.shape.num_elements() for v in net.variables) == count
    variables = [id(v) for v in net.variables]
    net(_x(2, *KEPT), None if context is None else _x(2, *context))
    assert [id(v) for v in net.variables] == variables


def test_blocks_are_what_the_docstring_says():
    net = _net((5,), num_blocks=1)
    x, context = _x(2, *KEPT), _x(2, 5)
    block = net.blocks[0]
    h = net.first_layer(x)
    shift = context @ block.shift.kernel.numpy()[0, 0] + block.shift.bias.numpy()
    y = block.first(np.tanh(h)) + shift[:, None, None]
    h = h + block.second(np.tanh(y))
    np.testing.assert_allclose(net(x, context), net.last_layer(np.tanh(h)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("context", [None, (5,), (6, 6, 5)])
def test_other_heights_and_widths(context):
    net = _net(context)
    other = None if context is None else _x(2, *((4, 8) if len(context) == 3 else ()), 5)
    assert net(_x(2, 4, 8, 3), other).shape == (2, 4, 8, 6)


def test_vector_context_is_a_constant_image():
    vector, image = _net((5,)), _net((6, 6, 5))
    image.set_weights(vector.get_weights())
    x, context = _x(2, *KEPT), _x(2, 5)
    spread = np.broadcast_to(context[:, None, None], [2, 6, 6, 5])
    np.testing.assert_allclose(vector(x, context), image(x, spread), rtol=1e-4, atol=1e-5)


def test_context_is_used():
    x = _x(2, *KEPT)
    for context in [(5,), (6, 6, 5)]:
        net = _net(context)
        outputs = [net(x, _x(2, *context, seed=seed)) for seed in (1, 2)]
        assert np.abs(outputs[0] - outputs[1]).max() > 1e-2


def test_context_of_one_channel_and_as_many_members_as_rows():
    net = _net((5,), filters=1)
    x, context = _x(6, *KEPT), _x(6, 5)
    single = np.stack([net(x[i], context[i]) for i in range(6)])
    np.testing.assert_allclose(net(x, context), single, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("weight_norm", [False, True])
def test_zero_init(weight_norm):
    x = _x(2, *KEPT)
    zero = _net(zero_init=True, weight_norm=weight_norm)(x)
    np.testing.assert_array_equal(zero, np.zeros([2, 6, 6, 6]))
    assert np.abs(_net(weight_norm=weight_norm)(x)).max() > 1e-2


def test_weight_norm_starts_as_the_plain_net():
    outputs = []
    for weight_norm in (False, True):
        keras.utils.set_random_seed(1)
        outputs.append(_net((5,), weight_norm=weight_norm)(_x(2, *KEPT), _x(2, 5)))
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)
