"""A sheet of an Excel workbook as a table; cells keep their types."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pyarrow as pa

from onelayer.errors import DataError, MissingExtraError
from onelayer.readers.tables.mixed import cells


def read_workbook(path: Path, *, header: bool) -> tuple[Any, tuple[str, ...]]:
    """Return the first sheet of a workbook that has cells, as an Arrow table, and what to say.

    Values are those that Excel has saved: a formula counts by its result. Empty rows are passed
    over, and columns without a name and without a cell too.

    Raises
    ------
    MissingExtraError
        Without openpyxl.
    DataError
        Where the file is no workbook, or holds no table.
    """
    book = _opened(path)
    try:
        sheets = [(sheet.title, _rows(sheet)) for sheet in book.worksheets]
    finally:
        book.close()
    filled = [(title, rows) for title, rows in sheets if rows]
    if not filled:
        raise DataError(f"{path} has no cells: expected a header and a row an example")
    title, rows = filled[0]
    others = [name for name, _ in sheets if name != title]
    notes = [f"sheet {title!r} is read; not {', '.join(map(repr, others))}"] if others else []
    return _table(rows, header=header), tuple(notes)


def _opened(path: Path) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtraError("Excel workbooks need openpyxl", "excel") from error
    try:
        return load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise DataError(f"{path} is damaged, or no Excel workbook: {error}") from error


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    rows = (tuple(_value(cell) for cell in row) for row in sheet.iter_rows(values_only=True))
    return [row for row in rows if any(cell is not None for cell in row)]


def _value(cell: Any) -> Any:
    return None if isinstance(cell, str) and not cell.strip() else cell


def _table(rows: list[tuple[Any, ...]], *, header: bool) -> Any:
    width = max(map(len, rows))
    columns = [[row[j] if j < len(row) else None for row in rows] for j in range(width)]
    named = list(_named(columns, header=header))
    names = [name for name, _ in named]
    return pa.Table.from_arrays([cells(values) for _, values in named], names=names)


def _named(columns: list[list[Any]], *, header: bool) -> Iterator[tuple[str, list[Any]]]:
    for place, column in enumerate(columns):
        head = column[0] if header else None
        values = list(islice(column, int(header), None))
        if head is None and all(value is None for value in values):
            continue
        yield str(head).strip() if head is not None else f"column {place}", values
