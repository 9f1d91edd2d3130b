"""Images that are read once, and divided in memory."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfp_flows import data
from tfp_flows.cli.divisions import rows_of_parts
from tfp_flows.cli.image_source import READ_AT_ONCE, ImageSource, read_images
from tfp_flows.cli.sources import Part, where


class _Loaded(NamedTuple):
    columns: tuple[np.ndarray, ...]  # Images, and labels if they are wanted.
    num_levels: int
    num_classes: int | None

    def rows(self, numbers: np.ndarray) -> "_Loaded":
        return self._replace(columns=tuple(column[numbers] for column in self.columns))


class LoadedImages(ImageSource):
    """Images in memory, of `--size` and with the levels that are kept of them.

    Args:
      options: of `data_options`, by name.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._where = {
            "validation": where("validation", options["validation"]),
            "test": where("test", _test_of(options)),
        }
        self._splits: dict[str, _Loaded] = {}
        super().__init__(options)

    def has(self, part: Part) -> bool:
        """Whether there is such a part."""
        return part == "train" or self._where[part].exists

    def _part(self, part: Part, arguments: dict[str, Any]) -> data.Batches:
        loaded = self._loaded(part)
        usual = {"batch_size": READ_AT_ONCE, "shuffle": False, "dequantize": False, "seed": 0}
        batches = data.images(
            loaded.columns,
            num_levels=loaded.num_levels,
            labels=len(loaded.columns) == 2,
            **{**usual, **arguments},
        )
        batches.num_classes = loaded.num_classes
        return batches

    def _loaded(self, part: Part) -> _Loaded:
        if part != "train" and self._where[part].place:
            return self._read(self._where[part].place)
        return self._divided[part]

    @functools.cached_property
    def _divided(self) -> dict[str, _Loaded]:
        whole = self._read(self.options["split"])
        fractions = {part: its.fraction for part, its in self._where.items() if its.fraction}
        rows = rows_of_parts(len(whole.columns[0]), fractions, self.options["seed"])
        return {part: whole.rows(its) for part, its in rows.items()}

    def _read(self, split: str) -> _Loaded:
        if split not in self._splits:
            self._splits[split] = self._read_now(split)
        return self._splits[split]

    def _read_now(self, split: str) -> _Loaded:
        batches = read_images(self.options, split, {"cache": False})
        read = [b if isinstance(b, tuple) else (b,) for b in batches.dataset.as_numpy_iterator()]
        columns = tuple(np.concatenate(column) for column in zip(*read, strict=True))
        return _Loaded(columns, batches.num_levels, batches.num_classes)


def _test_of(options: Mapping[str, Any]) -> str:
    """`--test`, where 'auto' looks for a split of that name."""
    if options["test"] != "auto":
        return options["test"]
    name = Path(options["data"])
    has_no_test = name.suffix == ".npy" or (name.is_dir() and not (name / "test").is_dir())
    return "0.1" if has_no_test else "test"
