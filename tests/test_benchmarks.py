"""The benchmarks: rows do the same work, rounds are interleaved, what fails is told."""

import importlib
import json
import math
import pathlib
import subprocess
import sys

import numpy as np
import pytest

PATH = pathlib.Path(__file__).parents[1] / "benchmarks"
# Answers as `worker.py` does, notes what it is asked, and dies where its options say so.
FAKE = """
import json, pathlib, sys
options = json.loads(sys.argv[3])
def answer(**fields):
    print(json.dumps(fields), flush=True)
answer(parameters=1, versions={"fake": "1"})
for line in sys.stdin:
    with pathlib.Path(options["log"]).open("a") as log:
        print(sys.argv[1], line.strip(), file=log)
    if line.strip() == options.get("dies"):
        sys.exit("no more of this")
    answer(seconds=options.get("seconds", 1.0), megabytes=2.0)
"""


@pytest.fixture
def imported(monkeypatch):
    monkeypatch.syspath_prepend(PATH)
    return importlib.import_module


@pytest.fixture
def measured(imported, monkeypatch, tmp_path):
    """Measures rows of fakes, and gives the result and what they were asked, in order."""
    compare, workloads = imported("compare"), imported("workloads")
    log, script = tmp_path / "log", tmp_path / "fake.py"
    script.write_text(FAKE)
    monkeypatch.setattr(imported("processes"), "SCRIPT", script)

    def measure(rounds, starts, actions=("train", "sample"), **rows):
        log.write_text("")
        fakes = tuple(
            workloads.Row(
                name,
                "TensorFlow",
                options.pop("adapter", name),
                {"log": str(log), **options},
                is_peer=options.get("is_peer", False),
            )
            for name, options in rows.items()
        )
        workload = workloads.Workload("Fakes", "fake", fakes, actions)
        result = compare.Measuring(workload, {"TensorFlow"}, {}).run(rounds=rounds, starts=starts)
        return result, log.read_text().split("\n")[:-1]

    return measure


def test_rounds_are_interleaved_over_processes(measured):
    result, asked = measured(2, 2, a={}, b={})
    firsts = ["a first", "b first"] * 2
    assert asked == firsts + ["a train", "b train", "a sample", "b sample"] * 3
    for row in result.rows.values():
        # The first round is not counted.
        assert row.seconds == {"train": [1.0] * 2, "sample": [1.0] * 2}
        assert row.first == [1.0] * 2
        assert row.megabytes == [2.0] * 2


def test_a_row_that_dies_is_told_and_the_others_go_on(measured, imported):
    result, asked = measured(1, 1, a={}, b={"dies": "sample"}, c={"dies": "first"})
    assert asked[-1] == "a sample"
    assert [row.name for row in result.rows] == ["a"]
    assert set(result.failures.values()) == {"no more of this (exit status 1)"}
    text = imported("page").page({"x": result}, {}, rounds=1, starts=1, command=[])
    assert "TensorFlow: c did not run: no more of this (exit status 1)" in text


def test_an_answer_that_does_not_come_is_not_waited_for(imported, monkeypatch, tmp_path):
    processes, workloads = imported("processes"), imported("workloads")
    script = tmp_path / "sleeps.py"
    script.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(processes, "SCRIPT", script)
    monkeypatch.setattr(processes, "LIMIT", 0.1)
    with pytest.raises(processes.WorkerError, match="no answer within"):
        processes.Worker(workloads.Row("a", "TensorFlow", "a"), "fake")


