"""SIGTERM and Ctrl-C save the state, and the training goes on to the same numbers."""

import csv
import json
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfp_flows import FlowModel, data, distributions, flows, nets, training
from tfp_flows.cli import recorder

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
PIXELS, _ = data.load_digits()


@pytest.fixture(autouse=True)
def heard():
    """Shells start what runs in the background deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _rows(run):
    """The log, but for the times."""
    with (run / "log.csv").open() as file:
        return [[v for k, v in row.items() if k != "seconds"] for row in csv.DictReader(file)]


def _assert_same_end(run, other):
    assert _rows(run) == _rows(other)
    scores = [json.loads((its / "result.json").read_text())["scores"] for its in (run, other)]
    assert scores[0] == scores[1]
    models = [keras.saving.load_model(its / "model.keras") for its in (run, other)]
    for one, two in zip(models[0].weights, models[1].weights, strict=True):
        np.testing.assert_array_equal(one, two)


def test_sigterm_saves_in_the_middle_of_an_epoch_and_goes_on_to_the_same_numbers(
    call, stopped, finished_run
):
    names = sorted(path.name for path in (stopped / "backup").iterdir())
    assert names == ["epoch_000001.keras", "epoch_000001_batch_000002.keras"]
    assert not list(stopped.rglob(".*"))
    code, _, err = call("train", "--resume", stopped, "--progress", "none")
    assert (code, err) == (0, "")
    _assert_same_end(stopped, finished_run)


@pytest.mark.parametrize("said", ["interrupted", "terminated"])
def test_a_signal_says_how_to_go_on(call, options, tmp_path, monkeypatch, said):
    number = {"interrupted": signal.SIGINT, "terminated": signal.SIGTERM}[said]
    before = signal.getsignal(number)

    def send(self, batch, logs=None):
        signal.raise_signal(number)

    monkeypatch.setattr(recorder.Recorder, "on_train_batch_end", send)
    code, _, err = call(*options, "--run", tmp_path / "run")
    assert code == 128 + number
    assert f"Go on with: tfp-flows train --resume {tmp_path / 'run'}" in err
    assert f"tfp-flows: {said}\n" in err
    assert "Traceback" not in err
    assert signal.getsignal(number) is before


def test_a_signal_while_nothing_is_trained_stops_at_once(call, options, tmp_path, monkeypatch):
    def send(*args, **kwargs):
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr("tfp_flows.cli.train.finish", send)
        assert call(*options, "--run", tmp_path / "run")[0] == 143
    assert call("train", "--resume", tmp_path / "run")[0] == 0


class _Send(keras.callbacks.Callback):
    """A signal after a batch of the whole training, or after the second batch of a validation."""

    def __init__(self, number, batch=None, epoch=None):
        super().__init__()
        self.number, self.batch, self.epoch = number, batch, epoch
        self.num_scored = 0

    def on_train_batch_end(self, batch, logs=None):
        if self.model.progress.num_batches == self.batch:
            signal.raise_signal(self.number)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_test_batch_end(self, batch, logs=None):
        self.num_scored += self.now == self.epoch
        if self.now == self.epoch and batch == 1:
            signal.raise_signal(self.number)


def _model():
    """Noise, dropout and an average of weights."""
    keras.utils.set_random_seed(0)
    net = nets.MLP((8,), dropout=0.2)
    flow = flows.coupling_flow((8, 8, 1), num_couplings=2, net=net, logit_alpha=1e-3)
    model = FlowModel(distributions.Dequantized(flow, 17))
    model.compile(keras.optimizers.Adam(1e-3, use_ema=True))
    return model


def _fit(directory, *callbacks, model=None, after=(), **options):
    model = _model() if model is None else model
    batches = data.images(PIXELS[:160], batch_size=32, num_levels=17, dequantize=False, seed=5)
    callbacks = [*callbacks, training.Backup(directory, **options), *after]
    history = model.fit(
        batches, validation_data=batches, epochs=3, callbacks=callbacks, verbose=0
    ).history
    return model, history


@pytest.mark.slow
def test_fit_goes_on_to_the_same_numbers_however_often_it_is_stopped(tmp_path, caplog):
    straight, wanted = _fit(tmp_path / "straight")
    sends = (_Send(signal.SIGTERM, batch=2), _Send(signal.SIGINT, batch=7, epoch=2))
    with pytest.raises(SystemExit) as left:
        _fit(tmp_path / "parts", sends[0])
    assert left.value.code == 143
    assert f"SIGTERM: the training is saved in {tmp_path / 'parts'}" in caplog.text
    stopped, _ = _model(), caplog.clear()
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "parts", sends[1], model=stopped)
    # As in a notebook: the model of the training that was stopped.
    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "parts", _Send(signal.SIGINT, epoch=1), model=stopped)
    names = sorted(path.name for path in (tmp_path / "parts").iterdir())
    assert names == ["epoch_000001_batch_000002.keras", "epoch_000001_batch_000005.keras"]
    resumed, found = _fit(tmp_path / "parts")
    last = [{key: values[-1] for key, values in its.items()} for its in (wanted, found)]
    assert last[0] == pytest.approx(last[1])
    pairs = zip(straight.variables, resumed.variables, strict=True)
    for one, two in pairs:
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-6, err_msg=one.path)
    assert not (tmp_path / "parts").exists()


@pytest.mark.slow
@pytest.mark.parametrize("averages", [False, True])
def test_a_validation_that_was_stopped_is_done_again(tmp_path, averages):
    def fit(name, *callbacks):
        after = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if averages else []
        return _fit(tmp_path / name, *callbacks, after=after)

    straight, wanted = fit("straight")
    send = _Send(signal.SIGTERM, epoch=1)
    with pytest.raises(SystemExit):
        fit("parts", send)
    assert send.num_scored == 2
    names = sorted(path.name for path in (tmp_path / "parts").iterdir())
    assert names == ["epoch_000001.keras", "epoch_000001_batch_000005.keras"]
    resumed, found = fit("parts")
    for name, values in wanted.items():
        assert values[1:] == pytest.approx(found[name]), name
    for one, two in zip(straight.variables, resumed.variables, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-6, err_msg=one.path)


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
def test_a_validation_after_data_of_unknown_length_comes_to_its_end(tmp_path):
    rows = tf.data.Dataset.from_tensor_slices(PIXELS[:64]).filter(lambda _: True).batch(32)
    send = _Send(signal.SIGTERM, epoch=0)
    with pytest.raises(SystemExit):
        _model().fit(
            rows,
            validation_data=tf.data.Dataset.from_tensor_slices(PIXELS[:96]).batch(32),
            callbacks=[send, training.Backup(tmp_path / "backup")],
            verbose=0,
        )
    assert send.num_scored == 3
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["epoch_000001.keras"]


def test_handlers_and_lock_go_with_an_error(tmp_path):
    class Fail(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise ZeroDivisionError

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ZeroDivisionError):
        _fit(tmp_path / "backup", Fail(), every=1)
    assert signal.getsignal(signal.SIGTERM) is before
    assert not (tmp_path / "backup").exists()


@pytest.mark.slow
def test_the_second_signal_does_what_it_always_does(tmp_path):
    class Twice(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError

    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "backup", Twice())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_from_outside_stops_the_command(options, tmp_path, call, number):
    def words(run, epochs):
        epochs = ["--epochs", str(epochs), "--progress", "lines"]
        return [*(str(each) for each in options), *epochs, "--run", str(run)]

    command = [sys.executable, "-m", "tfp_flows", *words(tmp_path / "parts", 2000)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("epoch    3 "):
            break
    process.send_signal(number)
    start = time.monotonic()
    process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert time.monotonic() - start < 60
    done = len(_rows(tmp_path / "parts"))
    assert 3 <= done < 2000
    config = tmp_path / "parts" / "config.json"
    config.write_text(config.read_text().replace('"epochs": 2000', f'"epochs": {done + 2}'))
    assert call("train", "--resume", tmp_path / "parts")[0] == 0
    assert call(*words(tmp_path / "whole", done + 2))[0] == 0
    _assert_same_end(tmp_path / "parts", tmp_path / "whole")
