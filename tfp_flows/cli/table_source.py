"""Tables from files as the commands read them."""

import collections
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfp_flows import data
from tfp_flows.cli.divisions import rows_of_parts
from tfp_flows.cli.errors import UsageError
from tfp_flows.cli.sources import PARTS, Part, Source, where
from tfp_flows.data.columns import Column
from tfp_flows.data.numpy_files import read_array, read_arrays


class TableSource(Source):
    """Rows of a file in parts, or with files of their own for validation and test.

    Args:
      options: of `data_options`, by name.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        if options["labels"]:
            raise UsageError("--labels must be given for images only; got a table")
        whole = data.table(
            read_rows(options["data"], options["key"]),
            columns=options["columns"] or None,
            categorical=options["categorical"],
            integer=options["integer"],
        )
        parts = {
            "validation": where("validation", options["validation"]),
            "test": where("test", "0.1" if options["test"] == "auto" else options["test"]),
        }
        fractions = {part: its.fraction for part, its in parts.items() if its.fraction}
        rows = rows_of_parts(whole.num_rows, fractions, options["seed"])
        self._tables = {
            part: data.Table(whole.schema, whole.values[its]) for part, its in rows.items()
        }
        for part, its in parts.items():
            if its.place:
                self._tables[part] = data.table(read_rows(its.place, options["key"]), like=whole)
        self.event_shape = (len(whole.columns),)
        self.moments = self._tables["train"].moments()

    def has(self, part: Part) -> bool:
        """Whether there is such a part."""
        return part in self._tables

    def num_events(self, part: Part) -> int:
        """Rows in a part."""
        return self._tables[part].num_rows

    def training(self, *, integers: bool) -> data.Batches:
        """Shuffled batches `[b, D]`, each epoch in an order and with noise of its own."""
        _check_real(integers=integers)
        table, size = self._tables["train"], self.options["batch_size"]
        fills = table.num_rows >= size
        return table.batches(size, seed=self.options["seed"], drop_remainder=fills)

    def scoring(self, part: Part, *, integers: bool, batch_size: int) -> data.Batches:
        """Batches in their own order."""
        _check_real(integers=integers)
        return self._tables[part].batches(batch_size, shuffle=False, seed=0)

    def facts(self) -> dict[str, Any]:
        """The columns, and numbers of rows."""
        return {
            "kind": "table",
            "columns": [
                {"name": c.name, "kind": c.kind, "categories": [_plain(v) for v in c.categories]}
                for c in self._tables["train"].schema
            ],
            "num_events": {part: self.num_events(part) for part in PARTS if self.has(part)},
        }

    def __str__(self) -> str:
        sizes = [f"{part} {self.num_events(part):,}" for part in PARTS if self.has(part)]
        kinds = collections.Counter(c.kind for c in self._tables["train"].schema)
        said = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        return f"rows of {self.event_shape[0]} columns, {said}: {', '.join(sizes)}"


def table_of(facts: Mapping[str, Any]) -> data.Table:
    """The table that a run was trained on, without its rows."""
    schema = [Column(c["name"], c["kind"], tuple(c["categories"])) for c in facts["columns"]]
    return data.Table(schema, np.zeros([0, len(schema)], np.float32))


def read_rows(path: str, key: str | None) -> Any:
    """What `data.table` takes: the path of a CSV file, or the array of a NumPy file.

    Raises:
      UsageError: `--key` does not name one array of the file.
      ValueError: the file cannot be read as what its name says.
    """
    if path.endswith(".npy"):
        return read_array(path)
    if not path.endswith(".npz"):
        return path
    arrays = read_arrays(path)
    if key is None and len(arrays) == 1:
        key = next(iter(arrays))
    if key not in arrays:
        raise UsageError(f"--key must be one of {list(arrays)} in {path}; got {key!r}")
    return arrays[key]


def _check_real(*, integers: bool) -> None:
    if integers:
        raise UsageError("--flow must be a density of real numbers for tables")


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
