"""`FlowModel` finds and trains every variable of any distribution."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, flows, nets

tfd, tfb = tfp.distributions, tfp.bijectors


def _base(size, dtype=tf.float32):
    return tfd.Sample(tfd.Normal(tf.zeros([], dtype), tf.ones([], dtype)), [size])


def _vectors():
    return flows.coupling_flow((3,), num_couplings=2, net=nets.MLP((4,), zero_init=False))


def _images():
    net = nets.ConvResNet(8, 1, zero_init=False)
    return flows.coupling_flow((4, 4, 1), num_couplings=2, net=net)


def _stock_maf_before_its_first_call():
    made = tfb.AutoregressiveNetwork(2, event_shape=[3], hidden_units=[6], activation="tanh")
    return tfd.TransformedDistribution(_base(3), tfb.MaskedAutoregressiveFlow(made))


def _stock_maf_on_a_trained_base():
    made = tfb.AutoregressiveNetwork(2, event_shape=[3], hidden_units=[6], activation="tanh")
    base = tfd.Independent(tfd.Normal(tf.Variable([0.1, 0.2, 0.3]), 1.0), 1)
    return tfd.TransformedDistribution(base, tfb.MaskedAutoregressiveFlow(made))


def _stock_real_nvp():
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4)])

    def shift_and_log_scale(net, x, output_units, **kwargs):
        del output_units, kwargs
        return tf.split(tf.tanh(net(x)), 2, axis=-1)

    network = bijectors.KerasNetwork(net, shift_and_log_scale)
    return tfd.TransformedDistribution(
        _base(3), tfb.RealNVP(num_masked=1, shift_and_log_scale_fn=network)
    )


def _normal():
    return tfd.Normal(tf.Variable(0.5), tfp.util.TransformedVariable(2.0, tfb.Softplus()))


def _mixture():
    return tfd.MixtureSameFamily(
        tfd.Categorical(logits=tf.Variable([0.1, -0.2])),
        tfd.Normal(tf.Variable([-1.0, 2.0]), tfp.util.TransformedVariable([1.0, 2.0], tfb.Exp())),
    )


def _independent():
    return tfd.Independent(tfd.Laplace(tf.Variable([0.5, -0.5, 0.1]), 1.0), 1)


def _stock_chain():
    triangle = tfb.FillScaleTriL()
    matrix = tfp.util.TransformedVariable(np.eye(3, dtype="float32"), triangle)
    chain = tfb.Chain([tfb.Shift(tf.Variable([0.1, 0.2, 0.3])), tfb.ScaleMatvecTriL(matrix)])
    return tfd.TransformedDistribution(_base(3), chain)


def _float64():
    chain = bijectors.Chain([tfb.Shift(tf.Variable(np.array([0.1, 0.2, 0.3])))])
    return tfd.TransformedDistribution(_base(3, tf.float64), chain)


def _counts():
    return tfd.Poisson(log_rate=tf.Variable(0.3))


def _classes():
    return tfd.Categorical(logits=tf.Variable([0.1, -0.2, 0.3]))


KINDS = [
    _vectors,
    _images,
    _stock_maf_before_its_first_call,
    _stock_maf_on_a_trained_base,
    _stock_real_nvp,
    _normal,
    _mixture,
    _independent,
    _stock_chain,
    _float64,
    _counts,
    _classes,
]


# Each like another of them, for `fit`.
SLOW = {_stock_maf_on_a_trained_base, _stock_chain, _float64}


@pytest.fixture(
    params=[pytest.param(k, marks=[pytest.mark.slow] if k in SLOW else []) for k in KINDS],
    ids=lambda make: make.__name__[1:],
)
def made(request):
    keras.utils.set_random_seed(0)  # Else all units of a layer may be off.
    return request.param()


@pytest.fixture
def x(made):
    shape = (20, *made.event_shape)
    if made.dtype.is_integer:
        return np.random.default_rng(0).integers(0, 3, shape)
    return np.abs(np.random.default_rng(0).normal(1.0, 2.0, shape)).astype(
        made.dtype.as_numpy_dtype
    )


def test_fit_moves_every_variable_and_predict_gives_log_prob(made, x):
    model = tfp_flows.FlowModel(made)
    model.compile(keras.optimizers.SGD(0.01))
    # Several steps, where tensors left in TFP's cache by another graph would be seen.
    model.steps_per_execution = 2
    before = [variable.numpy() for variable in made.trainable_variables]
    history = model.fit(tf.data.Dataset.from_tensor_slices(x).batch(8), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert before
    for old, variable in zip(before, made.trainable_variables, strict=True):
        assert (old != variable.numpy()).any(), variable.name
    shared = {id(variable.value) for variable in model.trainable_variables}
    assert shared == {id(variable) for variable in made.trainable_variables}
    log_prob = model.predict(x, batch_size=8, verbose=0)
    assert log_prob.shape == (20,)
    assert log_prob.dtype == made.log_prob(x[:1]).dtype.as_numpy_dtype
    np.testing.assert_allclose(log_prob, made.log_prob(x), rtol=1e-5, atol=1e-5)


def test_a_variable_has_the_name_that_its_owner_gave_it():
    made = tfd.Independent(tfd.Normal(tf.Variable([0.0, 1.0], name="place"), 1.0), 1)
    assert [v.name for v in tfp_flows.FlowModel(made).trainable_variables] == ["place"]
    names = [v.name for v in tfp_flows.FlowModel(_vectors()).trainable_variables]
    assert names == ["kernel", "bias"] * 4


def test_frozen_layers_stay_as_they_are_and_regularizers_count():
    net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(4, kernel_regularizer="l2")])
    halves = tfp_flows.partitions.Halves()
    coupling = bijectors.AffineCoupling(halves, net, event_shape=(3,))
    shift = tfb.Shift(tf.Variable([0.1, 0.2, 0.3]))
    made = tfd.TransformedDistribution(_base(3), bijectors.Chain([shift, coupling]))
    model = tfp_flows.FlowModel(made)
    x = np.ones([8, 3], "float32")
    penalty = 0.01 * float(tf.reduce_sum(net.weights[0] ** 2))
    model.compile(keras.optimizers.SGD(0.1))
    result = model.evaluate(x, verbose=0, return_dict=True)
    np.testing.assert_allclose(result["loss"] - result["nll"], penalty, rtol=1e-3)
    net.trainable = False
    model.compile(keras.optimizers.SGD(0.1))
    before = [variable.numpy() for variable in made.variables]
    model.fit(x, verbose=0)
    for old, variable in zip(before, made.variables, strict=True):
        assert (old == variable.numpy()).all() == (variable.shape != (3,)), variable.name
