"""Rows of X that stay in their file: read by position, some kept in memory within a budget.

No memory map: its pages push everything else out of memory, and a file that somebody cuts short
kills the process. Rows are read in groups of a fixed number of rows: see `file_groups.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, final

import numpy as np

from onelayer.designs.disk_rows import numbers_of_rows
from onelayer.designs.file_groups import FileGroups, StampedFile
from onelayer.designs.values import held, mapped_file
from onelayer.file_stamps import FileStamp

GROUP_BYTES = 1 << 26  # guard: of rows read at a time; two such buffers are used again and again
GATHERED = 1 << 16  # guard: bytes between two wanted rows that are read along with them


@dataclass(frozen=True)
class FilePlace:
    """Where rows lie in a file: the first number, bytes from row to row and column to column."""

    path: Path
    offset: int
    by_row: int
    by_column: int

    def of_column(self, j: int) -> FilePlace:
        """Where the numbers of one column lie."""
        return replace(self, offset=self.offset + j * self.by_column)


@final
@dataclass(eq=False)
class RowsOnDisk(FileGroups):
    """X (m, n) in a file, as it is.

    Attributes
    ----------
    place
        Where it lies: rows or columns contiguous.
    shape
        (m, n).
    stored
        The dtype in the file.
    budget
        Bytes of groups that may stay in memory.
    stamp
        Of the file as it was first seen; another one is an error.
    swells
        How many bytes are made of each one that is read: groups are as much smaller.
    in_columns
        Whether columns that are contiguous in the file are so in memory too: for what looks at one
        after the other. Else rows are, as kernels have them.
    fetched
        Bytes read from the file so far.
    """

    place: FilePlace
    shape: tuple[int, int]
    stored: np.dtype
    budget: int
    stamp: FileStamp
    swells: float = 1.0
    in_columns: bool = False
    fetched: int = 0
    kept: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def dtype(self) -> np.dtype:
        """As designs hold it."""
        return np.dtype(held(np.empty((0, 1), self.stored)).dtype)

    @property
    def nbytes(self) -> int:
        """Of X as it is stored."""
        return self.shape[0] * self.shape[1] * self.stored.itemsize

    @property
    def identity(self) -> tuple[Any, ...]:
        """What tells these rows from others: the file as it was, where in it, and the groups."""
        place = self.place
        where = (str(place.path.resolve()), place.offset, place.by_row, place.by_column)
        return (*where, *self.stamp, self.shape, self.stored.str, len(self.groups))

    @property
    def groups(self) -> list[slice]:
        """The rows of each group: as many groups as X has `GROUP_BYTES`, alike in size."""
        m = self.shape[0]
        count = min(m, max(1, -(-int(self.nbytes * self.swells) // GROUP_BYTES)))
        return [slice(m * i // count, m * (i + 1) // count) for i in range(count)]

    def bytes_of(self, rows: slice) -> int:
        """As many for each row."""
        return (rows.stop - rows.start) * self.shape[1] * self.stored.itemsize

    def opened(self) -> _Opened:
        """The file."""
        return _Opened(self)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """These rows, a slice or ascending numbers, as designs hold them."""
        with _Opened(self) as file:
            if isinstance(rows, slice):
                start, stop, step = rows.indices(self.shape[0])
                return held(file.rows(start, max(start, stop))[::step])
            return held(self._picked(file, numbers_of_rows(rows, len(self))))

    def _picked(self, file: _Opened, numbers: np.ndarray) -> np.ndarray:
        """Rows by their numbers: what lies near together is read together."""
        order: Literal["F", "C"] = "F" if self.in_columns else "C"
        found = np.empty((len(numbers), self.shape[1]), self.stored, order)
        steps, together = np.diff(numbers), max(1, GROUP_BYTES // (found[:1].nbytes or 1))
        near = max(1, GATHERED // max(1, self.place.by_row))
        apart = (steps > near) | (steps < 0) | (np.diff(numbers // together) != 0)
        ends = np.flatnonzero(apart) + 1
        for some in np.split(np.arange(len(numbers)), ends):
            if len(some):
                first, last = int(numbers[some[0]]), int(numbers[some[-1]])
                found[some] = file.rows(first, last + 1)[numbers[some] - first]
        return found

    def column(self, j: int, rows: np.ndarray | None = None) -> np.ndarray:
        """Column j as it is stored, (m,), or in ascending rows (j,): one read, and no more is held.

        Cheap where columns are contiguous.
        """
        found = np.empty(len(self) if rows is None else len(rows), self.stored)
        with _Opened(replace(self, shape=(len(self), 1), place=self.place.of_column(j))) as file:
            for group in self.groups:
                start, stop = group.start, group.stop
                if rows is not None:
                    start, stop = np.searchsorted(rows, [start, stop]).tolist()
                values = file.rows(group.start, group.stop)[:, 0]
                found[start:stop] = (
                    values if rows is None else values[rows[start:stop] - group.start]
                )
        return found


class _Opened:
    """The file of some rows, open."""

    def __init__(self, X: RowsOnDisk) -> None:
        self.X, self.place, self.file = X, X.place, StampedFile(X.place.path, X.stamp)

    def __enter__(self) -> Self:
        self.file.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.file.__exit__()

    def rows(self, start: int, stop: int, buffer: np.ndarray | None = None) -> np.ndarray:
        """Rows start to stop of X; in `buffer` (bytes) where it is given."""
        count, n = max(0, stop - start), self.X.shape[1]
        needed = count * n * self.X.stored.itemsize
        raw = np.empty(needed, np.uint8) if buffer is None else buffer[:needed]
        found = raw.view(self.X.stored).reshape(count, n)
        size, place = self.X.stored.itemsize, self.place
        if place.by_column != size and n > 1:
            if self.X.in_columns:
                found = raw.view(self.X.stored).reshape(n, count).T
            other = np.empty(0 if self.X.in_columns else count, self.X.stored)
            for j in range(n):
                at = place.offset + start * place.by_row + j * place.by_column
                column = found[:, j] if self.X.in_columns else other
                self._fill(column.view(np.uint8), at, start)
                if not self.X.in_columns:
                    found[:, j] = column
        elif place.by_row == n * size or count < 2:
            self._fill(raw, place.offset + start * place.by_row, start)
        else:
            self._fill_apart(found, start)
        self.file.require_unchanged()
        return found

    def forget(self, rows: slice) -> None:
        """Tell the system that it need not keep these rows in its cache."""
        if self.place.by_row >= self.place.by_column:
            at = self.place.offset + rows.start * self.place.by_row
            self.file.forget(at, (rows.stop - rows.start) * self.place.by_row)

    def _fill_apart(self, found: np.ndarray, start: int) -> None:
        """Rows with something between them: read some with what lies between, and leave it out."""
        by_row, size = self.place.by_row, found.shape[1] * found.itemsize
        together = max(1, (1 << 22) // by_row)
        for first in range(0, len(found), together):
            count = min(together, len(found) - first)
            raw = np.empty(count * by_row, np.uint8)
            at = self.place.offset + (start + first) * by_row
            self._fill(raw[: (count - 1) * by_row + size], at, start + first)
            rows = raw.reshape(count, by_row)[:, :size]
            found[first : first + count] = np.ascontiguousarray(rows).view(found.dtype)

    def _fill(self, raw: np.ndarray, at: int, row: int) -> None:
        self.file.fill(raw, at, row)
        self.X.fetched += len(raw)


def rows_on_disk(X: Any, budget: int) -> Any:
    """X itself, or its rows on disk, if X maps a file and is larger than the budget.

    An array in memory is taken as it is, and so is a map of bytes that were changed in memory alone
    or lie in the file in no order of rows or columns.
    """
    root = mapped_file(X)
    if root is None or X.nbytes <= budget or X.ndim < 2 or 0 in X.shape:
        return X
    if X.ndim > 2:
        X = X.reshape(len(X), -1)
        if not np.may_share_memory(X, root):
            return X
    size, (by_row, by_column) = X.itemsize, X.strides
    in_rows = by_column == size and by_row >= X.shape[1] * size
    in_columns = by_row == size and by_column >= len(X) * size
    if not (in_rows or in_columns) or X.dtype.kind not in "biuf":
        return X
    start = X.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    if root.mode != "r":
        root.flush()  # what is still to be written would change the file's time later
    place = FilePlace(Path(root.filename), root.offset + start, by_row, by_column)
    stamp = FileStamp.of(place.path.stat())
    return RowsOnDisk(place, (len(X), X.shape[1]), X.dtype, int(budget), stamp)


def columns_in_file(path: Path, shape: tuple[int, int], budget: int) -> RowsOnDisk:
    """Float64 numbers of a file, column after column, as rows on disk."""
    size = np.dtype(np.float64).itemsize
    place = FilePlace(path, 0, size, size * shape[0])
    stamp = FileStamp.of(path.stat())
    return RowsOnDisk(place, shape, np.dtype(np.float64), budget, stamp)
