"""Tables in files, CSV and Parquet, read whole or batch by batch in constant memory."""

from __future__ import annotations

import codecs
import csv
import io
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, final

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from onelayer.errors import DataError, UsageError
from onelayer.readers.tables.cells import NUMBER
from onelayer.readers.tables.suffixes import table_kind

BATCH = 16_384
"""Rows of a batch: of 300 features some 40 MB, and scored as fast as with four times as many."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SNIFFED = 1 << 16  # bytes
_SNIFFED_ROWS = 50
_BLOCK = 1 << 22  # bytes of CSV at a time
_UNEVEN = re.compile(r"Expected (\d+) columns, got (\d+): (.*)")
_INDEX = "__index_level_"  # what pandas calls an index without a name, in Parquet


@dataclass(frozen=True, kw_only=True)
class TableFile(ABC):
    """A table in a file.

    Attributes
    ----------
    path
        The file.
    names
        Its columns, in order.
    notes
        What was found out about how it is written.
    """

    path: Path
    names: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    @abstractmethod
    def rows(self) -> int | None:
        """How many rows it has, where the file says so."""

    @abstractmethod
    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns as Arrow tables of at most `BATCH` rows or so, in order.

        Raises
        ------
        DataError
            Where the file is damaged, or a row has more or fewer cells than the first.
        """

    def read(self, columns: Sequence[str]) -> Any:
        """Return the columns as one Arrow table."""
        parts = list(self.batches(columns))
        if sum(part.num_rows for part in parts) == 0:
            raise DataError(f"{self.path} has no rows")
        return pa.concat_tables(parts)

    def position(self, asked: str | int) -> int:
        """Return the place of a column that was asked for by name or, counted from 0, by place.

        A name goes first; -1 is the last column.

        Raises
        ------
        UsageError
            Where there is none; the message lists the columns, and names like it.
        """
        if str(asked) in self.names:
            return self.names.index(str(asked))
        place = _whole(asked)
        if place is not None and -len(self.names) <= place < len(self.names):
            return place % len(self.names)
        like = get_close_matches(str(asked), self.names, n=2) or [
            name for name in self.names if name.lower() == str(asked).lower()
        ]
        meant = f": {' or '.join(map(repr, like))}?" if like else ""
        raise UsageError(
            f"{self.path} has no column {asked!r}{meant or '.'} It has {listed(self.names)}"
            + "".join(f"\n{note}" for note in self.notes if "--no-header" in note)
        )


@final
@dataclass(frozen=True, kw_only=True)
class CsvFile(TableFile):
    """Text with a delimiter, packed or not; every cell is read as text."""

    delimiter: str
    header: bool

    @property
    def rows(self) -> int | None:
        """Text does not say."""
        return None

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns block by block."""
        if not columns:
            return
        convert = pa_csv.ConvertOptions(
            column_types={name: pa.large_string() for name in columns},
            include_columns=list(columns),
            strings_can_be_null=False,
        )
        with _said_in_words(self.path), _opened(self.path) as stream:
            reader = pa_csv.open_csv(
                stream,
                read_options=pa_csv.ReadOptions(
                    column_names=self.names,
                    skip_rows_after_names=int(self.header),
                    block_size=_BLOCK,
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                ),
                convert_options=convert,
            )
            for batch in reader:
                yield pa.Table.from_batches([batch])


@final
@dataclass(frozen=True, kw_only=True)
class ParquetFile(TableFile):
    """Columns with their types."""

    @property
    def rows(self) -> int | None:
        """As its footer has it."""
        return int(pq.read_metadata(self.path).num_rows)

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns batch by batch, without reading ahead."""
        with _said_in_words(self.path), pq.ParquetFile(self.path, pre_buffer=False) as file:
            for batch in file.iter_batches(BATCH, columns=list(columns)):
                yield pa.Table.from_batches([batch])


def open_table(path: Path, *, header: bool = True) -> TableFile:
    """Return the table in a file: Parquet by its name, everything else as CSV.

    The delimiter is found out, and a byte order mark passed over. Without a header the columns are
    called "column 0", "column 1" and so on.

    Raises
    ------
    DataError
        Where the file is empty, damaged or no UTF-8, or has two columns of one name.
    """
    found = _parquet(path) if table_kind(path) == "parquet" else _csv(path, header=header)
    twice = [name for name, count in Counter(found.names).items() if count > 1]
    if twice:
        at = [place for place, name in enumerate(found.names) if name == twice[0]]
        hint = "".join(f". {note}" for note in found.notes if "--no-header" in note)
        raise DataError(
            f"{path} has {len(at)} columns called {twice[0]!r} ({', '.join(map(str, at))}, "
            f"counted from 0): rename them{hint}"
        )
    return found


