"""Rows of the tables, from the files of their publishers."""

import pathlib

import numpy as np

Rows = dict[str, np.ndarray]


def miniboone(folder: pathlib.Path) -> Rows:
    """`val.npy`, `test.npy`: the official parts of MAF's table, as its authors standardized it."""
    return {"train": np.load(folder / "val.npy"), "test": np.load(folder / "test.npy")}


def power_month(folder: pathlib.Path) -> Rows:
    """The first 48,424 minutes of UCI's household power: seven quantities, minute of the day."""
    path = _only(folder, "household_power_consumption*")
    lines = np.loadtxt(path, str, delimiter=";", skiprows=1, max_rows=48_424)
    lines = lines[(lines != "?").all(axis=1) & (lines != "").all(axis=1)]
    clock = np.array([[int(part) for part in time.split(":")] for time in lines[:, 1]])
    minutes = clock[:, :1] * 60 + clock[:, 1:2]
    return {"all": np.concatenate([lines[:, 2:].astype(np.float64), minutes], axis=1)}


def uci_protein(folder: pathlib.Path) -> Rows:
    """UCI's CASP without header: `data.csv.gz`, as github.com/treforevans/uci_datasets has it."""
    return {"all": np.loadtxt(_only(folder, "data.csv*"), delimiter=",")}


def higgs_7k(folder: pathlib.Path) -> Rows:
    """`binary.train` and `binary.test` of LightGBM, a sample of UCI's HIGGS, without the label."""
    parts = {part: _only(folder, f"binary.{part}*") for part in ("train", "test")}
    return {part: np.loadtxt(path)[:, 1:] for part, path in parts.items()}


def galaxies(folder: pathlib.Path) -> Rows:
    """Redshifts and magnitudes in six bands of simulated galaxies, of the package pzflow."""
    return {"all": np.load(folder / "galaxies.npz")["x"].astype(np.float64)}


def spread(rows: Rows, rng: np.random.Generator) -> Rows:
    """With noise in each column, as wide as the smallest distance of two of its values.

    Recorded numbers are rounded: without it a density can grow without end on them.
    """
    everything = np.concatenate(list(rows.values()))
    widths = [np.diff(np.unique(column)).min() for column in everything.T]
    return {part: values + rng.random(values.shape) * widths for part, values in rows.items()}


def _only(folder: pathlib.Path, pattern: str) -> pathlib.Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise FileNotFoundError(f"there is no {pattern} in {folder}")
    return found[0]
