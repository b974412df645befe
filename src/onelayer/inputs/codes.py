"""The cells of a table become codes, by the rules that its columns were learnt with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from onelayer.errors import DataError
from onelayer.inputs.columns import Codes, Column
from onelayer.inputs.oddities import Oddities
from onelayer.readers.tables.arrow_values import by_chunk, where_matching
from onelayer.readers.tables.cells import (
    Cells,
    Numbers,
    level_codes,
    levels_of,
    no_number,
    read_cells,
    read_numbers,
    require_finite,
    texts_of,
)
from onelayer.readers.tables.dates import seconds_of
from onelayer.readers.tables.notation import NOTHING, Notation
from onelayer.readers.tables.table_files import TableFile
from onelayer.words import listed


def codes_of(
    columns: Sequence[Column],
    table: Any,
    source: object,
    rows: np.ndarray | None = None,
    odd: Oddities | None = None,
) -> Codes:
    """Return the codes of an Arrow table's cells; its columns may lie in any order.

    Parameters
    ----------
    columns
        Those that are looked at, with the rules by which their cells are read.
    table
        An Arrow table that has them.
    source
        What errors call it.
    rows
        (m,), the places of its rows in the source; None for 0 to m - 1.
    odd
        Takes the cells of columns of numbers that are no numbers, and count as missing; None for a
        `DataWarning` that names them.

    Raises
    ------
    DataError
        Where a column is not there, or one of numbers has an infinite one, or no number at all
        where the source begins; the message names it.
    """
    require_columns([column.name for column in columns], table.column_names, source)
    at = np.arange(table.num_rows) if rows is None else rows
    found = Oddities(source) if odd is None else odd
    codes, seen = np.empty((table.num_rows, len(columns))), list(columns)
    for place, column in enumerate(columns):
        cells = read_cells(column.name, table[column.name], column.missing)
        seen[place], codes[:, place] = column_codes(column, cells, source, at, found)
    if odd is None:
        found.tell()
    return Codes(tuple(seen), codes)


def codes_in_turn(columns: Sequence[Column], file: TableFile) -> Iterator[Codes]:
    """Yield the codes of a table's rows, batch by batch, in order; errors as `codes_of`."""
    start, odd = 0, Oddities(file.path)
    for batch in file.batches([column.name for column in columns]):
        yield codes_of(columns, batch, file.path, start + np.arange(batch.num_rows), odd)
        start += batch.num_rows
    odd.tell()


def column_codes(
    column: Column, cells: Cells, source: object, rows: np.ndarray, odd: Oddities
) -> tuple[Column, np.ndarray]:
    """Return the codes of one column, (m,), and the column, with its texts where it is of text.

    `rows` and errors are as in `codes_of`.
    """
    if column.kind == "number":
        return column, _numbers(column, cells, source, rows, odd)
    if column.kind == "date":
        return column, _dates(column, cells, source, rows, odd)
    if column.kind == "text":
        column = replace(column, levels=levels_of(texts_of(cells))[0])
    levels = {level: number for number, level in enumerate(column.levels)}

    def of_chunk(chunk: Any) -> np.ndarray:
        some = replace(cells, values=pa.chunked_array([chunk]))
        return level_codes(texts_of(some, boolean=column.boolean), levels)

    return column, by_chunk(cells.values, of_chunk, float)


def require_columns(
    needed: Sequence[str], names: Sequence[str], source: object, hints: Sequence[str] = ()
) -> None:
    """Refuse a table that lacks columns; `hints` are lines that say why they may seem to.

    Raises
    ------
    DataError
        Naming those, and the ones that it has.
    """
    lacking = [name for name in needed if name not in names]
    if lacking:
        others = f". It has {listed(names, 20)}" if set(names) - set(needed) else ""
        raise DataError(f"{source} has {lacking_in_words(lacking)}{others}", *hints)


def lacking_in_words(names: Sequence[str]) -> str:
    """Say that there are no columns of these names, one at least."""
    it = "it" if len(names) == 1 else "them"
    return f"no column {listed([*map(repr, names)], 10)}: the model looks at {it}"


def _dates(
    column: Column, cells: Cells, source: object, rows: np.ndarray, odd: Oddities
) -> np.ndarray:
    """Read a column of dates; where a source begins with none at all, it is another column."""
    texts = texts_of(cells)
    values = seconds_of(texts, column.notation)
    odd_ones = np.isnan(values) & ~cells.missing & ~where_matching(texts, NOTHING)
    found = Numbers(values, odd_ones, cells)
    if found.odd.any() and rows[0] == 0 and np.isnan(values).all():
        row = int(found.odd.argmax())
        raise DataError(
            f"{source}: column {column.name!r} is one of dates, written as {column.notation}, and "
            f"has {found.text(row)!r} in row {rows[row]}, counted from 0"
        )
    odd.add(column.name, found, rows, what="date")
    return values


def _numbers(
    column: Column, cells: Cells, source: object, rows: np.ndarray, odd: Oddities
) -> np.ndarray:
    """Read a column of numbers; where a source begins with none at all, it is another column."""
    notation = Notation.parse(column.notation)
    if cells.dates:
        raise DataError(f"{source}: column {column.name!r} is one of numbers, and holds dates")
    found = read_numbers(cells, notation)
    if found.odd.any() and rows[0] == 0 and np.isnan(found.values).all():
        raise no_number(found, rows, source, notation)
    odd.add(column.name, found, rows)
    require_finite(column.name, found.values, rows, source)
    return found.values
