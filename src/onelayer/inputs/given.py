"""Rows of a table that are given in memory or in a file become one Arrow table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from onelayer.errors import DataError, UsageError
from onelayer.inputs.codes import require_columns
from onelayer.inputs.encoding import Column
from onelayer.readers.tables.files import open_table
from onelayer.readers.tables.options import AS_USUAL, TableOptions

HERE = "the rows given"


def given_table(
    rows: Any, columns: Sequence[Column], options: TableOptions = AS_USUAL
) -> tuple[Any, object]:
    """Return rows as an Arrow table that has these columns, and what to call their source.

    Parameters
    ----------
    rows
        The name of a CSV or Parquet file, a data frame of pandas or polars, an Arrow table, a
        dictionary or a list of them, or an array (m, columns) in the columns' order.
    columns
        Those that are needed; one that is not there is found out by whoever takes it.
    options
        How a file is read.

    Raises
    ------
    DataError
        Where these are no rows, or a file cannot be read.
    """
    if isinstance(rows, (str, Path)):
        file = open_table(Path(rows), options)
        needed = [column.name for column in columns]
        require_columns(needed, file.names, rows)
        return file.read([name for name in file.names if name in {*needed}]), rows
    if isinstance(rows, Mapping):
        return _of_dictionaries([rows], columns), HERE
    if isinstance(rows, np.ndarray):
        return _of_array(rows, columns), HERE
    if isinstance(rows, (list, tuple)) and all(isinstance(row, Mapping) for row in rows):
        return _of_dictionaries(rows, columns), HERE
    if isinstance(rows, (list, tuple)) and len(rows) == 1:
        return given_table(rows[0], columns, options)
    frame = nw.from_native(rows, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        raise UsageError(
            f"rows are a {type(rows).__name__}: give a data frame, a list of dictionaries or a file"
        )
    return _of_frame(frame, columns), HERE


def _of_frame(frame: Any, columns: Sequence[Column]) -> Any:
    names = {column.name for column in columns}
    twice = [name for name in names if list(frame.columns).count(name) > 1]
    if twice:
        raise DataError(f"{HERE} have two columns called {twice[0]!r}: rename one")
    return frame.select([name for name in frame.columns if name in names]).to_arrow()


def _of_dictionaries(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Any:
    """A key that one row lacks is missing there; one that all lack is found out later."""
    if not rows:
        raise DataError(f"{HERE} are none: give one or more")
    found = {
        column.name: _cells([row.get(column.name) for row in rows])
        for column in columns
        if any(column.name in row for row in rows)
    }
    return pa.table(found)


def _of_array(rows: np.ndarray, columns: Sequence[Column]) -> Any:
    if rows.ndim != 2 or rows.shape[1] != len(columns):
        raise DataError(
            f"{HERE} have the shape {rows.shape}: the model takes (m, {len(columns)}), the columns "
            f"{', '.join(column.name for column in columns[:10])} in this order"
        )
    return pa.table({column.name: _cells(rows[:, j].tolist()) for j, column in enumerate(columns)})


def _cells(values: list[Any]) -> Any:
    """One Arrow type for all: text where their types differ."""
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        plain = [None if value is None else str(value) for value in plain]
    return pa.array(plain, from_pandas=True)
