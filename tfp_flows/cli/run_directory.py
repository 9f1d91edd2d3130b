"""What a run leaves behind, and what it needs to go on."""

import contextlib
import csv
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfp_flows.cli.data_options import DATA
from tfp_flows.cli.errors import RunError, told
from tfp_flows.cli.option import with_defaults
from tfp_flows.cli.training_options import FLOW, TRAINING
from tfp_flows.ops.files import written_beside

OPTIONS = (*DATA, *FLOW, *TRAINING)
_FACTS = {"images": {"event_shape", "num_levels", "num_events"}, "table": {"columns", "num_events"}}


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
        self._is_made = False

    @property
    def has_run(self) -> bool:
        """Whether a run was started here."""
        return self.config_file.is_file()

    @property
    def is_finished(self) -> bool:
        """Whether it came to its end."""
        return self.result_file.is_file()

    def claim(self) -> None:
        """Makes the directory for a new run.

        Raises:
          RunError: something else is in it, or it is a file.
          OSError: it cannot be written.
        """
        if self.path.is_file():
            raise RunError(f"--run must be a new or an empty directory; {self.path} is a file")
        self._is_made = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        others = sorted(path.name for path in self.path.iterdir())
        if others:
            some = ", ".join(others[:5])
            raise RunError(f"--run must be a new or an empty directory; {self.path} holds {some}")
        with tempfile.TemporaryFile(dir=self.path) as file:
            file.write(b"Tries whether there is room for anything.")

    def last_backup(self) -> tuple[int, Path | None]:
        """How many epochs were finished, and the weights after them."""
        files = sorted(self.backup.glob("epoch_*.weights.h5"))
        if not files:
            return 0, None
        return int(files[-1].name.split(".")[0].removeprefix("epoch_")), files[-1]

    def write_backup(self, epoch: int, save: Callable[[Path], None]) -> None:
        """Has the weights after so many epochs written, and forgets those before.

        Args:
          epoch: how many were finished; it is in the name, so that the two cannot disagree.
          save: writes a file of the name that it is given.
        """
        _, before = self.last_backup()
        self.backup.mkdir(exist_ok=True)
        path = self.backup / f"epoch_{epoch:06}.weights.h5"
        with written_beside(path) as beside:
            save(beside)
        if before is not None and before != path:
            before.unlink()

    def sweep(self) -> None:
        """Removes what a killed process had begun to write."""
        for path in self.path.rglob(".*.part.*"):
            path.unlink(missing_ok=True)

    def release(self) -> None:
        """Undoes `claim` where no run was started."""
        if not self._is_made:
            return
        with contextlib.suppress(OSError):
            self.path.rmdir()

    def config(self) -> dict[str, Any]:
        """What `config.json` says: the options, and what was found in the data.

        Raises:
          RunError: there is no run here, or its configuration is damaged.
        """
        if not self.has_run:
            raise RunError(f"{self.path} must be the directory of a run; it has no config.json")
        config, file = self.read_json(self.config_file), self.config_file
        if not {"options", "data"} <= set(config):
            raise RunError(f"{file} must have 'options' and 'data'; got {list(config)}")
        options, facts = config["options"], config["data"]
        if not isinstance(options, dict) or "data" not in options:
            raise RunError(f"{file} must have options, such as 'data'; got {options!r}")
        wanted = _FACTS.get(facts.get("kind")) if isinstance(facts, dict) else None
        if wanted is None or not wanted <= set(facts):
            raise RunError(f"{file} must say what was found in the data; got {facts!r}")
        # Those that an earlier version did not know are as if they were not given.
        return {**config, "options": with_defaults(options, OPTIONS)}

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
        except (ValueError, TypeError) as error:
            raise RunError(f"{file} must be JSON: {error}") from error

    def write_json(self, file: Path, content: Mapping[str, Any]) -> None:
        """Writes one of the JSON files."""
        with written_beside(file) as beside:
            beside.write_text(json.dumps(content, indent=2) + "\n")

    def log(self) -> list[dict[str, float]]:
        """The rows of `log.csv`, one an epoch.

        Raises:
          RunError: it is damaged, or lacks epochs that the backup has.
        """
        rows = self._rows_of_log() if self.log_file.is_file() else []
        found, backed_up = [row["epoch"] for row in rows], self.last_backup()[0]
        if found != list(range(1, len(rows) + 1)) or len(rows) < backed_up:
            wanted = f"a row for each epoch from 1 to {max(len(rows), backed_up)}"
            raise RunError(f"{self.log_file} must have {wanted}; got those of {found}")
        return rows

    def _rows_of_log(self) -> list[dict[str, float]]:
        try:
            with self.log_file.open(newline="") as file:
                rows = list(csv.DictReader(file, strict=True))
            return [
                {"epoch": int(row.pop("epoch")), "seconds": float(row.pop("seconds"))}
                | {name: float(value) for name, value in row.items()}
                for row in rows
            ]
        except (csv.Error, KeyError, TypeError, ValueError) as error:
            raise RunError(f"{self.log_file} must be as `train` wrote it: {told(error)}") from error

    def write_log(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Writes `log.csv` anew."""
        with written_beside(self.log_file) as beside, beside.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def files(self) -> list[str]:
        """What there is, for the last lines of a command."""
        found = [p for p in self.path.rglob("*") if p.is_file() and self.backup not in p.parents]
        return sorted(str(path.relative_to(self.path)) for path in found)
