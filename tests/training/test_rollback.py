"""After a fault training goes on with weights that were good."""

import logging

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfp_flows import training

tfd = tfp.distributions
HUGE = 1e30  # Finite, but its loss is not.

MODES = {
    "graph": {},
    "xla": {"jit_compile": True},
    "steps": {"steps_per_execution": 2},
    "xla steps": {"steps_per_execution": 2, "jit_compile": True},
}


def _model(optimizer=None, **kwargs):
    place = tf.Variable([0.5, -0.5], name="place")
    model = training.FlowModel(tfd.Independent(tfd.Normal(place, 1.0), 1))
    model.compile(optimizer or keras.optimizers.Adam(0.1), **kwargs)
    return model


def _batches(*bad, value=HUGE, count=12):
    x = np.random.default_rng(0).normal(1.0, 1.0, (count, 4, 2)).astype("float32")
    for index in bad:
        x[index, 1, 0] = value
    return tf.data.Dataset.from_tensor_slices(x)


def _fit(model, data, rollback, *others, **kwargs):
    return model.fit(data, callbacks=[rollback, *others], verbose=0, **kwargs)


def _values(model):
    return [v.value.numpy() for v in (*model.flow_variables, *model.optimizer.variables)]


def _assert_same(model, wanted):
    for got, want in zip(_values(model), _values(wanted), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_weights_optimizer_and_learning_rate_are_those_of_the_copy(mode, caplog):
    # Copies after 4 and 8 batches; the one of 8 is too fresh to be trusted by batch 10.
    model, rollback = _model(**MODES[mode]), training.Rollback(every=4)
    with caplog.at_level(logging.WARNING, "tfp_flows"):
        history = _fit(model, _batches(10), rollback).history
    wanted = _model()
    wanted.fit(_batches().take(4), verbose=0)
    wanted.optimizer.learning_rate = 0.05
    if mode != "xla steps":  # The second batch of an execution is left out with the first.
        wanted.fit(_batches().skip(11), verbose=0)
    _assert_same(model, wanted)
    assert np.isfinite(history["nll"]).all()
    assert [(fault.what, fault.batch, fault.epoch) for fault in rollback.faults] == [
        ("The loss", 10, 0)
    ]
    assert "batch 10 of epoch 0" in caplog.text
    assert "learning rate 0.1 -> 0.05" in caplog.text


@pytest.mark.parametrize(
    "mode", [pytest.param(m, marks=[pytest.mark.slow] if "xla" in m else []) for m in MODES]
)
def test_batches_are_counted_on_after_a_fault(mode):
    rollback, model = training.Rollback(every=2), _model(**MODES[mode])
    _fit(model, _batches(3, 6, 10), rollback)
    assert [fault.batch for fault in rollback.faults] == [3, 6, 10]
    if mode != "xla steps":  # The data are not rolled back.
        assert model.progress.num_batches == 12


def test_bad_data_are_left_out_and_cost_no_weight():
    model, wanted = _model(), _model()
    rollback = training.Rollback(max_rollbacks=0)
    history = _fit(model, _batches(3, value=np.nan), rollback).history
    good = _batches().take(3).concatenate(_batches().skip(4))
    np.testing.assert_allclose(history["nll"], wanted.fit(good, verbose=0).history["nll"], 1e-5)
    _assert_same(model, wanted)
    np.testing.assert_array_equal(rollback.faults[0].inputs[1, 0], np.nan)


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_schedule_is_reduced_too(jit_compile, tmp_path):
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=100, warmup_target=0.2, warmup_steps=4
    )
    model = _model(keras.optimizers.SGD(schedule), jit_compile=jit_compile)
    _fit(model, _batches(4, 6, count=7), training.Rollback(every=100))
    assert int(model.optimizer.iterations) == 0
    model.fit(_batches().take(2), verbose=0)
    np.testing.assert_allclose(model.optimizer.learning_rate, 0.25 * 0.1, rtol=1e-6)
    wanted = _model(keras.optimizers.SGD(schedule))
    wanted.optimizer.learning_rate = keras.optimizers.schedules.PolynomialDecay(0.0, 4, 0.05)
    wanted.fit(_batches().take(2), verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], wanted.get_weights()[0], rtol=1e-5)
    config = keras.optimizers.serialize(model.optimizer)
    again = keras.optimizers.deserialize(config)
    again.iterations.assign(2)
    np.testing.assert_allclose(again.learning_rate, 0.25 * 0.1, rtol=1e-6)


def test_the_error_passes_after_too_many_faults():
    rollback = training.Rollback(max_rollbacks=2)
    model = _model()
    with pytest.raises(training.NonFiniteError, match="batch 7"):
        _fit(model, _batches(3, 5, 7), rollback)
    assert len(rollback.faults) == 3
    with pytest.raises(training.NonFiniteError, match="batch 0"):
        _fit(model, _batches(0), training.Rollback(max_rollbacks=0))
    # Another `fit` without the callback stops as ever.
    _fit(model, _batches(), rollback)
    with pytest.raises(training.NonFiniteError, match="batch 2"):
        model.fit(_batches(2), verbose=0)


def test_an_epoch_without_a_good_batch_has_no_results():
    with pytest.raises(training.NonFiniteError, match="batch 1"):
        _fit(_model(), _batches(0, 1, count=2), training.Rollback())


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_it_ends_with_its_fit():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    model = _model()
    with pytest.raises(KeyboardInterrupt):  # Keras does not tell callbacks that this was the end.
        _fit(model, _batches(), training.Rollback(), Stop())
    with pytest.raises(training.NonFiniteError, match="batch 2"):
        model.fit(_batches(2), verbose=0)
    # No batch, and so no fault to tell of.
    _fit(model, _batches().take(0), training.Rollback())


def test_faults_of_a_validation_stop():
    data = _batches(3, value=np.nan)
    with pytest.raises(training.NonFiniteError, match="batch 3 of the evaluation"):
        _fit(_model(), _batches(), training.Rollback(), validation_data=data)


def test_averages_that_were_swapped_in_are_not_taken_for_weights():
    def ema():
        return keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)

    model, wanted = _model(ema()), _model(ema())
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    data = _batches().concatenate(_batches(1))
    rollback = training.Rollback(every=6, learning_rate_factor=1.0)
    _fit(model, data, rollback, swap, epochs=2, steps_per_epoch=12)
    wanted.fit(_batches().take(6).concatenate(_batches().skip(2)), verbose=0)
    _assert_same(model, wanted)


def test_replicas_are_restored_together(mirrored):
    with mirrored.scope():
        model = _model(keras.optimizers.SGD(0.1))
    rollback = training.Rollback(every=2)
    _fit(model, _batches(4, count=6), rollback)
    wanted = _model(keras.optimizers.SGD(0.1))
    wanted.fit(_batches().take(2), verbose=0)
    wanted.optimizer.learning_rate = 0.05
    wanted.fit(_batches(count=6).skip(5), verbose=0)
    for part in mirrored.experimental_local_results(model.trainable_variables[0].value):
        np.testing.assert_allclose(part, wanted.get_weights()[0], rtol=1e-5)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="`every` must be"):
        training.Rollback(every=0)
    with pytest.raises(ValueError, match="`max_rollbacks` must be"):
        training.Rollback(max_rollbacks=-1)
    with pytest.raises(ValueError, match=r"`learning_rate_factor` must be in \(0, 1\]; got 2"):
        training.Rollback(learning_rate_factor=2)
    with pytest.raises(TypeError, match="must be a `FlowModel`"):
        training.Rollback().set_model(keras.Sequential())
