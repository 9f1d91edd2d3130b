"""A run that came to its end goes on to a later one."""

import csv
import json
import shutil

import keras
import numpy as np
import pytest

from tfp_flows import FlowModel
from tfp_flows.cli import recorder

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def finished(trained, tmp_path):
    """A copy of a run of two epochs."""
    return shutil.copytree(trained, tmp_path / "finished")


def _weights(run):
    return keras.saving.load_model(run / "model.keras").weights


@pytest.mark.slow
def test_more_epochs_end_as_if_they_had_been_asked_for(call, finished, options, tmp_path):
    code, out, err = call("train", "--resume", finished, "--epochs", 4)
    assert (code, err) == (0, "")
    assert "epochs      4" in out
    assert json.loads((finished / "config.json").read_text())["options"]["epochs"] == 4
    assert call(*options, "--run", tmp_path / "whole", "--epochs", 4)[0] == 0
    for one, other in zip(_weights(finished), _weights(tmp_path / "whole"), strict=True):
        np.testing.assert_array_equal(one, other)
    # It is a run of four epochs now, that can be longer again.
    assert "is finished" in call(*options, "--run", finished, "--epochs", 4)[1]
    assert "epochs      5" in call("train", "--resume", finished, "--epochs", 5)[1]


@pytest.mark.slow
def test_a_model_from_the_middle_of_an_epoch_keeps_its_row(call, options, tmp_path, monkeypatch):
    run, in_middle = tmp_path / "run", 3
    validation = FlowModel.evaluate

    def better_at_first(self, *args, **kwargs):
        logs = validation(self, *args, **kwargs)
        worse = 0.0 if self.progress.num_batches == in_middle else 10.0
        return {**logs, "nll": logs["nll"] + worse}

    def late(self, batch, logs=None):
        self.model.stop_training |= self.model.progress.num_batches == in_middle

    with monkeypatch.context() as patch:
        patch.setattr(FlowModel, "evaluate", better_at_first)
        words = ("--run", run, "--batch-size", 40)
        with patch.context() as inner:
            inner.setattr(recorder.Recorder, "on_train_batch_end", late)
            assert call(*options, *words, "--epochs", 1)[0] == 0
        assert call("train", "--resume", run, "--epochs", 2)[0] == 0
    with (run / "log.csv").open() as file:
        rows = [(row["epoch"], row["batches"]) for row in csv.DictReader(file)]
    assert rows == [("1", "3"), ("1", "6"), ("2", "12")]
    result = json.loads((run / "result.json").read_text())
    assert (result["epochs"], result["best_epoch"]) == (2, 1)
    assert keras.saving.load_model(run / "model.keras").progress.num_batches == in_middle


@pytest.mark.parametrize(
    "words",
    [pytest.param(("--epochs", 1), marks=pytest.mark.slow), ("--epochs", 9, "--minutes", 0)],
)
def test_an_end_that_is_past_is_refused(call, finished, words):
    before = (finished / "result.json").read_bytes(), (finished / "config.json").read_bytes()
    code, _, err = call("train", "--resume", finished, *words)
    assert code == 2
    assert "must end later to go on: it has 2 epochs" in err
    assert f"got --epochs {words[1]}" in err
    after = (finished / "result.json").read_bytes(), (finished / "config.json").read_bytes()
    assert after == before


def test_nothing_but_the_end_can_change(call, finished):
    code, _, err = call("train", "--resume", finished, "--epochs", 4, "--learning-rate", 0.1)
    assert (code, "--learning-rate is 0.001 there, and 0.1 here. Take" in err) == (2, True)


def test_a_run_without_its_backup_cannot_go_on(call, finished):
    shutil.rmtree(finished / "backup")
    code, _, err = call("train", "--resume", finished, "--epochs", 4)
    assert (code, f"{finished / 'backup'} must hold the last state" in err) == (2, True)
    assert (finished / "result.json").is_file()
