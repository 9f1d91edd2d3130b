"""Columns of a table: real, integer or categorical, and what is no such column."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

Kind = Literal["real", "integer", "categorical"]

# A float64 has 53 bits: three at least are left for the noise within a bin.
_LARGEST_INTEGER = 2.0**49


class Raw(NamedTuple):
    """One column as it came: what it holds, how much is missing, the categories it declares."""

    values: np.ndarray
    num_missing: int
    categories: tuple[Any, ...] | None = None


class Column(NamedTuple):
    """What a column is: its name, its kind, and for categories what the codes 0, 1, ... mean."""

    name: Hashable
    kind: Kind
    categories: tuple[Any, ...] = ()


def count_missing(values: np.ndarray) -> int:
    """How many entries of an array are NaN or None."""
    if values.dtype == object:
        return sum(value is None or value != value for value in values)  # noqa: PLR0124 - NaN
    return int(np.isnan(values).sum()) if values.dtype.kind in "fc" else 0


def check_no_missing(raws: Mapping[Hashable, Raw]) -> None:
    """Raises a `ValueError` that names the columns with missing values, and says how many."""
    counts = {name: raw.num_missing for name, raw in raws.items() if raw.num_missing}
    if counts:
        found = ", ".join(f"{count} in {name!r}" for name, count in counts.items())
        raise ValueError(
            f"`source` must have no missing values; got {found}. Drop the rows, or fill them in."
        )


def columns_of(
    raws: Mapping[Hashable, Raw], categorical: Sequence[Hashable], integer: Sequence[Hashable]
) -> tuple[Column, ...]:
    """What each column is, from its dtype and from what the caller says.

    Raises:
      TypeError: there are columns that are no numbers and not said to be categorical.
    """
    kinds = {name: _kind(name, raw, categorical, integer) for name, raw in raws.items()}
    strange = [name for name, kind in kinds.items() if kind is None]
    if strange:
        found = ", ".join(f"{name!r} ({_sample(raws[name].values)})" for name in strange)
        raise TypeError(
            "`source` must have numbers in every column that is not named in `categorical`; got "
            f"{found}."
        )
    return tuple(
        Column(name, kind, _categories(raws[name]) if kind == "categorical" else ())
        for name, kind in kinds.items()
        if kind is not None
    )


def numbers_of(column: Column, raw: Raw) -> np.ndarray:
    """The values of a column as floats; categories become 0, 1, ...

    Raises:
      TypeError: if values that should be numbers are not.
      ValueError: if one is infinite, or not whole in a column of integers, or of a category that
        the column does not have.
    """
    if column.kind == "categorical":
        return _codes(column, raw)
    if raw.values.dtype.kind not in "fiub":
        raise TypeError(f"Column {column.name!r} must have numbers; got {_sample(raw.values)}.")
    values = raw.values.astype(np.result_type(raw.values.dtype, np.float32))
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise ValueError(f"Column {column.name!r} must be finite; got {bad} values of NaN or inf.")
    if column.kind == "integer":
        _check_whole(column.name, values)
    return values


def labels_of(column: Column, numbers: np.ndarray) -> np.ndarray:
    """What samples of a column say: real numbers, int64, or the names of categories."""
    if column.kind == "real":
        return numbers
    whole = np.floor(numbers).astype(np.int64)
    if column.kind == "integer":
        return whole
    return np.array(column.categories)[np.clip(whole, 0, len(column.categories) - 1)]


def _kind(
    name: Hashable, raw: Raw, categorical: Sequence[Hashable], integer: Sequence[Hashable]
) -> Kind | None:
    kind = raw.values.dtype.kind
    if name in categorical or (name not in integer and (raw.categories or kind == "b")):
        return "categorical"
    if kind in "iu" or (name in integer and kind in "fb"):
        return "integer"
    return "real" if kind == "f" else None


def _categories(raw: Raw) -> tuple[Any, ...]:
    if raw.categories is not None:
        return raw.categories
    found = set(raw.values.tolist())
    return tuple(sorted(found, key=lambda value: (type(value).__name__, value)))


def _codes(column: Column, raw: Raw) -> np.ndarray:
    codes = {category: code for code, category in enumerate(column.categories)}
    values = raw.values.tolist()
    unknown = sorted({repr(value) for value in values if value not in codes})
    if unknown:
        raise ValueError(
            f"Column {column.name!r} must have the categories {list(column.categories)}; got "
            f"{', '.join(unknown[:5])}."
        )
    return np.array([codes[value] for value in values], np.float32)


def _check_whole(name: Hashable, values: np.ndarray) -> None:
    broken = values[values != np.floor(values)]
    if len(broken):
        raise ValueError(f"Column {name!r} must have whole numbers; got {broken[0]}.")
    largest = np.abs(values).max(initial=0.0)
    if largest > _LARGEST_INTEGER:
        wanted = f"of at most {_LARGEST_INTEGER:g}, or be shifted or dropped"
        raise ValueError(f"Column {name!r} must have integers {wanted}; got {largest:g}.")


def _sample(values: np.ndarray) -> str:
    """The dtype, and the first value that is no number, if there is one."""
    if not len(values):
        return f"{values.dtype}"
    texts = values if values.dtype.kind in "OSU" else ()
    bad = next((value for value in texts if not _is_number(value)), values[0])
    return f"{values.dtype}, such as {bad!r}"


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
