"""Images of all kinds as the commands read them."""

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfp_flows import data
from tfp_flows.cli.errors import UsageError
from tfp_flows.cli.sources import PARTS, Part, Source
from tfp_flows.data.elements import Elements
from tfp_flows.data.numpy_files import read_array

READ_AT_ONCE = 1024


class ImageSource(Source):
    """Images in parts; how they are kept is the matter of subclasses.

    Args:
      options: of `data_options`, by name.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        batches = self._part("train", {})
        self.event_shape, self.num_levels = batches.event_shape, batches.num_levels
        self.bin_width = data.bin_width(batches.num_levels)
        self.num_classes, self.class_names = batches.num_classes, batches.class_names
        if options["labels"] and self.num_classes is None:
            raise UsageError("--labels must be given for images whose classes are known")

    @abc.abstractmethod
    def _part(self, part: Part, arguments: dict[str, Any]) -> data.Batches:
        """Batches of a part with some arguments of `data.images`, by default as integers."""

    def num_events(self, part: Part) -> int | None:
        """In a part; `None` if that is not known."""
        return self._part(part, {}).num_events

    def training(self, *, integers: bool) -> data.Batches:
        """Shuffled batches, each epoch in an order and with noise of its own."""
        names = ("batch_size", "flip", "shift", "seed")
        chosen = {name: self.options[name] for name in names}
        return self._part("train", {"shuffle": True, "dequantize": not integers, **chosen})

    def scoring(self, part: Part, *, integers: bool, batch_size: int) -> data.Batches:
        """Batches in their own order."""
        return self._part(part, {"batch_size": batch_size, "dequantize": not integers})

    def facts(self) -> dict[str, Any]:
        """Shape and levels, classes and numbers of images."""
        return {
            "kind": "images",
            "event_shape": list(self.event_shape),
            "num_levels": self.num_levels,
            "num_classes": self.num_classes,
            "class_names": self.class_names and list(self.class_names),
            "num_events": {part: self.num_events(part) for part in PARTS if self.has(part)},
        }

    def __str__(self) -> str:
        sizes = [(self.num_events(part), part) for part in PARTS if self.has(part)]
        counts = [f"{part} {'?' if size is None else f'{size:,}'}" for size, part in sizes]
        shape = "x".join(map(str, self.event_shape))
        return f"images of {shape}, {self.num_levels} levels: {', '.join(counts)}"


def read_images(
    options: Mapping[str, Any],
    split: str,
    arguments: dict[str, Any],
    *,
    opened: Elements | None = None,
) -> data.Batches:
    """`data.images` of one split of what `--data` names, unshuffled integers by default.

    Args:
      options: of `data_options`, by name.
      split: which.
      arguments: of `data.images`.
      opened: what `--data` names, if it was opened before.
    """
    source, levels = _opened(options["data"], split, options["num_bits"])
    source = source if opened is None else opened
    usual = {
        "batch_size": READ_AT_ONCE,
        "size": options["size"] and tuple(options["size"]),
        "fit": options["fit"],
        "channels": options["channels"],
        "labels": options["labels"],
        "shuffle": False,
        "dequantize": False,
        "seed": 0,
        "data_dir": options["data_dir"],
    }
    return data.images(source, split, **levels, **{**usual, **arguments})


def class_names_of(facts: Mapping[str, Any]) -> list[str]:
    """Of the classes of a conditional flow; those that have no names are called by their numbers.

    Args:
      facts: what the run knows of its data.

    Example:
      >>> from tfp_flows.cli.image_source import class_names_of
      >>> class_names_of({"num_classes": 2, "class_names": None})
      ['0', '1']
    """
    return facts.get("class_names") or [str(label) for label in range(facts["num_classes"])]


def usual_split(name: str) -> str:
    """Which part of data is scored by itself: "test", and "all" where there is no such split.

    Args:
      name: as for `--data`.
    """
    place = Path(name)
    has_no_test = place.suffix == ".npy" or (place.is_dir() and not (place / "test").is_dir())
    return "all" if has_no_test else "test"


def _opened(name: str, split: str, num_bits: int) -> tuple[Any, dict[str, int]]:
    if name == "digits":
        return data.load_digits(split), {"num_levels": data.DIGITS_NUM_LEVELS}
    if name.endswith(".npy"):
        return read_array(name), {"num_bits": num_bits}
    return (Path(name) if Path(name).is_dir() else name), {"num_bits": num_bits}
