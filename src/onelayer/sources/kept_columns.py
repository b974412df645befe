"""A table larger than memory: its columns become codes in the cache, one column at a time.

A column is looked at as a whole, by the same functions as in memory, so that a model is the same;
the others wait in their files. What is kept is a number a cell: it does not depend on who is
trained on, nor on any setting of the fit, and the next training of the same files begins with it.
"""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from onelayer.designs import columns_on_disk, digest_of
from onelayer.inputs.columns import Codes, Column
from onelayer.kept_folders import KeptFolder, KeptFolders, require_room
from onelayer.memory_limits import give_back, memory_budget
from onelayer.readers.seen_files import SeenFiles
from onelayer.sources.source import Progress
from onelayer.words import size_in_words

if TYPE_CHECKING:
    from onelayer.inputs.column_kinds import ColumnLook, ReadTable
    from onelayer.inputs.oddities import Oddities
    from onelayer.readers.tables.cells import Cells
    from onelayer.readers.tables.table_files import TableFile

KIND = "tables"
RESIDENT = 0.25
"""Of the memory that may be used, for codes, or for sparse features; more is held of each row.
*Guard*."""


@final
@dataclass(frozen=True)
class ColumnsFound:
    """Codes on disk, what was found in the columns, and the cells that were odd."""

    codes: Codes
    looked: list[ColumnLook]
    odd: Oddities
    note: str


@dataclass(frozen=True, kw_only=True)
class ColumnsElsewhere(ABC):
    """The columns of a table that are looked at, and do not lie in memory here.

    Attributes
    ----------
    file
        The table.
    table
        How it is read; its cells are read again whenever they are looked at.
    names
        The columns.
    known
        The same as a model has them; None where they are to be found out.
    kept
        (m,), which rows are kept: those that have a target and a weight.
    memory
        As in the settings.
    progress
        Told column by column.
    """

    file: Any
    table: ReadTable
    names: list[str]
    known: tuple[Column, ...] | None
    kept: np.ndarray
    memory: float | str | None
    progress: Progress

    @abstractmethod
    def found(self) -> ColumnsFound:
        """Make the codes.

        Raises
        ------
        DataError
            Where a cell cannot be used, or there is no room.
        """


