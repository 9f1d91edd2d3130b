"""Arrays from `.npy` and `.npz` files, which may be damaged, or of somebody else."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from tfp_flows.data.file_checks import wrong


def read_array(path: str | os.PathLike[str], *, mapped: bool = False) -> np.ndarray:
    """The array of a `.npy` file, of numbers: nothing in it is run.

    Args:
      path: of the file.
      mapped: leaves the numbers on the disk.

    Raises:
      ValueError: the file is none, or damaged; names it.
      OSError: it is not there, or cannot be read.

    Example:
      >>> import pathlib, tempfile
      >>> from tfp_flows.data.numpy_files import read_array
      >>> path = pathlib.Path(tempfile.mkdtemp(), "numbers.npy")
      >>> _ = path.write_text("1 2 3")
      >>> read_array(path)
      Traceback (most recent call last):
      ValueError: ... must be a NumPy file of numbers; got ...
    """
    loaded = _loaded(path, "r" if mapped else None)
    if not isinstance(loaded, np.ndarray):
        loaded.close()
        raise wrong(Path(path), "NumPy file of one array of numbers", "an archive of several")
    return loaded


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file by name; likewise."""
    loaded = _loaded(path, None)
    if isinstance(loaded, np.ndarray):
        raise wrong(Path(path), "NumPy archive of arrays of numbers", "one array")
    try:
        with loaded:
            arrays = dict(loaded)
    except Exception as error:  # Damaged archives can raise anything.
        raise wrong(Path(path), "NumPy archive of arrays of numbers", _said(error)) from error
    # Of a part that is no array NumPy gives the bytes.
    if strange := [name for name, its in arrays.items() if not isinstance(its, np.ndarray)]:
        raise wrong(Path(path), "NumPy archive of arrays of numbers", f"{strange}, which are none")
    return arrays


def _loaded(path: str | os.PathLike[str], mode: Any) -> Any:
    try:
        return np.load(path, mmap_mode=mode, allow_pickle=False)
    except FileNotFoundError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # Also a `MemoryError`, where damage made the shape so large.
        raise wrong(Path(path), "NumPy file of numbers", _said(error)) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
