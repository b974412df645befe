"""Tables in files, CSV and Parquet, read whole or batch by batch in constant memory."""

from __future__ import annotations

import re
import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from onelayer.errors import DataError, DataWarning, UsageError
from onelayer.readers.stand_ins import require_itself
from onelayer.readers.tables.arrow_errors import said_in_words
from onelayer.readers.tables.sniffing import HEADLESS, first_rows, quotes_are_text, written_notes
from onelayer.readers.tables.suffixes import table_kind
from onelayer.readers.tables.table_options import AS_USUAL, TableOptions
from onelayer.readers.tables.text import TextFile
from onelayer.words import listed

BATCH = 16_384
"""Rows of a batch: of 300 features some 40 MB, and scored as fast as with four times as many."""

_OTHERS = {
    "JSON": re.compile(rb'\{\s*"|\[\s*\{'),
    "an Arrow file (Feather)": re.compile(b"ARRO"),
}
"""Files that are no table of ours, by how they begin."""

_BLOCK = 1 << 22  # bytes of CSV at a time
_NAMED_ROWS = (
    "each row has a cell more than the header: the first is taken for the row's name, as R writes "
    "it, and not looked at"
)
_EXTRA = "\0"  # what a cell is called that the header has no name for
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
    options
        How it is read, as far as was asked.
    doubts
        What may be meant otherwise than it is read, to warn of.
    typed
        Whether its cells say themselves what they are: a table in memory, whose text is text.
    """

    path: Path
    names: tuple[str, ...]
    notes: tuple[str, ...]
    options: TableOptions = AS_USUAL
    doubts: tuple[str, ...] = ()
    typed: bool = False

    @property
    def decimal(self) -> str:
        """The decimal sign where its numbers may have either, as 1,234."""
        return self.options.decimal or "."

    @property
    @abstractmethod
    def rows(self) -> int | None:
        """How many rows it has, where the file says so."""

    @property
    def in_memory(self) -> int:
        """Bytes that its columns take in memory, about; 0 where they are there already."""
        return 0

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that it is read from."""
        return (self.path,)

    def by_column(self, columns: Sequence[str], path: Path) -> TableFile:
        """Return a table of which a column can be read without the others; itself where it is one.

        Else the columns are copied, under this path.
        """
        del columns, path
        return self

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
        if one_text(asked) in self.names:
            return self.names.index(one_text(asked))
        place = _whole(asked)
        if place is not None and -len(self.names) <= place < len(self.names):
            return place % len(self.names)
        like = get_close_matches(str(asked), self.names, n=2) or [
            name for name in self.names if name.lower() == str(asked).lower()
        ]
        meant = f": {' or '.join(map(repr, like))}?" if like else ""
        raise UsageError(
            f"{self.path} has no column {asked!r}{meant or '.'} It has {listed(self.names)}",
            *self.headless,
        )

    @property
    def headless(self) -> list[str]:
        """That its first row looks like data, a line to end an error with; else none."""
        return [note for note in self.notes if note.startswith(HEADLESS)]


@final
@dataclass(frozen=True, kw_only=True)
class CsvFile(TableFile):
    """Text with a delimiter, packed or not; every cell is read as text.

    Attributes
    ----------
    text
        The file as UTF-8.
    delimiter
        What stands between cells.
    start
        Bytes of UTF-8 before the first row of cells.
    written
        All columns of a row, also those that have no name.
    quoted
        Whether quotation marks hold cells together; False where they are part of the text.
    """

    text: TextFile
    delimiter: str
    start: int
    written: tuple[str, ...]
    quoted: bool = True

    @property
    def rows(self) -> int | None:
        """Text does not say."""
        return None

    @property
    def in_memory(self) -> int:
        """Text, and where each cell of it ends; of a packed file a guess."""
        packed = 5 if self.text.packing else 1
        return 0 if self.text.piped else 2 * packed * self.path.stat().st_size

    def by_column(self, columns: Sequence[str], path: Path) -> TableFile:
        """Copy the columns as texts."""
        types = pa.schema([(name, pa.large_string()) for name in columns])
        with pq.ParquetWriter(path, types) as copy:
            for batch in self.batches(columns):
                copy.write_table(batch.select(list(columns)))
        return ParquetFile(path=path, names=tuple(columns), notes=(), options=self.options)

    @property
    def decimal(self) -> str:
        """Semicolons stand between cells where the decimal sign is a comma."""
        return self.options.decimal or ("," if self.delimiter == ";" else ".")

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns block by block."""
        if not columns:
            return
        convert = pa_csv.ConvertOptions(
            column_types={name: pa.large_string() for name in columns},
            include_columns=list(columns),
            strings_can_be_null=False,
        )
        with said_in_words(self.path), self.text.utf8(self.start) as stream:
            if not stream.peek():
                return
            reader = pa_csv.open_csv(
                stream,
                read_options=pa_csv.ReadOptions(
                    column_names=self.written, block_size=max(_BLOCK, 4 * self.start)
                ),
                parse_options=pa_csv.ParseOptions(
                    delimiter=self.delimiter,
                    quote_char='"' if self.quoted else False,
                    newlines_in_values=self.quoted,
                ),
                convert_options=convert,
            )
            for batch in reader:
                yield pa.Table.from_batches([batch])


@final
@dataclass(frozen=True, kw_only=True)
class ParquetFile(TableFile):
    """Columns with their types."""

    piped: bytes | None = None

    @property
    def rows(self) -> int | None:
        """As its footer has it."""
        return int(pq.read_metadata(_parquet_source(self.path, self.piped)).num_rows)

    @property
    def in_memory(self) -> int:
        """As its footer has it; of numbers at least those of float64."""
        if self.piped is not None:
            return 0
        told = pq.read_metadata(self.path)
        bytes_of = (told.row_group(i).total_byte_size for i in range(told.num_row_groups))
        return max(sum(bytes_of), 8 * told.num_rows * len(self.names))

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns batch by batch, without reading ahead."""
        source = _parquet_source(self.path, self.piped)
        with said_in_words(self.path), pq.ParquetFile(source, pre_buffer=False) as file:
            for batch in file.iter_batches(BATCH, columns=list(columns)):
                yield plain_types(pa.Table.from_batches([batch]))


