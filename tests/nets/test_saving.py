"""Nets are saved and restored, and their factories are plain values."""

import copy
import dataclasses

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


def _restored(how, old, new, path):
    if how == "checkpoint":
        saved = tf.train.Checkpoint(net=old).save(path / "net")
        tf.train.Checkpoint(net=new).restore(saved).assert_consumed()
    elif how == "weights":
        old.save_weights(path / "net.weights.h5")
        new.load_weights(path / "net.weights.h5")
    elif how == "model":
        old.save(path / "net.keras")
        new = keras.models.load_model(path / "net.keras")
    else:
        new = copy.deepcopy(old)
    return new


# Keras 3.15 gives NumPy 2 its variables in the old way.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@both
@pytest.mark.parametrize("how", ["checkpoint", "weights", "model", "copy"])
def test_saved_and_restored(kind, how, tmp_path):
    kwargs = {"weight_norm": True, "dropout": 0.1, "context": (2,)}
    old, new = _net(kind, **kwargs), _net(kind, **kwargs)
    inputs = _kept(kind), _x(5, 2)
    assert np.abs(old(*inputs) - new(*inputs)).max() > 1e-3
    new = _restored(how, old, new, tmp_path)
    np.testing.assert_array_equal(old(*inputs), new(*inputs))


@pytest.mark.parametrize("make", [MLP, ConvResNet])
def test_factory_is_plain_values(make):
    factory = make(dropout=0.5, dtype="float64")
    assert make(**dataclasses.asdict(factory)) == factory != make()
    assert hash(make()) == hash(make(dropout=0.0))
    with pytest.raises(dataclasses.FrozenInstanceError):
        factory.dropout = 0.1


def test_hidden_may_be_a_list():
    assert MLP([8, 4]) == MLP((8, 4))
    assert hash(MLP([8, 4])) == hash(MLP((8, 4)))


def test_repr_is_the_call():
    assert repr(MLP()) == (
        "MLP(hidden=(256, 256), activation='relu', dropout=0.0, weight_norm=False, "
        "zero_init=True, uniform=None, dtype=None)"
    )
