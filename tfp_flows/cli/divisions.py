"""Parts of the training data, by chance."""

from collections.abc import Mapping

import numpy as np

from tfp_flows.cli.errors import UsageError
from tfp_flows.data.splits import split_rows


def rows_of_parts(size: int, fractions: Mapping[str, float], seed: int) -> dict[str, np.ndarray]:
    """The rows of each part, in their own order; those of no other part are for training.

    Args:
      size: number of rows.
      fractions: of the parts, such as `{"validation": 0.1}`.
      seed: the same one gives the same parts.

    Raises:
      UsageError: if a part would have no row.

    Example:
      >>> from tfp_flows.cli.divisions import rows_of_parts
      >>> {part: len(rows) for part, rows in rows_of_parts(10, {"test": 0.2}, seed=0).items()}
      {'test': 2, 'train': 8}
    """
    counts = {part: round(size * fraction) for part, fraction in fractions.items()}
    sizes = {**counts, "train": size - sum(counts.values())}
    if min(sizes.values()) < 1:
        got = ", ".join(f"{part} {count}" for part, count in sizes.items())
        raise UsageError(f"--validation and --test must leave each part an event; got {got}")
    rows = split_rows(size, tuple(sizes.values()), seed)
    return {part: np.sort(its) for part, its in zip(sizes, rows, strict=True)}
