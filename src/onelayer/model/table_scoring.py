"""Tables of any length are scored batch by batch: constant memory, the order kept."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from onelayer.errors import DataError, UsageError
from onelayer.inputs import TableInputs
from onelayer.inputs.codes import codes_of, require_columns
from onelayer.inputs.columns import Codes
from onelayer.inputs.oddities import Oddities
from onelayer.model.answering import Answering
from onelayer.model.fitted import Model
from onelayer.model.unlike import COLUMN, can_tell, counted, in_words
from onelayer.model_file import written_whole
from onelayer.readers.tables.suffixes import table_kind
from onelayer.readers.tables.table_files import TableFile
from onelayer.sources import Progress, no_progress
from onelayer.words import listed

ANSWERS = ("class", "probability")
MANY_CLASSES = 20
"""With more classes than this only the probability of the answer is written, not that of each."""


@dataclass(frozen=True)
class Scored:
    """One batch: the row that it begins with, the columns kept, answers and probabilities.

    Answers are positions of the classes, (m,); `unlike` says of rows why they are unlike any
    trained on.
    """

    start: int
    kept: Any
    answers: np.ndarray
    A: np.ndarray
    unlike: dict[int, str]

    @property
    def probability(self) -> np.ndarray:
        """That of the answer, (m,)."""
        return np.take_along_axis(self.A, self.answers[:, None], axis=1)[:, 0]


@dataclass
class Scoring:
    """A table that a model scores.

    Attributes
    ----------
    model
        A model of a table.
    file
        A table with the model's columns, in any order.
    keep
        Columns that go into the result as they are, by name.
    answering
        How its rows are answered; None: as the model does, with the probabilities of few classes.
    odd
        Takes cells of numbers that are none; None: a `DataWarning` names them at the end.
    seen
        Filled as batches are scored: cells by column whose level training had not seen.
    unlike
        Filled likewise: by name what makes rows unlike any trained on, in how many rows.
    """

    model: Model
    file: TableFile
    keep: Sequence[str] = ()
    answering: Answering | None = None
    odd: Oddities | None = None
    seen: Counter[str] = field(default_factory=Counter)
    unlike: Counter[str] = field(default_factory=Counter)
    _rows: int = field(default=0, init=False)
    _unlike_rows: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.model.inputs, TableInputs):
            raise UsageError("only a model of a table scores tables: this one takes arrays")
        self.inputs = self.model.inputs
        self.how = self.answering or Answering(self.model)
        self.kept = [self.file.names[self.file.position(name)] for name in self.keep]
        taken = [name for name in self.kept if name in self._added]
        if taken:
            raise UsageError(f"column {taken[0]!r} cannot be kept: the result has one of that name")

    @property
    def notes(self) -> list[str]:
        """What to say of the file; of levels, once all batches are scored."""
        used = {*self.kept, *(column.name for column in self.model.columns)}
        extra = [name for name in self.file.names if name not in used]
        notes = [f"{self.file.path}: not looked at: {listed(extra, 8)}"] if extra else []
        usual = [(name, n) for name, n in self.seen.items() if name not in self.unlike]
        levels = [f"{name} {n:,}" for name, n in usual]
        if levels:
            notes.append(
                f"{self.file.path}: rows with a level not seen in training: {listed(levels)}"
            )
        odd = counted(self.unlike, self._unlike_rows, self._rows)
        return [*notes, *([f"{self.file.path}: {odd}"] if odd else [])]

    def batches(self, progress: Progress = no_progress) -> Iterator[Scored]:
        """Yield the rows in order, scored.

        Raises
        ------
        DataError
            Where a column is not there or a number is none, or the file is damaged.
        """
        columns = self.model.columns
        needed = [column.name for column in columns]
        names = [name for name in self.file.names if name in {*needed, *self.kept}]
        total, start = self.file.rows or 0, 0
        require_columns(needed, self.file.names, self.file.path, self.file.headless)
        odd = Oddities(self.file.path) if self.odd is None else self.odd
        for batch in self.file.batches(names):
            codes = codes_of(columns, batch, self.file.path, start + np.arange(batch.num_rows), odd)
            self.seen.update(codes.unseen())
            X = self.inputs.fitted.features_of(codes)
            places, A = self._answers(X)
            yield Scored(start, batch.select(self.kept), places, A, self._odd_rows(codes, X))
            start += batch.num_rows
            progress("scoring", start, max(total, start))
        if start == 0:
            raise DataError(f"{self.file.path} has no rows")
        if self.odd is None:
            odd.tell()

    def write(self, output: Path, progress: Progress = no_progress) -> int:
        """Write a file of the columns kept, class, probability and that of each class.

        It is there whole or not at all.

        Returns
        -------
        int
            How many rows were written.
        """
        kind = require_table_name(output)
        rows = 0
        with written_whole(output) as part, _appended(kind, part) as append:
            for scored in self.batches(progress):
                append(self._as_table(scored))
                rows += len(scored.answers)
        return rows

    def text(self, delimiter: str = ",") -> tuple[bytes, np.ndarray]:
        """Return as text what `write` writes, and the answers (m,), positions of the classes."""
        file, answers = BytesIO(), []
        writer: _CsvWriter | None = None
        for scored in self.batches():
            table = self._as_table(scored)
            writer = writer or _CsvWriter(file, delimiter, table.schema.names)
            writer.write_table(table)
            answers.append(scored.answers)
        return file.getvalue(), np.concatenate(answers)

    def _odd_rows(self, codes: Codes, X: Any) -> dict[int, str]:
        """Say of rows why they are unlike any trained on, and count them."""
        found = self.inputs.unlike_codes(codes, X)
        self._rows += len(codes)
        self._unlike_rows += len(found)
        self.unlike.update(name for why in found.values() for name in why)
        return {row: in_words(why) for row, why in found.items()}

    def _answers(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Positions of the classes (m,), and the probability of each (m, K)."""
        Z = self.model.forward(X)
        return self.model.readout.answers(Z), self.model.readout.probabilities(Z)

    @property
    def _added(self) -> list[str]:
        return added_columns(self.model, self.how)

    @property
    def _few(self) -> bool:
        return _has_each(self.model, self.how)

    def _as_table(self, scored: Scored) -> Any:
        each = list(scored.A.T) if self._few else []
        values = [self.how.labels(scored.answers, scored.A), scored.probability, *each]
        arrays = [pa.array(np.ascontiguousarray(column)) for column in values]
        if can_tell(self.model):
            arrays.append(_texts(scored.unlike, len(scored.answers)))
        table = scored.kept
        for name, array in zip(self._added, arrays, strict=True):
            table = table.append_column(name, array)
        return table


