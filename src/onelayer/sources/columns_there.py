"""A table whose rows lie on workers: each of its columns is looked at as a whole, by one of them.

By the same functions as in memory, so that a model is the same. Its cells become codes where its
rows lie: a column must fit into the memory of one worker, the table need not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
import pyarrow as pa

from onelayer.designs.remote_rows import RemoteRows, whole_columns
from onelayer.designs.rows_on_cluster import InParts, cut, group_edges
from onelayer.errors import DataError
from onelayer.inputs.codes import column_codes
from onelayer.inputs.column_kinds import look, signs_of
from onelayer.inputs.columns import Codes, Column
from onelayer.inputs.oddities import Oddities
from onelayer.memory_limits import give_back
from onelayer.readers.tables.cells import Cells, read_cells
from onelayer.readers.tables.table_files import TableFile
from onelayer.sources.kept_columns import ColumnsElsewhere, ColumnsFound
from onelayer.words import count_of, to_drop

if TYPE_CHECKING:
    from onelayer.designs.dask_workers import Workers
    from onelayer.inputs.column_kinds import ColumnLook, ReadTable

MOST_TEXTS = 100_000
"""Different texts of a column, which come to whoever trains and go with the model's columns.
*Guard*."""

Ask = Callable[[Cells], Any]


@final
@dataclass(frozen=True, kw_only=True)
class TableThere(TableFile):
    """A table in parts on workers.

    Attributes
    ----------
    workers
        Where the parts lie.
    tables
        Arrow tables, of the same columns and types.
    typed
        Whether they were data frames.
    usual
        The decimal sign where numbers may have either.
    """

    workers: Workers
    tables: InParts
    typed: bool = True
    usual: str = "."

    @property
    def decimal(self) -> str:
        """As they were written, where nothing else was asked for."""
        return self.options.decimal or self.usual

    @property
    def rows(self) -> int | None:
        """Of all parts."""
        return sum(self.tables.lengths)

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns of each part, which come here."""
        asked = [(handle, list(columns)) for handle in self.tables.handles]
        yield from self.workers.get(self.workers.put(_selected, asked))


class _Looked(NamedTuple):
    """Of a column: what it is, what a look found, the odd cells."""

    column: Column
    look: ColumnLook | None
    odd: dict[str, Any]


@final
@dataclass(frozen=True, kw_only=True)
class ColumnsThere(ColumnsElsewhere):
    """Those of a table in parts on workers, which keep its codes too."""

    file: TableThere

    def found(self) -> ColumnsFound:
        """Look at the columns, and make the codes.

        Raises
        ------
        DataError
            For a cell that cannot be used, or a column with too many different texts.
        """
        tables = self._tables()
        self.progress("reading columns", 0, 2)
        looked = self._looked(tables)
        self.progress("reading columns", 1, 2)
        odd = Oddities(self.file.path)
        for one in looked:
            odd.take(one.odd)
        columns = tuple(one.column for one in looked)
        give_back()  # what the target was read in
        return ColumnsFound(
            Codes(columns, self._codes(tables, columns)),
            [one.look for one in looked if one.look is not None],
            odd,
            self._note(),
        )

    def _note(self) -> str:
        parts, workers = len(self.file.tables.handles), self.file.workers.in_words
        return f"read by {workers}, in {count_of(parts, 'partitions')}: X stays there"

    def _tables(self) -> InParts:
        """The parts' rows that are kept, and the columns that are looked at."""
        workers, (handles, lengths) = self.file.workers, self.file.tables
        edges = [0, *np.cumsum(lengths).tolist()]
        own = [self.kept[start:stop] for start, stop in pairwise(edges)]
        asked = [
            (handle, self.names, None if rows.all() else rows)
            for handle, rows in zip(handles, own, strict=True)
        ]
        return InParts(workers.put(_rows_kept, asked), [int(rows.sum()) for rows in own])

    def _looked(self, tables: InParts) -> list[_Looked]:
        """What each column is, by all of its cells."""
        missing = dict.fromkeys(self.names, self.table.missing)
        by_name: dict[str, Column] = {}
        if self.known is not None:
            by_name = {column.name: column for column in self.known}
            missing = {name: column.missing for name, column in by_name.items()}
        signs = [(0, 0)]
        if self.known is None and self.table.decimal is None:
            signs = self._asked(tables, missing, signs_of)
        table = replace(self.table, cells=())
        how = partial(
            _look_at, table=table, sign=table.sign_from(signs), by_name=by_name, kept=self.kept
        )
        return self._asked(tables, missing, partial(how, source=self.file.path))

    def _asked(self, tables: InParts, missing: dict[str, tuple[str, ...]], ask: Ask) -> list[Any]:
        def of(name: str, values: Any) -> Any:
            return ask(read_cells(name, values, missing[name]))

        return whole_columns(
            self.file.workers, tables.handles, self.names, (_selected, _in_turn), of
        )

    def _codes(self, tables: InParts, columns: tuple[Column, ...]) -> RemoteRows:
        """Groups of rows as numbers; how many there are follows from the size of all alone."""
        m, workers = sum(tables.lengths), self.file.workers
        edges = group_edges(m, 8 * m * len(columns))
        groups = cut(workers, [tables], edges, _themselves, pa.concat_tables)
        return RemoteRows.made_of(workers, groups, _coding(columns))


def _look_at(
    cells: Cells,
    *,
    table: ReadTable,
    sign: str,
    by_name: dict[str, Column],
    kept: np.ndarray,
    source: object,
) -> _Looked:
    """On a worker: one column, whole."""
    known, odd = by_name.get(cells.name), Oddities(source)
    found = None if known is not None else look(cells, sign, table)
    column = known or (found.column if found is not None else Column(name="", kind="text"))
    column, _ = column_codes(column, cells, source, np.flatnonzero(kept), odd)
    if len(column.levels) > MOST_TEXTS:
        raise DataError(
            f"{source}: column {cells.name!r} has {len(column.levels):,} different texts, and on a "
            f"cluster {MOST_TEXTS:,} is the most: an identifier tells nothing, and is better left "
            f"out: {to_drop([cells.name])}"
        )
    return _Looked(column, found, odd.to_dict())


def _coding(columns: tuple[Column, ...]) -> Callable[[Any], np.ndarray]:
    """How rows become codes, whose columns were looked at; texts are places among all of these."""
    as_levels = [replace(one, kind="category") if one.kind == "text" else one for one in columns]

    def codes(table: Any) -> np.ndarray:
        found, nobody = np.empty((table.num_rows, len(columns))), Oddities("")
        # What the table begins with was looked at: these rows begin none.
        rows = np.arange(1, 1 + table.num_rows)
        for at, column in enumerate(as_levels):
            cells = read_cells(column.name, table[column.name], column.missing)
            found[:, at] = column_codes(column, cells, "", rows, nobody)[1]
        return found

    return codes


def _themselves(table: Any) -> Any:
    return table


def _selected(table: Any, names: Sequence[str]) -> Any:
    return table.select(list(names))


def _rows_kept(table: Any, names: Sequence[str], kept: np.ndarray | None) -> Any:
    found = table.select(list(names))
    return found if kept is None else found.filter(kept)


def _in_turn(pieces: list[Any], names: Sequence[str]) -> Iterator[Any]:
    whole = pa.concat_tables(pieces)
    for name in names:
        yield whole[name]
