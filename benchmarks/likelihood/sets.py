"""The sets: training, validation and test part, the same arrays for every flow and every seed."""

import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from likelihood import tables
from likelihood.rows import IMAGES, TABLES, Row
from tfp_flows import data

Parts = dict[str, np.ndarray]
HELD_OUT_IMAGES = 1000
# Whether they are given or drawn, the parts are the same for all seeds of the training.
SEED = 0


class Kind(NamedTuple):
    """Images or tables.

    Args:
      rows: the flows.
      batch: events in a step.
      score_batch: events in a call of `log_prob`.
      checks: how often the validation part is looked at.
    """

    rows: tuple[Row, ...]
    batch: int
    score_batch: int
    checks: int


# `tfb.Glow` wants batches of a static size: 200 divides the parts.
KINDS = {"images": Kind(IMAGES, 64, 200, 4), "tables": Kind(TABLES, 256, 1024, 20)}


class Set(NamedTuple):
    """One of them.

    Args:
      title: of its column.
      kind: a key of `KINDS`.
      load: reads it from a directory of its own, or from the net where it is `None`.
    """

    title: str
    kind: str
    load: Callable[[str, pathlib.Path | None], Parts]


def _images(name: str, folder: pathlib.Path | None) -> Parts:
    images, _ = data.load_images(name, "train", directory=folder)
    test, _ = data.load_images(name, "test", directory=folder)
    order = np.random.default_rng(SEED).permutation(len(images))
    held_out, rest = order[:HELD_OUT_IMAGES], order[HELD_OUT_IMAGES:]
    return {"train": images[rest], "validation": images[held_out], "test": test}


def _table(name: str, folder: pathlib.Path | None) -> Parts:
    if folder is None:
        raise FileNotFoundError(f"{name} is read from files: give their directory by --data")
    rng = np.random.default_rng(SEED)
    rows = getattr(tables, name)(folder)
    is_official = name == "miniboone"  # Noise and units are those of the published numbers.
    if not is_official:
        rows = tables.spread(rows, rng)
    if "all" in rows:
        rows["train"], rows["test"] = _split(rows.pop("all"), rng)
    train, validation = _split(rows["train"], rng)
    parts = {"train": train, "validation": validation, "test": rows["test"]}
    if not is_official:
        mean, deviation = train.mean(axis=0), train.std(axis=0)
        parts = {part: (values - mean) / deviation for part, values in parts.items()}
    return {part: values.astype(np.float32) for part, values in parts.items()}


def _split(rows: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Nine tenths, and a tenth."""
    rows = rows[rng.permutation(len(rows))]
    tenth = len(rows) // 10
    return rows[tenth:], rows[:tenth]


SETS = {
    "mnist": Set("MNIST", "images", _images),
    "fashion_mnist": Set("Fashion-MNIST", "images", _images),
    "cifar10": Set("CIFAR-10", "images", _images),
    "miniboone": Set("MINIBOONE", "tables", _table),
    "power_month": Set("Power", "tables", _table),
    "uci_protein": Set("Protein", "tables", _table),
    "higgs_7k": Set("HIGGS", "tables", _table),
    "galaxies": Set("Galaxies", "tables", _table),
}


def kind_of(name: str) -> Kind:
    """Of a set."""
    return KINDS[SETS[name].kind]


def load(name: str, directory: pathlib.Path | None) -> Parts:
    """Its parts.

    Raises:
      FileNotFoundError: if the files are not there, and the set comes from nowhere else.
    """
    folder = None if directory is None else directory / name
    return SETS[name].load(name, folder)
