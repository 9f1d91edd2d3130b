"""A run that came to its end goes on to a later one."""

import json
import shutil

import keras
import numpy as np
import pytest

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


@pytest.mark.parametrize("words", [("--epochs", 1), ("--epochs", 9, "--minutes", 0)])
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
