"""The MLP: shapes, counts, operations, start, context."""

import collections

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.nets import MLP

BATCHES = [(), (5,), (4, 5), (2, 4, 5)]


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _net(kept=(3,), moved=(2,), num_params=3, context=None, hidden=(8, 4), **kwargs):
    kwargs = {"zero_init": False, "activation": "tanh"} | kwargs
    return MLP(hidden, **kwargs)(kept, moved, num_params, context)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("event", [(3,), (2, 3), (2, 2, 3), ()])
def test_any_batch_shape_is_member_by_member(batch, event):
    net = _net(kept=event, moved=(2,), context=(2, 2))
    x, context = _x(*batch, *event), _x(*batch, 2, 2, seed=1)
    y = net(x, context)
    assert y.shape == (*batch, 6)
    last = (-1,) * len(batch)
    np.testing.assert_allclose(y[last], net(x[last], context[last]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("known", ["rank", "nothing"])
def test_unknown_batch(batch, known):
    net = _net(context=(2,))

    def signature(event):
        return tf.TensorSpec([None] * len(batch) + [event] if known == "rank" else None)

    traced = tf.function(net, input_signature=[signature(3), signature(2)])
    x, context = _x(*batch, 3), _x(*batch, 2)
    np.testing.assert_allclose(traced(x, context), net(x, context), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("moved", [(2,), (4, 2), (4, 5, 2)])
@pytest.mark.parametrize("batch", [(5,), (3, 5)])
def test_output_shape(moved, batch):
    assert _net(moved=moved)(_x(*batch, 3)).shape == (*batch, *moved[:-1], 6)


@pytest.mark.parametrize("num_kept", [0, 3])
def test_context_alone_may_be_the_input(num_kept):
    net = _net(kept=(num_kept,), context=(2,))
    context = _x(5, 2)
    assert np.std(net(_x(5, num_kept), context), axis=0).min() > 0


@pytest.mark.parametrize(
    ("kwargs", "context", "count"),
    [
        ({}, None, (3 * 8 + 8) + (8 * 4 + 4) + (4 * 6 + 6)),
        ({}, (2,), (5 * 8 + 8) + (8 * 4 + 4) + (4 * 6 + 6)),
        ({}, (2, 2), (7 * 8 + 8) + (8 * 4 + 4) + (4 * 6 + 6)),
        ({"weight_norm": True}, None, (3 * 8 + 8 + 8) + (8 * 4 + 4 + 4) + (4 * 6 + 6)),
        ({"hidden": ()}, None, 3 * 6 + 6),
    ],
)
def test_built_with_the_exact_number_of_parameters(kwargs, context, count):
    net = _net(context=context, **kwargs)
    assert net.built
    assert sum(v.value.shape.num_elements() for v in net.variables) == count
    variables = [id(v) for v in net.variables]
    net(_x(5, 3), None if context is None else _x(5, *context))
    assert [id(v) for v in net.variables] == variables


def test_one_batch_axis_is_only_the_arithmetic():
    net = _net(activation="relu")
    graph = tf.function(net).get_concrete_function(tf.TensorSpec([None, 3])).graph
    ops = collections.Counter(op.type for op in graph.get_operations())
    for boundary in ("Placeholder", "ReadVariableOp", "Identity", "NoOp"):
        ops.pop(boundary, None)
    assert ops == {"MatMul": 3, "BiasAdd": 3, "Relu": 2}


@pytest.mark.parametrize("weight_norm", [False, True])
def test_zero_init(weight_norm):
    x = _x(5, 3)
    zero = _net(zero_init=True, weight_norm=weight_norm)(x)
    np.testing.assert_array_equal(zero, np.zeros([5, 6]))
    assert np.abs(_net(weight_norm=weight_norm)(x)).min() > 0


def test_weight_norm_starts_as_the_plain_net():
    outputs = []
    for weight_norm in (False, True):
        keras.utils.set_random_seed(1)
        outputs.append(_net(weight_norm=weight_norm)(_x(5, 3)))
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-6)


def test_context_is_used():
    net = _net(context=(2,))
    x = _x(5, 3)
    assert np.abs(net(x, _x(5, 2, seed=1)) - net(x, _x(5, 2, seed=2))).min() > 1e-6


@pytest.mark.parametrize("weight_norm", [False, True])
def test_uniform_weights(weight_norm):
    make = MLP((50, 50, 50), uniform=0.01, weight_norm=weight_norm)
    net = make((20,), (30,), 2)
    kernels = [np.asarray(layer.kernel) for layer in [*net.hidden_layers, net.last_layer]]
    for kernel in kernels:
        assert 0.0099 < np.abs(kernel).max() <= 0.01 + 1e-6
        assert abs(kernel.mean()) < 1e-3
    assert np.abs(kernels[1] - kernels[2]).max() > 1e-3
    biases = [v.numpy() for v in net.variables if v.name == "bias"]
    assert len(biases) == 4
    assert max(np.abs(bias).max() for bias in biases) == 0.0


def test_nice_has_the_released_number_of_parameters():
    net = MLP((1000,) * 5, uniform=0.01)((392,), (392,), 1)
    assert 4 * net.count_params() + 784 == 4 * (2 * 392 * 1000 + 4 * 10**6 + 5392) + 784