@final
@dataclass(frozen=True, kw_only=True)
class KeptColumns(ColumnsElsewhere):
    """Those of a table in files, kept on disk.

    Attributes
    ----------
    seen
        The files as they were before anything was read of them, the target too.
    """

    file: TableFile
    seen: SeenFiles

    def found(self) -> ColumnsFound:
        """Make the codes, or find them where they were made before.

        Raises
        ------
        DataError
            Where the disk has no room, a file changes while it is read, or a cell cannot be used.
        """
        from onelayer.inputs.column_kinds import ColumnLook
        from onelayer.inputs.oddities import Oddities

        there = KeptFolders(KIND).get(self._name, self._make, self._wait)
        told = json.loads((there.folder / "columns.json").read_text())
        columns = tuple(Column.from_dict(one) for one in told["columns"])
        shape = int(self.kept.sum()), len(columns)
        budget = int(RESIDENT * memory_budget(self.memory))
        values = columns_on_disk(there.folder / "codes", shape, budget)
        return ColumnsFound(
            Codes(columns, values),
            [ColumnLook.from_dict(one) for one in told["looked"]],
            Oddities.from_dict(self.file.path, told["odd"]),
            self._note(there, values.nbytes),
        )

    @cached_property
    def _name(self) -> str:
        """A digest of the files as they were seen, and of all that the codes depend on."""
        table = replace(self.table, cells=(), texts=frozenset())
        how = (version("onelayer"), table, sorted(self.table.texts), self.file.options)
        files = [(str(path.resolve()), *stamp) for path, stamp in self.seen.stamps]
        return digest_of((*how, *files, self.names, self.known, self.kept))

    def _wait(self) -> None:
        self.progress("waiting for another training, which reads the same table", 0, 1)

    def _note(self, there: KeptFolder, size: int) -> str:
        made = "as they were found before" if there.reused else "made now"
        return (
            f"the table would take more memory than may be used ({size_in_words(self._most)} of "
            f"{size_in_words(memory_budget(self.memory))}): its cells lie as numbers in "
            f"{there.folder}, {size_in_words(size)}, {made}, and X is made of them as it is read"
        )

    @property
    def _most(self) -> int:
        from onelayer.readers.tables.several import TIMES

        return TIMES * self.file.in_memory

    def _make(self, folder: Path) -> None:
        """Nothing is left of what fails: it is begun anew, and a full disk had better have room."""
        try:
            self._fill(folder)
        except BaseException:
            for path in folder.iterdir():
                if path.suffix or path.name == "codes":
                    path.unlink()
            raise

    def _fill(self, folder: Path) -> None:
        from onelayer.inputs.oddities import Oddities

        self.seen.require_unchanged()
        size = 8 * int(self.kept.sum()) * len(self.names)
        copied = self.file.in_memory // 2  # of text, which takes twice its bytes in memory
        require_room(folder, size + copied, f"what is read of {self.file.path}")
        copy, odd = folder / "copy.parquet", Oddities(self.file.path)
        cells = _InTurn(self, self.file.by_column(self.names, copy))
        with (folder / "codes").open("wb") as codes:
            looked, columns = self._written(codes, cells, odd)
            codes.flush()
            os.fsync(codes.fileno())
        for path in folder.glob(f"*{copy.name}"):
            path.unlink()
        self.seen.require_unchanged()
        told = {
            "columns": [asdict(column) for column in columns],
            "looked": [one.to_dict() for one in looked],
            "odd": odd.to_dict(),
        }
        (folder / "columns.json").write_text(json.dumps(told))

    def _written(
        self, codes: Any, in_turn: _InTurn, odd: Oddities
    ) -> tuple[list[ColumnLook], list[Column]]:
        """Write the codes, column after column, and return what was found in them."""
        from onelayer.inputs.codes import column_codes
        from onelayer.inputs.column_kinds import ColumnLook, look

        table = replace(self.table, cells=in_turn)
        sign = table.sign if self.known is None else ""
        looked, columns = list[ColumnLook](), list[Column]()
        places = np.arange(len(self.kept), dtype=np.int32)[self.kept]

        def write(cells: Cells) -> None:
            """Of one column, of which nothing is held when the next one is read."""
            if self.known is None:
                looked.append(look(cells, sign, table))
                column = looked[-1].column
            else:
                column = self.known[len(columns)]
            column, values = column_codes(column, cells, self.file.path, places, odd)
            # Not `tofile`, whose error does not say that the disk is full.
            codes.write(np.ascontiguousarray(values, np.float64).data)
            columns.append(column)

        give_back()
        for cells in table.cells:
            write(cells)
            del cells
            give_back()
            self.progress("reading columns", len(columns), len(self.names))
        return looked, columns


@dataclass(frozen=True)
class _InTurn:
    """The columns' cells, of the rows that are kept, each read from a file when it is looked at."""

    columns: KeptColumns
    file: TableFile

    def __iter__(self) -> Iterator[Cells]:
        from onelayer.readers.tables.cells import read_in_turn

        asked = self.columns
        for at, name in enumerate(asked.names):
            missing = asked.table.missing if asked.known is None else asked.known[at].missing
            yield read_in_turn(name, self._kept(name), missing)

    def _kept(self, name: str) -> Iterator[Any]:
        """The column in pieces, of the rows that are kept."""
        from onelayer.readers.tables.arrow_arrays import mask_of
        from onelayer.readers.tables.several import pieces_of

        start, kept = 0, self.columns.kept
        for piece in pieces_of(self.file, name):
            own = kept[start : start + len(piece)]
            start += len(piece)
            yield piece if own.all() else piece.filter(mask_of(own))
