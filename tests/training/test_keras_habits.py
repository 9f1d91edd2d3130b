"""What Keras users have at hand, on a flow: each must do what it says."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfp_flows
from tfp_flows import nets

# Keras 3.15 saves through NumPy's old `__array__` signature.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")


def _model(optimizer=None, seed=1, **kwargs):
    keras.utils.set_random_seed(seed)
    net = nets.MLP((4,), activation="tanh", zero_init=False)
    model = tfp_flows.FlowModel(tfp_flows.flows.coupling_flow((2,), num_couplings=2, net=net))
    model.compile(optimizer or keras.optimizers.Adam(0.05), **kwargs)
    return model


def _x(size=40, seed=0):
    return np.random.default_rng(seed).normal(1.0, 2.0, (size, 2)).astype("float32")


def _fit(model, *callbacks, x=None, **kwargs):
    kwargs = {"batch_size": 8, "shuffle": False, "verbose": 0, **kwargs}
    return model.fit(_x() if x is None else x, callbacks=list(callbacks), **kwargs)


def _weights(model):
    return [variable.value.numpy() for variable in model.trainable_variables]


def _log_prob(model):
    return model.distribution.log_prob(_x()).numpy()


class Steps(keras.callbacks.Callback):
    """How far the weights go in each step."""

    def on_train_begin(self, logs=None):
        self.before, self.lengths = _weights(self.model), []

    def on_train_batch_end(self, batch, logs=None):
        after = _weights(self.model)
        moves = [np.sum((a - b) ** 2) for a, b in zip(after, self.before, strict=True)]
        self.lengths.append(float(np.sqrt(sum(moves))))
        self.before = after


def test_a_schedule_with_warm_up_sets_the_length_of_each_step():
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=6, warmup_target=0.1, warmup_steps=4
    )
    # Each entry of a step of `Lion` has the length of the learning rate.
    model, steps = _model(keras.optimizers.Lion(schedule)), Steps()
    _fit(model, steps, epochs=2)
    size = np.sqrt(sum(weight.size for weight in _weights(model)))
    wanted = [0.0, 0.025, 0.05, 0.075, 0.1]
    np.testing.assert_allclose(np.array(steps.lengths[:5]) / size, wanted, rtol=1e-3, atol=1e-6)
    assert steps.lengths[9] < 0.1 * steps.lengths[4]


def test_global_clipnorm_bounds_the_update_and_keeps_its_direction():
    clipped, free = Steps(), Steps()
    _fit(_model(keras.optimizers.SGD(1.0, global_clipnorm=0.01)), clipped)
    _fit(_model(keras.optimizers.SGD(1e-6)), free)
    np.testing.assert_allclose(clipped.lengths, 0.01, rtol=1e-3)
    assert free.lengths[0] / 1e-6 > 0.1


def test_the_average_is_what_evaluates_and_what_the_flow_shows(tmp_path):
    def ema():
        return keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)

    model, plain, other = _model(ema()), _model(keras.optimizers.SGD(0.1)), _model(ema(), seed=2)
    seen, path = [], str(tmp_path / "epoch.weights.h5")
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(_log_prob(model)))
    swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    save = keras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    history = _fit(model, swap, look, save, epochs=2, validation_data=_x()).history
    # By hand: the weights of the same training without averages, and their average.
    average, averages = _weights(plain), []
    step = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: averages.append(_weights(plain))
    )
    _fit(plain, step, epochs=2)
    average = averages[0]
    for weights in averages[1:]:
        average = [0.9 * a + 0.1 * w for a, w in zip(average, weights, strict=True)]
    for mine, wanted in zip(_weights(model), average, strict=True):
        np.testing.assert_allclose(mine, wanted, atol=1e-5)
    assert np.abs(_log_prob(model) - _log_prob(plain)).max() > 1e-3
    np.testing.assert_allclose(seen[1], _log_prob(model), atol=1e-5)
    np.testing.assert_allclose(history["val_nll"][1], -np.mean(seen[1]), rtol=1e-4)
    other.load_weights(path)
    np.testing.assert_allclose(_log_prob(other), seen[1], atol=1e-5)


def test_csv_logger_and_tensorboard_write_what_is_measured(tmp_path):
    pytest.importorskip("tensorboard")
    board = keras.callbacks.TensorBoard(tmp_path / "logs", write_graph=False)
    logger = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = _fit(_model(), board, logger, epochs=2, validation_split=0.25).history
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = {"loss", "nll", "bits_per_dim"}
    assert set(rows[0]) == {"epoch", *names, *(f"val_{name}" for name in names)}
    for name in names:
        np.testing.assert_allclose([float(r[name]) for r in rows], history[name], rtol=1e-5)
    tags = {name: _tags(tmp_path / "logs" / name) for name in ("train", "validation")}
    assert {"epoch_nll", "epoch_bits_per_dim", "epoch_learning_rate"} <= tags["train"]
    assert {"epoch_nll", "epoch_bits_per_dim"} <= tags["validation"]


def _tags(folder):
    events = tf.data.TFRecordDataset([str(path) for path in folder.glob("*.v2")])
    parsed = [tf.compat.v1.Event.FromString(event.numpy()) for event in events]
    return {value.tag for event in parsed for value in event.summary.value}


class Spoil(keras.callbacks.Callback):
    """Makes the weights worse from an epoch on."""

    def __init__(self, epoch):
        super().__init__()
        self.first = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch >= self.first:
            for variable in self.model.trainable_variables:
                variable.assign_add(tf.ones_like(variable.value))


def test_model_checkpoint_keeps_the_best_model(tmp_path):
    model, path = _model(), str(tmp_path / "best.keras")
    best = keras.callbacks.ModelCheckpoint(
        path, save_best_only=True, monitor="val_bits_per_dim", mode="min"
    )
    seen = []
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(_log_prob(model)))
    bits = _fit(model, Spoil(2), best, look, epochs=4, validation_data=_x()).history
    assert np.argmin(bits["val_bits_per_dim"]) == 1
    again = keras.saving.load_model(path)
    np.testing.assert_allclose(_log_prob(again), seen[1], rtol=1e-5, atol=1e-5)
    assert np.abs(_log_prob(model) - seen[1]).max() > 0.1


def test_early_stopping_restores_the_best_weights():
    model, seen = _model(), []
    stop = keras.callbacks.EarlyStopping(
        "val_nll", mode="min", patience=1, restore_best_weights=True
    )
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: seen.append(_log_prob(model)))
    history = _fit(model, Spoil(2), look, stop, epochs=9, validation_data=_x()).history
    assert len(history["nll"]) == 3
    np.testing.assert_allclose(_log_prob(model), seen[1], atol=1e-6)
