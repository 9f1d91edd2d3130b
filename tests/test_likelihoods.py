"""The table of likelihoods: what is done is kept, what is best is scored, what is known is told."""

import argparse
import importlib
import math
import pathlib
import subprocess
import sys

import numpy as np
import pytest

PATH = pathlib.Path(__file__).parents[1] / "benchmarks"
MEASURED = {
    "steps": 1200,
    "best_step": 600,
    "validation": 3.25,
    "first_call": 2.5,
    "is_finite": True,
    "parameters": 4321,
    "score": 3.5,
    "standard_error": 0.01,
    "versions": {"fake": "1.2"},
    "machine": "a machine",
    "date": "2020-02-02",
}


@pytest.fixture
def imported(monkeypatch):
    monkeypatch.syspath_prepend(PATH)
    return importlib.import_module


class Fake:
    """A learner whose weight counts its steps; it scores best at one of them."""

    parameters = 1

    def __init__(self, best=math.inf, diverges=math.inf):
        self.count, self.best, self.diverges = 0, best, diverges

    def step(self, x, rate, decay):
        self.count += 1
        return math.nan if self.count >= self.diverges else 1.0

    def log_prob(self, x, seed):
        return np.full(len(x), -abs(self.count - self.best))

    def weights(self):
        return [self.count]

    def load(self, weights):
        (self.count,) = weights


def trained(imported, learner, values, **fields):
    course = imported("likelihood.course")
    events = course.Events(values, 4, is_raw=False)
    given = {"seconds": 0.05, "checks": 5, "seed": 0} | fields
    return course.train(learner, events, events, **given)


def test_the_weights_that_scored_best_are_kept(imported):
    learner = Fake(best=1)
    outcome = trained(imported, learner, np.zeros((8, 2), np.float32))
    assert outcome.is_finite
    # The first validation comes closest.
    assert 1 < outcome.best_step == learner.count < outcome.steps
    assert outcome.validation == -(outcome.best_step - 1)


def test_of_images_low_scores_are_the_best(imported):
    learner = Fake(best=1)
    outcome = trained(imported, learner, np.zeros((8, 2, 2, 1), np.uint8))
    assert outcome.best_step == learner.count < outcome.steps
    assert outcome.validation == pytest.approx((outcome.best_step - 1) / (4 * math.log(2)) + 8)


@pytest.mark.parametrize("step", [1, 3])
def test_a_loss_that_is_no_number_ends_the_training(imported, step):
    outcome = trained(imported, Fake(0, step), np.zeros((8, 2), np.float32), seconds=60.0)
    assert (outcome.steps, outcome.is_finite, outcome.validation) == (step, False, None)


def test_processes_take_turns(imported, tmp_path):
    turns = imported("likelihood.turns")
    code = f"""
import json, sys
sys.path.insert(0, {str(PATH)!r})
from likelihood import turns
turns.SECONDS = 0.0
turn = turns.Turn(sys.stdout)
for i in range(3):
    print(sys.argv[1], i, file=open(sys.argv[2], "a"))
    turn()
    assert sys.argv[1] != "b" or i < 1, "no more of this"
print(json.dumps({{"done": sys.argv[1]}}))
"""

    def ended(*names):
        arguments = [["-c", code, name, str(tmp_path / "trace")] for name in names]
        return list(turns.in_turns([("tensorflow", each) for each in arguments]))

    outcome = dict(ended("a", "b", "c"))
    seen = (tmp_path / "trace").read_text().splitlines()
    assert seen == ["a 0", "b 0", "c 0", "a 1", "b 1", "c 1", "a 2", "c 2"]
    assert (outcome[0], outcome[2]) == ({"done": "a"}, {"done": "c"})
    assert str(outcome[1]) == "AssertionError: no more of this (exit status 1)"


