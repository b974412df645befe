"""What rows that do not lie in memory are asked for, wherever they come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np


class DiskRows(ABC):
    """X (m, n), read in groups of rows; indexed by rows it gives them as an array in memory.

    Attributes
    ----------
    shape
        (m, n).
    """

    shape: tuple[int, int]
    ndim = 2

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
    def __getitem__(self, rows: Any) -> np.ndarray:
        """These rows, a slice or ascending numbers, as designs hold them."""

    @abstractmethod
    def visit(self) -> Iterator[tuple[int, slice, np.ndarray]]:
        """Each group's number, its rows, and X there as designs hold it, in order: one read of all.

        An array is good until the next one.
        """
