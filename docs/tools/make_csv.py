"""Write docs/csv.md, the table of oddities of CSV files: python docs/tools/make_csv.py."""

from __future__ import annotations

import io
import math
import tempfile
import warnings
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from csv_oddities import ODDITIES, Oddity
from onelayer.errors import DataError, DataWarning
from onelayer.inputs.codes import codes_of
from onelayer.inputs.column_kinds import ReadTable, inferred
from onelayer.readers.tables.cells import read_cells
from onelayer.readers.tables.dates import written
from onelayer.readers.tables.table_files import open_table

_HEAD = """# What is read of odd CSV files

Each line is a small file that people have. It says what onelayer reads in the column `x` (its last
two cells), what `pandas.read_csv` reads with its defaults, and what R's `read.csv` does by its
documentation. "Warned" is a `DataWarning`, on the command line a line on stderr; "refused" is an
error that says why and what to do. The file is written by `docs/tools/make_csv.py`, and a test
holds it true.

What cannot be found out can be said: `--delimiter`, `--decimal`, `--encoding`, `--missing WORD` and
`--no-header`. How the numbers of a column are written is found in training, kept in the model's
file and obeyed by `predict`, `evaluate`, the server and Python alike.
"""


def ours(content: bytes) -> str:
    """What onelayer reads in the column x."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        try:
            found = _read(path)
        except DataError as error:
            return f"refused: {str(error).removeprefix(str(path)).lstrip(': ')}"
        warned = any(issubclass(one.category, DataWarning) for one in caught)
    return found + " (warned)" * warned


def _read(path: Path) -> str:
    file = open_table(path)
    table = file.read(file.names)
    read = ReadTable("t.csv", [read_cells("x", table["x"])], usual=file.decimal)
    columns, _ = inferred(read)
    codes = codes_of(columns, table, path).values[-2:, 0].tolist()
    column = columns[0]
    if column.kind == "number":
        return f"numbers: {', '.join(map(_number, codes))}"
    if column.kind == "date":
        return f"dates: {', '.join(written(code, column.notation) for code in codes)}"
    shown = str if column.boolean else repr
    levels = ["missing" if math.isnan(code) else shown(column.levels[int(code)]) for code in codes]
    return f"{'booleans' if column.boolean else 'words'}: {', '.join(levels)}"


def as_pandas(content: bytes) -> str:
    """What `pandas.read_csv` reads in it with its defaults."""
    try:
        frame = pd.read_csv(io.BytesIO(content))
    except (ValueError, pd.errors.ParserError) as error:
        return f"an error: {type(error).__name__}"
    if "x" not in frame:
        return f"{len(frame.columns)} column{'s' * (len(frame.columns) != 1)}, none of them x"
    x = frame["x"]
    kind = {"b": "booleans", "O": "words"}.get(x.dtype.kind, "numbers")
    return f"{kind}: {', '.join(_shown(value) for value in x.tolist()[-2:])}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value)
    return "missing" if pd.isna(value) else _number(float(value))


def _number(value: float) -> str:
    return "missing" if math.isnan(value) else f"{value:g}"


def page() -> str:
    """The whole page."""
    return _HEAD + "\n".join(_lines())


def _lines() -> Iterator[str]:
    for kind, found in groupby(ODDITIES, key=lambda one: one.kind):
        yield f"\n## {kind}\n"
        yield "| what | onelayer | pandas | R |"
        yield "| --- | --- | --- | --- |"
        yield from map(_line, found)
    yield ""


def _line(one: Oddity) -> str:
    cells = (one.title, one.read, as_pandas(one.content), one.r)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    (Path(__file__).parents[1] / "csv.md").write_text(page(), encoding="utf-8")
