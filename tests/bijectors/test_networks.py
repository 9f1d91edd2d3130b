"""Networks of every kind are seen by TFP, at every depth, each variable once."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, nets, partitions, transforms

tfb, tfd = tfp.bijectors, tfp.distributions
HALVES = partitions.Halves()


def keras3(num_inputs=2, num_outputs=4):
    layers = [keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(num_outputs)]
    return keras.Sequential([keras.Input((num_inputs,)), *layers])


def module(num_inputs=2, num_outputs=4):
    class Linear(tf.Module):
        def __init__(self):
            super().__init__()
            values = np.random.default_rng(0).normal(size=(num_inputs, num_outputs))
            self.kernel = tf.Variable(tf.constant(values, tf.float32))

        def __call__(self, x):
            return x @ self.kernel

    return Linear()


def tf_keras_net():
    tf_keras = pytest.importorskip("tf_keras")
    layers = [tf_keras.layers.Dense(3, activation="tanh"), tf_keras.layers.Dense(4)]
    return tf_keras.Sequential([tf_keras.layers.InputLayer((2,)), *layers])


def affine(net, **kwargs):
    return bijectors.AffineCoupling(HALVES, net, event_shape=(4,), **kwargs)


def flow_of(bijector, event_shape=(4,)):
    return tfd.TransformedDistribution(tfd.Sample(tfd.Normal(0.0, 1.0), event_shape), bijector)


def shift_and_log_scale(net, x, output_units, **kwargs):
    del output_units, kwargs
    return tf.split(net(x), 2, axis=-1)


def trained(flow, x, num_steps=3):
    """Whether each variable moves and the loss falls in a plain custom loop."""
    optimizer = keras.optimizers.Adam(1e-2)
    variables = flow.trainable_variables
    optimizer.build(variables)
    before = [variable.numpy() for variable in variables]

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(x))
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    losses = [float(step()) for _ in range(num_steps)]
    moved = [np.any(v.numpy() != old) for v, old in zip(variables, before, strict=True)]
    return all(moved) and losses[-1] < losses[0]


def data(shape=(64, 4)):
    return tf.constant(3 + np.random.default_rng(0).normal(size=shape), tf.float32)


# Stock bijectors.


def test_stock_real_nvp_is_blind_to_keras_and_rescued():
    net = keras3()
    blind = tfb.RealNVP(
        num_masked=2, shift_and_log_scale_fn=lambda *a, **k: shift_and_log_scale(net, *a, **k)
    )
    assert len(blind.trainable_variables) == 0
    network = bijectors.KerasNetwork(net, shift_and_log_scale)
    flow = flow_of(tfb.RealNVP(num_masked=2, shift_and_log_scale_fn=network))
    assert len(flow.trainable_variables) == 4
    assert trained(flow, data())


def test_stock_autoregressive_flow_is_rescued():
    class ShiftAndLogScale(keras.layers.Layer):
        """Each entry is told of those before it by a strictly triangular kernel."""

        def build(self, shape):
            self.kernel = self.add_weight(shape=(2, shape[-1], shape[-1]), name="kernel")

        def call(self, x):
            triangle = np.triu(np.ones(self.kernel.shape, np.float32), k=1)
            kernel = tf.convert_to_tensor(self.kernel) * triangle
            return tf.unstack(tf.einsum("...i,kij->...jk", x, kernel), axis=-1)

    layer = ShiftAndLogScale()
    layer.build((None, 4))
    network = bijectors.KerasNetwork(layer, lambda layer, x, **kwargs: layer(x))
    flow = flow_of(tfb.MaskedAutoregressiveFlow(shift_and_log_scale_fn=network))
    assert [tuple(v.shape) for v in flow.trainable_variables] == [(2, 4, 4)]
    x = flow.sample(5, seed=0)
    z = flow.bijector.inverse(tf.identity(x))
    np.testing.assert_allclose(flow.bijector.forward(tf.identity(z)), x, rtol=1e-4, atol=1e-5)
    assert trained(flow, data())


def glow_net(channels, num_outputs):
    conv = keras.layers.Conv2D
    layers = [conv(4, 3, padding="same", activation="relu"), conv(num_outputs, 3, padding="same")]
    return bijectors.KerasNetwork(keras.Sequential([keras.Input((None, None, channels)), *layers]))


def test_stock_glow_is_rescued():
    glow = tfb.Glow(
        output_shape=(4, 4, 1),
        num_glow_blocks=2,
        num_steps_per_block=1,
        coupling_bijector_fn=lambda shape: glow_net(shape[-1], 2 * shape[-1]),
        exit_bijector_fn=lambda shape, output_chan: glow_net(shape[-1], 2 * output_chan),
    )
    flow = flow_of(glow, (16,))
    # Two couplings and one exit, of four each, and two 1x1 convolutions of one each.
    kernels = [v for v in flow.trainable_variables if "kernel" in v.name or "bias" in v.name]
    assert len(kernels) == 12
    x = data((8, 4, 4, 1))
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(flow.log_prob(x))
    gradients = tape.gradient(loss, flow.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    assert trained(flow, x)


# Depth, checkpoints, sharing.

DEPTHS = {
    "bare": lambda b: b,
    "our Chain": lambda b: bijectors.Chain([tfb.Exp(), b]),
    "stock Chain": lambda b: tfb.Chain([tfb.Exp(), b]),
    "Invert": tfb.Invert,
    "deep": lambda b: tfb.Invert(tfb.Chain([bijectors.Chain([tfb.Invert(tfb.Chain([b]))])])),
    "TransformedDistribution": flow_of,
    "Independent": lambda b: tfd.Independent(flow_of(bijectors.Chain([b])), 0),
    "TransformedDistribution of TransformedDistribution": lambda b: tfd.TransformedDistribution(
        flow_of(b), tfb.Exp()
    ),
    "Mixture": lambda b: tfd.Mixture(
        tfd.Categorical(logits=[0.0, 0.0]), [flow_of(b), flow_of(tfb.Identity())]
    ),
    "Blockwise": lambda b: tfb.Blockwise([b, tfb.Identity()], block_sizes=[4, 2]),
    "JointMap": lambda b: tfb.JointMap([b, tfb.Exp()]),
}


@pytest.fixture(params=DEPTHS)
def nest(request):
    return DEPTHS[request.param]


def test_variables_are_seen_at_every_depth_before_the_first_call(nest):
    holder = nest(affine(keras3()))
    assert len(holder.trainable_variables) == 4
    assert len(holder.variables) == 4
    assert all(isinstance(variable, tf.Variable) for variable in holder.variables)


def test_checkpoints_hold_each_variable_once_and_restore_it(nest, tmp_path):
    holder = nest(affine(keras3()))
    path = tf.train.Checkpoint(holder=holder).save(str(tmp_path / "ckpt"))
    entries = [name for name, _ in tf.train.list_variables(path) if "VARIABLE_VALUE" in name]
    assert len([name for name in entries if not name.startswith("save_counter")]) == 4
    wanted = [variable.numpy() for variable in holder.variables]
    for variable in holder.variables:
        variable.assign(variable + 1)
    tf.train.Checkpoint(holder=holder).restore(path).assert_consumed()
    for variable, value in zip(holder.variables, wanted, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_a_checkpoint_fills_another_object_of_the_same_make(tmp_path):
    first, second = (flow_of(bijectors.Chain([affine(keras3())])) for _ in range(2))
    path = tf.train.Checkpoint(flow=first).save(str(tmp_path / "ckpt"))
    tf.train.Checkpoint(flow=second).restore(path).assert_consumed()
    np.testing.assert_array_equal(second.log_prob(data()), first.log_prob(data()))


def test_shared_networks_count_once(tmp_path):
    net = keras3()
    chain = bijectors.Chain([affine(net), affine(net), tfb.Invert(affine(net))])
    assert len(chain.trainable_variables) == 4
    path = tf.train.Checkpoint(chain=chain).save(str(tmp_path / "ckpt"))
    entries = [name for name, _ in tf.train.list_variables(path) if "VARIABLE_VALUE" in name]
    assert len([name for name in entries if not name.startswith("save_counter")]) == 4


def test_copies_share_their_network():
    coupling = affine(keras3())
    assert {id(v) for v in coupling.copy().variables} == {id(v) for v in coupling.variables}


# Kinds of networks.


@pytest.mark.parametrize(
    ("make", "num_variables"),
    [
        (keras3, 4),
        (lambda: nets.MLP((3,))((2,), (2,), 2), 4),
        (lambda: keras.layers.Dense(4), 2),
        (tf_keras_net, 4),
        (module, 1),
        (lambda: bijectors.KerasNetwork(keras3()), 4),
        (lambda: bijectors.KerasNetwork([keras3(2, 3), keras3(3, 4)], chained), 8),
        (lambda: bijectors.KerasNetwork({"a": keras3(2, 3), "b": [keras3(3, 4)]}, named), 8),
        (lambda: lambda kept: tf.concat([kept, -kept], axis=-1), 0),
    ],
    ids=["Keras 3", "MLP", "unbuilt", "tf_keras", "Module", "wrapped", "list", "dict", "function"],
)
def test_networks_of_every_kind_are_trained(make, num_variables):
    coupling = affine(make())
    assert len(coupling.trainable_variables) == num_variables
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(coupling.inverse(data())) + tf.reduce_sum(
            coupling.inverse_log_det_jacobian(data())
        )
    gradients = tape.gradient(loss, coupling.trainable_variables)
    assert all(gradient is not None for gradient in gradients)


def chained(layers, x):
    first, second = layers
    return second(first(x))


def named(layers, x):
    return layers["b"][0](layers["a"](x))


def test_variables_that_are_made_later_are_seen():
    network = bijectors.KerasNetwork(keras.layers.Dense(4))
    assert len(network.variables) == 0
    network(tf.ones([1, 2]))
    assert len(network.variables) == 2


def test_moving_statistics_are_seen_and_not_trained():
    layers = [keras.layers.BatchNormalization(), keras.layers.Dense(4)]
    coupling = affine(keras.Sequential([keras.Input((2,)), *layers]))
    assert len(coupling.variables) == 6
    assert len(coupling.trainable_variables) == 4


def test_networks_are_built_under_a_strategy():
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        coupling = affine(keras.layers.Dense(4))
    assert len(coupling.trainable_variables) == 2


def test_the_network_given_is_the_network_held():
    net = keras3()
    assert affine(net).net is net
    assert bijectors.KerasNetwork(net).network is net


# Errors.


def test_a_closure_over_keras_layers_is_refused():
    net = keras3()
    with pytest.raises(ValueError, match=r"reads variables .* cannot see: \[.*kernel"):
        affine(lambda kept: net(2 * kept))
    with pytest.raises(ValueError, match="with no variables that can be seen"):
        bijectors.AffineCoupling(HALVES, lambda kept: net(2 * kept))


def test_a_module_that_hides_keras_layers_is_refused():
    class Hides(tf.Module):
        def __init__(self):
            super().__init__()
            self.layer = keras3()

        def __call__(self, kept):
            return self.layer(kept)

    with pytest.raises(ValueError, match=r"cannot see: .*KerasNetwork"):
        affine(Hides())


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.Dense(4),
        lambda: keras.Sequential([keras.layers.Dense(4)]),
        lambda: bijectors.KerasNetwork(keras.layers.Dense(4)),
    ],
    ids=["layer", "model", "wrapped"],
)
def test_an_unbuilt_network_needs_an_event_shape(make):
    with pytest.raises(ValueError, match="`net` must be built, or `event_shape` given"):
        bijectors.AffineCoupling(HALVES, make())


def test_a_built_network_needs_no_event_shape():
    assert bijectors.AffineCoupling(HALVES, keras3()).inverse(data()).shape == (64, 4)


def test_variables_of_another_backend_are_refused():
    class Array:
        """What `keras.Variable.value` is under JAX: it cannot be assigned to."""

    class FakeVariable:
        value = Array()

    class FakeLayer:
        variables = (FakeVariable(),)

        def __call__(self, x):
            return x

    wanted = "backend of Keras must be 'tensorflow'; got a variable of type .*Array.*KERAS_BACKEND"
    with pytest.raises(ValueError, match=wanted):
        bijectors.KerasNetwork(FakeLayer())
    with pytest.raises(ValueError, match=wanted):
        affine(FakeLayer())


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="`network` must be callable or come with `function`; got"):
        bijectors.KerasNetwork([keras3()])


def test_a_chain_of_learned_layers_is_trained():
    links = [
        bijectors.Elementwise(transforms.Affine(), (4,)),
        affine(nets.MLP((3,))((2,), (2,), 2)),
    ]
    flow = flow_of(bijectors.Chain(links))
    assert len(flow.trainable_variables) == 5
    assert trained(flow, data())


def test_a_walk_through_the_variables_lists_them_once(monkeypatch):
    network, lists = bijectors.KerasNetwork(keras3()), []
    view = type(network._layer_variables)
    pairs = view.pairs
    monkeypatch.setattr(view, "pairs", lambda self: lists.append(1) or pairs(self))
    assert len(list(network._layer_variables)) == 4
    assert len(lists) <= 2  # `list` asks for the length, too.
