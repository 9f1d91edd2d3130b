"""The likelihoods that flows reach on two cores: ours, TFP's, and those of PyTorch.

    make likelihoods LIKELIHOODS='--data DIRECTORY'

DIRECTORY holds a directory for each set: the official files of `mnist`, `fashion_mnist` and
`cifar10`, which TensorFlow Datasets gives where they are missing; and those of the tables, which
`likelihood/tables.py` tells. Every cell (set, flow, seed) trains in a process of its own, in the
environment of its framework, which is made where it is not there (`.venv-bench`). The flows of a
set take turns of a few seconds. A cell that is done is a line of `likelihoods.jsonl` and is not
done again, so that a killed command goes on with the cells that are missing. The page and its
pictures are written beside it after each cell.
"""

import argparse
import datetime
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from likelihood.arrays import Arrays
from likelihood.picture import draw
from likelihood.report import page
from likelihood.results import Cell, Results
from likelihood.rows import IMAGES, TABLES, Row
from likelihood.sets import KINDS, SETS, kind_of
from likelihood.turns import in_turns
from page import machine

HERE = pathlib.Path(__file__).parent
OUTPUT = HERE.parent / "docs" / "results"
FLOWS = [row.name for row in (*IMAGES, *TABLES)]
Cells = list[tuple[Cell, Row]]


def wanted(args: argparse.Namespace) -> Iterator[Cells]:
    """The flows of each set; all sets with one seed, then with the next."""
    for seed in range(args.seeds):
        for name in args.sets:
            yield [
                (Cell(name, row.name, seed, args.seconds_of[SETS[name].kind]), row)
                for row in kind_of(name).rows
                if row.name in args.flows and (row.is_trained or seed == 0)
            ]


def measure(cells: Cells, arrays: pathlib.Path) -> Iterator[tuple[Cell, dict | Exception]]:
    """Runs the workers of cells of one set in turns; gives each that ends, or why it could not."""
    origin = {"machine": machine(), "date": datetime.date.today().isoformat()}
    commands = [_command(cell, row, arrays) for cell, row in cells]
    for number, said in in_turns(commands):
        yield cells[number][0], said if isinstance(said, Exception) else said | origin


def _command(cell: Cell, row: Row, arrays: pathlib.Path) -> tuple[str, list[str]]:
    kind = kind_of(cell.set)
    job = {key: getattr(row, key) for key in ("module", "function", "options")}
    job |= {key: getattr(row, key) for key in ("is_raw", "is_trained")}
    job |= {key: getattr(kind, key) for key in ("batch", "score_batch", "checks")}
    job |= {"seed": cell.seed, "seconds": cell.seconds}
    return row.environment, ["-m", "likelihood.worker", str(arrays), json.dumps(job)]


def complete(args: argparse.Namespace, results: Results) -> int:
    """Does what is missing, and tells how many cells could not be done."""
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        arrays = Arrays(folder, args.data)
        for group in wanted(args):
            missing = [(cell, row) for cell, row in group if cell not in results]
            if not missing:
                continue
            name, seed = missing[0][0].set, missing[0][0].seed
            _tell(f"{name}, seed {seed}: {len(missing)} flows")
            try:
                path = arrays.of(name)
            except FileNotFoundError as error:
                _tell(f"  {error}")
                failures += len(missing)
                continue
            for cell, found in measure(missing, path):
                if isinstance(found, Exception):
                    _tell(f"  {cell.flow}: {found}")
                    failures += 1
                    continue
                _tell(f"  {cell.flow}: {found['score']}, {found['steps']} steps")
                results.add(cell, found)
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
    parser.add_argument("--seconds", type=float, default=240.0, help="of training on images")
    parser.add_argument("--table-seconds", type=float, default=45.0, help="of training on tables")
    parser.add_argument("--seeds", type=int, default=2, help="how many")
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
