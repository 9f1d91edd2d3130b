"""Dropout and dtypes of both nets."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows.nets import MLP, ConvResNet

both = pytest.mark.parametrize("kind", ["mlp", "resnet"])


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _net(kind, context=None, **kwargs):
    kwargs = {"zero_init": False, "activation": "tanh"} | kwargs
    if kind == "mlp":
        return MLP((8, 4), **kwargs)((3,), (2,), 3, context)
    return ConvResNet(4, **kwargs)((6, 6, 3), (6, 6, 2), 3, context)


def _kept(kind, size=5):
    return _x(size, 3) if kind == "mlp" else _x(size, 6, 6, 3)


class Outer(keras.Model):
    """A model that calls its net in plain Python, as a bijector does."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def call(self, x):
        def plain(y):
            return self.net(y)

        return plain(x)


@both
def test_dropout_only_in_training(kind):
    net, x = _net(kind, dropout=0.5), _kept(kind, size=50)
    np.testing.assert_array_equal(net(x), net(x))
    assert np.abs(net(x, training=True) - net(x)).max() > 1e-3
    assert not _net(kind).non_trainable_variables


@both
@pytest.mark.parametrize("compiled", [False, True])
def test_training_of_an_outer_model_reaches_the_net(kind, compiled):
    outer, x = Outer(_net(kind, dropout=0.5)), _kept(kind, size=50)
    call = tf.function(outer) if compiled else outer
    still = call(x)
    np.testing.assert_allclose(call(x, training=False), still, atol=1e-6)
    first, second = call(x, training=True), call(x, training=True)
    assert np.abs(first - still).max() > 1e-3
    assert np.abs(first - second).max() > 1e-3


@both
@pytest.mark.parametrize("weight_norm", [False, True])
@pytest.mark.parametrize(
    ("dtype", "stored", "computed"),
    [("float64", "float64", "float64"), ("mixed_bfloat16", "float32", "bfloat16")],
)
def test_dtype(kind, dtype, stored, computed, weight_norm):
    net = _net(kind, (2,), dtype=dtype, weight_norm=weight_norm, dropout=0.1)
    assert {v.dtype for v in net.trainable_variables} == {stored}
    assert net(_kept(kind), _x(5, 2)).dtype == computed


@both
def test_no_dtype_is_the_global_policy(kind):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        net = _net(kind)
    finally:
        keras.config.set_dtype_policy(before)
    assert net(_kept(kind)).dtype == "float64"
    assert _net(kind)(_kept(kind)).dtype == "float32"
