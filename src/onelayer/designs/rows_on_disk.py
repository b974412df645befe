"""Rows of X that stay in their file: read by position, some kept in memory within a budget.

No memory map: its pages push everything else out of memory, and a file that somebody cuts short
kills the process. Rows are read in groups of a fixed number of rows. A budget says how many groups
are kept after the first read, evenly spread, so that the others are read while these are computed
with. Groups come in ascending order whatever is kept: the budget changes no sum.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from onelayer.designs.disk_rows import DiskRows
from onelayer.designs.values import held, mapped_file
from onelayer.designs.watched_reads import watched
from onelayer.errors import DataError
from onelayer.file_stamps import FileStamp
from onelayer.memory_limits import free_memory

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
class RowsOnDisk(DiskRows):
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
    fetched
        Bytes read from the file so far.
    """

    place: FilePlace
    shape: tuple[int, int]
    stored: np.dtype
    budget: int
    stamp: FileStamp
    swells: float = 1.0
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

    @property
    def stays(self) -> list[bool]:
        """Which groups are kept in memory: as many as the budget holds, evenly spread."""
        sizes = [rows.stop - rows.start for rows in self.groups]
        count, by_row = len(sizes), self.shape[1] * self.stored.itemsize
        fit = min(count, int(self.budget // max(1, max(sizes) * by_row)))
        return [(i + 1) * fit // count > i * fit // count for i in range(count)]

    @property
    def resident(self) -> int:
        """Bytes that are in memory now."""
        return sum(X.nbytes for X in self.kept.values())

    def __getitem__(self, rows: Any) -> np.ndarray:
        """These rows, a slice or ascending numbers, as designs hold them."""
        with _Opened(self) as file:
            if isinstance(rows, slice):
                start, stop, step = rows.indices(self.shape[0])
                return held(file.rows(start, max(start, stop))[::step])
            numbers = np.asarray(rows)
            if numbers.dtype == bool:
                numbers = np.flatnonzero(numbers)
            return held(self._picked(file, numbers))

    def _picked(self, file: _Opened, numbers: np.ndarray) -> np.ndarray:
        """Rows by their numbers: what lies near together is read together."""
        found = np.empty((len(numbers), self.shape[1]), self.stored)
        steps, together = np.diff(numbers), max(1, GROUP_BYTES // (found[:1].nbytes or 1))
        near = max(1, GATHERED // max(1, self.place.by_row))
        apart = (steps > near) | (steps < 0) | (np.diff(numbers // together) != 0)
        ends = np.flatnonzero(apart) + 1
        for some in np.split(np.arange(len(numbers)), ends):
            if len(some):
                first, last = int(numbers[some[0]]), int(numbers[some[-1]])
                found[some] = file.rows(first, last + 1)[numbers[some] - first]
        return found

    def column(self, j: int) -> np.ndarray:
        """Column j as it is stored, (m,): one read of it, where columns are contiguous."""
        found = np.empty(self.shape[0], self.stored)
        with _Opened(replace(self, shape=(len(self), 1), place=self.place.of_column(j))) as file:
            for rows in self.groups:
                found[rows] = file.rows(rows.start, rows.stop)[:, 0]
        return found

    def visit(self) -> Iterator[tuple[int, slice, np.ndarray]]:
        """Each group's number, its rows, and X there as designs hold it, in order: one read of all.

        What is not kept lies in a buffer that is used again: an array is good until the next one.

        Raises
        ------
        DataError
            Where the file was cut short, changed, replaced or cannot be read.
        """
        watch, before = watched(), self.fetched
        with _Opened(self) as file, _Ahead(self, file) as ahead:
            if watch is not None:
                watch.begin(len(self))
            for number, rows in enumerate(self.groups):
                yield number, rows, held(ahead.group(number))
                if watch is not None:
                    watch.saw(rows.stop, self.fetched - before)


class _Opened:
    """The file of some rows, open, and looked at before and after each read."""

    def __init__(self, X: RowsOnDisk) -> None:
        self.X, self.place = X, X.place

    def __enter__(self) -> Self:
        try:
            self.descriptor = os.open(self.place.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise DataError(f"{self.place.path} cannot be opened: {error.strerror}") from error
        try:
            self._require_unchanged()
        except DataError:
            os.close(self.descriptor)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def rows(self, start: int, stop: int, buffer: np.ndarray | None = None) -> np.ndarray:
        """Rows start to stop of X, row by row in memory; in `buffer` (bytes) where it is given."""
        count, n = max(0, stop - start), self.X.shape[1]
        needed = count * n * self.X.stored.itemsize
        raw = np.empty(needed, np.uint8) if buffer is None else buffer[:needed]
        found = raw.view(self.X.stored).reshape(count, n)
        size, place = self.X.stored.itemsize, self.place
        if place.by_column != size and n > 1:
            column = np.empty(count, self.X.stored)
            for j in range(n):
                at = place.offset + start * place.by_row + j * place.by_column
                self._fill(column.view(np.uint8), at, start)
                found[:, j] = column
        elif place.by_row == n * size or count < 2:
            self._fill(raw, place.offset + start * place.by_row, start)
        else:
            self._fill_apart(found, start)
        self._require_unchanged()
        return found

    def forget(self, rows: slice) -> None:
        """Tell the system that it need not keep these rows in its cache."""
        if hasattr(os, "posix_fadvise") and self.place.by_row >= self.place.by_column:
            length = (rows.stop - rows.start) * self.place.by_row
            at = self.place.offset + rows.start * self.place.by_row
            os.posix_fadvise(self.descriptor, at, length, os.POSIX_FADV_DONTNEED)

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
        """Read bytes from a position until `raw` is full."""
        view, done = raw.data, 0
        while done < len(raw):
            try:
                got = os.preadv(self.descriptor, [view[done:]], at + done)
            except OSError as error:
                raise DataError(
                    f"{self.place.path} cannot be read at byte {at + done}, row {row} of X: "
                    f"{error.strerror}"
                ) from error
            if got == 0:
                raise DataError(
                    f"{self.place.path} ends at byte {at + done}, within what should be row {row} "
                    "of X or one soon after: it was cut short; make it anew, and fit again"
                )
            done += got
        self.X.fetched += len(raw)

    def _require_unchanged(self) -> None:
        now, seen = FileStamp.of(os.fstat(self.descriptor)), self.X.stamp
        if now == seen:
            return
        what = (
            f"was cut short from {seen.size} to {now.size} bytes"
            if now.size < seen.size
            else "was replaced by another file"
            if now.inode != seen.inode
            else "was changed"
        )
        raise DataError(
            f"{self.place.path} {what} while X was read from it: "
            "leave it as it is during a fit, and start again"
        )


class _Ahead:
    """Groups in order; a thread fills one buffer while the other is computed with."""

    def __init__(self, X: RowsOnDisk, file: _Opened) -> None:
        self.X, self.file, self.places = X, file, X.groups
        self.stay = X.stays
        self.to_read = [i for i in range(len(self.places)) if i not in X.kept]
        self.free: list[np.ndarray] = []
        self.waiting: dict[int, tuple[Future[np.ndarray], np.ndarray]] = {}
        self.in_use: np.ndarray | None = None
        streamed = X.nbytes - X.resident
        self.forgets = streamed > free_memory()  # reading on would push everything else out

    def __enter__(self) -> Self:
        size = max(rows.stop - rows.start for rows in self.places)
        size *= self.X.shape[1] * self.X.stored.itemsize
        self.free = [np.empty(size, np.uint8) for _ in range(min(2, len(self.to_read)))]
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="onelayer-disk")
        self._order()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.shutdown(cancel_futures=True)

    def group(self, number: int) -> np.ndarray:
        """The group of this number, asked for in order."""
        if self.in_use is not None:
            self.free.append(self.in_use)
            self.in_use = None
            self._order()
        if number in self.X.kept:
            return self.X.kept[number]
        future, self.in_use = self.waiting.pop(number)
        found = future.result()
        if self.stay[number]:
            self.X.kept[number] = found = found.copy()
        if self.stay[number] or self.forgets:
            self.file.forget(self.places[number])
        return found

    def _order(self) -> None:
        while self.free and self.to_read:
            number, buffer = self.to_read.pop(0), self.free.pop()
            rows = self.places[number]
            self.waiting[number] = (
                self.thread.submit(self.file.rows, rows.start, rows.stop, buffer),
                buffer,
            )


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
