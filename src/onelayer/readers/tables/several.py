"""Several tables of the same columns, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import pyarrow as pa

from onelayer.errors import DataError
from onelayer.memory_limits import memory_budget
from onelayer.readers.tables.suffixes import tables_in
from onelayer.readers.tables.table_files import TableFile, open_table
from onelayer.readers.tables.table_options import AS_USUAL, TableOptions
from onelayer.words import listed

TIMES = 4
"""How many times its cells a table takes in memory until it is trained on, about: cells, codes and
features. *Guard*."""


def is_larger(file: TableFile, memory: float | str | None) -> bool:
    """Whether a table is larger than the memory that may be used; nothing of it is read."""
    return TIMES * file.in_memory > memory_budget(memory)


@final
@dataclass(frozen=True, kw_only=True)
class TablesInTurn(TableFile):
    """Files whose rows follow each other; each may be written in its own way."""

    files: tuple[TableFile, ...]

    @property
    def rows(self) -> int | None:
        """Their sum, where all of them say."""
        found = [file.rows for file in self.files]
        known = [rows for rows in found if rows is not None]
        return sum(known) if len(known) == len(found) else None

    @property
    def decimal(self) -> str:
        """That of the first."""
        return self.files[0].decimal

    @property
    def in_memory(self) -> int:
        """Their sum."""
        return sum(file.in_memory for file in self.files)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those of all."""
        return tuple(path for file in self.files for path in file.paths)

    def by_column(self, columns: Sequence[str], path: Path) -> TableFile:
        """Each file by itself, under a path beside this one."""
        parts = (path.with_name(f"{at}-{path.name}") for at in range(len(self.files)))
        files = tuple(
            file.by_column(columns, part) for file, part in zip(self.files, parts, strict=True)
        )
        return replace(self, files=files)

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield the columns, file by file."""
        for file in self.files:
            for batch in file.batches(columns):
                yield batch.select(list(columns))

    def read(self, columns: Sequence[str]) -> Any:
        """Return the columns as one table; whole numbers beside others are no other type.

        Raises
        ------
        DataError
            Where a column is of another kind in another file, or a file has no rows.
        """
        parts = [file.read(columns).select(list(columns)) for file in self.files]
        texts = [
            name
            for name in columns
            if any(pa.types.is_large_string(part.schema.field(name).type) for part in parts)
        ]
        try:
            plain = [_as_texts(part, texts) for part in parts]
            return pa.concat_tables(plain, promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"{self.path}: a column is of another type in another file: {error}"
            ) from error


def pieces_of(file: TableFile, name: str) -> Iterator[Any]:
    """Yield a column, some of its rows at a time; of files in turn all, whose type all say."""
    if isinstance(file, TablesInTurn):
        for piece in file.read([name])[name].chunks:
            yield pa.chunked_array([piece])
        return
    for batch in file.batches([name]):
        yield batch[name]


def open_tables(
    paths: Sequence[Path], called: Path, options: TableOptions = AS_USUAL
) -> TablesInTurn:
    """Return tables in files as one.

    Raises
    ------
    DataError
        Where one has other columns than the first, naming both; their order does not matter.
    """
    files = [open_table(path, options) for path in paths]
    first = files[0]
    for other in files[1:]:
        if set(other.names) != set(first.names):
            lacking = [name for name in first.names if name not in other.names]
            extra = [name for name in other.names if name not in first.names]
            said = [f"lacks {listed(lacking, 8)}"] * bool(lacking)
            said += [f"has {listed(extra, 8)} more"] * bool(extra)
            raise DataError(
                f"{other.path} {' and '.join(said)}, beside {first.path}: tables that are read as "
                "one have the same columns"
            )
    names = ", ".join(path.name for path in paths[:8]) + ", ..." * (len(paths) > 8)
    notes = dict.fromkeys(note for file in files for note in file.notes)
    return TablesInTurn(
        path=called,
        names=first.names,
        notes=(f"{len(paths)} tables, one after the other: {names}", *notes),
        options=options,
        files=tuple(files),
    )


def open_one_or_several(path: Path, options: TableOptions = AS_USUAL) -> TableFile:
    """Return the table in a file, or those of a folder as one; errors as `open_tables`."""
    several = tables_in(path) if path.is_dir() else []
    return open_tables(several, path, options) if several else open_table(path, options)


def _as_texts(table: Any, names: Sequence[str]) -> Any:
    """Return a table whose columns of these names are texts, as those of a CSV file always are."""
    for name in names:
        at = table.column_names.index(name)
        if not pa.types.is_large_string(table.schema.field(name).type):
            table = table.set_column(at, name, table[name].cast(pa.large_string()))
    return table
