"""A run from its start to its end, and what it leaves behind."""

import csv
import json

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_run_leaves_these_files(trained):
    found = {str(p.relative_to(trained)) for p in trained.rglob("*") if p.is_file()}
    files = {"config.json", "log.csv", "model.keras", "result.json", "samples/samples.csv"}
    assert found == {*files, "backup/epoch_000001.keras", "backup/epoch_000002.keras"}


def test_result_and_log_say_the_same(trained):
    result = json.loads((trained / "result.json").read_text())
    with (trained / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert result["epochs"] == 2
    best = min(float(row["val_nll"]) for row in rows)
    assert result["scores"]["validation"]["nll"] == pytest.approx(best, rel=1e-5)
    assert {p: s["num_events"] for p, s in result["scores"].items()} == {
        "train": 240,
        "validation": 30,
        "test": 30,
    }


def test_config_says_all_options_with_absolute_paths(trained, table):
    config = json.loads((trained / "config.json").read_text())
    assert config["options"]["data"] == str(table)
    assert config["options"]["set"] == ["num_couplings=2", "net=nets.MLP((8,))"]
    assert config["data"]["columns"][3]["categories"] == ["basic", "gold"]


def test_samples_have_the_columns_of_the_table(trained):
    with (trained / "samples" / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["spent", "age", "visits", "plan"]
    assert {row["plan"] for row in rows} <= {"basic", "gold"}
    assert all(row["visits"] == str(int(row["visits"])) for row in rows)


@pytest.mark.parametrize("flag", ["--run", "--resume"])
def test_finished_run_says_so_and_shows_its_table(call, options, trained, flag):
    before = (trained / "result.json").read_bytes()
    more = (*options, "--epochs", 2) if flag == "--run" else ("train",)
    code, out, err = call(*more, flag, trained)
    assert (code, err) == (0, "")
    assert "is finished" in out
    assert f"tfp-flows train --resume {trained} with more --epochs, --minutes or --patience" in out
    assert [line.split()[0] for line in out.splitlines() if "0." in line][-1] == "test"
    assert (trained / "result.json").read_bytes() == before


@pytest.mark.slow
def test_patience_stops_and_the_best_model_is_kept(call, options, tmp_path):
    run = tmp_path / "run"
    # A rate that is absurd: the first epoch is the best one.
    code, _, err = call(
        *options, "--run", run, "--epochs", 20, "--learning-rate", 3, "--patience", 2
    )
    assert (code, err) == (0, "")
    result = json.loads((run / "result.json").read_text())
    assert result["epochs"] == result["best_epoch"] + 2 < 20
    with (run / "log.csv").open() as file:
        nlls = [float(row["val_nll"]) for row in csv.DictReader(file)]
    assert nlls.index(min(nlls)) + 1 == result["best_epoch"]


@pytest.mark.slow
def test_time_averages_schedule_and_no_validation(call, options, tmp_path):
    run = tmp_path / "run"
    code, _, err = call(
        *options, "--run", run, "--epochs", 10_000, "--minutes", 0.02, "--ema", 0.9,
        "--schedule", "cosine", "--warm-up", 3, "--weight-decay", 1e-3, "--validation", "none",
    )  # fmt: skip
    assert (code, err) == (0, "")
    result = json.loads((run / "result.json").read_text())
    assert 1 <= result["epochs"] < 10_000
    assert result["best_epoch"] == result["epochs"]
    assert "validation" not in result["scores"]
