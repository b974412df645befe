"""Tables in files that the workers of a cluster read, each file by one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from onelayer.errors import DataError, UsageError
from onelayer.settings import Settings
from onelayer.sources.source import no_progress
from onelayer.sources.table import TableInFile, TableSource
from onelayer.sources.tables import TablesInFiles
from onelayer.words import spelt

if TYPE_CHECKING:
    from onelayer.designs.dask_workers import Workers
    from onelayer.readers.tables.table_files import TableFile
    from onelayer.sources.columns_there import ColumnsThere, TableThere


@dataclass(frozen=True)
class FilesThere:
    """What a person points at, and the workers that are to read it.

    Attributes
    ----------
    given
        A table, several in a list, or a folder of them.
    workers
        Those of a cluster.
    """

    given: str | Path | list[str]
    workers: Workers


@final
class TablesThere(TableSource):
    """Tables in files as without a cluster, but for who reads them."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """`FilesThere`."""
        del settings
        return isinstance(given, FilesThere)

    @cached_property
    def here(self) -> TableSource:
        """The same files as they would be read here, by their whole paths."""
        given = self.given.given
        paths = given if isinstance(given, list) else [given]
        whole = [str(Path(path).resolve()) for path in paths]
        return require_files(whole if isinstance(given, list) else whole[0], self.settings)

    @property
    def described(self) -> str:
        """As without a cluster."""
        given = self.given.given
        if not isinstance(given, list):
            return str(given)
        return TablesInFiles(given, self.settings).described

    @property
    def paths(self) -> tuple[str, ...]:
        """As they were given."""
        given = self.given.given
        return tuple(map(str, given)) if isinstance(given, list) else (str(given),)

    @property
    def identity(self) -> str:
        """By their places."""
        return self.here.identity

    @property
    def notes(self) -> tuple[str, ...]:
        """As without a cluster."""
        return self.here.notes

    def parts(self) -> tuple[str, ...]:
        """As without a cluster."""
        return self.here.parts()

    def elsewhere(self, file: TableFile) -> type[ColumnsThere]:
        """The cells stay with the workers."""
        from onelayer.sources.columns_there import ColumnsThere

        del file
        return ColumnsThere

    @cached_property
    def file(self) -> TableFile:
        """Those that are trained on."""
        return self.part_file("train")

    def part_file(self, part: str | None) -> TableThere:
        """The files of a part, read; errors as without a cluster.

        Raises
        ------
        UsageError
            Where a worker cannot read a file.
        """
        from onelayer.readers.tables.several import TablesInTurn
        from onelayer.sources.columns_there import TableThere
        from onelayer.sources.partition_types import alike

        whole, workers = self.here.part_file(part), self.given.workers
        files = whole.files if isinstance(whole, TablesInTurn) else (whole,)
        _require_no_pipe(files)
        asked = [(one, list(whole.names), one.path.stat().st_size) for one in files]
        tables, _ = alike(workers, workers.put(_read_there, asked), whole.path)
        return TableThere(
            path=whole.path,
            names=whole.names,
            notes=whole.notes,
            options=whole.options,
            usual=whole.decimal,
            workers=workers,
            tables=tables,
            typed=whole.typed,
        )


def require_files(given: Any, settings: Settings) -> TableSource:
    """Return the tables in files that these are, not read yet.

    Raises
    ------
    UsageError
        For what is no table in a file.
    """
    kinds: tuple[type[TableSource], ...] = (TablesInFiles, TableInFile)
    for kind in kinds:
        if kind.takes(given, settings):
            return kind.opened(given, settings, no_progress)
    raise UsageError(
        f"{given} is no table that workers can read: {spelt('cluster')} is for .csv and .parquet "
        "files, several of the same columns, or a folder of them"
    )


def _require_no_pipe(files: Sequence[TableFile]) -> None:
    from onelayer.readers.tables.suffixes import is_pipe

    pipes = [str(one.path) for one in files if is_pipe(one.path)]
    if pipes:
        raise UsageError(f"{pipes[0]} is a pipe, which no worker can read: give a file")


def _read_there(file: TableFile, names: Sequence[str], size: int) -> Any:
    """On a worker: the whole file, if it is the one that was seen."""
    try:
        there = file.path.stat().st_size
        with file.path.open("rb"):
            pass
    except OSError as error:
        raise UsageError(
            f"a worker cannot read {file.path}: {error.strerror}. Files must lie where every "
            f"worker reads them by this path, as on a shared disk; without {spelt('cluster')} this "
            "machine reads them"
        ) from error
    if there != size:
        raise DataError(
            f"{file.path} has {size} bytes here and {there} on a worker: give files that are the "
            "same everywhere"
        )
    return file.read(names)
