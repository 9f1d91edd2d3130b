"""What our flows cost beside their bare networks, TFP's own and the peers of other frameworks.

    make bench

Every row runs in a process of its own, in the environment of its framework, which is made where it
is not there (`.venv-bench`): the same sizes, the same batch, two cores and two threads. One process
works at a time, and the rounds are interleaved over all of them (A B C A B C ...), action by
action. A turn is one call that is not counted, then the median of those of half a second. A ratio
is the median over rounds of (time of the row / time of the other row in the same round). Writes
`docs/results/benchmarks.md`, unless `--quick`. Needs Linux or macOS; elsewhere than on Linux cores
are not bound, and memory is unknown.
"""

import argparse
import contextlib
import os
import pathlib
import sys
from collections.abc import Collection, Iterator

from environments import NotInstalledError
from page import page
from processes import Worker, WorkerError
from results import Measurement, Result
from workloads import GROUPS, WORKLOADS, Row, Workload

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "results" / "benchmarks.md"


class Measuring:
    """Measures a workload: first fresh processes for first calls, then rounds over the last ones.

    Args:
      workload: which.
      groups: whose rows.
      versions: added to.
    """

    def __init__(
        self, workload: Workload, groups: Collection[str], versions: dict[str, str]
    ) -> None:
        self.result = Result(workload)
        self._rows = [row for row in workload.rows if row.group in groups]
        self._versions = versions
        self._workers: dict[Row, Worker] = {}

    def run(self, *, rounds: int, starts: int) -> Result:
        """All of it; what fails is in the result."""
        with contextlib.ExitStack() as stack:
            for i in range(starts):
                for row in self._rows:
                    if i < (GROUPS[row.group].max_starts or starts):
                        self._start(row, stack)
            if self.result.workload.actions:
                for i in range(-1, rounds):  # The first round traces and compiles.
                    _tell(f"  round {i + 1} of {rounds}")
                    self._round(is_counted=i >= 0)
        return self.result

    def _start(self, row: Row, stack: contextlib.ExitStack) -> None:
        if row in self.result.failures:
            return
        if row in self._workers:
            self._workers.pop(row).close()
        _tell(f"  {row.group}: {row.name}")
        with self._failing(row):
            worker = Worker(row, self.result.workload.function)
            stack.callback(worker.close)
            first = worker.ask("first")
            self._versions.update(worker.versions)
            measured = self.result.rows.setdefault(row, Measurement(worker.parameters))
            measured.first.append(first["seconds"])
            measured.megabytes.append(first["megabytes"])
            self._workers[row] = worker

    def _round(self, *, is_counted: bool) -> None:
        for action in self.result.workload.actions:
            for row, worker in list(self._workers.items()):
                with self._failing(row):
                    seconds = worker.ask(action)["seconds"]
                    if is_counted:
                        self.result.rows[row].seconds.setdefault(action, []).append(seconds)

    @contextlib.contextmanager
    def _failing(self, row: Row) -> Iterator[None]:
        try:
            yield
        except (NotInstalledError, WorkerError) as error:
            _tell(f"  {error}")
            self.result.failures[row] = str(error)
            self.result.rows.pop(row, None)
            self._workers.pop(row, None)


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def main() -> None:
    """Prints the page, and writes it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 rounds; writes only to --output")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--starts", type=int, default=3, help="fresh processes, for first calls")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--output", type=pathlib.Path, help="default: docs/results/benchmarks.md")
    arguments = parser.parse_args()
    rounds, starts = (3, 1) if arguments.quick else (arguments.rounds, arguments.starts)
    results, versions = {}, {}
    for name in arguments.workloads:
        _tell(name)
        measuring = Measuring(WORKLOADS[name], arguments.groups, versions)
        results[name] = measuring.run(rounds=rounds, starts=starts)
    text = page(results, versions, rounds=rounds, starts=starts, command=sys.argv[1:])
    print(text)
    output = arguments.output or (None if arguments.quick else PAGE)
    if output is not None:
        beside = output.with_suffix(".part")
        beside.write_text(text)
        os.replace(beside, output)


if __name__ == "__main__":
    main()
