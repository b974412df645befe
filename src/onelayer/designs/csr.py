"""A sparse X in compressed rows (SciPy's CSR). Scaling is folded into W and b, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import numpy as np

from onelayer.designs.design import Design, Ledger, Traits
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
        offers = frozenset({"rows", "hessian", "gram"})
        self.traits = Traits(m, n, nbytes, X.nnz / max(1, m * n), offers)
        self.ledger = Ledger()

    def blocks(self) -> Iterator[tuple[slice, Any]]:
        """All rows at once: SciPy's products already stream through X."""
        self.ledger.bytes_read += self.traits.nbytes
        yield slice(0, self.traits.m), self.X

    def outer(self, block: Any, h: np.ndarray) -> np.ndarray:
        """[block 1]^T diag(h) [block 1]: (n + 1, n + 1)."""
        weighted = block.multiply(h[:, None]).tocsr()
        n = block.shape[1]
        H = np.empty((n + 1, n + 1))
        H[:n, :n] = (block.T @ weighted).toarray()
        H[n, :n] = H[:n, n] = block.T @ h
        H[n, n] = h.sum()
        return H

    def gram(self) -> np.ndarray:
        """X' X'^T: (m, m), from x'_i^T x'_j = (s x_i - s c)^T (s x_j - s c)."""
        self.ledger.bytes_read += self.traits.nbytes
        if self.folded is None:
            return (self.X @ self.X.T).toarray().astype(np.float64)
        scaled = self.X.multiply(self.folded.scale[None, :]).tocsr()
        centre = self.folded.centre * self.folded.scale
        cross = scaled @ centre
        return (scaled @ scaled.T).toarray() - cross[:, None] - cross + centre @ centre

    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k)."""
        self.ledger.bytes_read += self.traits.nbytes
        return self._fold_gradient(self.X.T @ alpha, alpha.sum(axis=0))


def csr_standard_scaling(X: Any, weights: np.ndarray) -> Scaling:
    """Standardisation of X: weighted moments in float64 about the mean; `weights` sum to 1.

    The variance is sum_nz v (x - mean)^2 + (weight of the zeros) mean^2: no cancellation.
    """
    X = X.astype(np.float64)
    mean = X.T @ weights
    v = weights.repeat(np.diff(X.indptr))
    square = np.bincount(X.indices, v * (X.data - mean[X.indices]) ** 2, X.shape[1])
    zeros = 1 - np.bincount(X.indices, v, X.shape[1])
    return standard_scaling(mean, square + zeros.clip(0) * mean**2, np.dtype(np.float64))
