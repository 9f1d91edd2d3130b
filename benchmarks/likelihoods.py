"""The likelihoods that flows reach on two cores: ours, TFP's, and those of PyTorch.

    make likelihoods LIKELIHOODS='--data DIRECTORY'

DIRECTORY holds a directory for each set: the official files of `mnist`, `fashion_mnist` and
`cifar10`, which TensorFlow Datasets gives where they are missing; and those of the tables, which
`likelihood/tables.py` tells. Every cell (set, flow, seed) trains in a process of its own, one after
the other, in the environment of its framework, which is made where it is not there (`.venv-bench`).
A cell that is done is a line of `likelihoods.jsonl` and is not done again, so that a killed command
goes on where it was. The page and its pictures are written beside it after each cell.
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from environments import NotInstalledError, python
from likelihood.arrays import Arrays
from likelihood.picture import draw
from likelihood.report import page
from likelihood.results import Cell, Results
from likelihood.rows import IMAGES, TABLES, Row
from likelihood.sets import KINDS, SETS, kind_of
from page import machine

HERE = pathlib.Path(__file__).parent
OUTPUT = HERE.parent / "docs" / "results"
FLOWS = [row.name for row in (*IMAGES, *TABLES)]


def wanted(args: argparse.Namespace) -> Iterator[tuple[Cell, Row]]:
    """All cells, the first seed of each set before the second, so that a page is soon complete."""
    for seed in range(args.seeds):
        for name in args.sets:
            for row in kind_of(name).rows:
                if row.name in args.flows and (row.is_trained or seed == 0):
                    yield Cell(name, row.name, seed, args.seconds_of[SETS[name].kind]), row


def measure(cell: Cell, row: Row, arrays: pathlib.Path) -> dict:
    """Runs the worker.

    Raises:
      RuntimeError: with the last line that it said, if it dies.
    """
    kind = kind_of(cell.set)
    job = {key: getattr(row, key) for key in ("module", "function", "options")}
    job |= {key: getattr(row, key) for key in ("is_raw", "is_trained")}
    job |= {key: getattr(kind, key) for key in ("batch", "score_batch", "checks")}
    job |= {"seed": cell.seed, "seconds": cell.seconds}
    command = [str(python(row.environment)), "-m", "likelihood.worker", str(arrays)]
    roots = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [*command, json.dumps(job)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": roots.rstrip(os.pathsep)},
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise RuntimeError(f"{(said or ['it said nothing'])[-1]} (exit status {done.returncode})")
    today = datetime.date.today().isoformat()
    return json.loads(done.stdout) | {"machine": machine(), "date": today}


def complete(args: argparse.Namespace, results: Results) -> int:
    """Does what is missing, and tells how many cells could not be done."""
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        arrays = Arrays(folder, args.data)
        for cell, row in wanted(args):
            if cell in results:
                continue
            _tell(f"{cell.set}, {cell.flow}, seed {cell.seed}")
            try:
                measured = measure(cell, row, arrays.of(cell.set))
            except (FileNotFoundError, NotInstalledError, RuntimeError) as error:
                _tell(f"  {error}")
                failures += 1
                continue
            _tell(f"  {measured['score']}, {measured['steps']} steps")
            results.add(cell, measured)
            write(args, results)
    return failures


def write(args: argparse.Namespace, results: Results) -> None:
    """Renders the page and its pictures."""
    given = [f"--seeds {args.seeds}", f"--seconds {args.seconds:g}"]
    given += [f"--table-seconds {args.table_seconds:g}"]
    command = f"make likelihoods LIKELIHOODS='--data DIRECTORY {' '.join(given)}'"
    text = page(results, seconds=args.seconds_of, seeds=args.seeds, command=command)
    path = args.output / "likelihoods.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        draw(results, args.seconds_of, args.output / f"likelihoods_{kind}.png", kind)
    beside = path.with_suffix(".part")
    beside.write_text(text)
    os.replace(beside, path)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Completes the results and writes the page; exit status 1 if cells could not be done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, help="directory of a directory for each set")
    parser.add_argument("--seconds", type=float, default=600.0, help="of training on images")
    parser.add_argument("--table-seconds", type=float, default=120.0, help="of training on tables")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--flows", nargs="+", choices=FLOWS, default=FLOWS)
    parser.add_argument("--quick", action="store_true", help="one seed, two seconds of each cell")
    parser.add_argument("--output", type=pathlib.Path, help="default: docs/results")
    args = parser.parse_args()
    if args.quick:
        if args.output is None:
            parser.error("--quick needs --output: its numbers say nothing")
        args.seconds, args.table_seconds, args.seeds = 2.0, 2.0, 1
    args.output = args.output or OUTPUT
    args.seconds_of = dict(zip(KINDS, (args.seconds, args.table_seconds), strict=True))
    results = Results(args.output / "likelihoods.jsonl")
    failures = complete(args, results)
    write(args, results)
    if failures:
        sys.exit(f"{failures} cells could not be done; the same command tries them again")


if __name__ == "__main__":
    main()
