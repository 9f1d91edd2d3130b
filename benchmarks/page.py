"""The page of results, in Markdown."""

import datetime
import os
import pathlib
import platform
import statistics
from collections.abc import Sequence

import numpy as np
from results import Result
from targets import TARGETS
from workloads import LEFT_OUT, Row

TITLES = {"train": "train step", "log_prob": "`log_prob`", "sample": "`sample`"}
INTRODUCTION = """\
# What a flow costs

Written by `{command}` on {date}: {machine}; two cores and two
threads for every row. {versions}.

Every row runs in a process of its own. One of them works at a time, and the {rounds} rounds are
interleaved over all of them. A turn is one call that is not counted, then the median of those of
half a second. Times are medians over the rounds. "Over floor" is over the bare networks of the same
framework, chained: each fed from the one before, with no transform and no log-det; "over peer" is
over the fastest flow that is not ours, of all frameworks. Both are medians, over the rounds, of the
ratio within a round, with quartiles. First calls and memory: medians over {starts} fresh
process(es), one for compiled PyTorch.
"""


def page(
    results: dict[str, Result],
    versions: dict[str, str],
    *,
    rounds: int,
    starts: int,
    command: Sequence[str],
) -> str:
    """All of it."""
    introduction = INTRODUCTION.format(
        command=" ".join(["make bench", *([f"BENCH='{' '.join(command)}'"] if command else [])]),
        date=datetime.date.today().isoformat(),
        machine=machine(),
        versions=", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
        rounds=rounds,
        starts=starts,
    )
    parts = [introduction, _targets(results), *map(_workload, results.values())]
    parts.append("## Notes\n\n" + "\n".join(f"- {note}" for note in LEFT_OUT) + "\n")
    return "\n".join(parts)


def machine() -> str:
    """What it was measured on."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = (models or [platform.processor() or platform.machine()])[0]
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _targets(results: dict[str, Result]) -> str:
    rows = []
    for target in TARGETS:
        try:
            value = target.figure(results)
        except KeyError:  # A workload that was not asked for.
            value = None
        reached = "not measured" if value is None else _verdict(target.is_reached(value))
        rows.append([target.text, target.wanted(), _number(value), reached])
    return "## Targets\n\n" + _table(["", "wanted", "measured", ""], rows)


def _verdict(reached: bool) -> str:  # noqa: FBT001
    return "reached" if reached else "**missed**"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _quartiles(values: np.ndarray | None) -> str:
    return "-" if values is None else "{1:.2f} ({0:.2f} .. {2:.2f})".format(*values)


def _workload(result: Result) -> str:
    workload = result.workload
    header = ["", "parameters"]
    for action in workload.actions:
        header += [f"{TITLES[action]}, ms", "over floor", "over peer"]
    header += ["first call, s", "peak memory, MB"]
    text = f"## {workload.title}\n\n" + _table(header, [_row(result, r) for r in result.rows])
    notes = [*workload.notes]
    notes += [f"{_name(row)} did not run: {error}" for row, error in result.failures.items()]
    return text + "".join(f"\n- {note}" for note in notes) + ("\n" if notes else "")


def _row(result: Result, row: Row) -> list[str]:
    measured = result.rows[row]
    cells = [_name(row), f"{measured.parameters:,}"]
    for action in result.workload.actions:
        cells += [
            f"{result.milliseconds(row, action):.1f}",
            _quartiles(result.over_floor(row, action)),
            _quartiles(result.ratio(row, result.fastest_peer(action), action)),
        ]
    first, peak = statistics.median(measured.first), statistics.median(measured.megabytes)
    return [*cells, f"{first:.1f}", f"{peak:.0f}"]


def _name(row: Row) -> str:
    return f"{row.group}: {row.name}"
