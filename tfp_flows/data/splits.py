"""Random parts of the rows of a table."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from tfp_flows.ops.arguments import check_int


def split_rows(num_rows: int, sizes: Sequence[float], seed: int) -> list[np.ndarray]:
    """The numbers of the rows in each part: disjoint, and together all of them.

    Raises:
      TypeError: if `sizes` holds something else than numbers, or `seed` is no integer.
      ValueError: if the sizes add up to something else, or a part would have no row.

    Example:
      >>> from tfp_flows.data.splits import split_rows
      >>> [len(part) for part in split_rows(10, (7, 3), seed=0)]
      [7, 3]
    """
    ends = _ends(num_rows, sizes)
    order = np.random.default_rng(check_int("seed", seed, 0)).permutation(num_rows)
    parts = np.split(order, ends[:-1])
    if not all(map(len, parts)):
        got = f"{[len(part) for part in parts]} of {num_rows} rows"
        raise ValueError(f"`sizes` must leave every part at least 1 row; got {got}.")
    return parts


def _ends(num_rows: int, sizes: Any) -> np.ndarray:
    wanted = f"fractions that add up to 1, or numbers of rows that add up to {num_rows}"
    are_numbers = isinstance(sizes, tuple | list) and all(_is_real(size) for size in sizes)
    if not are_numbers or not sizes:
        raise TypeError(f"`sizes` must be {wanted}; got {sizes!r}.")
    if min(sizes) < 0:
        raise ValueError(f"`sizes` must be {wanted}; got {sizes!r}.")
    are_counts = all(isinstance(size, Integral) for size in sizes)
    total = float(sum(sizes))
    if abs(total - (num_rows if are_counts else 1.0)) > 1e-6:
        raise ValueError(f"`sizes` must be {wanted}; got {sizes!r}, which add up to {total:g}.")
    ends = np.cumsum(sizes, dtype=np.float64) * (1 if are_counts else num_rows)
    return np.rint(ends).astype(int)


def _is_real(size: Any) -> bool:
    return isinstance(size, Real) and not isinstance(size, bool)
