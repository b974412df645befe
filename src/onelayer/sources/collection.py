"""Collections of Dask: a data frame whose partitions are tables, or X and y as arrays."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from onelayer.designs.cluster_workers import workers_of
from onelayer.designs.dask_collections import columns_of, is_collection, parts_of
from onelayer.errors import DataError, UsageError
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings
from onelayer.sources.frame import TARGET, arrow_table, free_name
from onelayer.sources.table import TableSource

if TYPE_CHECKING:
    from onelayer.designs.dask_workers import Workers
    from onelayer.readers.tables.table_files import TableFile
    from onelayer.sources.columns_there import ColumnsThere
    from onelayer.sources.source import Progress

THERE = "the Dask data frame"


@final
class CollectionSource(TableSource):
    """A data frame of Dask with its `target`, or (frame, y) of as many partitions."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """A collection that has columns."""
        del settings
        table = given[0] if _is_pair(given) else given
        return is_collection(table) and hasattr(columns_of(table), "columns")

    @classmethod
    def opened(cls, given: Any, settings: Settings, progress: Progress) -> CollectionSource:
        """Of (frame, y) the labels become a column of their own."""
        if _is_pair(given):
            taken = list(map(str, columns_of(given[0]).columns))
            settings = replace(settings, target=free_name(TARGET, taken))
        return cls(given, settings, progress)

    @property
    def described(self) -> str:
        """The same for all: a card does not print a table."""
        return THERE

    @property
    def paths(self) -> tuple[str, ...]:
        """None."""
        return ()

    def elsewhere(self, file: TableFile) -> type[ColumnsThere]:
        """Its cells stay with its workers."""
        from onelayer.sources.columns_there import ColumnsThere

        del file
        return ColumnsThere

    @cached_property
    def identity(self) -> str:
        """By its columns, and the content of the one that holds the classes."""
        file, target = self.file, self.settings.target
        name = file.names[0 if target is None else file.position(target)]
        told = blake2b(f"{file.names} {file.rows}".encode(), digest_size=16)
        for batch in file.batches([name]):
            told.update("".join(f"{cell!r}," for cell in batch[name].to_pylist()).encode())
        return told.hexdigest()

    @cached_property
    def file(self) -> TableFile:
        """Its partitions, as tables in memory are read; they are computed once, and stay there."""
        from onelayer.sources.columns_there import TableThere
        from onelayer.sources.partition_types import alike

        workers = workers_of()
        handles = workers.compute(parts_of(self._frame), arrow_table)
        if _is_pair(self.given):
            handles = self._with_labels(workers, handles)
        tables, names = alike(workers, handles, Path(THERE))
        options = TableOptions.of(vars(self.settings))
        return TableThere(
            path=Path(THERE), names=names, notes=(), options=options, workers=workers, tables=tables
        )

    @property
    def _frame(self) -> Any:
        return self.given[0] if _is_pair(self.given) else self.given

    def _with_labels(self, workers: Workers, handles: list[Any]) -> list[Any]:
        y = self.given[1]
        if not is_collection(y):
            raise UsageError(
                f"X is a Dask data frame, and y a {type(y).__name__}: give y as a column of X, by "
                "its name as target"
            )
        labels = workers.compute(parts_of(y), _labels)
        if len(labels) != len(handles):
            raise DataError(
                f"X has {len(handles)} partitions, and y {len(labels)}: give y as a column of X, "
                "by its name as target"
            )
        name = self.settings.target
        asked = [(*pair, name, at) for at, pair in enumerate(zip(handles, labels, strict=True))]
        return workers.put(_labelled, asked)


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2


def _labels(part: Any) -> np.ndarray:
    return np.asarray(part)


def _labelled(table: Any, labels: np.ndarray, name: str, at: int) -> Any:
    """A partition with its labels as a column."""
    from onelayer.readers.tables.mixed import cells

    if len(labels) != table.num_rows:
        raise DataError(
            f"partition {at} of X has {table.num_rows} rows, and that of y {len(labels)}: give one "
            "label each"
        )
    return table.append_column(name, cells(labels.tolist()))
