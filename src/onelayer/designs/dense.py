"""A dense X in memory, as it came: float64, float32, float16 or uint8; the NumPy block loop.

Blocks of rows are converted, centred and scaled in the cache. Small data take the NumPy block
loop, which imports no Numba and is the twin of every kernel; larger data take the kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np

from onelayer.designs.design import (
    SMALL_BYTES,
    Design,
    Ledger,
    Pass,
    Sums,
    Traits,
    are_labels,
    block_forward,
    block_moments,
    block_sums,
)
from onelayer.designs.fused import FusedDense
from onelayer.designs.scaling import Scaling, standard_scaling

BLOCK_BYTES = 1 << 19  # a converted block and its products stay within a core's cache of 1 MiB
GRAM_COLUMNS = 256  # at least: each block reads and writes all of K, 20 s at m = 4000 with 16
OUTER_BYTES = 1 << 24  # of rows f (x) r: BLAS takes its own blocks of them


@final
class DenseDesign(Design):
    """X (m, n) in memory; products in float64 for float64, small data or `double`."""

    def __init__(
        self, X: np.ndarray, scaling: Scaling | None = None, *, double: bool = False
    ) -> None:
        m, n = X.shape
        self.X = X
        self.scaling = scaling
        small = X.nbytes < SMALL_BYTES
        exact = X.dtype == np.float64 or small
        self.dtype = np.dtype(np.float64 if exact or double else np.float32)
        self.folded = None
        self.traits = Traits(
            m, n, max(X.nbytes, 1), 1.0, frozenset({"rows", "hessian", "gram", "sample"})
        )
        self.ledger = Ledger()
        # Kernels read along rows; a Fortran-ordered X goes through blocks, which turn it.
        in_rows = X.flags.c_contiguous
        # No kernel is compiled for the few passes that want other products than X's own.
        self.compiled = not small and in_rows and (exact or not double)
        self._centred = scaling is not None and bool(scaling.centre.any())
        self._augmented: list[tuple[slice, np.ndarray]] | None = None
        self.fused = FusedDense(X, scaling, self.dtype) if self.compiled else None

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = X' W + b: (m, k)."""
        if self.fused is None:
            return block_forward(self, W, b)
        self.ledger.bytes_read += self.X.nbytes
        return self.fused.forward(W, b)

    def sums(self, asked: Pass) -> Sums:
        """Loss, X'^T dz and sum dz, by the route that the size of X chose."""
        if self.fused is None or not are_labels(asked.targets):
            return block_sums(self, asked)
        self.ledger.bytes_read += self.X.nbytes
        return self.fused.sums(asked)

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Rows and their block, converted, centred and scaled."""
        m, n = self.X.shape
        step = max(1, BLOCK_BYTES // max(1, n * self.dtype.itemsize))
        for start in range(0, m, step):
            rows = slice(start, min(start + step, m))
            self.ledger.bytes_read += self.X[rows].nbytes
            yield rows, self._convert(self.X[rows])

    def augmented_blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Rows and their [block 1]; those of small data are made once and kept."""
        if self._augmented is not None:
            self.ledger.bytes_read += self.X.nbytes
        elif 8 * self.X.size < SMALL_BYTES:
            self._augmented = list(super().augmented_blocks())
        return iter(self._augmented or super().augmented_blocks())

    def augment(self, block: np.ndarray) -> np.ndarray:
        """[block 1]."""
        return np.column_stack([block, np.ones(len(block), block.dtype)])

    def outer(self, augmented: np.ndarray, F: np.ndarray) -> np.ndarray:
        """sum (f f^T) (x) r r^T: of the products R^T R, R = f (x) r, NumPy makes one half."""
        n, k = augmented.shape[1], F.shape[1]
        step = max(1, OUTER_BYTES // (n * k * self.dtype.itemsize))
        S = np.zeros((n * k, n * k))
        for start in range(0, len(augmented), step):
            part = slice(start, start + step)
            R = augmented[part, :, None] * F[part, None].astype(augmented.dtype, copy=False)
            R = R.reshape(-1, n * k)
            S += R.T @ R
        return S.reshape(n, k, n, k)

    def form(self, augmented: np.ndarray, M: np.ndarray) -> np.ndarray:
        """r^T M r for every row, in float64."""
        R = augmented.astype(np.float64, copy=False)
        return np.einsum("ij,ij->i", R @ M, R)

    def square(self, block: np.ndarray) -> np.ndarray:
        """The block with every element squared."""
        return block * block

    def sample(self, rows: np.ndarray) -> np.ndarray:
        """[X'[rows] 1] as a float32 array."""
        picked = np.ones((len(rows), self.X.shape[1] + 1), np.float32)
        step = max(1, BLOCK_BYTES // max(1, 8 * self.X.shape[1]))
        for start in range(0, len(rows), step):
            block = self.X[rows[start : start + step]]
            picked[start : start + step, :-1] = self._convert(block)
            self.ledger.bytes_read += block.nbytes
        return picked

    def exactly(self) -> Design:
        """The same X with products in float64, on the same ledger; itself where they are."""
        if self.dtype == np.float64:
            return self
        exact = DenseDesign(self.X, self.scaling, double=True)
        exact.ledger = self.ledger
        return exact

    def magnitudes(self, rows: np.ndarray) -> np.ndarray:
        """Mean squares (n + 1,) of what [W b] is multiplied by in these rows."""
        squares = super().magnitudes(rows)
        if self.X.dtype == np.uint8 and self.scaling is not None:
            squares[:-1] += (self.scaling.centre * self.scaling.scale) ** 2  # W and b have taken it
        return squares

    def moments_pass(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum h x' and sum h x'^2 (n, k), by the route that the size of X chose."""
        if self.fused is None:
            return block_moments(self, h)
        self.ledger.bytes_read += self.X.nbytes
        return self.fused.moments(h)

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

    def _column_blocks(self, fewest: int = 1) -> Iterator[tuple[slice, np.ndarray]]:
        """Columns, at least so many, and their block in float64, centred and scaled."""
        m, n = self.X.shape
        step = max(fewest, BLOCK_BYTES // max(1, 8 * m))
        for start in range(0, n, step):
            columns = slice(start, start + step)
            self.ledger.bytes_read += self.X[:, columns].nbytes
            yield columns, self._convert(self.X[:, columns], columns, np.dtype(np.float64))

    def _convert(
        self, block: np.ndarray, columns: slice = slice(None), dtype: np.dtype | None = None
    ) -> np.ndarray:
        dtype = dtype or self.dtype
        if self.scaling is None:
            return block.astype(dtype, copy=False)
        centred = block.astype(dtype)
        if self._centred:
            centred -= self.scaling.centre[columns].astype(dtype)
        centred *= self.scaling.scale[columns].astype(dtype)
        return centred


def dense_standard_scaling(X: np.ndarray, weights: np.ndarray) -> Scaling:
    """Standardisation of X: weighted moments in float64, merged block by block (Chan et al. 1979).

    `weights` (m,) sum to 1. The variance is the population's, as in scikit-learn's StandardScaler.
    Columns are counted from their first value: a far mean costs no digits, a constant is 0.
    """
    n = X.shape[1]
    origin = X[np.argmax(weights > 0)].astype(np.float64)
    mean, square, total = np.zeros(n), np.zeros(n), 0.0
    step = max(1, BLOCK_BYTES // (8 * max(n, 1)))
    for start in range(0, len(X), step):
        v = weights[start : start + step]
        block, weight = X[start : start + step].astype(np.float64) - origin, v.sum()
        if weight == 0:
            continue
        block_mean = v @ block / weight
        block -= block_mean
        shift = block_mean - mean
        total += weight
        mean += shift * (weight / total)
        square += v @ block**2 + shift**2 * weight * (total - weight) / total
    return standard_scaling(origin + mean, square / total, X.dtype)
