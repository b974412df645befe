"""A sparse X in compressed rows (SciPy's CSR). Scaling is folded into W and b, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, final

import numpy as np

from onelayer.designs.blocks import Block, converted, make_block
from onelayer.designs.chosen_columns import Columns, SparseColumns
from onelayer.designs.design import Design
from onelayer.designs.fused import FusedCsr
from onelayer.designs.passes import DENSE, SMALL_BYTES, Ascent, DualPoint
from onelayer.designs.scaling import ColumnMoments, Scaling
from onelayer.designs.survey import size_of

FAR = 1e3  # guard: deviations; beyond, six of sixteen digits are lost in squares


@final
class CsrDesign(Design):
    """X (m, n) as a SciPy CSR array or matrix, one block, products in float64."""

    def __init__(self, X: Any, scaling: Scaling | None = None) -> None:
        m, n = X.shape
        nbytes, offers = size_of(X), {"gram"}
        self.compiled = nbytes >= SMALL_BYTES
        # In turn every row needs its norm, which entries given twice and a centre would take.
        if self.compiled and scaling is None and X.has_canonical_format:
            offers.add("rows in turn")
        density = X.nnz / max(1, m * n)
        offered = frozenset(offers)
        super().__init__(
            X.shape, X.dtype, nbytes, scaling, offers=offered, density=density, double=True
        )
        self.X = X

    def read(self) -> Iterator[tuple[slice, Any]]:
        """All rows at once: SciPy's products already stream through X."""
        yield slice(0, self.traits.m), self.X

    def blocks(self) -> Iterator[tuple[slice, Block]]:
        """All rows at once; of few numbers as an array, which is made once and keeps all digits."""
        self.ledger.add(self.traits.nbytes)
        yield slice(0, self.traits.m), self._block

    @cached_property
    def _block(self) -> Block:
        few = self.X.shape[0] * self.X.shape[1] <= DENSE
        return make_block(self.X.toarray() if few else self.X, self.scaling, self.dtype)

    def backward(self, U: np.ndarray) -> np.ndarray:
        """X'^T u: (n, k)."""
        return self.combine(U)

    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k)."""
        if not self.compiled:
            return super().combine(alpha)
        return self.by_kernels().combine(alpha)

    def magnitudes(self, rows: np.ndarray) -> np.ndarray:
        """As `Blockwise.magnitudes`; no row is made dense: 512 of 1e6 numbers take 4 GB."""
        some = make_block(self.X[rows], self.scaling, self.dtype)
        self.ledger.add(self.traits.nbytes)
        squares = some.moments(np.full((len(rows), 1), 1 / len(rows)))[1]
        return np.append(squares[:, 0], 1.0)

    def columns(self, features: np.ndarray) -> Columns:
        """The columns `features` (ascending) of X', copied; a pass."""
        self.ledger.add(self.traits.nbytes)
        return SparseColumns.of(self.X, self.scaling, features, compiled=self.compiled)

    def row_squares(self) -> np.ndarray:
        """||x||^2 (m,)."""
        return self._in_turn().row_squares()

    def ascend(self, asked: Ascent, point: DualPoint) -> float:
        """As `Blockwise.ascend`, by the kernel."""
        return self._in_turn().ascend(asked, point)

    def gram(self) -> np.ndarray:
        """X' X'^T: (m, m), from x'_i^T x'_j = (s x_i - s c)^T (s x_j - s c).

        Columns whose mean is far from 0, in deviations, are centred as arrays: the squares of far
        means would leave nothing of what is between them.
        """
        self.ledger.add(self.traits.nbytes)
        X = self.X.astype(np.float64, copy=False)
        if self.scaling is None:
            return (X @ X.T).toarray()
        far = np.flatnonzero(np.abs(self.scaling.centre * self.scaling.scale) > FAR)
        near = self.scaling.scale.copy()
        near[far] = 0
        scaled, centre = X.multiply(near[None, :]).tocsr(), self.scaling.centre * near
        cross = scaled @ centre
        K = (scaled @ scaled.T).toarray() - cross[:, None] - cross + centre @ centre
        block = converted(X[:, far].toarray(), self.scaling.of_columns(far), self.dtype)
        return np.asarray(K + block @ block.T)

    def _in_turn(self) -> FusedCsr:
        if "rows in turn" not in self.traits.offers:
            raise NotImplementedError("small, scaled or repeating entries: no rows in turn")
        return self.by_kernels()

    @cached_property
    def kernels(self) -> FusedCsr:
        """Passes by kernels."""
        return FusedCsr(self.X, self.scaling)


def csr_moments(X: Any, weights: np.ndarray) -> ColumnMoments:
    """Moments of X: weighted, in float64, about the mean; `weights` sum to 1.

    The variance is sum_nz v (x - mean)^2 + (weight of the zeros) mean^2, less the square of what
    the mean is off by: no cancellation.
    """
    X = X.astype(np.float64)
    X.sum_duplicates()
    mean = X.T @ weights
    v, off = weights.repeat(np.diff(X.indptr)), X.data - mean[X.indices]

    def over_entries(values: np.ndarray) -> np.ndarray:
        return np.bincount(X.indices, values, X.shape[1])

    # Counted, for 1 less the weight of a full column's entries is not 0 but rounding.
    full = over_entries(v > 0) == np.count_nonzero(weights)
    zeros = np.where(full, 0, 1 - over_entries(v)).clip(0)
    error = over_entries(v * off) - zeros * mean
    variance = over_entries(v * off**2) + zeros * mean**2 - error**2
    return ColumnMoments(mean + error, variance.clip(0))
