"""Images that are read once, and divided in memory."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tfp_flows import data
from tfp_flows.cli.divisions import rows_of_parts
from tfp_flows.cli.image_source import READ_AT_ONCE, ImageSource, read_images, usual_split
from tfp_flows.cli.sources import Part, where
from tfp_flows.data.elements import Elements


class _Loaded(NamedTuple):
    elements: Elements
    num_levels: int


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
        return data.images(
            loaded.elements,
            num_levels=loaded.num_levels,
            labels=self.options["labels"],
            **{**usual, **arguments},
        )

    def _loaded(self, part: Part) -> _Loaded:
        place = None if part == "train" else self._where[part].place
        if place is None:
            return self._divided[part]
        if place not in self._splits:
            self._splits[place] = self._read(place, {})["train"]
        return self._splits[place]

    @functools.cached_property
    def _divided(self) -> dict[str, _Loaded]:
        fractions = {part: its.fraction for part, its in self._where.items() if its.fraction}
        return self._read(self.options["split"], fractions)

    def _read(self, split: str, fractions: Mapping[str, float]) -> dict[str, _Loaded]:
        """Parts of a split by chance, which take the place of the whole; "train" is the rest."""
        batches = read_images(self.options, split, {"cache": False})
        read = [b if isinstance(b, tuple) else (b,) for b in batches.dataset.as_numpy_iterator()]
        columns = [np.concatenate(column) for column in zip(*read, strict=True)]
        rows = rows_of_parts(len(columns[0]), fractions, self.options["seed"])
        classes = batches.num_classes, batches.class_names
        parts = {}
        for part, numbers in rows.items():
            its = dict(zip(("image", "label"), (c[numbers] for c in columns), strict=False))
            parts[part] = _Loaded(Elements.of_arrays(its, *classes), batches.num_levels)
        return parts


def _test_of(options: Mapping[str, Any]) -> str:
    """`--test`, where 'auto' looks for a split of that name."""
    if options["test"] != "auto":
        return options["test"]
    return "test" if usual_split(options["data"]) == "test" else "0.1"
