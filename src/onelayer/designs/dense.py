"""A dense X in memory, as it came: float64, float32, float16 or uint8.

Blocks of rows are converted, centred and scaled in the cache. Small data take the NumPy block
loop, which imports no Numba and is the twin of every kernel; larger data take the kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import final

import numpy as np

from onelayer.designs.blocks import Block, converted, make_block
from onelayer.designs.design import Design
from onelayer.designs.fused import COLUMNS, FusedDense
from onelayer.designs.passes import SMALL_BYTES
from onelayer.designs.scaling import Scaling

BLOCK_BYTES = 1 << 19  # theory: a converted block and its products fit a core's cache of 1 MiB
BLOCK_ROWS = 8192  # theory: OpenBLAS adds up 10,000 products and more in a part for each thread
TILED = 9  # theory: columns from which on tiles along them have more numbers than zeros
GRAM_COLUMNS = 256  # measured: at least; each block reads and writes all of K


@final
class DenseDesign(Design):
    """X (m, n) in memory; products in float64 for float64, small data or `double`."""

    def __init__(
        self,
        X: np.ndarray,
        scaling: Scaling | None = None,
        *,
        double: bool = False,
        kernels_from: int = SMALL_BYTES,
    ) -> None:
        offers = frozenset({"sample", "gram"})
        super().__init__(X.shape, X.dtype, X.nbytes, scaling, offers=offers, double=double)
        self.X = X
        # Kernels read along rows; a Fortran-ordered X goes through blocks, which turn it. None is
        # compiled for the few passes that want other products than X's own.
        own = not double or X.dtype == np.float64
        self.compiled = X.nbytes >= kernels_from and X.flags.c_contiguous and own

    def read(self) -> Iterator[tuple[slice, np.ndarray]]:
        """As many rows as stay in the cache."""
        m, n = self.X.shape
        step = rows_together(n, self.dtype.itemsize)
        for start in range(0, m, step):
            rows = slice(start, min(start + step, m))
            yield rows, self.X[rows]

    def blocks(self) -> Iterator[tuple[slice, Block]]:
        """Rows and their block; those of small data are made once and kept."""
        if 8 * self.X.size >= SMALL_BYTES:
            return super().blocks()
        self.ledger.add(self.X.nbytes)
        return iter(self._kept)

    def backward(self, U: np.ndarray) -> np.ndarray:
        """X'^T u: (n, k), by kernels where u is one column, or enough for tiles along them."""
        k = U.shape[1]
        if self.compiled and k == 1:
            return self.by_kernels().backward(U[:, 0])
        # Of bytes, kernels take the centre out of the sums, which leaves them fewer digits.
        if self.compiled and TILED <= k <= COLUMNS and self.X.dtype != np.uint8:
            return self.by_kernels().backward_columns(U)
        return super().backward(U)

    def sample(self, rows: np.ndarray) -> np.ndarray:
        """[X'[rows] 1] as a float32 array; those rows alone are read."""
        picked = np.ones((len(rows), self.X.shape[1] + 1), np.float32)
        step = max(1, BLOCK_BYTES // max(1, 8 * self.X.shape[1]))
        for start in range(0, len(rows), step):
            block = self.X[rows[start : start + step]]
            picked[start : start + step, :-1] = converted(block, self.scaling, self.dtype)
            self.ledger.add(block.nbytes)
        return picked

    def magnitudes(self, rows: np.ndarray) -> np.ndarray:
        """Mean squares (n + 1,) of what [W b] is multiplied by in these rows."""
        squares = super().magnitudes(rows)
        if self.X.dtype == np.uint8 and self.scaling is not None:
            squares[:-1] += (self.scaling.centre * self.scaling.scale) ** 2  # W and b have taken it
        return squares

    def gram(self) -> np.ndarray:
        """X' X'^T: (m, m), in float64: it is factored, and what it loses is lost for good."""
        K = np.zeros((len(self.X), len(self.X)))
        for _, block in self._column_blocks(GRAM_COLUMNS):
            K += block @ block.T
        return K

    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k), in float64."""
        W = np.empty((self.X.shape[1], alpha.shape[1]))
        for columns, block in self._column_blocks():
            W[columns] = (alpha.T @ block).T  # 1.6 times as fast as block.T @ alpha
        return W

    @cached_property
    def _kept(self) -> list[tuple[slice, Block]]:
        make = partial(make_block, scaling=self.scaling, dtype=self.dtype)
        return [(rows, make(X)) for rows, X in self.read()]

    @cached_property
    def kernels(self) -> FusedDense:
        """Passes by kernels."""
        return FusedDense(self.X, self.scaling, self.dtype)

    def _column_blocks(self, fewest: int = 1) -> Iterator[tuple[slice, np.ndarray]]:
        """Columns, at least so many, and their block in float64, centred and scaled."""
        m, n = self.X.shape
        step, double = max(fewest, BLOCK_BYTES // max(1, 8 * m)), np.dtype(np.float64)
        for start in range(0, n, step):
            columns = slice(start, start + step)
            self.ledger.add(self.X[:, columns].nbytes)
            part = self.scaling and self.scaling.of_columns(columns)
            yield columns, converted(self.X[:, columns], part, double)


def rows_together(n: int, itemsize: int) -> int:
    """As many rows as stay in the cache, and BLAS adds up alike on any number of its threads."""
    return min(max(1, BLOCK_BYTES // max(1, n * itemsize)), BLOCK_ROWS)
