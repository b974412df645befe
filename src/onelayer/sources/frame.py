"""Tables in memory: data frames of pandas or polars, Arrow tables, lists of dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings
from onelayer.sources.source import Progress, digest
from onelayer.sources.table import TableSource

if TYPE_CHECKING:
    from onelayer.readers.tables.table_files import TableFile

IN_MEMORY = "the data frame"
TARGET = "y"


@final
class FrameSource(TableSource):
    """A table in memory with its `target`, or (table, y)."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """What narwhals knows, Arrow tables, and lists of dictionaries."""
        del settings
        table = given[0] if _is_pair(given) else given
        return _are_rows(table) or _is_frame(table)

    @classmethod
    def opened(cls, given: Any, settings: Settings, progress: Progress) -> FrameSource:
        """Of (table, y) the labels become a column of their own."""
        if _is_pair(given):
            named = replace(settings, target=free_name(TARGET, arrow_table(given[0]).column_names))
            return cls(given, named, progress)
        return cls(given, settings, progress)

    @property
    def described(self) -> str:
        """The same for all: a card does not print a table."""
        return IN_MEMORY

    @property
    def paths(self) -> tuple[str, ...]:
        """None."""
        return ()

    @cached_property
    def identity(self) -> str:
        """By its columns, and the content of the one that holds the classes."""
        file, target = self.file, self.settings.target
        names = file.names if target is None else (file.names[file.position(target)],)
        content = str(file.read(names[:1]).to_pydict()).encode()
        return digest(f"{file.names} {file.rows}".encode() + content)

    @cached_property
    def file(self) -> TableFile:
        """Its columns, as those of a file are read."""
        from onelayer.readers.tables.mixed import cells
        from onelayer.readers.tables.table_files import ArrowTable

        given, y = self.given if _is_pair(self.given) else (self.given, None)
        table = arrow_table(given)
        if y is not None:
            if len(y) != table.num_rows:
                raise DataError(f"X has {table.num_rows} rows, and y {len(y)}: give one label each")
            labels = cells(np.asarray(y).tolist())
            table = table.append_column(str(self.settings.target), labels)
        options = TableOptions.of(vars(self.settings))
        return ArrowTable.of(Path(IN_MEMORY), table, options)


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2


def _are_rows(given: Any) -> bool:
    several = isinstance(given, (list, tuple)) and len(given) > 0
    return several and all(isinstance(row, Mapping) for row in given)


def _is_frame(given: Any) -> bool:
    """Whether it is a data frame; by its type, so that no library is imported for the asking."""
    return any(
        kind.__module__.split(".")[0] in {"pandas", "polars", "pyarrow", "modin"}
        and kind.__name__ in {"DataFrame", "LazyFrame", "Table", "RecordBatch"}
        for kind in type(given).__mro__
    )


def free_name(name: str, taken: Sequence[str]) -> str:
    """A name that no column has yet."""
    while name in taken:
        name += "_"
    return name


def arrow_table(given: Any) -> Any:
    """Return one Arrow table of any frame, a column of several types as text."""
    from onelayer.inputs.given import frame_table, given_table, known_frame

    if _are_rows(given):
        keys = list(dict.fromkeys(name for row in given for name in row))
        table, _ = given_table(given, keys)
        return table.rename_columns([str(name) for name in keys])
    return frame_table(known_frame(given, IN_MEMORY))
