"""Columns of arrays, pandas frames and CSV files, as they came."""

import os
import sys
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from tfp_flows.data.columns import Raw, count_missing


def raw_columns(source: Any, columns: Sequence[Hashable] | None) -> dict[Hashable, Raw]:
    """The columns of `data.table`'s source by name; pandas is imported only for files.

    Raises:
      TypeError: if `source` is something else.
      ValueError: if columns are named twice or not there, or if a file is damaged or has no
        header; names it.
    """
    if isinstance(source, str | os.PathLike):
        return _of_frame(_read_csv(source), columns)
    # Who has a frame has imported pandas.
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(source, pandas.DataFrame):
        return _of_frame(source, columns)
    array = np.asarray(source)
    if array.ndim != 2:
        wanted = "a 2-D array, a pandas.DataFrame or the path of a CSV file"
        raise TypeError(f"`source` must be {wanted}; got {_described(source, array)}.")
    names = [f"x{i}" for i in range(array.shape[1])] if columns is None else list(columns)
    if len(names) != array.shape[1]:
        wanted = f"{array.shape[1]} names, one for each column"
        raise ValueError(f"`columns` must have {wanted}; got {len(names)}.")
    _check_unique(names)
    return {name: Raw(array[:, i], count_missing(array[:, i])) for i, name in enumerate(names)}


def _read_csv(path: Any) -> Any:
    import pandas as pd  # Arrays do without it.

    first = _parsed(pd.read_csv, path, header=None, nrows=1)
    if all(dtype.kind in "fi" for dtype in first.dtypes):
        raise ValueError(
            f"`source` must start with the names of the columns; got numbers in {path}. Read it "
            "with `pandas.read_csv(path, header=None)`."
        )
    return _parsed(pd.read_csv, path)


def _parsed(read: Callable[..., Any], path: Any, **options: Any) -> Any:
    try:
        return read(path, **options)
    # Damaged archives can raise anything, pandas does not say of which file.
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        wanted = f"the path of a CSV file that pandas can read; got {os.fspath(path)}"
        raise ValueError(f"`source` must be {wanted}: {type(error).__name__}: {error}") from error


def _of_frame(frame: Any, columns: Sequence[Hashable] | None) -> dict[Hashable, Raw]:
    _check_unique(list(frame.columns))
    names = list(frame.columns) if columns is None else list(columns)
    _check_unique(names)
    if unknown := [name for name in names if name not in frame.columns]:
        raise ValueError(f"`columns` must be columns of `source`; got {unknown}, which are not.")
    return {name: _of_series(frame[name]) for name in names}


def _of_series(series: Any) -> Raw:
    num_missing = int(series.isna().sum())
    declared = getattr(series.dtype, "categories", None)
    # Columns that can hold NA are objects in NumPy unless they are told what they hold.
    dtype = getattr(series.dtype, "numpy_dtype", None) if num_missing == 0 else None
    categories = None if declared is None else tuple(declared.tolist())
    return Raw(series.to_numpy(dtype=dtype), num_missing, categories)


def _check_unique(names: Sequence[Hashable]) -> None:
    if twice := sorted({repr(name) for name in names if names.count(name) > 1}):
        raise ValueError(f"Columns must have names of their own; got {', '.join(twice)} twice.")


def _described(source: Any, array: np.ndarray) -> str:
    return f"{type(source).__name__} of shape {array.shape}"
