"""What rows that do not lie in memory are asked for, wherever they come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse


class DiskRows(ABC):
    """X (m, n), read in groups of rows; indexed by rows it gives them in memory.

    Attributes
    ----------
    shape
        (m, n).
    dense, density
        Whether groups are arrays, else CSR; the part of the numbers that is stored.
    """

    shape: tuple[int, int]
    ndim = 2
    dense = True
    density = 1.0

    def __len__(self) -> int:
        """Rows."""
        return self.shape[0]

    @property
    @abstractmethod
    def dtype(self) -> np.dtype:
        """As designs hold it."""

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Of X."""

    @property
    @abstractmethod
    def identity(self) -> tuple[Any, ...]:
        """What tells these rows from others."""

    @property
    @abstractmethod
    def groups(self) -> list[slice]:
        """The rows of each group."""

    @abstractmethod
    def __getitem__(self, rows: Any) -> Any:
        """These rows, a slice or ascending numbers, as designs hold them: CSR where groups are."""

    @abstractmethod
    def visit(self) -> Iterator[tuple[int, slice, Any]]:
        """Each group's number, its rows, and X there as designs hold it, in order: one read of all.

        A group is good until the next one.
        """


def numbers_of_rows(asked: Any, m: int) -> np.ndarray:
    """The numbers of rows of m that are asked for by a slice, their numbers, or a mark for each.

    Nothing larger is made: rows are asked for some at a time, of very many.
    """
    if isinstance(asked, slice):
        return np.arange(*asked.indices(m))
    found = np.asarray(asked)
    return np.flatnonzero(found) if found.dtype == bool else found


def is_sparse(X: Any) -> bool:
    """Whether X is sparse, in memory or on disk."""
    return not X.dense if isinstance(X, DiskRows) else bool(sparse.issparse(X))


def density_of(X: Any) -> float:
    """The part of the numbers of X, in memory or on disk, that is stored."""
    if isinstance(X, DiskRows):
        return X.density
    return float(X.nnz / max(1, X.shape[0] * X.shape[1])) if sparse.issparse(X) else 1.0
