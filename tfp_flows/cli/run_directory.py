"""What a run leaves behind, and what it needs to go on."""

import contextlib
import csv
import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfp_flows.cli.errors import RunError, told
from tfp_flows.cli.kept import checked_config
from tfp_flows.ops.files import written_beside
from tfp_flows.ops.locks import locked

_LOCK = ".lock"


class RunDirectory:
    """`config.json`, `log.csv`, `model.keras`, `backup/`, `samples/` and `result.json`.

    All files are written beside and renamed.

    Args:
      path: of the directory.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config_file = self.path / "config.json"
        self.log_file = self.path / "log.csv"
        self.model_file = self.path / "model.keras"
        self.result_file = self.path / "result.json"
        self.backup = self.path / "backup"
        self.samples = self.path / "samples"

    @property
    def has_run(self) -> bool:
        """Whether a run was started here."""
        return self.config_file.is_file()

    @property
    def is_finished(self) -> bool:
        """Whether it came to its end."""
        return self.result_file.is_file()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other processes from writing here; makes the directory, if nothing comes of it not.

        Raises:
          RunError: another process holds it, or it is a file; says which.
          OSError: it cannot be written.
        """
        if self.path.is_file():
            raise RunError(f"--run must be a new or an empty directory; {self.path} is a file")
        is_made = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with locked(self.path / _LOCK):
                yield
        finally:
            if is_made:
                with contextlib.suppress(OSError):
                    self.path.rmdir()

    def claim(self) -> None:
        """Looks whether there is room for a new run.

        Raises:
          RunError: something else is in the directory.
          OSError: it cannot be written.
        """
        others = sorted(path.name for path in self.path.iterdir() if path.name != _LOCK)
        if others:
            some = ", ".join(others[:5])
            raise RunError(f"--run must be a new or an empty directory; {self.path} holds {some}")
        with tempfile.TemporaryFile(dir=self.path) as file:
            file.write(b"Tries whether there is room for anything.")

    def sweep(self) -> None:
        """Removes what a killed process had begun to write."""
        for path in self.path.rglob(".*.part.*"):
            path.unlink(missing_ok=True)

    def config(self) -> dict[str, Any]:
        """What `config.json` says: the options, and what was found in the data.

        Raises:
          RunError: there is no run here, or its configuration is damaged.
        """
        if not self.has_run:
            raise RunError(f"{self.path} must be the directory of a run; it has no config.json")
        config = self.read_json(self.config_file)
        return checked_config(config, self.config_file)

    def reopen(self, options: Mapping[str, Any]) -> None:
        """Writes other options of this run, which is no longer finished."""
        config = self.config()
        self.result_file.unlink(missing_ok=True)
        self.write_json(self.config_file, {**config, "options": options})

    def read_json(self, file: Path) -> dict[str, Any]:
        """Reads one of the JSON files.

        Raises:
          RunError: it is damaged.
        """
        try:
            return dict(json.loads(file.read_text()))
        except (ValueError, TypeError, RecursionError) as error:
            raise RunError(f"{file} must be JSON: {error}") from error

    def write_json(self, file: Path, content: Mapping[str, Any]) -> None:
        """Writes one of the JSON files."""
        with written_beside(file) as beside:
            beside.write_text(json.dumps(content, indent=2) + "\n")

    def log(self) -> list[dict[str, float]]:
        """The rows of `log.csv`, one an epoch, and one for each end in its middle.

        Raises:
          RunError: it is damaged.
        """
        if not self.log_file.is_file():
            return []
        try:
            with self.log_file.open(newline="") as file:
                rows = list(csv.DictReader(file, strict=True))
            found = [
                {"epoch": int(row.pop("epoch")), "seconds": float(row.pop("seconds"))}
                | {"batches": int(row.pop("batches"))}
                | {name: float(value) for name, value in row.items()}
                for row in rows
            ]
            if any(row["batches"] >= later["batches"] for row, later in itertools.pairwise(found)):
                raise ValueError("batches must grow from row to row")
        except (csv.Error, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{self.log_file} must be as `train` wrote it: {told(error)}") from error
        return found

    def write_log(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Writes `log.csv` anew."""
        with written_beside(self.log_file) as beside, beside.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def files(self) -> list[str]:
        """What there is, for the last lines of a command."""
        found = [p for p in self.path.rglob("[!.]*") if p.is_file()]
        return sorted(str(p.relative_to(self.path)) for p in found if self.backup not in p.parents)
