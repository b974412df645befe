"""The table of mistakes: examples that may be labelled with the wrong class, for a person to judge.

What the person writes into its last column, training takes as `relabel`; a table that is written
after that keeps those rows, so that one file holds all that was ever decided.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onelayer.errors import DataError
from onelayer.words import listed

if TYPE_CHECKING:
    from onelayer.report.judgement import Example


class MistakeRow(NamedTuple):
    """One line: the example's name, its label, what was said, how likely its label, what is right.

    The probability is that of a layer that was not trained on the example, where it could be.
    `relabel` is empty until a person fills it in: a class, or `leave out`.
    """

    file: str
    label: str = ""
    predicted: str = ""
    probability_of_label: str = ""
    relabel: str = ""


def mistakes_path(report: Path) -> Path:
    """Where a report leaves its table: m.html has m.mistakes.csv beside it."""
    return report.parent / f"{report.stem}.mistakes.csv"


def mistake_rows(
    examples: Iterable[Example], decided: Iterable[MistakeRow] = ()
) -> list[MistakeRow]:
    """Return what was decided, and after it what is not decided yet."""
    rows = {row.file: row for row in decided}
    for one in examples:
        rows.setdefault(one.name, MistakeRow(one.name, one.label, one.answer, f"{one.p_label:.6g}"))
    return list(rows.values())


def as_csv(rows: Iterable[MistakeRow]) -> str:
    """Return the file, its header first."""
    file = StringIO()
    csv.writer(file, lineterminator="\n").writerows([MistakeRow._fields, *rows])
    return file.getvalue()


def read_mistakes(path: Path) -> list[MistakeRow]:
    """Return the rows of a table that a person may have saved from a spreadsheet.

    Raises
    ------
    DataError
        Where it has no columns `file` and `relabel`, or names one example twice.
    """
    import pyarrow as pa

    from onelayer.readers.tables.table_files import open_table

    table = open_table(path)
    known = [name for name in MistakeRow._fields if name in table.names]
    if not {"file", "relabel"} <= {*known}:
        raise DataError(
            f"{path} has no columns file and relabel, as a report's table of mistakes has: "
            f"it has {listed(table.names)}"
        )
    columns = [table.read(known)[name].cast(pa.large_string()).to_pylist() for name in known]
    cells = ([(cell or "").strip() for cell in row] for row in zip(*columns, strict=True))
    rows = [MistakeRow(**dict(zip(known, row, strict=True))) for row in cells]
    seen: set[str] = set()
    for row in rows:
        if row.file in seen:
            raise DataError(f"{path} names {row.file} twice: leave one of the two rows")
        seen.add(row.file)
    return rows
