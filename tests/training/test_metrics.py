"""What `fit` and `evaluate` report, computed again by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import tfp_flows
from tfp_flows.ops.bits import bits_per_dim

tfd = tfp.distributions


def _model(distribution=None, learning_rate=0.0, bin_width=1.0, **kwargs):
    if distribution is None:
        distribution = tfd.Independent(tfd.Normal(tf.Variable([0.5, -0.5]), 1.0), 1)
    model = tfp_flows.FlowModel(distribution, bin_width=bin_width)
    model.compile(keras.optimizers.SGD(learning_rate), **kwargs)
    return model


def _x(size=22):
    return np.random.default_rng(0).normal(size=(size, 2)).astype("float32")


def _weights(size=22):
    return np.random.default_rng(1).uniform(size=size).astype("float32")


def test_evaluate_and_fit_report_the_mean_also_with_an_uneven_last_batch():
    model, x = _model(), _x()
    nll = -np.mean(model.distribution.log_prob(x))
    wanted = {"loss": nll, "nll": nll, "bits_per_dim": nll / 2 / np.log(2)}
    got = model.evaluate(x, batch_size=8, verbose=0, return_dict=True)
    history = model.fit(x, batch_size=8, validation_data=x, validation_batch_size=7, verbose=0)
    assert got.keys() == wanted.keys()
    assert history.history.keys() == {*wanted, *("val_" + key for key in wanted)}
    for key, value in wanted.items():
        np.testing.assert_allclose(got[key], value, rtol=1e-5)
        np.testing.assert_allclose(history.history[key], value, rtol=1e-5)
        np.testing.assert_allclose(history.history["val_" + key], value, rtol=1e-5)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_sample_weights_weigh_loss_and_metrics(shape):
    model, x, weights = _model(), _x(), _weights()
    log_prob = model.distribution.log_prob(x).numpy()
    loss, nll = -np.mean(weights * log_prob), -np.average(log_prob, weights=weights)
    weights = weights.reshape(shape)
    kwargs = {"batch_size": 8, "verbose": 0, "sample_weight": weights}
    history = model.fit(x, validation_data=(x, None, weights), **kwargs).history
    got = model.evaluate(x, return_dict=True, **kwargs)
    for prefix, logs in (("", history), ("val_", history), ("", got)):
        np.testing.assert_allclose(logs[prefix + "loss"], loss, rtol=1e-5)
        np.testing.assert_allclose(logs[prefix + "nll"], nll, rtol=1e-5)


def test_sample_weights_come_through_datasets_and_splits_too():
    model, x, weights = _model(), _x(), _weights()
    nll = -np.average(model.distribution.log_prob(x), weights=weights)
    data = tf.data.Dataset.from_tensor_slices((x, weights)).batch(8)
    data = data.map(lambda x, weight: (x, None, weight))
    np.testing.assert_allclose(model.evaluate(data, verbose=0)[1], nll, rtol=1e-5)
    np.testing.assert_allclose(model.fit(data, verbose=0).history["nll"], nll, rtol=1e-5)
    split = model.fit(x, sample_weight=weights, validation_split=0.5, verbose=0).history
    last = -np.average(model.distribution.log_prob(x[11:]), weights=weights[11:])
    np.testing.assert_allclose(split["val_nll"], last, rtol=1e-5)


def test_events_of_weight_zero_train_nothing_and_are_no_error():
    model = _model(learning_rate=1.0)
    model.fit(_x(), sample_weight=np.zeros(22, "float32"), verbose=0)
    np.testing.assert_array_equal(model.distribution.distribution.loc, [0.5, -0.5])


def test_the_loss_is_in_nats_and_its_gradient_is_that_of_the_mean():
    model, x = _model(learning_rate=0.5), _x()
    model.fit(x, batch_size=22, verbose=0)
    # The gradient of a normal's mean nll with respect to its place is place - mean(x).
    place = np.array([0.5, -0.5])
    wanted = place - 0.5 * (place - x.mean(0))
    np.testing.assert_allclose(model.distribution.distribution.loc, wanted, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 2.0, 255.0])
def test_a_uniform_density_on_the_box_of_8_bit_data_has_8_bits(scale):
    high = tf.Variable([[scale] * 3] * 2)
    uniform = tfd.Independent(tfd.Uniform(tf.zeros([2, 3]), high), 2)
    model = _model(uniform, bin_width=scale / 256)
    x = np.random.default_rng(0).uniform(0, scale, (10, 2, 3)).astype("float32")
    got = model.evaluate(x, verbose=0, return_dict=True)["bits_per_dim"]
    np.testing.assert_allclose(got, 8.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("log_likelihood", "size", "bin_width", "bits"),
    # NICE's table 1: MNIST on [0, 1] and CIFAR-10 on [-1, 1].
    [(1980.50, 784, 1 / 256, 4.36), (5371.78, 3072, 2 / 256, 4.48)],
)
def test_the_bits_of_nice(log_likelihood, size, bin_width, bits):
    got = bits_per_dim(tf.constant(-log_likelihood), size, bin_width)
    assert round(float(got), 2) == bits


def test_a_single_number_is_one_dimension():
    model = _model(tfd.Normal(tf.Variable(0.0), 1.0))
    loss, nll, bits = model.evaluate(_x()[:, 0], verbose=0)
    assert loss == nll
    np.testing.assert_allclose(bits, nll / np.log(2), rtol=1e-6)


def test_metrics_stay_float32_and_exact_for_float64():
    place = tf.Variable(np.array([0.5, -0.5]))
    model = _model(tfd.Independent(tfd.Normal(place, np.float64(1.0)), 1))
    data = tf.data.Dataset.from_tensor_slices(_x().astype("float64")).batch(8)
    got = model.evaluate(data, verbose=0)[0]
    np.testing.assert_allclose(got, -np.mean(model.distribution.log_prob(_x())), rtol=1e-6)
    assert model.predict(data, verbose=0).dtype == np.float64