@pytest.mark.parametrize(("seconds", "verdict"), [(1.1, "reached"), (1.2, "**missed**")])
def test_targets_are_held_against_the_figures(measured, imported, seconds, verdict):
    result, _ = measured(
        3,
        1,
        ("train",),
        floor={},
        ours={"adapter": "tensorflow_ours", "seconds": seconds},
        tfp={"adapter": "tensorflow_stock", "seconds": 2.4, "is_peer": True},
        peer={"seconds": 1.15, "is_peer": True},
    )
    page = imported("page")
    text = page.page({"tabular": result}, {}, rounds=3, starts=1, command=["--quick"])
    assert f"train step, over its bare networks | <= 1.15 | {seconds:.2f} | {verdict} |" in text
    assert f"fastest peer over ours | >= 1 | {1.15 / seconds:.2f} | {verdict} |" in text
    assert f"train step, tfb.RealNVP over ours | >= 1.8 | {2.4 / seconds:.2f} | reached |" in text
    assert "Glow, train step, over its bare networks | <= 1.2 | - | not measured |" in text
    assert "`make bench BENCH='--quick'`" in text
    assert "| TensorFlow: peer | 1 | 1150.0 | 1.15 (1.15 .. 1.15) | 1.00 (1.00 .. 1.00) |" in text


def test_an_environment_is_made_once(imported, monkeypatch, tmp_path):
    environments = imported("environments")
    commands = []
    monkeypatch.setattr(environments, "HERE", tmp_path)
    monkeypatch.setattr(environments, "HOME", tmp_path / "home")
    monkeypatch.setattr(environments, "_run", commands.append)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "home" / "peer").mkdir(parents=True)
    wanted = tmp_path / "requirements" / "peer.txt"
    for text, total in {"peer==1": 2, "peer==2": 4}.items():
        wanted.write_text(text)
        for _ in range(2):
            python = environments.python("peer")
            assert python == tmp_path / "home" / "peer" / "bin" / "python"
            assert len(commands) == total


def test_an_environment_that_cannot_be_made_is_tried_once(imported, monkeypatch, tmp_path):
    environments = imported("environments")
    tried = []

    def run(command):
        tried.append(command)
        raise environments.NotInstalledError("no such peer")

    monkeypatch.setattr(environments, "HERE", tmp_path)
    monkeypatch.setattr(environments, "HOME", tmp_path / "home")
    monkeypatch.setattr(environments, "_FAILED", {})
    monkeypatch.setattr(environments, "_run", run)
    for _ in range(2):
        with pytest.raises(environments.NotInstalledError, match="no such peer"):
            environments.python("peer")
    assert len(tried) == 1


def test_why_an_environment_cannot_be_made_is_told(imported):
    environments = imported("environments")
    fails = "import sys; sys.exit('WARNING: slow\\nERROR: no such peer\\nERROR: so no install')"
    with pytest.raises(environments.NotInstalledError, match=r"^ERROR: no such peer$"):
        environments._run([sys.executable, "-c", fails])


@pytest.mark.slow
def test_the_command_writes_the_page(tmp_path):
    command = [sys.executable, str(PATH / "compare.py"), "--quick", "--groups", "TensorFlow"]
    output = tmp_path / "page.md"
    command += ["--workloads", "tabular", "replicas", "--output", str(output)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    text = output.read_text()
    assert "did not run" not in text
    assert text.count("| 725,504 |") == 4 + 2
    assert text.count("| not measured |") == 10 + 1


def test_a_worker_answers(tmp_path):
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "tiny.py").write_text(
        "from types import SimpleNamespace\n"
        "print('to be kept off the answers')\n"
        "PACKAGES = ('numpy',)\n"
        "def tiny(size):\n"
        "    calls = {'train': lambda: [0.0] * size, 'sample': lambda: float('nan')}\n"
        "    return SimpleNamespace(parameters=size, calls=calls)\n"
    )
    for name in ("worker.py", "two_cores.py"):
        (tmp_path / name).write_text((PATH / name).read_text())
    command = [sys.executable, str(tmp_path / "worker.py"), "tiny", "tiny", '{"size": 3}']
    done = subprocess.run(
        command, input="first\ntrain\nsample\n", capture_output=True, text=True, check=False
    )
    built, first, turn = map(json.loads, done.stdout.splitlines())
    assert built == {"parameters": 3, "versions": {"numpy": np.__version__}}
    assert 0 < first["seconds"] < 1
    assert first["megabytes"] >= 0 or math.isnan(first["megabytes"])
    assert 0 < turn["seconds"] < 1
    assert "must be finite" in done.stderr.splitlines()[-1]
