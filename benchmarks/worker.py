"""One row of the table, in a process of its own, which answers to what it is asked on stdin.

    python worker.py ADAPTER WORKLOAD OPTIONS

OPTIONS is a JSON object, of keyword arguments of the adapter's function. The first answer, a line
of JSON, comes when the row is built. Then the lines `first` (a first train step, and the peak of
memory over three of them), `train`, `log_prob` and `sample` (a turn: seconds of one call) are
answered likewise. Two cores and two threads, whatever the framework.
"""

import importlib
import importlib.metadata
import json
import os
import pathlib
import statistics
import sys
import time
from collections.abc import Callable

import two_cores  # noqa: F401 - before any framework

# What a worker before this one has compiled would spare a first call.
os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"

import numpy as np

# Several calls, even of the slow rows: of one the median would be all that disturbed it.
SECONDS_A_TURN, CALLS_A_TURN = 0.5, 20


def resident(field: str) -> float:
    """Megabytes: `VmRSS` now, or `VmHWM`, the peak of this program. NaN where only Linux tells.

    Not `ru_maxrss`, which remembers the program that started this one.
    """
    status = pathlib.Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    kilobytes = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return int(kilobytes[0]) / 1024 if kilobytes else float("nan")


def timed(call: Callable) -> float:
    """Seconds of a call, whose result must be finite."""
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    if not np.all(np.isfinite(result)):
        raise ValueError("the result must be finite; got NaN or inf")
    return seconds


def turn(call: Callable) -> float:
    """One call that is not counted, since others had the caches; then the median of some."""
    timed(call)
    seconds = [timed(call)]
    while sum(seconds) < SECONDS_A_TURN and len(seconds) < CALLS_A_TURN:
        seconds.append(timed(call))
    return statistics.median(seconds)


def main() -> None:
    """Answers until stdin ends."""
    adapter, workload, options = sys.argv[1:]
    # Libraries print; only answers go out.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields: object) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    module = importlib.import_module(f"adapters.{adapter}")
    imported = resident("VmRSS")
    row = getattr(module, workload)(**json.loads(options))
    versions = {name: importlib.metadata.version(name) for name in module.PACKAGES}
    answer(parameters=row.parameters, versions=versions)
    for line in sys.stdin:
        request = line.strip()
        if request == "first":
            seconds = timed(row.calls["train"])
            for _ in range(2):
                timed(row.calls["train"])
            answer(seconds=seconds, megabytes=resident("VmHWM") - imported)
        else:
            answer(seconds=turn(row.calls[request]))


if __name__ == "__main__":
    main()
