"""X that is made of other rows whenever these are read: what lies on disk is smaller than X.

A table's cells are a number each, and its features many: a level has a feature of its own. So the
cells lie on disk and stay in memory, and X is made of some of them at a time, by the same function
as in a prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias, final

import numpy as np

from onelayer.designs.disk_rows import DiskRows, numbers_of_rows
from onelayer.designs.rows_on_disk import RowsOnDisk

BESIDE = 4  # guard: of X, what is held while rows of it are made, X and what it is made of included

TOGETHER = 1 << 15  # guard: rows that are made at a time of those that are asked for

Make: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""X of some stored rows: each row of it from one of them alone."""


@final
@dataclass(eq=False)
class MadeRows(DiskRows):
    """X (m, n) in float64, made of stored rows.

    Attributes
    ----------
    stored
        The rows that it is made of.
    make
        Makes X of some of them.
    shape
        (m, n).
    key
        Tells what is made from anything else that can be made of the same rows.
    """

    stored: RowsOnDisk
    make: Make
    shape: tuple[int, int]
    key: str

    @classmethod
    def of(cls, stored: RowsOnDisk, make: Make, n: int, key: str) -> Self:
        """Those with n numbers a row; a group takes as much memory as one of any other X."""
        swells = BESIDE * max(1.0, 8 * n / (stored.shape[1] * stored.stored.itemsize))
        looked_at = replace(stored, swells=swells, in_columns=True, kept={})
        return cls(looked_at, make, (len(stored), n), key)

    @property
    def dtype(self) -> np.dtype:
        """float64."""
        return np.dtype(np.float64)

    @property
    def nbytes(self) -> int:
        """Of X, which is never there as a whole."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def identity(self) -> tuple[Any, ...]:
        """Of the stored rows, and what is made of them."""
        return (*self.stored.identity, self.shape[1], self.key)

    @property
    def groups(self) -> list[slice]:
        """Those of the stored rows."""
        return self.stored.groups

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Made of these rows alone, some at a time: to make them takes more than they do."""
        asked = numbers_of_rows(rows, len(self))
        found = np.empty((len(asked), self.shape[1]), self.dtype)
        for start in range(0, len(asked), TOGETHER):
            some = np.asarray(asked[start : start + TOGETHER], np.int64)
            found[start : start + len(some)] = self.make(self.stored[some])
        return found

    def visit(self) -> Iterator[tuple[int, slice, np.ndarray]]:
        """Made of each group; DataError as `RowsOnDisk.visit`."""
        for number, rows, found in self.stored.visit():
            yield number, rows, self.make(found)