def _texts(by_row: dict[int, str], m: int) -> Any:
    """A column of m texts, null where there is none."""
    if not by_row:
        return pa.nulls(m, pa.string())
    return pa.array([by_row.get(row) for row in range(m)], pa.string())


def added_columns(model: Model, how: Answering) -> list[str]:
    """What the columns of the answers are called."""
    labels = [str(label) for label in model.classes.tolist()]
    each = [f"P({label})" for label in labels] if _has_each(model, how) else []
    return [*ANSWERS, *each, *([COLUMN] if can_tell(model) else [])]


def _has_each(model: Model, how: Answering) -> bool:
    """Whether the probability of each class is written."""
    return how.every or len(model.classes) <= MANY_CLASSES


def require_table_name(output: Path) -> str:
    """Return csv or parquet, as the name of an output has it.

    Raises
    ------
    UsageError
        For any other name.
    """
    kind = table_kind(output)
    if kind is None or output.suffix.lower() not in {".csv", ".tsv", ".parquet", ".pq"}:
        suffix = f"no table is written as {output.suffix}" if output.suffix else "no suffix"
        raise UsageError(f"{output}: {suffix}; give .csv or .parquet")
    return "tsv" if output.suffix.lower() == ".tsv" else kind


def write_rows(rows: list[dict[str, Any]], output: Path) -> None:
    """Write rows that are already in memory."""
    kind = require_table_name(output)
    with written_whole(output) as part, _appended(kind, part) as append:
        append(pa.Table.from_pylist(rows))


@contextmanager
def _appended(kind: str, path: Path) -> Iterator[Callable[[Any], None]]:
    """Yield what appends tables of one schema to a file."""
    with ExitStack() as stack:
        sinks: list[Any] = []

        def append(table: Any) -> None:
            if not sinks:
                sinks.append(stack.enter_context(_sink(kind, path, table.schema)))
            sinks[0].write_table(table)

        yield append


def _sink(kind: str, path: Path, schema: Any) -> Any:
    if kind == "parquet":
        return pq.ParquetWriter(path, schema)
    file = path.open("wb")
    return _CsvWriter(file, "\t" if kind == "tsv" else ",", schema.names)


class _CsvWriter:
    """Text with a delimiter, in which only cells that need them have quotes."""

    def __init__(self, file: BinaryIO, delimiter: str, names: list[str]) -> None:
        self.file, self.delimiter = file, delimiter
        head = StringIO()
        csv.writer(head, delimiter=delimiter, lineterminator="\n").writerow(names)
        file.write(head.getvalue().encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write_table(self, table: Any) -> None:
        """Append rows; Arrow quotes all text of a batch where one cell needs it."""
        try:
            self.file.write(self._text(table, "none"))
        except pa.ArrowInvalid:
            self.file.write(self._text(table, "needed"))

    def _text(self, table: Any, quotes: str) -> Any:
        sink = pa.BufferOutputStream()
        how = pa_csv.WriteOptions(
            include_header=False, delimiter=self.delimiter, quoting_style=quotes
        )
        pa_csv.write_csv(table, sink, how)
        return sink.getvalue()
