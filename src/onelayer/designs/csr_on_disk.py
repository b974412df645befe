"""Rows in compressed form (CSR) that stay in files: the numbers that are stored, and their columns.

Where each row ends is held in memory, 8 bytes a row; the rest is read in groups of rows that take
about as many bytes each, see `file_groups.py`. Which rows a group has follows from X alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from scipy import sparse

from onelayer.designs.file_groups import FileGroups, StampedFile
from onelayer.designs.kept_reads import digest_of
from onelayer.designs.rows_on_disk import GATHERED
from onelayer.designs.values import held, mapped_file
from onelayer.file_stamps import FileStamp

GROUP_BYTES = 1 << 25  # guard: of rows read at a time; two such buffers, and (n, k) sums beside
END = np.dtype(np.int64).itemsize


@dataclass(frozen=True)
class FileNumbers:
    """Numbers of one type in a file, one after the other from a byte on."""

    path: Path
    dtype: np.dtype
    stamp: FileStamp
    offset: int = 0

    @classmethod
    def of_file(cls, path: Path, dtype: Any) -> Self:
        """All of a file, as it is now."""
        return cls(path, np.dtype(dtype), FileStamp.of(path.stat()))


@final
@dataclass(eq=False)
class CsrOnDisk(FileGroups):
    """X (m, n), sparse.

    Attributes
    ----------
    place
        Where its numbers are.
    columns
        Where the column of each is, in 32 bits or 64.
    ends
        (m + 1,): row i has the numbers `ends[i]` to `ends[i + 1]`.
    n
        Columns.
    held_as
        The dtype that X would have in memory; what is stored may be smaller, and is exact.
    told_by
        What tells these rows from others, but for their number of columns.
    base
        What the first column is called.
    ascending
        Whether each row has its columns in ascending order, none of them twice.
    """

    place: FileNumbers
    columns: FileNumbers
    ends: np.ndarray
    n: int
    budget: int
    held_as: np.dtype
    told_by: tuple[Any, ...]
    base: int = 0
    ascending: bool = False
    fetched: int = 0
    kept: dict[int, Any] = field(default_factory=dict)
    dense = False

    def __post_init__(self) -> None:
        self.shape = len(self.ends) - 1, self.n
        self.density = self.nnz / max(1, self.shape[0] * self.n)

    @property
    def dtype(self) -> np.dtype:
        """As X would have it in memory."""
        return self.held_as

    @property
    def nnz(self) -> int:
        """Numbers that are stored."""
        return int(self.ends[-1] - self.ends[0])

    @property
    def nbytes(self) -> int:
        """Of X as it is stored, with the ends of rows."""
        return self.bytes_of(slice(0, len(self)))

    @property
    def identity(self) -> tuple[Any, ...]:
        """What it was made of, its columns, and the groups."""
        return (*self.told_by, self.base, self.shape, len(self.groups))

    @cached_property
    def groups(self) -> list[slice]:
        """The rows of each group: as many groups as X has `GROUP_BYTES`, alike in bytes."""
        rows = len(self)
        count = min(rows, max(1, -(-self.nbytes // GROUP_BYTES)))
        before = (self.ends - self.ends[0]) * self.by_entry + END * np.arange(rows + 1)
        inner = np.searchsorted(before, self.nbytes * np.arange(1, count) // count)
        edges = np.unique([0, *inner.tolist(), rows]).tolist()
        return [slice(start, stop) for start, stop in pairwise(edges)]

    def bytes_of(self, rows: slice) -> int:
        """Of their numbers and columns, and of where each row ends."""
        entries = int(self.ends[rows.stop] - self.ends[rows.start])
        return entries * self.by_entry + END * (rows.stop - rows.start)

    def opened(self) -> _OpenedCsr:
        """The two files."""
        return _OpenedCsr(self)

    def __getitem__(self, rows: Any) -> Any:
        """These rows, a slice or numbers, in memory."""
        numbers = np.arange(len(self))[rows]
        order = np.argsort(numbers, kind="stable")
        found = self._gathered(numbers[order])
        return found if (np.diff(order) > 0).all() else found[np.argsort(order)]

    def _gathered(self, numbers: np.ndarray) -> Any:
        """Rows by ascending numbers; put together from parts they would be there twice."""
        ends = np.append(0, np.cumsum(self.ends[numbers + 1] - self.ends[numbers]))
        data, columns = np.empty(ends[-1], self.dtype), np.empty(ends[-1], self.columns.dtype)
        done = 0
        with self.opened() as files:
            for part in self._picked(files, numbers) if len(numbers) else ():
                data[done : done + part.nnz], columns[done : done + part.nnz] = (
                    part.data,
                    part.indices,
                )
                done += part.nnz
        found = sparse.csr_matrix((data, columns, ends), (len(numbers), self.n))
        if self.ascending:
            found.has_canonical_format = True
        return found

    def _picked(self, files: _OpenedCsr, numbers: np.ndarray) -> Iterator[Any]:
        """What lies near together is read together."""
        first = self.ends[numbers] * self.by_entry
        between = first[1:] - self.ends[numbers[:-1] + 1] * self.by_entry
        apart = (between > GATHERED) | (np.diff(first // GROUP_BYTES) != 0)
        for some in np.split(numbers, np.flatnonzero(apart) + 1):
            start, stop = int(some[0]), int(some[-1]) + 1
            found = files.rows(start, stop)
            yield found if (np.diff(some) == 1).all() else found[some - start]

    @property
    def by_entry(self) -> int:
        """Bytes of a number and its column."""
        return self.place.dtype.itemsize + self.columns.dtype.itemsize


class _OpenedCsr:
    """The files of some rows, open."""

    def __init__(self, X: CsrOnDisk) -> None:
        self.X, self.both = X, ExitStack()
        self.files = [(one, StampedFile(one.path, one.stamp)) for one in (X.place, X.columns)]

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            for _, file in self.files:
                opening.enter_context(file)
            self.both = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.both.close()

    def rows(self, start: int, stop: int, buffer: np.ndarray | None = None) -> Any:
        """Rows start to stop of X, as CSR; in `buffer` (bytes) where it is given."""
        ends = self.X.ends[start : stop + 1] - self.X.ends[start]
        if buffer is None:
            buffer = np.empty(int(ends[-1]) * self.X.by_entry + END, np.uint8)
        values, columns = self._filled(buffer, start, int(ends[-1]))
        if self.X.base:
            columns -= columns.dtype.type(self.X.base)
        small = ends.astype(columns.dtype, copy=False)
        found = sparse.csr_matrix((values, columns, small), (stop - start, self.X.n))
        if self.X.ascending:  # else it would be looked for in every read
            found.has_canonical_format = True
        return found

    def forget(self, rows: slice) -> None:
        """Tell the system that it need not keep these rows in its cache."""
        first, last = (int(self.X.ends[at]) for at in (rows.start, rows.stop))
        for numbers, file in self.files:
            size = numbers.dtype.itemsize
            file.forget(numbers.offset + first * size, (last - first) * size)

    def _filled(self, raw: np.ndarray, start: int, entries: int) -> Iterator[np.ndarray]:
        """The numbers and the columns from row `start` on, one after the other in `raw`.

        Each begins at a multiple of 8 bytes, where processors expect them: the bytes of a group
        have room for it, as the ends of its rows lie elsewhere.
        """
        at, first = 0, int(self.X.ends[start])
        for numbers, file in self.files:
            size = numbers.dtype.itemsize
            part = raw[at : at + entries * size]
            file.fill(part, numbers.offset + first * size, start)
            file.require_unchanged()
            self.X.fetched += len(part)
            at += -(-len(part) // END) * END
            yield part.view(numbers.dtype)


def csr_on_disk(X: Any, budget: int) -> Any:
    """X itself, or its rows on disk, if its numbers and columns map files and exceed the budget.

    Maps of bytes that were changed in memory alone are taken as they are.
    """
    maps = mapped_file(X.data), mapped_file(X.indices)
    size = X.data.nbytes + X.indices.nbytes
    flat = X.format == "csr" and X.data.flags.c_contiguous and X.indices.flags.c_contiguous
    if (
        any(one is None for one in maps)
        or size <= budget
        or not flat
        or X.data.dtype.kind not in "biuf"
    ):
        return X
    place, columns = map(_mapped, (X.data, X.indices), maps)
    told = [(str(one.path.resolve()), *one.stamp, one.offset) for one in (place, columns)]
    return CsrOnDisk(
        place=place,
        columns=columns,
        ends=np.asarray(X.indptr, np.int64),
        n=int(X.shape[1]),
        budget=int(budget),
        held_as=held(X[:0]).dtype,
        told_by=(*told, digest_of((np.asarray(X.indptr),))),
    )


def _mapped(values: np.ndarray, root: Any) -> FileNumbers:
    """Where the numbers of a map lie."""
    if root.mode != "r":
        root.flush()  # what is still to be written would change the file's time later
    start = values.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    path = Path(root.filename)
    return FileNumbers(path, values.dtype, FileStamp.of(path.stat()), root.offset + start)
