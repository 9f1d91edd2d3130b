"""The importance-weighted bound, as a metric of an epoch."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import distributions, flows, nets, training


def _model(**kwargs):
    keras.utils.set_random_seed(0)
    net = nets.MLP((4,), zero_init=False)
    flow = flows.coupling_flow((2,), num_couplings=2, net=net, logit_alpha=0.05, **kwargs)
    model = training.FlowModel(distributions.Dequantized(flow, 4))
    model.compile(keras.optimizers.Adam(0.01))
    return model


def _x(size=30):
    return np.random.default_rng(0).integers(0, 4, (size, 2)).astype(np.uint8)


def _bits(model, x, num_samples, **kwargs):
    log_prob = tf.function(model.distribution.log_prob)
    bound = log_prob(x, num_samples=num_samples, importance_weighted=True, seed=1, **kwargs)
    return -np.mean(bound) / 2 / np.log(2)


def test_it_is_the_bound_and_callbacks_behind_it_see_it(tmp_path):
    model = _model()
    measure = training.ImportanceWeightedValidation(_x(), num_samples=200, batch_size=15)
    # It stops at the first that is lower, as the wrong way round shows that it reads them.
    best = keras.callbacks.EarlyStopping("val_bits_per_dim_iw", mode="max", patience=0)
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    callbacks = [measure, logger, best]
    history = model.fit(_x(), epochs=5, callbacks=callbacks, verbose=0).history
    _, value = history["val_bits_per_dim_iw"]
    np.testing.assert_allclose(value, _bits(model, _x(), 2000), atol=0.01)
    assert value < history["bits_per_dim"][1] + 0.2
    with (tmp_path / "log.csv").open() as file:
        _, row = csv.DictReader(file)
    np.testing.assert_allclose(float(row["val_bits_per_dim_iw"]), value)


def test_it_has_the_same_noise_each_time_and_another_with_another_seed():
    model, options = _model(), {"num_samples": 2, "batch_size": 8}
    values = []
    for seed in (0, 0, 1):
        measure = training.ImportanceWeightedValidation(_x(), seed=seed, **options)
        measure.set_model(model)
        values += [measure.measure(), measure.measure()]
    assert len(set(values[:4])) == 1
    assert values[4] != values[0]


def test_every_other_epoch_repeats_the_last():
    model = _model()
    measure = training.ImportanceWeightedValidation(_x(), num_samples=2, every=2)
    history = model.fit(_x(), epochs=4, callbacks=[measure], verbose=0).history
    a, b, c, d = history["val_bits_per_dim_iw"]
    assert a == b != c == d


def test_datasets_and_contexts():
    model = _model(context_shape=(3,))
    labels = np.arange(30) % 3
    options = {"num_samples": 3}
    values = []
    data = tf.data.Dataset.from_tensor_slices((_x(), labels)).batch(64)
    for each in (data, {"x": _x(), "context": labels}):
        measure = training.ImportanceWeightedValidation(each, **options)
        measure.set_model(model)
        values.append(measure.measure())
    np.testing.assert_allclose(values[0], values[1], rtol=1e-6)
    kwargs = {"bijector_kwargs": {"context": labels[::-1]}}
    assert abs(_bits(model, _x(), 500, **kwargs) - values[0]) > 1e-4


@pytest.mark.slow
def test_the_unit_is_that_of_the_other_bits():
    prior = distributions.standard_normal((2,))
    normal = tfp.distributions.Normal
    joint = tfp.distributions.JointDistributionNamed(
        {"z": prior, "x": lambda z: tfp.distributions.Independent(normal(z, 1.0), 1)}
    )
    posterior = flows.coupling_flow((2,), num_couplings=1, context_shape=(2,))
    marginal = distributions.Marginal(joint, "x", posterior)
    model = training.FlowModel(marginal, bin_width=1 / 256)
    model.compile(keras.optimizers.SGD(0.0))
    x = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    measure = training.ImportanceWeightedValidation(x, num_samples=2)
    history = model.fit(x, callbacks=[measure], verbose=0).history
    np.testing.assert_allclose(history["val_bits_per_dim_iw"], history["bits_per_dim"], atol=0.5)


def test_bad_arguments_are_refused():
    make = training.ImportanceWeightedValidation
    for name, value in (("num_samples", 1), ("every", 0), ("batch_size", 0), ("seed", -1)):
        with pytest.raises(ValueError, match=f"`{name}` must be"):
            make(_x(), **{name: value})
    flow = training.FlowModel(flows.coupling_flow((2,), num_couplings=1))
    with pytest.raises(TypeError, match=r"`distributions.Dequantized`.* got tfp.distributions"):
        make(_x()).set_model(flow)
    empty = make([])
    empty.set_model(_model())
    with pytest.raises(ValueError, match="`data` must hold at least one event"):
        empty.measure()
    model = _model()
    for variable in model.trainable_variables:
        variable.assign(np.full(variable.shape, np.nan))
    bad = make(_x())
    bad.set_model(model)
    with pytest.raises(ValueError, match="must be a number; got NaN in batch 0"):
        bad.measure()
