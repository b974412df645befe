"""Rows of a table that are given in memory or in a file become one Arrow table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pyarrow as pa

from onelayer.designs.dask_collections import is_collection
from onelayer.errors import DataError, UsageError
from onelayer.inputs.base import is_path
from onelayer.inputs.codes import require_columns
from onelayer.readers.tables.mixed import cells
from onelayer.readers.tables.several import open_one_or_several
from onelayer.readers.tables.table_files import TableFile, one_text, plain_types
from onelayer.readers.tables.table_options import AS_USUAL, TableOptions
from onelayer.words import listed

HERE = "the rows given"

Notations: TypeAlias = Mapping[str, str]
"""How the numbers of columns are written, by the columns' names, each by an example."""

NONE_KNOWN: Notations = {}


def given_table(
    rows: Any,
    names: Sequence[str],
    options: TableOptions = AS_USUAL,
    notations: Notations = NONE_KNOWN,
) -> tuple[Any, object]:
    """Return rows as an Arrow table that has these columns, and what to call their source.

    Parameters
    ----------
    rows
        The name of a CSV or Parquet file, or what `named_table` makes of it, a data frame of
        pandas or polars, an Arrow table, a dictionary or a list of them, or an array (m, columns)
        in the columns' order.
    names
        Of the columns that are needed; one that is not there is found out by whoever takes it.
    options
        How a file is read.
    notations
        How columns of numbers are written, where that is known: a number in memory, in a column
        that has texts too, is the number that it is.

    Raises
    ------
    DataError
        Where these are no rows, or a file cannot be read.
    """
    rows = named_table(rows, names, options)
    if isinstance(rows, TableFile):
        return rows.read([name for name in rows.names if name in {*names}]), rows.path
    if isinstance(rows, Mapping):
        return _of_dictionaries([rows], names, notations), HERE
    if isinstance(rows, np.ndarray):
        return _of_array(rows, names, notations), HERE
    if isinstance(rows, (list, tuple)) and all(isinstance(row, Mapping) for row in rows):
        return _of_dictionaries(rows, names, notations), HERE
    if isinstance(rows, (list, tuple)) and len(rows) == 1:
        return given_table(rows[0], names, options, notations)
    frame = known_frame(rows, HERE)
    return frame_table(frame.select([n for n in frame.columns if n in names]), notations), HERE


def named_table(rows: Any, names: Sequence[str], options: TableOptions = AS_USUAL) -> Any:
    """The table in a file that is named, opened, with these columns; anything else as it is.

    Errors are those of `given_table`.
    """
    if isinstance(rows, (list, tuple)) and len(rows) == 1 and is_path(rows[0]):
        return named_table(rows[0], names, options)
    if not is_path(rows):
        return rows
    file = open_one_or_several(Path(rows), options)
    require_columns(names, file.names, rows, file.headless)
    return file


def known_frame(rows: Any, called: str) -> Any:
    """Return a data frame of any library as one of narwhals.

    Columns are called by texts; a name of several parts is one with blanks between.

    Raises
    ------
    DataError
        Where two columns have one name.
    UsageError
        For what is no data frame.
    """
    if is_collection(rows):
        raise UsageError(
            f"{called} are a collection of Dask, and are answered partition by partition: "
            "frame.map_partitions(load('m.safetensors').predict, meta=('class', object)) is still "
            "to be computed"
        )
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    elif type(rows).__name__ == "LazyFrame" and hasattr(rows, "collect"):
        rows = rows.collect()
    if isinstance(rows, pa.Table):
        _require_names_apart(rows.column_names, called)
    elif hasattr(rows, "set_axis") and hasattr(rows, "columns"):
        names = [one_text(name) for name in rows.columns]
        _require_names_apart(names, called)
        if names != list(rows.columns):
            rows = rows.set_axis(names, axis=1)
        rows = _in_plain_types(rows)
    frame = nw.from_native(rows, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame):
        raise UsageError(
            f"{called}: what came is of type {type(rows).__name__}; give a data frame, a list of "
            "dictionaries or a file"
        )
    return frame


def _require_names_apart(names: Sequence[str], called: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DataError(f"{called}: two columns are called {twice[0]!r}: rename one")


def _in_plain_types(frame: Any) -> Any:
    """Write out pandas' sparse columns, and call intervals, as `cut` makes them, by their texts."""
    kinds = {name: type(kind).__name__ for name, kind in frame.dtypes.items()}
    sparse = [name for name, kind in kinds.items() if kind == "SparseDtype"]
    cut = [
        name
        for name, kind in kinds.items()
        if kind == "IntervalDtype" or (kind == "CategoricalDtype" and _of_intervals(frame[name]))
    ]
    if not sparse and not cut:
        return frame
    written = {name: frame[name].sparse.to_dense() for name in sparse}
    return frame.assign(**written, **{name: frame[name].map(_interval) for name in cut})


def _of_intervals(categories: Any) -> bool:
    return type(categories.cat.categories.dtype).__name__ == "IntervalDtype"


def _interval(value: Any) -> str | None:
    """The text of an interval; a missing one is a number, NaN."""
    return None if isinstance(value, float) else str(value)


def frame_table(frame: Any, notations: Notations = NONE_KNOWN) -> Any:
    """Return a data frame of narwhals as an Arrow table; numbers and texts in one column are texts.

    Whole numbers of 128 bits, which Arrow has not, become floating-point numbers.
    """
    schema = frame.schema
    wide = [name for name, kind in schema.items() if kind in (nw.Int128, nw.UInt128)]
    mixed = [name for name, kind in schema.items() if kind == nw.Object]
    plain = frame.with_columns(nw.col(*wide).cast(nw.Float64)) if wide else frame
    table = _as_arrow(plain.drop(mixed))
    found = {}
    for name in schema:
        with _said_by_name(name):
            found[name] = (
                cells(frame[name].to_list(), notations.get(name)) if name in mixed else table[name]
            )
    return plain_types(pa.table(found))


def _as_arrow(frame: Any) -> Any:
    """All columns at once; where that fails one by one, to say which has no type in Arrow."""
    try:
        return frame.to_arrow()
    except (pa.ArrowException, TypeError, OverflowError):
        for name in frame.columns:
            with _said_by_name(name):
                frame.select(name).to_arrow()
        raise


@contextmanager
def _said_by_name(column: str) -> Iterator[None]:
    """What Arrow has no type for, in words that name the column."""
    try:
        yield
    except (pa.ArrowException, TypeError, OverflowError) as error:
        why = " ".join(map(str, error.args)).splitlines()[0]
        raise DataError(
            f"column {column!r} holds neither numbers nor text: make of it what matters, or leave "
            f"it out ({why})"
        ) from error


def _of_dictionaries(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], notations: Notations
) -> Any:
    """A key that one row lacks is missing there; one that all lack is found out later."""
    if not rows:
        raise DataError(f"{HERE} are none: give one or more")
    found = {}
    for name in names:
        if any(name in row for row in rows):
            with _said_by_name(name):
                found[name] = cells([row.get(name) for row in rows], notations.get(name))
    return pa.table(found)


def _of_array(rows: np.ndarray, names: Sequence[str], notations: Notations) -> Any:
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise DataError(
            f"{HERE} have the shape {rows.shape}: the model takes (m, {len(names)}), the columns "
            f"{listed(names, 10)} in this order"
        )
    found = {}
    for j, name in enumerate(names):
        with _said_by_name(name):
            found[name] = cells(rows[:, j].tolist(), notations.get(name))
    return pa.table(found)