@final
@dataclass(frozen=True, kw_only=True)
class ArrowTable(TableFile):
    """A table that is in memory; `path` is what messages call it."""

    table: Any
    typed: bool = True

    @classmethod
    def of(cls, path: Path, table: Any, options: TableOptions = AS_USUAL) -> ArrowTable:
        """Return an Arrow table as files are."""
        return cls(
            path=path, names=tuple(table.column_names), notes=(), options=options, table=table
        )

    @property
    def rows(self) -> int | None:
        """As it says."""
        return int(self.table.num_rows)

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns at once."""
        yield plain_types(self.table.select(list(columns)))


def open_table(path: Path, options: TableOptions = AS_USUAL) -> TableFile:
    """Return the table in a file: Excel by its name, Parquet by its first bytes too, else CSV.

    The delimiter is found out, and a byte order mark passed over. Without a header the columns are
    called "column 0", "column 1" and so on. A pipe is read to its end.

    Raises
    ------
    DataError
        Where the file is empty, damaged or of another encoding, or has two columns of one name.
    """
    found = _workbook(path, options) if table_kind(path) == "excel" else _text(path, options)
    for doubt in found.doubts:
        warnings.warn(f"{path}: {doubt}", DataWarning, stacklevel=2)
    _require_names_apart(found)
    return found


def open_text(text: TextFile, options: TableOptions = AS_USUAL) -> CsvFile:
    """Return the table in a text, wherever that lies; of its `doubts` nobody is warned.

    Raises
    ------
    DataError
        As `open_table`.
    """
    found = _csv(text, options)
    _require_names_apart(found)
    return found


def _require_names_apart(found: TableFile) -> None:
    twice = [name for name, count in Counter(found.names).items() if count > 1]
    if twice:
        at = [place for place, name in enumerate(found.names) if name == twice[0]]
        raise DataError(
            f"{found.path} has {len(at)} columns called {twice[0]!r} "
            f"({listed([*map(str, at)], 5)}, counted from 0): rename them",
            *found.headless,
        )


def _text(path: Path, options: TableOptions) -> TableFile:
    require_itself(path)
    text = TextFile.at(path, options.encoding)
    other = next((name for name, begin in _OTHERS.items() if begin.match(text.begins)), None)
    if other is not None:
        raise DataError(
            f"{path} is {other}, and no table that is read: give CSV, Parquet or Excel, or in "
            "Python the data frame that pandas or polars makes of it"
        )
    parquet = table_kind(path) == "parquet" or text.begins == b"PAR1"
    return _parquet(text, options) if parquet else _csv(text, options)


def _workbook(path: Path, options: TableOptions) -> ArrowTable:
    from onelayer.readers.tables.excel import read_workbook

    table, notes = read_workbook(path, header=options.header)
    return replace(ArrowTable.of(path, table, options), notes=notes)


def one_text(name: Any) -> str:
    """Return what a column is called, as text; parts of a name have blanks between them."""
    return " ".join(map(str, name)).strip() if isinstance(name, tuple) else str(name)


def plain_types(table: Any) -> Any:
    """Return a table of which rows can be taken: Arrow takes none of views of text, or of runs."""
    for at, field in enumerate(table.schema):
        if pa.types.is_string_view(field.type):
            table = table.set_column(at, field.name, table[at].cast(pa.large_string()))
        elif pa.types.is_run_end_encoded(field.type):
            written = [pc.run_end_decode(chunk) for chunk in table[at].chunks]
            table = table.set_column(at, field.name, pa.chunked_array(written))
    return table


def _parquet_source(path: Path, piped: bytes | None) -> Any:
    return path if piped is None else pa.BufferReader(piped)


def _parquet(text: TextFile, options: TableOptions) -> ParquetFile:
    with said_in_words(text.path):
        names = pq.read_schema(_parquet_source(text.path, text.piped)).names
    kept = tuple(name for name in names if not name.startswith(_INDEX))
    return ParquetFile(path=text.path, names=kept, notes=(), options=options, piped=text.piped)


def _csv(text: TextFile, options: TableOptions) -> CsvFile:
    rows = first_rows(text, options)
    names = [cell.strip() or f"column {j}" for j, cell in enumerate(rows.first)]
    if not options.header:
        names = [f"column {j}" for j in range(rows.size)]
    written, named = names, options.header and rows.extra == "first"
    if options.header and rows.extra:
        written = [_EXTRA, *names] if rows.extra == "first" else [*names, _EXTRA]
    notes, unquoted = [*written_notes(text, rows, options)], quotes_are_text(text, rows)
    if unquoted:
        notes.append("quotation marks are part of the text: as quotes they would swallow rows")
    return CsvFile(
        path=text.path,
        names=tuple(names),
        notes=tuple(notes),
        options=options,
        doubts=(_NAMED_ROWS,) if named else (),
        text=text,
        delimiter=rows.delimiter,
        start=rows.skip + rows.taken * options.header,
        written=tuple(written),
        quoted=not unquoted,
    )


def _whole(asked: str | int) -> int | None:
    try:
        return int(asked)
    except (ValueError, TypeError):
        return None
