"""Rows of a table for training: parts, batches, moments, and samples as rows again."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from tfp_flows.data.batches import Batches
from tfp_flows.data.columns import Column, labels_of
from tfp_flows.data.row_batches import row_batches
from tfp_flows.data.row_checks import check_resolution, check_varies
from tfp_flows.data.splits import split_rows


class Table:
    """Rows of real, integer and categorical columns, as numbers; `data.table` makes one.

    Args:
      schema: what each column is.
      values: float32 or float64 `[n, D]`, before any noise: integers are whole numbers, and
        categories their codes 0, 1, ...

    Example:
      >>> import numpy as np
      >>> from tfp_flows import data
      >>> rows = np.array([[1.8, 7], [1.6, 5], [1.7, 7]])
      >>> visits = data.table(rows, columns=["m", "day"], categorical=["day"])
      >>> visits.columns, visits.categories, visits.num_rows
      (('m', 'day'), {'day': (5.0, 7.0)}, 3)
      >>> visits.values[:, 1].tolist()
      [1.0, 0.0, 1.0]
    """

    def __init__(self, schema: Sequence[Column], values: np.ndarray) -> None:
        self.schema = tuple(schema)
        self.values = values

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.schema)

    @property
    def categories(self) -> dict[Hashable, tuple[Any, ...]]:
        """What the codes 0, 1, ... mean, for each categorical column."""
        return {c.name: c.categories for c in self.schema if c.kind == "categorical"}

    @property
    def is_discrete(self) -> np.ndarray:
        """Which columns get noise: booleans `[D]`."""
        return np.array([column.kind != "real" for column in self.schema])

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(self.values)

    def __repr__(self) -> str:
        columns = ", ".join(f"{column.name!r}: {column.kind}" for column in self.schema)
        return f"<Table of {self.num_rows} rows, {columns}>"

    def split(self, sizes: Sequence[float], *, seed: int = 0) -> "tuple[Table, ...]":
        """Random parts, for training, validation and test say; each row is in one of them.

        Args:
          sizes: of the parts: fractions that add up to 1, or numbers of rows that add up to all.
          seed: the same seed gives the same parts.

        Raises:
          TypeError: if `sizes` holds something else than numbers, or `seed` is no integer.
          ValueError: if the sizes add up to something else, or a part would have no row.

        Example:
          >>> from tfp_flows import data
          >>> points = data.table(data.two_moons(100))
          >>> [part.num_rows for part in points.split((0.8, 0.1, 0.1))]
          [80, 10, 10]
        """
        parts = split_rows(self.num_rows, sizes, seed)
        return tuple(Table(self.schema, self.values[rows]) for rows in parts)

    def batches(
        self,
        batch_size: int,
        *,
        shuffle: bool = True,
        seed: int | None = None,
        drop_remainder: bool = False,
        dtype: str = "float32",
        shard: tuple[int, int] | None = None,
    ) -> Batches:
        """Batches `[b, D]` with noise `U[0, 1)` on integers and codes, anew in each epoch.

        Epochs are numbered, and can be resumed, as those of `data.images`.

        Args:
          batch_size: rows in a batch.
          shuffle: whether each epoch comes in a new random order of all rows.
          seed: makes order and noise reproducible; `None` for new ones in each run.
          drop_remainder: whether to leave out a last batch of fewer rows.
          dtype: of the batches: `"float32"` or `"float64"`.
          shard: `(index, count)` leaves this worker every `count`-th row; `batch_size` is its own.

        Raises:
          TypeError: if `batch_size` is no integer, or `shard` no pair.
          ValueError: if it is out of range, for another dtype, or if `dtype` cannot tell the
            numbers of a column apart, as those of large numbers that hardly vary; names them.

        Example:
          >>> from tfp_flows import data
          >>> batches = data.table(data.two_moons(100)).batches(32, seed=0)
          >>> len(batches), next(iter(batches)).shape
          (4, TensorShape([32, 2]))
        """
        if dtype not in ("float32", "float64"):
            raise ValueError(f"`dtype` must be 'float32' or 'float64'; got {dtype!r}.")
        check_resolution(self.columns, self.values, self.is_discrete, dtype)
        return row_batches(
            self.values.astype(dtype),
            self.is_discrete,
            batch_size,
            shuffle=shuffle,
            seed=seed,
            drop_remainder=drop_remainder,
            shard=shard,
        )

    def moments(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation of each column as in `batches`, with the noise.

        Those of the training part go into `bijectors.Standardize(mean, std)`, or as
        `standardize=` into `flows.coupling_flow`: its densities are then those of the rows
        themselves, in their own units.

        Raises:
          ValueError: if columns are constant in this part; names them.

        Example:
          >>> import numpy as np
          >>> from tfp_flows import data
          >>> mean, std = data.table(np.array([[1.0, 1.5], [3.0, 1.7]])).moments()
          >>> [round(value, 2) for value in (*mean, *std)]
          [2.0, 1.6, 1.0, 0.1]
        """
        values = self.values.astype(np.float64)
        check_varies(self.columns, values)
        # The noise is uniform on [0, 1), of mean 1/2 and variance 1/12.
        mean = values.mean(axis=0) + self.is_discrete / 2
        std = np.sqrt(values.var(axis=0) + self.is_discrete / 12)
        return tuple(mean.tolist()), tuple(std.tolist())

    def to_columns(self, samples: Any) -> dict[Hashable, np.ndarray]:
        """Samples of a flow `[n, D]` as columns: integers rounded down, categories by name.

        Codes outside of the known ones go to the nearest category. Numbers stay as they are: a
        density has tails, so that some lie outside of the range of the data, such as a negative
        price.

        Raises:
          ValueError: if the samples have another shape, or are not all finite.

        Example:
          >>> import pandas as pd
          >>> from tfp_flows import data
          >>> rows = pd.DataFrame({"age": [3, 4], "kind": ["cat", "dog"]})
          >>> pets = data.table(rows, categorical=["kind"])
          >>> {name: its.tolist() for name, its in pets.to_columns([[7.9, 0.3]]).items()}
          {'age': [7], 'kind': ['cat']}
        """
        rows = np.asarray(samples)
        if rows.ndim != 2 or rows.shape[1] != len(self.schema):
            wanted = f"[n, {len(self.schema)}]"
            raise ValueError(f"`samples` must be of shape {wanted}; got {rows.shape}.")
        if not np.isfinite(rows).all():
            bad = int((~np.isfinite(rows)).any(axis=1).sum())
            raise ValueError(f"`samples` must be finite; got {bad} rows with NaN or inf.")
        return {c.name: labels_of(c, rows[:, i]) for i, c in enumerate(self.schema)}

    def to_frame(self, samples: Any) -> Any:
        """`to_columns` as a `pandas.DataFrame`.

        Raises:
          ImportError: pandas is not installed.
          ValueError: as `to_columns`.

        Example:
          >>> import pandas as pd
          >>> from tfp_flows import data
          >>> rows = pd.DataFrame({"age": [3, 4], "kind": ["cat", "dog"]})
          >>> pets = data.table(rows, categorical=["kind"])
          >>> pets.to_frame([[7.9, 0.3]]).to_dict("records")
          [{'age': 7, 'kind': 'cat'}]
        """
        import pandas as pd  # Only those who ask for a frame need it.

        return pd.DataFrame(self.to_columns(samples))
