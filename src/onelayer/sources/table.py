"""A table in a file becomes examples: its target, weights and groups, and codes of the rest."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from onelayer.errors import DataError, DataWarning
from onelayer.inputs import TableInputs
from onelayer.inputs.base import is_path
from onelayer.inputs.columns import Codes
from onelayer.inputs.examples import Examples
from onelayer.readers import Audit
from onelayer.readers.arrays.kinds import array_kind
from onelayer.readers.labels import encode, in_case_alone
from onelayer.readers.seen_files import SeenFiles
from onelayer.readers.tables.suffixes import is_pipe, table_kind
from onelayer.readers.tables.table_options import TableOptions
from onelayer.settings import Settings
from onelayer.sources.kept_columns import ColumnsElsewhere, KeptColumns
from onelayer.sources.source import Like, Progress, Source, digest
from onelayer.sources.table_roles import TableRoles
from onelayer.sources.target_labels import class_labels, in_no_order, without_dots

if TYPE_CHECKING:
    from onelayer.inputs.column_kinds import ReadTable
    from onelayer.inputs.oddities import Oddities
    from onelayer.readers.tables.cells import Cells
    from onelayer.readers.tables.table_files import TableFile

_WEIGHTS = 1e-100, 1e100
"""Where the largest weight must lie. *Guard*: squares and sums of weights are divided by."""
_SHOWN = 8


class TableSource(Source):
    """A table; the examples' X holds codes until `TableInputs.fit` has learnt their features.

    Rows without a target, or of weight 0, are left out.
    """

    @property
    @abstractmethod
    def file(self) -> TableFile:
        """The table itself, read column by column."""

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Read a part, or all of it where it has none.

        Raises
        ------
        UsageError
            Where no target is named, or a column that is named is not there.
        DataError
            Where the file is damaged, a column cannot be used, or the target has no two classes.
        """
        self.require_no_pictures(like)
        self.progress("reading", 0, 1)
        return self.examples(self.part_file(part), self.settings, like)

    def part_file(self, part: str | None) -> TableFile:
        """The table of a part; without a name of the one that judges. Here there is one alone."""
        del part
        return self.file

    def examples(self, file: TableFile, asked: Settings, like: Like | None) -> Examples:
        """Read a table as these settings ask for it; errors as `read`."""
        return _Reading(file, asked, like, self.progress, self.elsewhere(file)).examples()

    def elsewhere(self, file: TableFile) -> Callable[..., ColumnsElsewhere] | None:
        """Where its cells stay: on disk, if it does not fit into memory; None: in memory.

        Asked before any of them is read.
        """
        from onelayer.readers.tables.several import is_larger

        larger = is_larger(file, self.settings.memory)
        return partial(KeptColumns, seen=SeenFiles.of(file.paths)) if larger else None


@final
class TableInFile(TableSource):
    """A file, .csv or .parquet."""

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """By its name, or as it has a target and is no file of arrays.

        A Parquet file whose X is named holds arrays, see `ArrayFile`.
        """
        if settings.x is not None and is_path(given) and table_kind(Path(given)) == "parquet":
            return False
        if not is_path(given) or not (Path(given).is_file() or is_pipe(Path(given))):
            return False
        path = Path(given)
        return table_kind(path) is not None or (
            settings.target is not None and array_kind(path) is None
        )

    @property
    def identity(self) -> str:
        """By its place."""
        return digest(f"path:{Path(self.given).resolve()}".encode())

    @cached_property
    def file(self) -> TableFile:
        """Opened when it is first looked at."""
        from onelayer.readers.tables.table_files import open_table

        return open_table(Path(self.given), TableOptions.of(vars(self.settings)))


