"""Arrays from `.npy` and `.npz` files, which may be damaged, or of somebody else."""

import os
from pathlib import Path

import numpy as np

from tfp_flows.data.file_checks import wrong

_MAGIC = b"\x93NUMPY"


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
    try:
        # NumPy leaves files open that it finds to be damaged.
        with open(path, "rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise ValueError("something else")
            file.seek(0)
            if not mapped:
                return np.load(file, allow_pickle=False)
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise _refused(path, "NumPy file of numbers", error) from error


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file by name; likewise."""
    try:
        with open(path, "rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                raise TypeError("one array")
            with loaded:
                arrays = dict(loaded)
        # Of a part that is no array NumPy gives the bytes.
        if strange := [name for name, its in arrays.items() if not isinstance(its, np.ndarray)]:
            raise ValueError(f"{strange}, which are none")
    except Exception as error:
        raise _refused(path, "NumPy archive of arrays of numbers", error) from error
    return arrays


def _refused(path: str | os.PathLike[str], wanted: str, error: Exception) -> Exception:
    """Damaged files can raise anything, also a `MemoryError` for the shape that they say."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    is_plain = type(error) in (TypeError, ValueError)
    return wrong(Path(path), wanted, error if is_plain else repr(error))
