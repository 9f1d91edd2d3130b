"""A run that was killed goes on to the same end."""

import contextlib
import csv
import io
import json
import shutil

import keras
import numpy as np
import pytest

from tfp_flows.cli import main, recorder

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="session")
def interrupted(options, tmp_path_factory):
    """A run of three epochs that Ctrl-C reached in the second one; exit code and stderr."""
    run, said = tmp_path_factory.mktemp("runs") / "interrupted", io.StringIO()

    def press(self, batch, logs=None):
        if len(self._rows) == 1:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(said):
        patch.setattr(recorder.Recorder, "on_train_batch_end", press)
        code = main([str(each) for each in (*options, "--run", run, "--epochs", 3)])
    return run, code, said.getvalue()


@pytest.fixture
def killed(interrupted, tmp_path):
    """A copy of that run."""
    return shutil.copytree(interrupted[0], tmp_path / "killed")


def test_interrupted_run_says_how_to_go_on(interrupted):
    run, code, err = interrupted
    assert code == 130
    assert f"tfp-flows train --resume {run}" in err
    assert "Traceback" not in err
    assert (run / "model.keras").is_file()
    assert not (run / "result.json").exists()


@pytest.mark.slow
def test_resume_needs_only_the_directory(call, killed, tmp_path, monkeypatch):
    run = killed
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    # As if it was killed after the log and before the backup.
    with (run / "log.csv").open("a") as file:
        file.write("2,9.0,8,0.0,0.0,0.0,0.0\n")
    code, _, err = call("train", "--resume", run, "--progress", "none")
    assert (code, err) == (0, "")
    with (run / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert all(float(row["val_nll"]) != 0.0 for row in rows)
    assert json.loads((run / "result.json").read_text())["epochs"] == 3
    backups = sorted(path.name for path in (run / "backup").iterdir())
    assert backups == ["epoch_000002.keras", "epoch_000003.keras"]


@pytest.mark.slow
def test_killed_after_the_last_epoch_is_only_scored(call, options, tmp_path, monkeypatch):
    run = tmp_path / "run"
    words = (*options, "--run", run, "--epochs", 9, "--minutes", 1e-4)
    with monkeypatch.context() as patch:
        patch.setattr("tfp_flows.cli.train.finish", lambda *_, **__: {}["killed"])
        assert call(*words)[0] == 1
    (run / "backup" / ".7.part.epoch_000001.keras").write_bytes(b"half")
    log = (run / "log.csv").read_text()
    assert call("train", "--resume", run)[0] == 0
    assert (run / "log.csv").read_text() == log
    assert json.loads((run / "result.json").read_text())["epochs"] == 1
    assert not list(run.rglob(".*"))


def test_same_command_goes_on(call, killed, options):
    run = killed
    code, out, err = call(*options, "--run", run, "--epochs", 3)
    assert (code, err) == (0, "")
    assert "epochs      3" in out


def test_other_options_are_named(call, killed, options):
    run = killed
    code, _, err = call(*options, "--run", run, "--epochs", 4, "--learning-rate", 0.1)
    assert code == 2
    assert "--epochs is 3 there, and 4 here; --learning-rate is 0.001 there, and 0.1 here" in err
    code, _, err = call("train", "--resume", run, "--flow", "nice")
    assert code == 2
    assert "--flow is 'coupling_flow' there, and 'nice' here" in err
    assert "epochs" not in err
    code, _, err = call(*options, "--run", run, "--epochs", 4)
    assert f"--resume {run} alone, with --epochs 4 if it shall end there" in err


def test_a_damaged_log_is_named(call, killed):
    log = killed / "log.csv"
    rows = log.read_text()
    for content in (
        "epoch,seconds\n1,\n",
        "epoch\n1\n",
        "a,b\n1,2\n",
        rows + "2,x\n",
        rows[:40],
        "",
        rows + rows.split("\n")[1],
    ):
        log.write_text(content)
        code, _, err = call("train", "--resume", killed)
        assert (code, f"{log} must " in err) == (1, True)


def test_changed_data_are_named(call, killed, table):
    run = killed
    text = table.read_text()
    table.write_text("\n".join(text.splitlines()[:-50]) + "\n")
    try:
        code, _, err = call("train", "--resume", run)
    finally:
        table.write_text(text)
    assert code == 1
    assert "num_events was {'train': 240" in err
    assert "and is {'train': 200" in err


@pytest.mark.slow
def test_a_run_of_images_ends_with_the_same_weights(call, tmp_path, monkeypatch):
    words = (
        "train", "--data", "digits", "--flow", "nice", "--set", "net=nets.MLP((16,))",
        "num_couplings=2", "logit_alpha=0.01", "--epochs", 3, "--progress", "none",
    )  # fmt: skip
    assert call(*words, "--run", tmp_path / "whole")[0] == 0
    seen = []

    def kill(self, batch, logs=None):
        seen.append(len(self._rows))
        if seen.count(1) == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recorder.Recorder, "on_train_batch_end", kill)
        assert call(*words, "--run", tmp_path / "parts")[0] == 130
    assert call("train", "--resume", tmp_path / "parts", "--progress", "none")[0] == 0
    whole, parts = (
        keras.saving.load_model(tmp_path / name / "model.keras") for name in ("whole", "parts")
    )
    for one, other in zip(whole.weights, parts.weights, strict=True):
        np.testing.assert_array_equal(one, other)