def listed(names: Sequence[str], shown: int = 40) -> str:
    """Name columns for people, so many of them."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _parquet(path: Path) -> ParquetFile:
    with _said_in_words(path):
        names = pq.read_schema(path).names
    kept = tuple(name for name in names if not name.startswith(_INDEX))
    return ParquetFile(path=path, names=kept, notes=())


def _csv(path: Path, *, header: bool) -> CsvFile:
    rows, delimiter = _sniffed(path)
    first = rows[0]
    names = [cell.strip() or f"column {j}" for j, cell in enumerate(first)]
    if not header:
        names = [f"column {j}" for j in range(len(first))]
    notes = [] if delimiter == "," else [f"the cells are set apart by {_DELIMITERS[delimiter]}s"]
    if header and _like_data(first, rows[1:]):
        shown = ", ".join(first[:3])
        notes.append(f"The first row looks like data ({shown}, ...): --no-header if it is")
    return CsvFile(
        path=path, names=tuple(names), notes=tuple(notes), delimiter=delimiter, header=header
    )


def _sniffed(path: Path) -> tuple[list[list[str]], str]:
    """Return the first rows, and the delimiter that gives the most columns, as many in each row."""
    with _said_in_words(path), _opened(path) as stream:
        head = stream.read(_SNIFFED)
    if b"\0" in head:
        raise DataError(f"{path} is no text: expected CSV in UTF-8, or name it .parquet")
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError as error:
        raise DataError(_not_utf8(path)) from error
    whole = len(head) < _SNIFFED
    found = {sign: _rows(text, sign, whole=whole) for sign in _DELIMITERS}
    if not found[","]:
        raise DataError(f"{path} is empty: expected CSV, a header and a row an example")
    best = max(_DELIMITERS, key=lambda sign: _columns(found[sign]))
    return found[best], best


def _rows(text: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except csv.Error:
        return []
    return (rows if whole or len(rows) < 2 else rows[:-1])[:_SNIFFED_ROWS]


def _columns(rows: list[list[str]]) -> int:
    """Columns that all rows have, or 1."""
    sizes = Counter(map(len, rows))
    size, often = sizes.most_common(1)[0] if sizes else (1, 0)
    return size if often > 0.9 * len(rows) else 1


def _like_data(header: list[str], rows: list[list[str]]) -> bool:
    """Whether a header has numbers over columns of numbers, or a word that is in its column too."""
    number = re.compile(NUMBER)
    columns = list(zip(*(row for row in rows if len(row) == len(header)), strict=True))
    if not columns:
        return False
    pairs = [
        (cell.strip(), {c.strip() for c in column})
        for cell, column in zip(header, columns, strict=True)
    ]
    numbers = [bool(number.match(cell)) for cell, _ in pairs]
    if not any(numbers):
        return False
    over_numbers = all(
        any(number.match(c) for c in column)
        for (_, column), is_number in zip(pairs, numbers, strict=True)
        if is_number
    )
    return over_numbers and (all(numbers) or any(cell in column for cell, column in pairs))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with pa.input_stream(str(path), compression="detect") as stream:
        yield stream


@contextmanager
def _said_in_words(path: Path) -> Iterator[None]:
    """Arrow's errors as ours."""
    try:
        yield
    except pa.ArrowInvalid as error:
        text = str(error)
        if "UTF8" in text or "UTF-8" in text:
            raise DataError(_not_utf8(path)) from error
        uneven = _UNEVEN.search(text)
        if uneven:
            raise DataError(
                f"{path}: a row has {uneven[2]} cells, and the first one {uneven[1]}: {uneven[3]!r}"
            ) from error
        raise DataError(f"{path} is damaged, or not what its name says: {text}") from error


def _not_utf8(path: Path) -> str:
    return f"{path} is no UTF-8: convert it first, as with iconv -f latin1 -t utf-8"


def _whole(asked: str | int) -> int | None:
    try:
        return int(asked)
    except ValueError:
        return None
