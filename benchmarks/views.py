"""One data set, as each contender wants it: as it came, or scaled beforehand in float32 or float64.

The change of variables x' = (x - centre) * scale is the one that `scaling` names in onelayer. Its
moments are computed here, in float64, and not by onelayer, whose results they judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

ROWS = 4096  # rows of a block: 784 float64 features of them are 25 MB


@dataclass(frozen=True)
class View:
    """X as it came and the x' = (x - centre) * scale that the objective is of."""

    X: Any
    centre: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, X: Any, scaling: float | str | None) -> View:
        """`scaling` is None, a factor, or "standard": mean 0, variance 1."""
        n = X.shape[1]
        if scaling != "standard":
            return cls(X, np.zeros(n), np.full(n, 1.0 if scaling is None else float(scaling)))
        mean = sum(block.sum(axis=0) for _, block in _raw(X)) / X.shape[0]
        square = sum(((block - mean) ** 2).sum(axis=0) for _, block in _raw(X)) / X.shape[0]
        return cls(X, mean, 1 / np.sqrt(np.where(square > 0, square, 1)))

    def blocks(self) -> Iterator[tuple[slice, Any]]:
        """Rows and x' of them in float64; CSR stays CSR and cannot be centred."""
        for rows, block in _raw(self.X):
            if sparse.issparse(block):
                yield rows, block.multiply(self.scale).tocsr()
            else:
                yield rows, (block - self.centre) * self.scale

    def whole(self, dtype: type[np.floating]) -> Any:
        """x' as a peer gets it: one array, made in float64 and rounded once."""
        blocks = (block.astype(dtype) for _, block in self.blocks())
        if sparse.issparse(self.X):
            return sparse.vstack(list(blocks), format="csr")
        return np.concatenate(list(blocks))

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(W', b') on x' that give the z which (W, b) give on X as it came."""
        return W / self.scale[:, None], b + self.centre @ W

    def rows(self, kept: np.ndarray) -> View:
        """The view of some of the rows, in the same variables."""
        return View(self.X[kept], self.centre, self.scale)


def _raw(X: Any) -> Iterator[tuple[slice, Any]]:
    for start in range(0, X.shape[0], ROWS):
        rows = slice(start, min(start + ROWS, X.shape[0]))
        yield rows, X[rows].astype(np.float64)
