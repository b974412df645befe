"""Rows that are read from files group by group, ahead of what is computed; some groups are kept.

A budget says how many groups stay in memory after the first read, evenly spread, so that the others
are read while these are computed with. Groups come in ascending order whatever is kept: the budget
changes no sum. A file that was cut short, changed or replaced is an error that names it.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self, final

import numpy as np

from onelayer.designs.disk_rows import DiskRows
from onelayer.designs.survey import size_of
from onelayer.designs.values import held
from onelayer.designs.watched_reads import watched
from onelayer.errors import DataError
from onelayer.file_stamps import FileStamp
from onelayer.memory_limits import free_memory, give_back


class OpenRows(Protocol):
    """Rows whose files are open."""

    def rows(self, start: int, stop: int, buffer: np.ndarray | None = None) -> Any:
        """Rows start to stop; in `buffer` (bytes) where it is given. DataError as in `visit`."""
        ...

    def forget(self, rows: slice) -> None:
        """Tell the system that it need not keep these rows in its cache."""
        ...


class FileGroups(DiskRows):
    """X (m, n) in files.

    Attributes
    ----------
    budget
        Bytes of groups that may stay in memory.
    fetched
        Bytes read from the files so far.
    kept
        The groups that are in memory, by number.
    """

    budget: int
    fetched: int
    kept: dict[int, Any]

    @abstractmethod
    def bytes_of(self, rows: slice) -> int:
        """Bytes that these rows take as they are stored."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[OpenRows]:
        """The rows, to be read from."""

    @property
    def stays(self) -> list[bool]:
        """Which groups are kept in memory: as many as the budget holds, evenly spread."""
        sizes = [self.bytes_of(rows) for rows in self.groups]
        count = len(sizes)
        fit = min(count, int(self.budget // max(1, *sizes)))
        return [(i + 1) * fit // count > i * fit // count for i in range(count)]

    @property
    def resident(self) -> int:
        """Bytes that are in memory now."""
        return sum(map(size_of, self.kept.values()))

    def visit(self) -> Iterator[tuple[int, slice, Any]]:
        """Each group's number, its rows, and X there as designs hold it, in order: one read of all.

        What is not kept lies in a buffer that is used again: a group is good until the next one.

        Raises
        ------
        DataError
            Where a file was cut short, changed, replaced or cannot be read.
        """
        watch, before = watched(), self.fetched
        with self.opened() as files, _Ahead(self, files) as ahead:
            if watch is not None:
                watch.begin(len(self))
            for number, rows in enumerate(self.groups):
                yield number, rows, held(ahead.group(number))
                if watch is not None:
                    watch.saw(rows.stop, self.fetched - before)
        give_back()


@final
class StampedFile:
    """A file that is open for reading at any byte, and is looked at whenever it was read."""

    def __init__(self, path: Path, stamp: FileStamp) -> None:
        self.path, self.stamp = path, stamp

    def __enter__(self) -> Self:
        try:
            self.descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError as error:
            raise DataError(f"{self.path} cannot be opened: {error.strerror}") from error
        try:
            self.require_unchanged()
        except DataError:
            os.close(self.descriptor)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def fill(self, raw: np.ndarray, at: int, row: int) -> None:
        """Read bytes from a position until `raw` is full; they are those of `row` of X and on."""
        view, done = raw.data, 0
        while done < len(raw):
            try:
                got = os.preadv(self.descriptor, [view[done:]], at + done)
            except OSError as error:
                raise DataError(
                    f"{self.path} cannot be read at byte {at + done}, row {row} of X: "
                    f"{error.strerror}"
                ) from error
            if got == 0:
                raise DataError(
                    f"{self.path} ends at byte {at + done}, within what should be row {row} "
                    "of X or one soon after: it was cut short; make it anew, and fit again"
                )
            done += got

    def forget(self, at: int, length: int) -> None:
        """Tell the system that it need not keep these bytes in its cache."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.descriptor, at, length, os.POSIX_FADV_DONTNEED)

    def require_unchanged(self) -> None:
        """Refuse a file that is no longer what it was; DataError."""
        now, seen = FileStamp.of(os.fstat(self.descriptor)), self.stamp
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
            f"{self.path} {what} while X was read from it: "
            "leave it as it is during a fit, and start again"
        )


class _Ahead:
    """Groups in order; a thread fills one buffer while the other is computed with."""

    def __init__(self, X: FileGroups, files: OpenRows) -> None:
        self.X, self.files, self.places = X, files, X.groups
        self.stay = X.stays
        self.to_read = [i for i in range(len(self.places)) if i not in X.kept]
        self.free: list[np.ndarray] = []
        self.waiting: dict[int, tuple[Future[Any], np.ndarray]] = {}
        self.in_use: np.ndarray | None = None
        streamed = X.nbytes - X.resident
        self.forgets = streamed > free_memory()  # reading on would push everything else out

    def __enter__(self) -> Self:
        size = max(map(self.X.bytes_of, self.places))
        self.free = [np.empty(size, np.uint8) for _ in range(min(2, len(self.to_read)))]
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="onelayer-disk")
        self._order()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.shutdown(cancel_futures=True)

    def group(self, number: int) -> Any:
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
            in_order = {"order": "K"} if isinstance(found, np.ndarray) else {}
            self.X.kept[number] = found = found.copy(**in_order)
        if self.stay[number] or self.forgets:
            self.files.forget(self.places[number])
        return found

    def _order(self) -> None:
        while self.free and self.to_read:
            number, buffer = self.to_read.pop(0), self.free.pop()
            rows = self.places[number]
            self.waiting[number] = (
                self.thread.submit(self.files.rows, rows.start, rows.stop, buffer),
                buffer,
            )
