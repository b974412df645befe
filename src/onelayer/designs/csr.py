"""A sparse X in compressed rows (SciPy's CSR). Scaling is folded into W and b, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import numpy as np
from scipy import sparse

from onelayer.designs.design import (
    SMALL_BYTES,
    Ascent,
    Design,
    DualPoint,
    Ledger,
    Pass,
    Sums,
    Traits,
    are_labels,
    block_forward,
    block_moments,
    block_sums,
)
from onelayer.designs.fused import FusedCsr
from onelayer.designs.scaling import Scaling, standard_scaling


@final
class CsrDesign(Design):
    """X (m, n) as a SciPy CSR array or matrix, one block, products in float64."""

    def __init__(self, X: Any, scaling: Scaling | None = None) -> None:
        m, n = X.shape
        self.X = X
        self.dtype = np.dtype(np.float64)
        self.folded = scaling
        nbytes = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
        self.compiled = nbytes >= SMALL_BYTES
        offers = {"rows", "hessian", "gram"}
        # In turn every row needs its norm, which entries given twice and a centre would take.
        if self.compiled and scaling is None and X.has_canonical_format:
            offers.add("rows in turn")
        self.traits = Traits(m, n, nbytes, X.nnz / max(1, m * n), frozenset(offers))
        self.ledger = Ledger()
        self.fused = FusedCsr(X, scaling) if self.compiled else None

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = X' W + b: (m, k)."""
        if self.fused is None:
            return block_forward(self, W, b)
        self.ledger.bytes_read += self.traits.nbytes
        return self.fused.forward(W, b)

    def sums(self, asked: Pass) -> Sums:
        """Loss, X'^T dz and sum dz, by the route that the size of X chose."""
        if self.fused is None or not are_labels(asked.targets):
            return block_sums(self, asked)
        self.ledger.bytes_read += self.traits.nbytes
        return self.fused.sums(asked)

    def row_squares(self) -> np.ndarray:
        """||x||^2 (m,)."""
        return self._in_turn().row_squares()

    def ascend(self, asked: Ascent, point: DualPoint) -> float:
        """As `Design.ascend`, by the kernel."""
        return self._in_turn().ascend(asked, point)

    def _in_turn(self) -> FusedCsr:
        if self.fused is None or "rows in turn" not in self.traits.offers:
            raise NotImplementedError("small, scaled or repeating entries: no rows in turn")
        self.ledger.bytes_read += self.traits.nbytes
        return self.fused

    def square(self, block: Any) -> Any:
        """The block with every element squared, in the products' type; the pattern is shared."""
        data = block.data.astype(self.dtype) ** 2
        return sparse.csr_array((data, block.indices, block.indptr), shape=block.shape)

    def sample(self, rows: np.ndarray) -> np.ndarray:
        """Not offered: a dense sample of sparse rows would be larger than X."""
        raise NotImplementedError(f"{type(self).__name__} does not offer a sample of {len(rows)}")

    def blocks(self) -> Iterator[tuple[slice, Any]]:
        """All rows at once: SciPy's products already stream through X."""
        self.ledger.bytes_read += self.traits.nbytes
        yield slice(0, self.traits.m), self.X

    def augment(self, block: Any) -> Any:
        """[block 1]."""
        return sparse.hstack([block, np.ones((block.shape[0], 1))], format="csr")

    def outer(self, augmented: Any, F: np.ndarray) -> np.ndarray:
        """sum (f f^T) (x) r r^T, pair by pair of classes: rows f (x) r would be k times X."""
        n, k = augmented.shape[1], F.shape[1]
        S = np.empty((n, k, n, k))
        for c in range(k):
            for d in range(c + 1):
                weighted = augmented.multiply((F[:, c] * F[:, d])[:, None]).tocsr()
                S[:, c, :, d] = S[:, d, :, c] = (augmented.T @ weighted).toarray()
        return S

    def form(self, augmented: Any, M: np.ndarray) -> np.ndarray:
        """r^T M r for every row; r M of some thousand rows is dense."""
        return np.asarray(augmented.multiply(augmented @ M).sum(axis=1)).ravel()

    def gram(self) -> np.ndarray:
        """X' X'^T: (m, m), from x'_i^T x'_j = (s x_i - s c)^T (s x_j - s c)."""
        self.ledger.bytes_read += self.traits.nbytes
        X = self.X.astype(np.float64, copy=False)
        if self.folded is None:
            return (X @ X.T).toarray()
        scaled = X.multiply(self.folded.scale[None, :]).tocsr()
        centre = self.folded.centre * self.folded.scale
        cross = scaled @ centre
        return (scaled @ scaled.T).toarray() - cross[:, None] - cross + centre @ centre

    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k)."""
        self.ledger.bytes_read += self.traits.nbytes
        fused = self.fused
        G = self.X.T @ alpha if fused is None else fused.moments(alpha, 1)[0]
        return self._fold_gradient(G, alpha.sum(axis=0))

    def moments_pass(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum h x' and sum h x'^2 (n, k), by the route that the size of X chose."""
        if self.fused is None:
            return block_moments(self, h)
        self.ledger.bytes_read += self.traits.nbytes
        sums, squares = self.fused.moments(h, 2)
        return self.fold_moments(sums, squares, h)


def csr_standard_scaling(X: Any, weights: np.ndarray) -> Scaling:
    """Standardisation of X: weighted moments in float64 about the mean; `weights` sum to 1.

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
    return standard_scaling(mean + error, variance.clip(0), np.dtype(np.float64))
