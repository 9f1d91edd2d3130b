"""Tables from arrays, pandas frames and CSV files."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from tfp_flows.data.columns import (
    Raw,
    check_no_missing,
    columns_of,
    numbers_of,
)
from tfp_flows.data.row_checks import check_varies, warn_of_whole_numbers
from tfp_flows.data.row_sources import raw_columns
from tfp_flows.data.table import Table


def table(
    source: Any,
    *,
    columns: Sequence[Hashable] | None = None,
    categorical: Sequence[Hashable] = (),
    integer: Sequence[Hashable] = (),
    like: Table | None = None,
) -> Table:
    """Reads rows of numbers and categories, and refuses by name what a density cannot have.

    A column of an integer dtype gets uniform noise in `Table.batches`, which spreads each integer
    over the unit bin above it. The log-density of a flow of the noisy rows, averaged over the
    noise, is a lower bound of the log-probability of the integers (times the density of the real
    columns): train and report it as it is. Categories become codes 0, 1, ... and go the same way;
    so neighbouring codes are neighbours for the flow. (The codes of a table of nothing but
    categories can go without that order into a `distributions.Dequantized` with
    `distributions.ArgmaxNoise`.) Booleans and pandas
    categories are categorical by themselves; strings only if named, as a column of numbers with
    one `?` in it is strings, too. Columns of floats that hold whole numbers only belong into
    `integer`, since a density can grow without end on them; a warning names them.

    Args:
      source: a 2-D array, a `pandas.DataFrame`, or the path of a CSV file with a header, which
        may be compressed, as in `.csv.gz`; what pandas reads as missing, such as `NA`, is missing.
        For files of other formats use pandas.
      columns: of an array, the names of all its columns (default `"x0"`, `"x1"`, ...); of the
        others, the columns to use, in this order (default all).
      categorical: names of columns whose values are categories, of any dtype.
      integer: names of columns of whole numbers, whatever their dtype.
      like: a table whose columns, kinds and categories this one shall have, as a file of test
        rows has those of the training rows; instead of the three arguments above.

    Raises:
      TypeError: if `source` is something else; if columns are neither numeric nor categorical;
        names them.
      ValueError: if values are missing, infinite, not whole where they should be, or of a category
        that `like` does not have; if columns are constant (without `like`), named twice or not
        there; names the columns. If there are no rows, or a CSV file has no header.
      ImportError: if a CSV file is read without pandas.

    Example:
      >>> import numpy as np
      >>> from tfp_flows import data
      >>> rolls = data.table(np.array([[1, 6], [3, 4], [2, 2]]), columns=["red", "blue"])
      >>> training, test = rolls.split((2, 1), seed=0)
      >>> np.floor(next(iter(rolls.batches(3, shuffle=False)))).tolist()
      [[1.0, 6.0], [3.0, 4.0], [2.0, 2.0]]
    """
    _check_sequences(columns=columns, categorical=categorical, integer=integer)
    if like is not None:
        if columns is not None or categorical or integer:
            raise ValueError("`like` must come without `columns`, `categorical` and `integer`.")
        columns = like.columns
    raws = raw_columns(source, columns)
    _check_names(raws, categorical, integer)
    check_no_missing(raws)
    _check_has_rows(raws)
    schema = columns_of(raws, categorical, integer) if like is None else like.schema
    values = np.stack([numbers_of(column, raws[column.name]) for column in schema], axis=-1)
    if like is None:
        check_varies([column.name for column in schema], values)
        warn_of_whole_numbers(schema, values)
    return Table(schema, values)


def _check_has_rows(raws: Mapping[Hashable, Raw]) -> None:
    """Raises a `ValueError` unless there are columns, and rows in them."""
    rows = min((len(raw.values) for raw in raws.values()), default=0)
    if not rows:
        raise ValueError(
            f"`source` must have at least 1 row and 1 column; got {len(raws)} columns of 0 rows."
        )


def _check_sequences(**arguments: Any) -> None:
    for argument, names in arguments.items():
        if isinstance(names, str):
            raise TypeError(f"`{argument}` must be a sequence of names; got {names!r}.")


def _check_names(
    raws: Mapping[Hashable, Raw], categorical: Sequence[Hashable], integer: Sequence[Hashable]
) -> None:
    for argument, names in (("categorical", categorical), ("integer", integer)):
        if unknown := [name for name in names if name not in raws]:
            raise ValueError(f"`{argument}` must name columns; got {unknown}, which are none.")
    if both := [name for name in integer if name in categorical]:
        raise ValueError(f"A column must be in `categorical` or in `integer`; got {both} in both.")
