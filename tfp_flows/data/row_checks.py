"""What the columns of a table must be like for a density of them."""

import warnings
from collections.abc import Hashable, Sequence

import numpy as np

from tfp_flows.data.columns import Column

# Places that a column must have room for: in a bin of an integer, in a standard deviation.
_PLACES_IN_A_BIN, _PLACES_IN_A_STD = 8, 256


def check_varies(names: Sequence[Hashable], values: np.ndarray) -> None:
    """Raises a `ValueError` that names the columns `[n, D]` of one value only."""
    is_constant = (values == values[:1]).all(axis=0)
    if is_constant.any():
        found = [f"{names[i]!r} (all {values[0, i]:g})" for i in np.flatnonzero(is_constant)]
        raise ValueError(
            f"Every column must vary, as a constant has no density; got {', '.join(found)}. Leave "
            "such columns out."
        )


def warn_of_whole_numbers(schema: Sequence[Column], values: np.ndarray) -> None:
    """Warns of real columns `[n, D]` that repeat a few whole numbers, and names them."""
    found = [
        column.name
        for i, column in enumerate(schema)
        if column.kind == "real"
        and (values[:, i] == np.floor(values[:, i])).all()
        and len(np.unique(values[:, i])) < len(values)
    ]
    if found:
        warnings.warn(
            f"The columns {found} hold whole numbers only, where a density can grow without end: "
            "name them in `integer` or `categorical`.",
            stacklevel=3,
        )


def check_resolution(
    names: Sequence[Hashable], values: np.ndarray, is_discrete: np.ndarray, dtype: str
) -> None:
    """Raises a `ValueError` that names the columns whose rows `dtype` would round to the same.

    Those are large numbers that hardly vary, such as times in seconds, and integers so large that
    no noise fits into their bins.
    """
    gap = np.spacing(np.abs(values).max(axis=0).astype(dtype)).astype(np.float64)
    spread = values.std(axis=0, dtype=np.float64)
    needed = np.where(is_discrete, 1 / _PLACES_IN_A_BIN, spread / _PLACES_IN_A_STD)
    is_coarse = (spread > 0) & (gap > needed)
    if is_coarse.any():
        found = [f"{names[i]!r} in steps of {gap[i]:.2g}" for i in np.flatnonzero(is_coarse)]
        other = ", or use dtype='float64', also in the flow" if dtype == "float32" else ""
        raise ValueError(
            f"`dtype` must tell the values of a column apart; got {dtype}, which holds "
            f"{', '.join(found)}. Subtract what is common to all rows{other}."
        )
