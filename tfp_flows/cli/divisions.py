"""Parts of the training data, by chance."""

from collections.abc import Mapping

import numpy as np

from tfp_flows.cli.errors import UsageError


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
    order = np.random.default_rng(seed).permutation(size)
    counts = {part: round(size * fraction) for part, fraction in fractions.items()}
    sizes = {**counts, "train": size - sum(counts.values())}
    if min(sizes.values()) < 1:
        got = ", ".join(f"{part} {count}" for part, count in sizes.items())
        raise UsageError(f"--validation and --test must leave each part an event; got {got}")
    ends = np.cumsum(list(sizes.values()))[:-1]
    return {part: np.sort(its) for part, its in zip(sizes, np.split(order, ends), strict=True)}
