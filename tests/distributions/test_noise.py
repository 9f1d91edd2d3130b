"""Noises: densities that integrate to 1, inside of their bins, by one pass of each network."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, flows, nets, phases, transforms
from tfp_flows.distributions import (
    ArgmaxNoise,
    Dequantized,
    FlowNoise,
    UniformNoise,
    standard_logistic,
    standard_normal,
)

tfd, tfb = tfp.distributions, tfp.bijectors


def _flow(size=2, dtype="float64", **kwargs):
    net = nets.MLP((4,), zero_init=False, dtype=dtype)
    kwargs = {"num_couplings": 2, "net": net, "context_shape": (size,), **kwargs}
    return flows.coupling_flow((size,), dtype=dtype, **kwargs)


def _x(num_levels, *shape):
    return tf.constant(np.random.default_rng(0).integers(0, num_levels, shape), tf.int32)


def _one_hot_flow(shape=(2, 3)):
    net = nets.MLP((4,), zero_init=False, dtype="float64")
    size = math.prod(shape)
    reshape = tfb.Reshape(event_shape_in=(size,), event_shape_out=shape)
    links = _flow(size, net=net, context_shape=shape, num_couplings=1).bijector.bijectors
    base = standard_normal((size,), tf.float64)
    return tfd.TransformedDistribution(base, bijectors.Chain([reshape, *links]))


def test_a_uniform_noise_flow_is_uniform_noise():
    flow = _flow(dtype="float32", net=nets.MLP((4,)))  # The identity until it is trained.
    uniform = tfd.TransformedDistribution(standard_logistic((2,)), flow.bijector)
    x = _x(256, 500, 2)
    y, log_q = FlowNoise(uniform).sampler(x, 256, (2,), tf.float32)([1, 2])
    np.testing.assert_allclose(log_q, np.full(500, 2 * math.log(256)), rtol=1e-6)
    density = _flow(dtype="float32", context_shape=None, logit_alpha=0.05)
    got = Dequantized(density, 256, FlowNoise(uniform)).log_prob(x, seed=[1, 2])
    np.testing.assert_allclose(got, density.log_prob(y) - 2 * math.log(256), rtol=1e-5)
    u = np.ravel(y * 256 - tf.cast(x, tf.float32))
    np.testing.assert_allclose(np.histogram(u, 5, (0, 1))[0] / len(u), np.full(5, 0.2), atol=0.05)


def test_the_density_of_learned_noise_is_that_of_the_jacobian():
    noise, x, seed = FlowNoise(_flow()), _x(4, 5, 2), [1, 2]
    context = tf.cast(x, tf.float64) / 4 - 0.5
    kwargs = {"bijector_kwargs": {"context": context}}
    v = noise.flow.sample(5, seed=seed, **kwargs)
    with tf.GradientTape() as tape:
        tape.watch(v)
        wanted_y = (tf.cast(x, tf.float64) + tf.sigmoid(v)) / 4
    log_det = tf.linalg.slogdet(tape.batch_jacobian(wanted_y, v))[1]
    y, log_q = noise.sampler(x, 4, (2,), tf.float64)(seed)
    np.testing.assert_allclose(y, wanted_y, rtol=1e-7)
    np.testing.assert_allclose(log_q, noise.flow.log_prob(v, **kwargs) - log_det, rtol=1e-9)


@pytest.mark.parametrize("kind", ["uniform", "flow", "inverted"])
def test_the_density_fills_the_bin_and_nothing_else(kind):
    flow = _flow()
    for variable in flow.trainable_variables:
        variable.assign(0.5 * variable)
    # With the tails of N(0, 1) the weights would have no variance.
    flow = tfd.TransformedDistribution(standard_logistic((2,), tf.float64), flow.bijector)
    inverted = tfd.TransformedDistribution(flow.distribution, tfb.Invert(flow.bijector))
    noise = {"uniform": UniformNoise(), "flow": FlowNoise(flow), "inverted": FlowNoise(inverted)}
    x = tf.repeat(_x(4, 1, 2), 20000, axis=0)
    y, log_q = noise[kind].sampler(x, 4, (2,), tf.float64)([1, 2])
    np.testing.assert_array_equal(noise[kind].quantize(y, 4), x)
    # E[1 / q] is the volume of the bin, and with it the mean of any function over the bin.
    weights = np.exp(-log_q) * np.ones(len(y))
    np.testing.assert_allclose(np.mean(weights), 1 / 16, rtol=0.05)
    u = y * 4 - tf.cast(x, tf.float64)
    np.testing.assert_allclose(np.mean(weights[:, None] * u, 0), [0.5 / 16] * 2, rtol=0.1)


@pytest.mark.parametrize("shift", [-1e4, -40.0, 0.0, 40.0, 1e4])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_noise_at_the_edge_stays_in_its_bin(shift, dtype):
    flow = _flow(2, dtype.name)
    links = [tfb.Shift(tf.constant(shift, dtype)), *flow.bijector.bijectors]
    far = tfd.TransformedDistribution(flow.distribution, bijectors.Chain(links))
    x = tf.repeat(tf.range(256)[:, None], 2, axis=1)
    for levels in (256, 300):
        y, log_q = FlowNoise(far).sampler(x, levels, (2,), dtype)([1, 2])
        np.testing.assert_array_equal(FlowNoise(far).quantize(y, levels), x)
        assert np.all((y.numpy() >= 0) & (y.numpy() < 1))
        assert np.all(np.isfinite(log_q))


@pytest.mark.parametrize("kind", ["normal", "flow"])
def test_argmax_noise_has_its_largest_entry_at_the_category(kind):
    noise = ArgmaxNoise() if kind == "normal" else ArgmaxNoise(_one_hot_flow())
    x = _x(3, 500, 2)
    y, log_q = noise.sampler(x, 3, (2,), tf.float64)([1, 2])
    assert (y.shape, log_q.shape) == ((500, 2, 3), (500,))
    np.testing.assert_array_equal(noise.quantize(y, 3), x)
    assert noise.quantize(y, 3).dtype == tf.uint8


@pytest.mark.parametrize("kind", ["normal", "flow"])
def test_argmax_probabilities_are_right_and_sum_to_one(kind):
    noise = ArgmaxNoise() if kind == "normal" else ArgmaxNoise(_one_hot_flow((1, 3)))
    flow = tfd.Independent(tfd.Normal(np.float64([[0.5, 0.0, -0.5]]), np.float64(1.0)), 2)
    words = Dequantized(flow, 3, noise)
    x = tf.repeat(tf.constant([[[0]], [[1]], [[2]]]), 20000, axis=1)
    weights = np.exp(words.log_prob(x, seed=1))
    frequencies = np.bincount(np.ravel(words.sample(20000, seed=2))) / 20000
    np.testing.assert_allclose(np.mean(weights, axis=1), frequencies, atol=0.03)
    np.testing.assert_allclose(np.sum(np.mean(weights, axis=1)), 1.0, atol=0.03)


def test_the_density_of_argmax_noise_is_that_of_the_jacobian():
    x, seed = _x(3, 4, 2), [1, 2]
    u = tf.random.stateless_normal([4, 2, 3], seed, dtype=tf.float64)
    is_x = tf.one_hot(x, 3, dtype=tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(u)
        top = tf.reduce_sum(u * is_x, axis=-1, keepdims=True)
        v = is_x * top + (1 - is_x) * (top - tf.nn.softplus(top - u))
        flat = tf.reshape(v, [4, 6])
    log_det = tf.linalg.slogdet(tf.reshape(tape.batch_jacobian(flat, u), [4, 6, 6]))[1]
    y, log_q = ArgmaxNoise().sampler(x, 3, (2,), tf.float64)(seed)
    np.testing.assert_allclose(y, v)
    wanted = standard_normal((2, 3), tf.float64).log_prob(u) - log_det
    np.testing.assert_allclose(log_q, wanted)


def test_argmax_ties_of_rounding_are_broken():
    net = nets.MLP((4,), zero_init=False)
    wide = tfb.Scale(1e6)
    links = _flow(3, "float32", net=net).bijector.bijectors
    flow = tfd.TransformedDistribution(standard_normal((3,)), bijectors.Chain([wide, *links]))
    noise, x = ArgmaxNoise(flow), _x(3, 500)
    y, log_q = noise.sampler(x, 3, (), tf.float32)([1, 2])
    np.testing.assert_array_equal(noise.quantize(y, 3), x)
    assert np.all(np.isfinite(log_q))


class _Counting(tf.Module):
    """A network that counts its calls."""

    def __init__(self, *layers):
        super().__init__()
        self.net = bijectors.KerasNetwork(keras.Sequential(list(layers)))
        self.calls, self.training = 0, []

    def __call__(self, *inputs):
        self.calls += 1
        self.training.append(phases.is_training())
        return self.net(tf.concat(inputs, axis=-1))


@pytest.mark.parametrize("is_graph", [False, True])
def test_each_network_runs_once(is_graph):
    made = []

    def factory(kept, moved, num_params, context_shape):
        size = kept[-1] + (context_shape[-1] if context_shape else 0)
        layers = keras.layers.Input((size,)), keras.layers.Dense(moved[-1] * num_params)
        made.append(_Counting(*layers))
        return made[-1]

    context = _Counting(keras.layers.Input((2,)), keras.layers.Dense(3))
    noise = FlowNoise(_flow(dtype="float32", net=factory, context_shape=(3,)), context)
    flow = _flow(dtype="float32", net=factory, context_shape=None, transform=transforms.Additive())
    pixels = Dequantized(flow, 4, noise)
    assert len(pixels.trainable_variables) == 2 * (len(made) + 1)
    for n, wanted in ((1, 1), (3, 1 if is_graph else 3)):
        for net in [*made, context]:
            net.calls = 0

        def gradient(n=n):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(pixels.log_prob(_x(4, 5, 2), num_samples=n))
            return tape.gradient(loss, pixels.trainable_variables)

        (tf.function(gradient) if is_graph else gradient)()
        assert [net.calls for net in made] == [wanted] * len(made)
        assert context.calls == 1
