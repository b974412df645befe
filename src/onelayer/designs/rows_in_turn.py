"""Rows of several sources as one, of which some stay on disk; nothing is copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, final

import numpy as np

from onelayer.designs.disk_rows import DiskRows
from onelayer.designs.kept_reads import digest_of
from onelayer.designs.values import held


@final
class RowsInTurn(DiskRows):
    """X (m, n): the rows of each source after those of the one before.

    Arrays in memory are a group each.
    """

    def __init__(self, sources: Sequence[Any]) -> None:
        self.sources = [X if isinstance(X, DiskRows) else held(X) for X in sources]
        self.starts = np.cumsum([0, *map(len, self.sources)])
        self.shape = int(self.starts[-1]), int(self.sources[0].shape[1])

    @property
    def dtype(self) -> np.dtype:
        """The smallest that holds all of them."""
        return np.result_type(*(X.dtype for X in self.sources))

    @property
    def nbytes(self) -> int:
        """Of all."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def identity(self) -> tuple[Any, ...]:
        """Of each, one after the other."""
        return tuple(
            X.identity if isinstance(X, DiskRows) else digest_of((X,)) for X in self.sources
        )

    @property
    def groups(self) -> list[slice]:
        """Those of each."""
        return [
            slice(int(start) + rows.start, int(start) + rows.stop)
            for start, X in zip(self.starts, self.sources, strict=False)
            for rows in (X.groups if isinstance(X, DiskRows) else [slice(0, len(X))])
        ]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """These rows, a slice or numbers."""
        numbers = np.arange(len(self))[rows]
        found = np.empty((len(numbers), self.shape[1]), self.dtype)
        for X, (start, stop) in zip(self.sources, pairwise(self.starts), strict=True):
            own = (numbers >= start) & (numbers < stop)
            if own.any():
                found[own] = X[numbers[own] - start]
        return found

    def visit(self) -> Iterator[tuple[int, slice, np.ndarray]]:
        """Each group's number, its rows, and X there, in order; DataError as `RowsOnDisk.visit`."""
        groups = enumerate(self.groups)
        for X in self.sources:
            found = (X for _, _, X in X.visit()) if isinstance(X, DiskRows) else [X]
            for block in found:
                number, rows = next(groups)
                yield number, rows, block.astype(self.dtype, copy=False)
