"""A sheet of an Excel workbook as a table; cells keep their types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from onelayer.errors import DataError, MissingExtraError
from onelayer.readers.stand_ins import require_itself
from onelayer.readers.tables.mixed import cells
from onelayer.readers.tables.sheet_marks import marks_of
from onelayer.words import count_of, listed

_OLE = b"\xd0\xcf\x11\xe0"  # what a workbook with a password, and an old one, begins with
_ZIP = b"PK"


@dataclass(frozen=True)
class _Sheet:
    """A sheet that has been read: its rows that hold anything, and how far it is to be trusted."""

    title: str
    hidden: bool
    rows: list[tuple[Any, ...]]
    at: str

    @property
    def named(self) -> str:
        """Its title, and whether people see it."""
        return repr(self.title) + " (hidden)" * self.hidden


def read_workbook(path: Path, *, header: bool) -> tuple[Any, tuple[str, ...]]:
    """Return the first sheet of a workbook that has cells, as an Arrow table, and what to say.

    One that is hidden comes after all others. Values are those that Excel has saved: a formula
    counts by its result, and a duration by its seconds. Empty rows are passed over, and columns
    without a name and without a cell too.

    Raises
    ------
    MissingExtraError
        Without openpyxl.
    DataError
        Where the file is no workbook, or holds no table.
    """
    require_itself(path)
    with _named(path):
        book = _opened(path)
        try:
            sheets = [_sheet(sheet) for sheet in book.worksheets]
        finally:
            book.close()
    filled = sorted((sheet for sheet in sheets if sheet.rows), key=lambda sheet: sheet.hidden)
    if not filled:
        raise DataError(f"{path} has no cells: expected a header and a row an example")
    read, others = filled[0], [sheet.named for sheet in sheets if sheet != filled[0]]
    notes = [f"sheet {read.named} is read; not {listed(others)}"] if others else []
    return _table(read.rows, header=header), (*notes, *_on_cells(path, read))


def _sheet(sheet: Any) -> _Sheet:
    at = getattr(sheet, "_worksheet_path", "")  # there is no public way to where it lies
    return _Sheet(sheet.title, sheet.sheet_state != "visible", _rows(sheet), at)


def _on_cells(path: Path, sheet: _Sheet) -> Iterator[str]:
    """What a table of its cells does not say: formulas without a value, merged cells, durations."""
    marks = marks_of(path, sheet.at)
    if marks.formulas:
        yield (
            f"{count_of(marks.formulas, 'formulas')} of sheet {sheet.title!r} have no value yet, "
            "and count as missing: open the workbook, save it, and its values are there"
        )
    if marks.merged:
        yield (
            f"merged cells of sheet {sheet.title!r} count as missing but for the first: "
            f"{listed(marks.merged, 5)}"
        )
    if any(isinstance(cell, timedelta) for row in sheet.rows for cell in row):
        yield f"durations of sheet {sheet.title!r} are numbers of seconds"


def _opened(path: Path) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise MissingExtraError("Excel workbooks need openpyxl", "excel") from error
    return load_workbook(path, read_only=True, data_only=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say of what file an error is: openpyxl's are of any kind."""
    try:
        yield
    except (FileNotFoundError, PermissionError, IsADirectoryError, MemoryError, MissingExtraError):
        raise
    except Exception as error:
        raise DataError(f"{path} {_why(path, error)}") from error


def _why(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        return "is empty: expected an Excel workbook"
    if head == _OLE:
        return (
            "is protected by a password, or an old workbook, .xls: save it as .xlsx without a "
            "password, or as CSV"
        )
    if not head.startswith(_ZIP):
        return "is damaged, or no Excel workbook: if it is text, name it .csv"
    return f"is damaged, or no Excel workbook: {error or type(error).__name__}"


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    rows = (tuple(_value(cell) for cell in row) for row in sheet.iter_rows(values_only=True))
    return [row for row in rows if any(cell is not None for cell in row)]


def _value(cell: Any) -> Any:
    return None if isinstance(cell, str) and not cell.strip() else cell


def _table(rows: list[tuple[Any, ...]], *, header: bool) -> Any:
    width = max(map(len, rows))
    columns = [[_number(row[j]) if j < len(row) else None for row in rows] for j in range(width)]
    named = list(_named_columns(columns, header=header))
    names = [name for name, _ in named]
    return pa.Table.from_arrays([cells(values) for _, values in named], names=names)


def _number(cell: Any) -> Any:
    return cell.total_seconds() if isinstance(cell, timedelta) else cell


def _named_columns(columns: list[list[Any]], *, header: bool) -> Iterator[tuple[str, list[Any]]]:
    for place, column in enumerate(columns):
        head = column[0] if header else None
        values = list(islice(column, int(header), None))
        if head is None and all(value is None for value in values):
            continue
        yield str(head).strip() if head is not None else f"column {place}", values
