"""Batch normalization: statistics of the batch in training, running ones otherwise."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import bijectors, distributions, nets, partitions, phases, training, transforms
from tfp_flows.testing import values
from tfp_flows.testing.subject import Subject

tfd = tfp.distributions
EPSILON = 1e-4
BOARD = partitions.Checkerboard()


def data(*shape, dtype=tf.float64):
    x = np.random.default_rng(0).normal(size=shape)
    return tf.constant(x * [0.5, 1.0, 3.0] + [5.0, -3.0, 1.0], dtype)


def layer_of(event_shape=(3,), **kwargs):
    return bijectors.BatchNormalization(event_shape, dtype=tf.float64, **kwargs)


def running(layer):
    return np.stack([layer._running_mean.numpy(), layer._running_variance.numpy()])


def in_use(event_shape=(3,), **kwargs):
    """A layer whose variables are anything but their initial values."""
    layer = layer_of(event_shape, **kwargs)
    layer._running_mean.assign([0.5, -1.0, 2.0])
    layer._running_variance.assign([0.3, 2.0, 5.0])
    for i, variable in enumerate(layer.trainable_variables):
        variable.assign([0.3, -0.2, 0.1 + i])
    return layer


@pytest.mark.parametrize("affine", [False, True])
def test_training_uses_the_statistics_of_the_batch_with_their_gradients(affine):
    layer, x = in_use((2, 3), affine=affine), data(5, 2, 3)
    weights = tf.constant(np.random.default_rng(1).normal(size=(5, 2, 3)))
    beta, log_gamma = (layer._beta, layer._log_gamma) if affine else (0.0, tf.zeros([3], x.dtype))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with phases.training():
            z, log_det = layer.inverse_and_log_det(x)
        mean = tf.reduce_mean(x, [0, 1])
        variance = tf.reduce_mean((x - mean) ** 2, [0, 1]) + EPSILON
        z_by_hand = (x - mean) / tf.sqrt(variance) * tf.exp(log_gamma) + beta
        log_det_by_hand = 2 * tf.reduce_sum(log_gamma - 0.5 * tf.math.log(variance))
        loss = tf.reduce_sum(weights * z) + 3 * log_det
        by_hand = tf.reduce_sum(weights * z_by_hand) + 3 * log_det_by_hand
    np.testing.assert_allclose(z, z_by_hand, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(log_det, log_det_by_hand, rtol=1e-10)
    sources = [x, *layer.trainable_variables]
    for a, b in zip(*(tape.gradient(value, sources) for value in (loss, by_hand)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def test_the_log_det_is_that_of_constant_statistics():
    layer, x = layer_of((2, 3)), data(5, 2, 3)
    with phases.training():
        log_det = layer.inverse_and_log_det(x)[1]
    frozen = layer_of((2, 3))
    frozen._running_mean.assign(tf.reduce_mean(x, [0, 1]))
    frozen._running_variance.assign(tf.math.reduce_variance(x, [0, 1]))
    wanted = values.autodiff_log_det(Subject(frozen, x, 2))
    np.testing.assert_allclose(np.full(5, log_det), wanted, rtol=1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_running_statistics_follow_with_momentum(momentum):
    layer = layer_of(momentum=momentum)
    wanted = running(layer)
    for i in range(3):
        x = (i + 1) * data(20, 3)
        with phases.training():
            layer.inverse_and_log_det(x)
        batch = np.stack([x.numpy().mean(0), x.numpy().var(0)])
        wanted = momentum * wanted + (1 - momentum) * batch
        np.testing.assert_allclose(running(layer), wanted, rtol=1e-10)


def test_one_log_prob_is_one_step_of_the_running_statistics():
    layer, x = layer_of(), data(20, 3)
    flow = tfd.TransformedDistribution(distributions.standard_normal((3,), tf.float64), layer)
    with phases.training():
        flow.log_prob(x)
    np.testing.assert_allclose(layer._running_mean, 0.1 * x.numpy().mean(0), rtol=1e-10)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("partition", [None, BOARD], ids=str)
def test_outside_running_statistics_serve_both_directions(partition, affine):
    layer, x = in_use((2, 4, 3), partition=partition, affine=affine), data(5, 2, 4, 3)
    before = running(layer)
    subject = Subject(layer, x, 3)
    assert values.round_trip_of_data(subject) < 1e-12
    assert values.log_det_against_autodiff(subject) < 1e-9
    assert values.forward_log_det_against_inverse(subject) < 1e-12
    np.testing.assert_array_equal(running(layer), before)


def test_initialization_uses_the_batch_and_leaves_the_running_statistics():
    layer, x = layer_of(), data(20, 3)
    with phases.initializing():
        z = layer.inverse(x).numpy()
    np.testing.assert_allclose(z.mean(0), np.zeros(3), atol=1e-10)
    np.testing.assert_array_equal(running(layer), [[0] * 3, [1] * 3])


def test_one_phase_does_not_know_what_another_computed():
    layer, x = layer_of(), data(20, 3)

    def of_each_phase(x):
        used = layer.inverse(x)
        with phases.training():
            trained = layer.inverse(x)
        return used, trained, layer.inverse(x)

    for function in (of_each_phase, tf.function(of_each_phase)):
        before = running(layer)
        used, trained, used_again = function(x)
        np.testing.assert_allclose(tf.reduce_mean(trained, 0), np.zeros(3), atol=1e-10)
        assert np.max(np.abs(running(layer) - before)) > 0.01
        assert np.max(np.abs(trained - used)) > 0.1
        assert np.max(np.abs(trained - used_again)) > 0.1


def test_training_from_latent_to_data_is_refused():
    layer = layer_of()
    with phases.training(), pytest.raises(ValueError, match="must not be run from latent to data"):
        layer.forward(data(5, 3))
    layer.forward(data(5, 3))


def test_a_partition_in_place_counts_zeros_and_moves_its_entries_alone():
    layer, x = layer_of((2, 4, 3), partition=BOARD), data(5, 2, 4, 3)
    kept, moved = BOARD.split(x)
    mean, variance = moved.numpy().mean((0, 1, 2)), moved.numpy().var((0, 1, 2))
    with phases.training():
        z, log_det = layer.inverse_and_log_det(x)
    z_kept, z_moved = BOARD.split(z)
    np.testing.assert_array_equal(z_kept, kept)
    wanted = BOARD.split((x - mean) / np.sqrt(variance + EPSILON))[1]
    np.testing.assert_allclose(z_moved, wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(log_det, -4 * np.sum(np.log(variance + EPSILON)) / 2, rtol=1e-9)
    np.testing.assert_allclose(layer._running_mean, 0.1 * mean, rtol=1e-9)


def model_of():
    affine = bijectors.Elementwise(transforms.Affine(), (3,))
    affine.trainable_variables[0].assign([0.3, -0.2, 0.5, 0.1, 0.2, -0.4])
    links = [affine, bijectors.BatchNormalization((3,), affine=True)]
    flow = tfd.TransformedDistribution(
        distributions.standard_normal((3,)), bijectors.Chain([*links, tfp.bijectors.Scale(2.0)])
    )
    model = training.FlowModel(flow)
    model.compile(keras.optimizers.SGD(0.1))
    return model, links[1]


def test_fit_trains_and_nothing_else_does():
    model, layer = model_of()
    x = data(32, 3, dtype=tf.float32).numpy()
    model.fit(x, batch_size=16, epochs=2, verbose=0)
    after = running(layer)
    assert np.max(np.abs(after - [[0] * 3, [1] * 3])) > 0.1
    model.evaluate(x, verbose=0)
    model.predict(x, verbose=0)
    model.distribution.log_prob(x)
    model.sample(4)
    model(x)
    np.testing.assert_array_equal(running(layer), after)
    model(x, training=True)
    assert np.max(np.abs(running(layer) - after)) > 1e-3


def test_two_replicas_are_one_batch(mirrored):
    x = data(32, 3, dtype=tf.float32).numpy()
    one, layer = model_of()
    with mirrored.scope():
        two, split = model_of()
    for model in (one, two):
        model.fit(x, batch_size=16, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(running(split), running(layer), rtol=1e-5)
    assert len(one.trainable_variables) == 3
    for a, b in zip(two.trainable_variables, one.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bad", [{"momentum": 1.0}, {"epsilon": 0.0}, {"momentum": -0.1}], ids=str)
def test_bad_numbers(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=f"`{name}` must be .*; got"):
        layer_of(**bad)


def test_a_training_loop_of_ones_own_trains_the_networks_too():
    net = nets.RealNVPNet(4, 1)((2, 2, 1), (2, 2, 1), 2)
    halves = partitions.Halves(event_ndims=3)
    layer = bijectors.AffineCoupling(halves, net, event_shape=(2, 2, 2))
    x = tf.random.stateless_normal([8, 2, 2, 2], seed=[0, 1])
    before = net.first_norm.moving_mean.numpy()
    layer.inverse(tf.identity(x))
    np.testing.assert_array_equal(net.first_norm.moving_mean, before)
    with phases.training():
        layer.inverse(tf.identity(x))
    assert np.all(net.first_norm.moving_mean.numpy() != before)
