"""The file of results: a line of JSON for each cell that is done."""

import json
import os
import pathlib
from typing import NamedTuple


class Cell(NamedTuple):
    """What is done once."""

    set: str
    flow: str
    seed: int
    seconds: float


class Results:
    """What a killed command has done already, and another one goes on with.

    Args:
      path: of the file, which need not exist.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._found: dict[Cell, dict] = {}
        text = path.read_text() if path.exists() else ""
        for line in text.splitlines():
            try:
                fields = json.loads(line)
            except json.JSONDecodeError:  # Cut off as it was written.
                continue
            cell = Cell(*(fields.pop(name) for name in Cell._fields))
            self._found[cell] = fields

    def __contains__(self, cell: object) -> bool:
        return cell in self._found

    def add(self, cell: Cell, measured: dict) -> None:
        """Appends a line, and has it on the disk before the next cell starts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(cell._asdict() | measured)
        with self._path.open("a+b") as file:
            is_cut = file.tell() > 0 and file.seek(-1, os.SEEK_END) and file.read(1) != b"\n"
            file.write(b"\n" * bool(is_cut) + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._found[cell] = measured

    def of(self, name: str, flow: str, seconds: float) -> list[dict]:
        """All seeds of one flow on one set."""
        wanted = (name, flow, seconds)
        return [
            measured
            for cell, measured in self._found.items()
            if (cell.set, cell.flow, cell.seconds) == wanted
        ]