@dataclass(frozen=True)
class _Reading:
    """One table that is read: to be trained on, or like what was."""

    file: TableFile
    asked: Settings
    like: Like | None
    progress: Progress
    elsewhere: Callable[..., ColumnsElsewhere] | None

    @property
    def path(self) -> Path:
        """What messages call it."""
        return self.file.path

    @cached_property
    def columns(self) -> TableRoles:
        """Which column is what."""
        return TableRoles(self.file, self.asked, self.like)

    def examples(self) -> Examples:
        """Read the rows that have a target and a weight."""
        from onelayer.readers.tables.arrow_arrays import mask_of

        there = self.elsewhere is not None
        wanted = {*self.columns.roles} if there else {*self.columns.predictors, *self.columns.roles}
        table = self.file.read([name for name in self.file.names if name in wanted])
        kept, notes = self._kept(table)
        table = table if kept.all() else table.filter(mask_of(kept))
        labels, classes, renamed = self._labels(table)
        weights, group = self._weights(table), self._groups(table)
        table = None if there else table
        codes, described, odd = self._kept_codes(kept) if there else self._codes(table, kept)
        odd.tell(strict=self.asked.strict)
        said = (*described, *odd.notes, *notes, *renamed, *self._on_unseen(codes))
        audit = Audit(source=str(self.path), read=len(labels), notes=said)
        return Examples(
            whole=codes.values,
            labels=labels,
            classes=classes,
            names=np.flatnonzero(kept).astype(np.int32),
            inputs=TableInputs(
                columns=codes.columns,
                target=self.columns.of_role("target"),
                weights=self.columns.of_role("weights"),
                options=self.file.options,
            ),
            audit=audit.of_labels(classes.tolist(), labels, weights),
            weights=weights,
            group=group,
        )

    def _kept(self, table: Any) -> tuple[np.ndarray, list[str]]:
        """Mark the rows that have a target and a weight above 0, and say how many have not.

        That a word counts as no class, as NA, is a warning: it may have been meant as one.
        """
        from onelayer.inputs.column_kinds import written_as

        target, weights = self.columns.of_role("target"), self._weights(table)
        cells = self._target(table)
        known = ~cells.missing
        weighs = np.ones(len(known), bool) if weights is None else weights > 0
        said = {
            f"have no {target}{written_as(cells.words)}": int((~known).sum()),
            "have the weight 0": int((known & ~weighs).sum()),
        }
        notes = [
            f"{count:,} rows {what}, and were left out" for what, count in said.items() if count
        ]
        if notes and self.asked.strict:
            raise DataError(f"{self.path}: {notes[0]} (strict)")
        if not (known & weighs).any():
            weight = "" if weights is None else " and a weight above 0"
            raise DataError(f"{self.path}: no row has a {target}{weight}")
        if any(cells.words):
            warnings.warn(f"{self.path}: {notes[0]}", DataWarning, stacklevel=2)
        return known & weighs, notes

    def _codes(self, table: Any, kept: np.ndarray) -> tuple[Codes, list[str], Oddities]:
        """Return the codes of a table in memory, what to say of it, and its odd cells."""
        from onelayer.inputs.codes import codes_of
        from onelayer.inputs.column_kinds import inferred
        from onelayer.inputs.oddities import Oddities

        columns, notes = (
            inferred(self._as_read([self._cells(table, name) for name in self.columns.predictors]))
            if self.like is None
            else (self.columns.known(self.like), [])
        )
        odd = Oddities(self.path)
        codes = codes_of(columns, table, self.path, np.flatnonzero(kept), odd)
        return codes, self._described(notes), odd

    def _kept_codes(self, kept: np.ndarray) -> tuple[Codes, list[str], Oddities]:
        """Return the same of a table that stays elsewhere."""
        from onelayer.inputs.column_kinds import described

        if self.elsewhere is None:
            raise ValueError("the columns of this table lie in memory: ask for its codes")
        found = self.elsewhere(
            file=self.file,
            table=self._as_read(()),
            names=self.columns.predictors,
            known=None if self.like is None else self.columns.known(self.like),
            kept=kept,
            memory=self.asked.memory,
            progress=self.progress,
        ).found()
        notes = described(found.looked, self.path.name) if self.like is None else []
        return found.codes, [*self._described(notes), found.note], found.odd

    def _described(self, notes: list[str]) -> list[str]:
        """What to say of the file, and of its columns."""
        columns, roles = self.columns, self.columns.roles
        first = f"target {columns.of_role('target')}"
        if self.like is None:
            also = [f"{role} {name}" for name, role in roles.items() if role != "target"]
            dropped = [f"{len(self.asked.drop)} dropped"] if self.asked.drop else []
            return [", ".join([first, *also, *dropped]), *self.file.notes, *notes]
        extra = [name for name in self.file.names if name not in {*columns.predictors, *roles}]
        notes = [f"{self.path.name}: not looked at: {_some(extra)}"] if extra else []
        lost = self.asked.weights is not None and columns.of_role("weights") is None
        if lost:
            notes.append(f"{self.path.name} has no weights: every row counts the same")
        return [first, *notes]

    def _as_read(self, cells: Iterable[Cells]) -> ReadTable:
        from onelayer.inputs.column_kinds import ReadTable

        return ReadTable(
            source=self.path.name,
            cells=cells,
            decimal=self.file.options.decimal,
            missing=self.file.options.missing,
            usual=self.file.decimal,
            texts=frozenset(self.columns.texts),
        )

    def _labels(self, table: Any) -> tuple[np.ndarray, np.ndarray, list[str]]:
        name = self.columns.of_role("target") or ""
        target, notes = self._target(table), list[str]()
        like, booleans = self.like, self._has_booleans(target)
        found, places = class_labels(target, self.path, booleans=booleans, new=like is None)
        if like is None:
            positions, classes = encode(found, None, self.path)
            if len(classes) < 2:
                counted = " with a weight above 0" * (self.asked.weights is not None)
                what = f"the target {name!r} is {classes[0]} in every row{counted}"
                raise DataError(f"{self.path}: {what}: a classifier needs two classes or more")
            said = [*in_case_alone(classes), *in_no_order(classes, name)]
            return _small(positions)[places], classes, said
        found, dotted = without_dots(found, like.classes.tolist())
        if dotted:
            notes.append(f"{self.path.name}: the classes end in a dot, which is passed over")
        positions, classes = encode(found, like.classes.tolist(), self.path)
        return _small(positions)[places], classes, notes

    def _has_booleans(self, target: Cells) -> bool:
        """Whether true and false are Booleans: as what was trained on has them.

        There a text file can write them in no other way; a table in memory says which are text.
        """
        if self.like is not None:
            return self.like.classes.dtype == np.bool_
        return target.declared or not self.file.typed

    def _on_unseen(self, codes: Codes) -> list[str]:
        found = [f"{name} {count:,}" for name, count in codes.unseen().items()]
        what = f"{self.path.name}: rows with a level not seen in training: "
        return [what + _some(found)] if found else []

    def _weights(self, table: Any) -> np.ndarray | None:
        from onelayer.readers.tables.cells import nature_of, numbers_of

        name = self.columns.of_role("weights")
        if name is None:
            return None
        cells = self._cells(table, name)
        weights = numbers_of(cells, self.path, nature_of(cells, self.file.decimal).notation)
        largest = float(weights.max(initial=0.0))
        if largest > _WEIGHTS[1] or 0 < largest < _WEIGHTS[0]:
            raise DataError(
                f"{self.path}: the weights {name!r} are at most {largest:g}, whose sums and "
                f"squares no float holds: multiply all of them by {1 / largest:.0e}"
            )
        wrong = ~(weights >= 0)
        if wrong.any():
            row = int(wrong.argmax())
            value = "nothing" if np.isnan(weights[row]) else f"{weights[row]:g}"
            raise DataError(
                f"{self.path}: the weights {name!r} have {value} in row {row}, counted from 0: "
                "give numbers, at least 0"
            )
        return weights

    def _groups(self, table: Any) -> np.ndarray | None:
        """Texts of the groups; a row without one is a group by itself."""
        from onelayer.readers.tables.cells import texts_of

        name = self.columns.of_role("group")
        if name is None:
            return None
        texts = texts_of(self._cells(table, name)).to_pylist()
        alone = (f"\0{self.path}:{row}" for row in range(len(texts)))
        return np.array([next(alone) if text is None else text for text in texts])

    def _target(self, table: Any) -> Cells:
        """A category of numbers is of the numbers; whole ones that no float holds are texts."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from onelayer.readers.tables.cells import as_classes, read_cells

        name = self.columns.of_role("target") or ""
        array = table[name]
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        if pa.types.is_integer(array.type):
            ends = [abs(end or 0) for end in pc.min_max(array).as_py().values()]
            array = array.cast(pa.large_string()) if max(ends) >= 2**53 else array
        return as_classes(read_cells(name, array, self.file.options.missing))

    def _cells(self, table: Any, name: str) -> Cells:
        from onelayer.readers.tables.cells import read_cells

        return read_cells(name, table[name], self.file.options.missing)


def _small(positions: np.ndarray) -> np.ndarray:
    """The same in the smallest type with a sign, as labels are subtracted."""
    return positions.astype(np.min_scalar_type(-1 - int(positions.max(initial=0))))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