def test_who_waits_for_a_turn_ends_with_who_gives_it():
    code = f"""
import sys
sys.path.insert(0, {str(PATH)!r})
from likelihood import turns
turns.Turn(sys.stdout)()
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, '{"turn": "over"}\n')
    assert "EOFError: nobody gives turns any more" in done.stderr


def test_the_rate_warms_up_and_falls(imported):
    course = imported("likelihood.course")
    rates = [course.rate(done) for done in (0.0, 0.025, 0.05, 0.5, 1.0)]
    assert rates[0] == rates[-1] == 0
    assert rates[1] == pytest.approx(course.PEAK / 2, rel=0.01)
    assert rates[2] == pytest.approx(course.PEAK, rel=0.01)
    assert rates[3] == pytest.approx(course.PEAK / 2)


def test_images_are_in_the_unit_interval_or_bytes(imported):
    course = imported("likelihood.course")
    values = np.full((50, 28, 28, 1), 255, np.uint8)
    x = next(course.Events(values, 50, is_raw=False).batches(np.random.default_rng(0)))
    assert x.dtype == np.float32
    assert x.min() >= 255 / 256
    assert x.max() < 1
    raw = next(course.Events(values, 50, is_raw=True).batches(np.random.default_rng(0)))
    assert raw.dtype == np.uint8


def test_a_uniform_density_has_eight_bits(imported):
    course = imported("likelihood.course")
    events = course.Events(np.zeros((10, 2, 2, 1), np.uint8), 3, is_raw=False)
    assert events.scores(Fake(best=0), seed=0).tolist() == [8.0] * 10


def test_results_survive_a_cut(imported, tmp_path):
    results = imported("likelihood.results")
    path = tmp_path / "docs" / "cells.jsonl"
    first, second = (results.Cell("mnist", "a, b", seed, 2.0) for seed in (0, 1))
    results.Results(path).add(first, {"score": 1.0})
    results.Results(path).add(second, {"score": 2.0})
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    found = results.Results(path)
    assert first in found
    assert second not in found
    found.add(second, {"score": 3.0})
    again = results.Results(path)
    assert [cell["score"] for cell in again.of("mnist", "a, b", 2.0)] == [1.0, 3.0]
    assert again.of("mnist", "a, b", 3.0) == []


@pytest.fixture
def command(imported, monkeypatch, tmp_path):
    """Runs the command on sets and flows, with a fake measurement; tells what was measured."""
    likelihoods = imported("likelihoods")
    arrays = imported("likelihood.arrays")
    monkeypatch.setattr(arrays, "load", lambda name, _: {"train": np.zeros(1)})

    def run(measure, **fields):
        measured = []

        def fake(cells, arrays):
            assert arrays.exists()
            for cell, _ in cells:
                measured.append((cell.set, cell.flow, cell.seed))
                try:
                    yield cell, measure(*measured[-1])
                except RuntimeError as error:
                    yield cell, error

        monkeypatch.setattr(likelihoods, "measure", fake)
        given = {
            "sets": ["mnist", "miniboone"],
            "flows": ["tfb.Glow", "zuko NSF", "Gaussian, full covariance"],
            "seeds": 2,
            "seconds": 2.0,
            "table_seconds": 1.0,
            "seconds_of": {"images": 2.0, "tables": 1.0},
            "output": tmp_path,
            "data": None,
        }
        results = imported("likelihood.results").Results(tmp_path / "likelihoods.jsonl")
        args = argparse.Namespace(**given | fields)
        return likelihoods.complete(args, results), measured

    return run


@pytest.mark.slow
def test_what_is_done_is_not_done_again(command, tmp_path):
    def dies(name, flow, seed):
        if (flow, seed) == ("zuko NSF", 0):
            raise RuntimeError("no more of this")
        return MEASURED | {"score": 3.0 + seed}

    cells = [("mnist", "tfb.Glow", 0), ("miniboone", "Gaussian, full covariance", 0)]
    cells += [("miniboone", "zuko NSF", 0), ("mnist", "tfb.Glow", 1), ("miniboone", "zuko NSF", 1)]
    assert command(dies) == (1, cells)
    assert command(lambda *_: MEASURED) == (0, [("miniboone", "zuko NSF", 0)])
    assert command(lambda *_: MEASURED) == (0, [])
    text = (tmp_path / "likelihoods.md").read_text()
    assert "| tfb.Glow | 3.500 (3.000 .. 4.000) | - | - |" in text
    assert "| zuko NSF | 3.75 (3.50 .. 4.00) | - | - | - | - |" in text
    assert (
        "| tfb.Glow | 4,321 | 1,200 | 600 | 2.5 | 3.250 (3.250 .. 3.250) "
        "| 3.500 (3.000 .. 4.000) ± 0.010 |" in text
    )
    assert "Measured 2020-02-02 on a machine. fake 1.2." in text
    assert "--data DIRECTORY --seeds 2 --seconds 2 --table-seconds 1'" in text
    assert {path.name for path in tmp_path.iterdir()} == {
        "likelihoods.jsonl",
        "likelihoods.md",
        "likelihoods_images.png",
        "likelihoods_tables.png",
    }
    assert "| Flow++ (2019) |  | [3.08](https" in text


def test_what_diverged_is_told(command, tmp_path):
    def measure(name, flow, seed):
        return MEASURED if seed else MEASURED | {"is_finite": False, "score": None}

    command(measure, sets=["mnist"], flows=["tfb.Glow"])
    text = (tmp_path / "likelihoods.md").read_text()
    assert "| tfb.Glow | 3.500 [1 of 2 diverged] |" in text


def test_a_set_that_is_not_there_is_told(command, imported, monkeypatch, capsys):
    monkeypatch.setattr(imported("likelihood.arrays"), "load", imported("likelihood.sets").load)
    failures, measured = command(lambda *_: MEASURED, sets=["miniboone"], seeds=1)
    assert (failures, measured) == (2, [])
    assert "miniboone is read from files: give their directory by --data" in capsys.readouterr().err


def test_every_row_has_a_function(imported):
    rows = imported("likelihood.rows")
    for row in (*rows.IMAGES, *rows.TABLES):
        source = (PATH / "likelihood" / f"{row.module}.py").read_text()
        assert f"\ndef {row.function}(" in source
    names = [row.name for row in (*rows.IMAGES, *rows.TABLES)]
    assert len(set(names)) == len(names)


def test_every_published_number_has_a_set(imported):
    sets = imported("likelihood.sets").SETS
    assert {p.set for p in imported("likelihood.published").PUBLISHED} <= set(sets)


@pytest.fixture
def higgs(tmp_path):
    """Files of the set, of rounded noise."""
    folder = tmp_path / "data" / "higgs_7k"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, size in {"train": 1000, "test": 300}.items():
        rows = np.round(rng.normal(3.0, 2.0, (size, 5)), 1)
        np.savetxt(folder / f"binary.{part}", rows, delimiter="\t")
    return folder.parent


def test_tables_are_split_spread_and_standardized(imported, higgs):
    sets = imported("likelihood.sets")
    parts = sets.load("higgs_7k", higgs)
    again = sets.load("higgs_7k", higgs)
    assert {part: len(rows) for part, rows in parts.items()} == {
        "train": 900,
        "validation": 100,
        "test": 300,
    }
    everything = np.concatenate(list(parts.values()))
    assert everything.shape == (1300, 4)  # Without the label.
    assert all(len(np.unique(column)) > 1290 for column in everything.T)
    np.testing.assert_allclose(parts["train"].mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(parts["train"].std(axis=0), 1.0, atol=1e-5)
    np.testing.assert_array_equal(parts["test"], again["test"])


def test_power_is_read_without_what_is_missing(imported, tmp_path):
    lines = [
        "Date;Time;Global_active_power;Global_reactive_power;Voltage;Intensity;1;2;3",
        "16/12/2006;17:24:00;4.216;0.418;234.840;18.400;0.000;1.000;17.000",
        "16/12/2006;17:25:00;?;?;?;?;?;?;",
    ]
    (tmp_path / "household_power_consumption.txt").write_text("\n".join(lines))
    rows = imported("likelihood.tables").power_month(tmp_path)["all"]
    assert rows.tolist() == [[4.216, 0.418, 234.84, 18.4, 0.0, 1.0, 17.0, 17 * 60 + 24]]


def test_the_gaussian_has_the_likelihood_of_its_entropy(imported):
    rows = np.random.default_rng(0).normal(size=(500, 3)) @ np.array(
        [[1, 2, 3], [0, 1, 4], [0, 0, 2]]
    )
    gaussian = imported("likelihood.gaussian").table(rows)
    _, log_det = np.linalg.slogdet(np.cov(rows, rowvar=False, ddof=0))
    entropy = 0.5 * (3 * math.log(2 * math.pi * math.e) + log_det)
    assert gaussian.log_prob(rows, seed=0).mean() == pytest.approx(-entropy)
    assert gaussian.parameters == 9


@pytest.mark.slow
def test_the_command_trains_and_writes_the_page(higgs, tmp_path):
    command = [sys.executable, str(PATH / "likelihoods.py"), "--quick", "--data", str(higgs)]
    command += ["--sets", "higgs_7k", "--output", str(tmp_path), "--flows"]
    trained = ["flows.coupling_flow, affine", "tfb.MaskedAutoregressiveFlow"]
    for _ in range(2):
        done = subprocess.run(
            [*command, "Gaussian, full covariance", *trained],
            check=True,
            capture_output=True,
            text=True,
        )
    assert "seed 0" not in done.stderr  # All was done.
    _, of_higgs = (tmp_path / "likelihoods.md").read_text().split("### HIGGS\n")
    lines = of_higgs.splitlines()
    for flow in trained:
        details = next(line for line in lines if line.startswith(f"| {flow} |"))
        score = float(details.split("|")[-2].split("±")[0])
        # Entropy of four standard normal columns, and what two seconds leave.
        assert score == pytest.approx(-2 * math.log(2 * math.pi * math.e), abs=0.5)
