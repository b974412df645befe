"""Rows of several sources as one, of which some stay on disk; nothing is copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, final

import numpy as np
from scipy import sparse

from onelayer.designs.disk_rows import DiskRows, density_of, is_sparse, numbers_of_rows
from onelayer.designs.kept_reads import digest_of
from onelayer.designs.survey import size_of
from onelayer.designs.values import arrays_of, held


@final
class RowsInTurn(DiskRows):
    """X (m, n): the rows of each source after those of the one before.

    Rows in memory are a group each. All sources are dense, or all are sparse.
    """

    def __init__(self, sources: Sequence[Any]) -> None:
        self.sources = [X if isinstance(X, DiskRows) else held(X) for X in sources]
        lengths = [int(X.shape[0]) for X in self.sources]
        self.starts = np.cumsum([0, *lengths])
        self.shape = int(self.starts[-1]), int(self.sources[0].shape[1])
        densities = [density_of(X) for X in self.sources]
        self.density = float(np.average(densities, weights=lengths))
        self.dense = not is_sparse(self.sources[0])

    @property
    def dtype(self) -> np.dtype:
        """The smallest that holds all of them."""
        return np.result_type(*(X.dtype for X in self.sources))

    @property
    def nbytes(self) -> int:
        """Of all."""
        if not self.dense:
            return sum(map(size_of, self.sources))
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def identity(self) -> tuple[Any, ...]:
        """Of each, one after the other."""
        return tuple(
            X.identity if isinstance(X, DiskRows) else digest_of(arrays_of(X)) for X in self.sources
        )

    @property
    def groups(self) -> list[slice]:
        """Those of each."""
        return [
            slice(int(start) + rows.start, int(start) + rows.stop)
            for start, X in zip(self.starts, self.sources, strict=False)
            for rows in (X.groups if isinstance(X, DiskRows) else [slice(0, X.shape[0])])
        ]

    def __getitem__(self, rows: Any) -> Any:
        """These rows, a slice or numbers."""
        numbers = numbers_of_rows(rows, len(self))
        if not self.dense:
            return self._sparse_rows(numbers)
        found = np.empty((len(numbers), self.shape[1]), self.dtype)
        for X, (start, stop) in zip(self.sources, pairwise(self.starts), strict=True):
            own = (numbers >= start) & (numbers < stop)
            if own.any():
                found[own] = X[numbers[own] - start]
        return found

    def _sparse_rows(self, numbers: np.ndarray) -> Any:
        order = np.argsort(numbers, kind="stable")
        cuts = np.searchsorted(numbers[order], self.starts)
        parts = [
            X[numbers[order[first:last]] - start].astype(self.dtype, copy=False)
            for X, start, (first, last) in zip(
                self.sources, self.starts, pairwise(cuts), strict=False
            )
        ]
        return sparse.vstack(parts, format="csr")[np.argsort(order)]

    def visit(self) -> Iterator[tuple[int, slice, Any]]:
        """Each group's number, its rows, and X there, in order; DataError as `RowsOnDisk.visit`."""
        groups = enumerate(self.groups)
        for X in self.sources:
            found = (X for _, _, X in X.visit()) if isinstance(X, DiskRows) else [X]
            for block in found:
                number, rows = next(groups)
                yield number, rows, block.astype(self.dtype, copy=False)
