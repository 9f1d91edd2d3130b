"""What the nets of the published image flows have in common."""

import copy
import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import phases
from tfp_flows.nets import FlowPPContext, FlowPPNet, GlowNet, RealNVPNet, TopPrior, ZeroConv

KEPT, MOVED = (6, 4, 3), (6, 4, 2)
BATCHES = [(), (5,), (4, 5), (2, 1, 5)]
MAKERS = {
    "glow": GlowNet(4, kernel_size=5, log_scale_factor=2.0),
    "zero_conv": ZeroConv(),
    "realnvp": RealNVPNet(4, 1),
    "flowpp": FlowPPNet(4, 2, num_heads=2, dropout=0.25, weight_norm=True),
    "flowpp_pointwise": FlowPPNet(4, 1, mixer="pointwise", final_activation=True),
    "flowpp_convolutions": FlowPPNet(4, 1, mixer=None),
}
SIZED = ["flowpp", "flowpp_pointwise", "flowpp_convolutions"]
each = pytest.mark.parametrize("kind", MAKERS)


def _x(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _net(kind, context=None, seed=1, **kwargs):
    net = dataclasses.replace(MAKERS[kind], **kwargs)(KEPT, MOVED, 2, context)
    return _scrambled(net, seed)


def _scrambled(net, seed):
    rng = np.random.default_rng(seed)
    for variable in net.variables:
        noise = 0.3 * rng.normal(size=variable.shape)
        if variable.dtype == "bool":
            variable.assign(seed == 1)
        elif "seed" not in variable.name:
            variable.assign(np.exp(noise) if "variance" in variable.name else noise)
    return net


def _inputs(context, batch=(5,)):
    return [_x(*batch, *KEPT)] + ([] if context is None else [_x(*batch, *context, seed=1)])


@each
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("context", [None, (5,), (12, 8, 5)])
def test_any_batch_shape_is_member_by_member(kind, batch, context):
    net, inputs = _net(kind, context), _inputs(context, batch)
    y = net(*inputs)
    assert y.shape == (*batch, 6, 4, 4)
    last = (-1,) * len(batch)
    np.testing.assert_allclose(y[last], net(*(x[last] for x in inputs)), rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@each
@pytest.mark.parametrize("context", [(5,), (12, 8, 5)])
@pytest.mark.parametrize("known", ["rank", "nothing"])
def test_unknown_sizes(kind, context, known):
    net, inputs = _net(kind, context), _inputs(context)

    def signature(*event):
        return tf.TensorSpec([None, *event] if known == "rank" else None)

    sizes = [None] * (len(context) - 1)
    traced = tf.function(
        net, input_signature=[signature(None, None, 3), signature(*sizes, context[-1])]
    )
    np.testing.assert_allclose(traced(*inputs), net(*inputs), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", sorted(MAKERS.keys() - set(SIZED)))
def test_other_heights_and_widths(kind):
    net = _net(kind, (12, 8, 5))
    assert net(_x(2, 3, 5, 3), _x(2, 6, 10, 5)).shape == (2, 3, 5, 4)


@pytest.mark.parametrize("kind", SIZED)
@pytest.mark.parametrize("size", [(3, 5), (1, 4), (6, 1), (1, 1)])
def test_nets_with_positions_refuse_other_heights_and_widths(kind, size):
    net = _net(kind)
    with pytest.raises(ValueError, match=r"must have shape \[..., 6, 4, 3\]; got"):
        net(_x(2, *size, 3))
    blind = tf.function(net, input_signature=[tf.TensorSpec(None)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible"):
        blind(_x(2, *size, 3))


@each
def test_one_channel_and_as_many_members_as_rows(kind):
    net = _scrambled(MAKERS[kind]((6, 4, 1), (6, 4, 1), 1, (5,)), 1)
    x, context = _x(6, 6, 4, 1), _x(6, 5)
    single = np.stack([net(x[i], context[i]) for i in range(6)])
    np.testing.assert_allclose(net(x, context), single, rtol=1e-3, atol=1e-4)


@each
@pytest.mark.slow
def test_xla(kind):
    net, inputs = _net(kind, (12, 8, 5)), _inputs((12, 8, 5))
    compiled = tf.function(net, jit_compile=True)
    np.testing.assert_allclose(compiled(*inputs), net(*inputs), rtol=1e-3, atol=1e-4)


@each
@pytest.mark.parametrize(
    ("dtype", "stored", "computed"),
    [("float64", "float64", "float64"), ("mixed_bfloat16", "float32", "bfloat16")],
)
def test_dtype(kind, dtype, stored, computed):
    net = _net(kind, (5,), seed=2, dtype=dtype)
    assert {v.dtype for v in net.trainable_variables} == {stored}
    with phases.initializing():
        y = net(*_inputs((5,)))
    assert y.dtype == computed
    assert np.isfinite(tf.cast(y, "float64")).all()


@each
def test_variables_are_there_from_the_start(kind):
    net = _net(kind, (5,))
    assert net.built
    before = [id(v) for v in net.variables]
    for training in (False, True):
        net(*_inputs((5,)), training=training)
    with phases.initializing():
        net(*_inputs((5,)))
    assert [id(v) for v in net.variables] == before


@each
@pytest.mark.slow
def test_fit(kind):
    net, x = _net(kind), _x(64, *KEPT)
    inputs = keras.Input(KEPT)
    model = keras.Model(inputs, net(inputs))
    model.compile(keras.optimizers.Adam(1e-2), "mse", jit_compile=kind == "glow")
    model.optimizer.build(model.trainable_variables)
    before = [v.numpy() for v in net.trainable_variables]
    losses = model.fit(x, _x(64, 6, 4, 4), epochs=3, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    after = [v.numpy() for v in net.trainable_variables]
    assert all(np.abs(a - b).max() > 0.0 for a, b in zip(before, after, strict=True))


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
@pytest.mark.parametrize("kind", [*MAKERS, "top"])
@pytest.mark.parametrize("how", ["checkpoint", "weights", "model", "copy"])
@pytest.mark.parametrize("context", [None, pytest.param((5,), marks=pytest.mark.slow)])
def test_saved_and_restored(kind, how, context, tmp_path):
    if kind == "top":
        make = TopPrior(log_scale_factor=2.0)
        old, new = (_scrambled(make((6, 4, 2), 2, context), seed) for seed in (1, 2))
        inputs = _inputs(context)[1:]
    else:
        old, new = (_net(kind, context, seed, dtype="float64") for seed in (1, 2))
        inputs = _inputs(context)
    assert np.abs(old(*inputs) - new(*inputs)).max() > 1e-3
    new = _restored(how, old, new, tmp_path)
    np.testing.assert_array_equal(old(*inputs), new(*inputs))
    assert new.get_config() == old.get_config()
    for ours, theirs in zip(old.variables, new.variables, strict=True):
        assert (ours.name, ours.dtype) == (theirs.name, theirs.dtype)
        if "seed" not in ours.name:  # Keras saves no states of random numbers.
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize(
    "make", [FlowPPContext, FlowPPNet, GlowNet, RealNVPNet, TopPrior, ZeroConv]
)
def test_factory_is_plain_values(make):
    factory = make(dtype="float64")
    assert make(**dataclasses.asdict(factory)) == factory != make()
    assert hash(make()) == hash(make())
    with pytest.raises(dataclasses.FrozenInstanceError):
        factory.dtype = None
    assert eval(repr(factory)) == factory
