"""`FlowModel` around integers: both flows are trained, and bits/dim come out right."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows import bijectors, flows, nets, training
from tfp_flows.distributions import (
    ArgmaxNoise,
    Dequantized,
    FlowNoise,
    standard_normal,
)
from tfp_flows.training.initialize import needs_initialization

tfd = tfp.distributions


def _pixels(noise="flow", dtype="float32", net_dtype=None, num_couplings=2, **kwargs):
    keras.utils.set_random_seed(0)
    net = nets.MLP((8,), dtype=net_dtype or dtype)
    given = {"num_couplings": num_couplings, "net": net, "dtype": dtype}
    flow = flows.coupling_flow((3,), logit_alpha=0.05, **given, **kwargs)
    if noise == "uniform":
        return Dequantized(flow, 16)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(5, dtype=net_dtype or dtype)]
    noise = flows.coupling_flow((3,), context_shape=(5,), **given)
    return Dequantized(flow, 16, FlowNoise(noise, keras.Sequential(layers)))


def _x(n=256, dtype=np.uint8, num_levels=16):
    x = np.random.default_rng(0).binomial(num_levels - 1, [0.2, 0.5, 0.6], (n, 3))
    return x.astype(dtype)


def _compiled(pixels, **kwargs):
    model = tfp_flows.FlowModel(pixels)
    model.compile(keras.optimizers.Adam(0.02), **kwargs)
    return model


@pytest.mark.parametrize(
    "num_bits",
    [pytest.param(n, marks=[] if n in (1, 8) else pytest.mark.slow) for n in range(1, 9)],
)
def test_a_uniform_density_has_exactly_as_many_bits_as_the_data(num_bits):
    high = tf.Variable(tf.ones([3, 4]))  # There must be something to train.
    box = tfd.Independent(tfd.Uniform(tf.zeros([3, 4]), high), 2)
    x = np.random.default_rng(0).integers(0, 2**num_bits, (32, 3, 4)).astype(np.uint8)
    model = tfp_flows.FlowModel(Dequantized(box, 2**num_bits))
    model.compile()
    np.testing.assert_allclose(model.evaluate(x, verbose=0)[-1], num_bits, rtol=1e-6)


@pytest.mark.slow
def test_xla_trains_both_flows():
    pixels = _pixels(num_couplings=1)
    before = [variable.numpy() for variable in pixels.trainable_variables]
    history = _compiled(pixels, jit_compile=True).fit(_x(32), epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["nll"]))
    for old, variable in zip(before, pixels.trainable_variables, strict=True):
        assert np.max(np.abs(old - variable)) > 1e-6, variable.name


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["uniform", "flow"])
def test_fit_moves_every_variable_of_both_flows(noise):
    pixels = _pixels(noise)
    model, x = _compiled(pixels), _x()
    assert len(model.trainable_variables) == len(pixels.trainable_variables)
    before = [variable.numpy() for variable in pixels.trainable_variables]
    history = model.fit(x, epochs=4, batch_size=64, verbose=0).history
    assert history["bits_per_dim"][-1] < history["bits_per_dim"][0]
    for old, variable in zip(before, pixels.trainable_variables, strict=True):
        assert np.max(np.abs(old - variable)) > 1e-6, variable.name
    bits = model.evaluate(x, verbose=0, return_dict=True)["bits_per_dim"]
    assert 2 < bits < 4.5
    log_prob = model.predict(x, verbose=0)
    assert log_prob.shape == (256,)
    np.testing.assert_allclose(-np.mean(log_prob) / (3 * np.log(2)), bits, atol=0.1)
    samples = model.sample(5, seed=3)
    assert samples.dtype == tf.uint8
    np.testing.assert_array_equal(samples, model.sample(5, seed=3))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_datasets_and_integers_of_any_dtype(dtype):
    model = _compiled(_pixels("uniform"))
    dataset = tf.data.Dataset.from_tensor_slices(_x(64, dtype)).batch(32)
    model.fit(dataset, verbose=0)
    model.fit(_x(64, dtype), verbose=0, validation_data=dataset)


@pytest.mark.slow
def test_classes_reach_the_main_flow_alone():
    pixels = _pixels(num_classes=4)
    model, x, y = _compiled(pixels), _x(64), np.arange(64) % 4
    model.fit(x, y, verbose=0)
    model.fit(tf.data.Dataset.from_tensor_slices({"x": x, "context": y}).batch(32), verbose=0)
    assert model.sample(4, context=[0, 1, 2, 3]).dtype == tf.uint8
    hot = model.sample(2, seed=1, context=np.eye(4)[[1, 1]])
    np.testing.assert_array_equal(hot, model.sample(2, seed=1, context=[1, 1]))
    np.testing.assert_array_equal(hot, model.sample(2, seed=1, context=1))
    with pytest.raises(ValueError, match="`context` must be given"):
        model.predict(x, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("is_float64", [False, True])
def test_precisions(is_float64):
    pixels = _pixels(dtype="float64") if is_float64 else _pixels(net_dtype="mixed_bfloat16")
    model = _compiled(pixels)
    history = model.fit(_x(), epochs=2, batch_size=64, verbose=0).history
    assert np.isfinite(history["nll"][-1])
    assert model.dtype == ("float64" if is_float64 else "float32")
    assert model(_x(5)).dtype == model.dtype
    assert model.sample(2).dtype == tf.uint8


def test_initialization_reaches_both_flows_in_order():
    keras.utils.set_random_seed(0)
    inside = [bijectors.ActNorm((3,)), *_pixels().noise.flow.bijector.bijectors]
    noise = tfd.TransformedDistribution(
        standard_normal((3,)), bijectors.Chain([bijectors.ActNorm((3,)), *inside])
    )
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(5)])
    front = [bijectors.Logit(0.05), bijectors.ActNorm((3,))]
    flow = tfd.TransformedDistribution(standard_normal((3,)), bijectors.Chain(front))
    pixels = Dequantized(flow, 16, FlowNoise(noise, net))
    training.initialize(pixels, _x(512))
    z = flow.bijector.inverse((tf.cast(_x(512), tf.float32) + 0.5) / 16)
    np.testing.assert_allclose(np.mean(z, axis=0), np.zeros(3), atol=0.1)
    np.testing.assert_allclose(np.std(z, axis=0), np.ones(3), atol=0.2)
    v, _ = noise.experimental_sample_and_log_prob(
        512, bijector_kwargs={"context": net(_x(512) / 16 - 0.5)}
    )
    np.testing.assert_allclose(np.std(v, axis=0), np.ones(3), atol=0.2)
    assert not needs_initialization(pixels)


def test_fit_initializes_by_itself():
    flow = flows.glow((4, 4, 1), num_levels=1, num_steps=1, filters=4)
    noise = flows.glow((4, 4, 1), num_levels=1, num_steps=1, filters=4, context_shape=(4, 4, 1))
    pixels = Dequantized(flow, 17, FlowNoise(noise))
    x = np.random.default_rng(0).integers(0, 17, (64, 4, 4, 1)).astype(np.uint8)
    history = _compiled(pixels).fit(x, verbose=0).history
    assert np.isfinite(history["nll"][0])
    flags = [v for v in pixels.variables if "initialized" in v.name]
    assert len(flags) > 2
    assert all(bool(flag) for flag in flags)


def test_categories_are_trained():
    flow = tfd.TransformedDistribution(
        standard_normal((2, 3)),
        tfp.bijectors.Shift(tf.Variable(tf.zeros(3))),
    )
    words = Dequantized(flow, 3, ArgmaxNoise())
    x = np.random.default_rng(0).choice(3, (512, 2), p=[0.8, 0.1, 0.1])
    model = _compiled(words)
    history = model.fit(x, epochs=8, verbose=0).history
    assert history["nll"][-1] < history["nll"][0]
    assert np.mean(model.sample(1000, seed=1) == 0) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["uniform", "flow"])
def test_two_replicas(noise, mirrored):
    with mirrored.scope():
        model = _compiled(_pixels(noise))
    history = model.fit(_x(64), batch_size=32, epochs=2, verbose=0).history
    assert np.isfinite(history["nll"][-1])


def test_integers_are_one_apart():
    with pytest.raises(ValueError, match=r"`bin_width` must be 1 for integers.*got 0.0625 for"):
        tfp_flows.FlowModel(_pixels(), bin_width=1 / 16)


def test_floating_events_and_levels_out_of_range_are_refused():
    model = _compiled(_pixels("uniform"))
    with pytest.raises(TypeError, match="`x` must be of an integer dtype, such as uint8; got fl"):
        model.fit(_x().astype("float32"), verbose=0)
    with pytest.raises(Exception, match=r"`x` must have levels in 0\.\.15"):
        model.fit(_x() + 10, verbose=0)
