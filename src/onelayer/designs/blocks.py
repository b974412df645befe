"""Blocks of rows that know their products, scaled: x' = (x - centre) * scale.

A dense block holds x' itself, made in the cache. A block in compressed rows holds x and folds the
scaling into what it is multiplied by, in float64, so that its zeros stay zeros. Shapes: W (n, k),
b (k,), z, dz, h and F (rows, k), r = [x' 1] (rows, n + 1), M (p, n + 1, n + 1). Both kinds answer
to the same methods, and a pass knows no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeAlias, final

import numpy as np
from scipy import sparse

from onelayer.designs.scaling import Scaling, in_two

OUTER_BYTES = 1 << 24  # measured: of rows f (x) r at a time; BLAS takes its own blocks of them


@final
class DenseBlock:
    """x' as an array in the products' type."""

    def __init__(self, X: np.ndarray) -> None:
        self.X = X

    def __len__(self) -> int:
        return len(self.X)

    def part(self, rows: Any) -> DenseBlock:
        """Some of the rows."""
        return DenseBlock(self.X[rows])

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = x' W + b: (rows, k)."""
        dtype = self.X.dtype
        return self.X @ W.astype(dtype, copy=False) + b.astype(dtype, copy=False)

    def backward(self, dZ: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum x' dz^T (n, k) and sum dz (k,)."""
        return self.X.T @ dZ.astype(self.X.dtype, copy=False), dZ.sum(axis=0)

    def moments(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum h x' and sum h x'^2, (n, k) each."""
        h = h.astype(self.X.dtype, copy=False)
        return self.X.T @ h, (self.X * self.X).T @ h

    def outer(self, F: np.ndarray) -> np.ndarray:
        """sum (f f^T) (x) r r^T, (n + 1, k, n + 1, k).

        Of the products R^T R, R = f (x) r, NumPy makes one half.
        """
        r, F = self._augmented, F.astype(self.X.dtype, copy=False)
        n, k = r.shape[1], F.shape[1]
        step = max(1, OUTER_BYTES // (n * k * r.itemsize))
        S = np.zeros((n * k, n * k))
        for start in range(0, len(r), step):
            rows = slice(start, start + step)
            R = (r[rows, :, None] * F[rows, None]).reshape(-1, n * k)
            S += R.T @ R
        return S.reshape(n, k, n, k)

    def forms(self, M: np.ndarray) -> np.ndarray:
        """r^T M_j r: (rows, p), in float64."""
        r = self._augmented.astype(np.float64, copy=False)
        return np.column_stack([np.einsum("ij,ij->i", r @ one, r) for one in M])

    def gather(self, chosen: Any) -> np.ndarray:
        """C [x' 1] (groups, n + 1), for a sparse C (groups, rows)."""
        return np.asarray(chosen @ self._augmented)

    def array(self) -> np.ndarray:
        """[x' 1]."""
        return self._augmented

    def columns(self, features: np.ndarray) -> np.ndarray:
        """x' of some features."""
        return self.X[:, features]

    @cached_property
    def _augmented(self) -> np.ndarray:
        return np.column_stack([self.X, np.ones(len(self.X), self.X.dtype)])


@final
class CsrBlock:
    """x in compressed rows, the scaling folded into its products."""

    def __init__(self, X: Any, scaling: Scaling | None) -> None:
        self.X, self.scaling = X, scaling

    def __len__(self) -> int:
        return int(self.X.shape[0])

    def part(self, rows: Any) -> CsrBlock:
        """Some of the rows."""
        return CsrBlock(self.X[rows], self.scaling)

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = x (s W) + b - c (s W)."""
        if self.scaling is not None:
            W, b = self.scaling.fold(W, b)
        return self.X @ W.astype(np.float64, copy=False) + b

    def backward(self, dZ: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """s (x^T dz - c sum dz) and sum dz."""
        db = dZ.sum(axis=0)
        return self._of_sums(self.X.T @ dZ, db), db

    def moments(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum h x' and sum h x'^2; the squares share the pattern of x."""
        X, total = self.X, h.sum(axis=0)
        squared = sparse.csr_array((X.data.astype(np.float64) ** 2, X.indices, X.indptr), X.shape)
        sums, squares = X.T @ h, squared.T @ h
        if self.scaling is not None:
            squares = self.scaling.fold_squares(squares, sums, total)
        return self._of_sums(sums, total), squares

    def outer(self, F: np.ndarray) -> np.ndarray:
        """sum (f f^T) (x) r r^T, pair by pair of classes: rows f (x) r would be k times X."""
        r, k = self._augmented(), F.shape[1]
        n = r.shape[1]
        S = np.empty((n, k, n, k))
        for c in range(k):
            for d in range(c + 1):
                weighted = r.multiply((F[:, c] * F[:, d])[:, None]).tocsr()
                S[:, c, :, d] = S[:, d, :, c] = (r.T @ weighted).toarray()
        return S if self.scaling is None else self.scaling.fold_hessian(S)

    def forms(self, M: np.ndarray) -> np.ndarray:
        """r^T M r for every row; r M of some thousand rows is dense."""
        r = self._augmented()
        inner = M if self.scaling is None else [self.scaling.fold_form(one) for one in M]
        of_rows = [np.asarray(r.multiply(r @ one).sum(axis=1)).ravel() for one in inner]
        return np.column_stack(of_rows)

    def gather(self, chosen: Any) -> np.ndarray:
        """C [x' 1] (groups, n + 1), for a sparse C (groups, rows)."""
        return self._of_rows((chosen @ self._augmented()).toarray())

    def array(self) -> np.ndarray:
        """[x' 1]."""
        return self._of_rows(self._augmented().toarray().astype(np.float64, copy=False))

    def columns(self, features: np.ndarray) -> np.ndarray:
        """x' of some features."""
        chosen = self.X[:, features].toarray().astype(np.float64, copy=False)
        s = self.scaling
        return chosen if s is None else (chosen - s.centre[features]) * s.scale[features]

    def _augmented(self) -> Any:
        return sparse.hstack([self.X, np.ones((len(self), 1))], format="csr")

    def _of_sums(self, G: np.ndarray, db: np.ndarray) -> np.ndarray:
        return G if self.scaling is None else self.scaling.fold_gradient(G, db)

    def _of_rows(self, r: np.ndarray) -> np.ndarray:
        """[x' 1] from [x 1], or sums of such rows, in place."""
        if self.scaling is not None:
            r[:, :-1] -= self.scaling.centre * r[:, -1:]
            r[:, :-1] *= self.scaling.scale
        return r


Block: TypeAlias = DenseBlock | CsrBlock


def parts_of(block: Block, step: int) -> Iterator[tuple[slice, Block]]:
    """The block in pieces of so many rows, and where in it they are."""
    for start in range(0, len(block), step):
        rows = slice(start, min(start + step, len(block)))
        yield rows, block.part(rows)


def make_block(X: Any, scaling: Scaling | None, dtype: np.dtype) -> Block:
    """Rows of X as they lie, dense of any dtype or CSR, as a block with products in `dtype`."""
    if sparse.issparse(X):
        return CsrBlock(X, scaling)
    return DenseBlock(converted(X, scaling, dtype))


def converted(X: np.ndarray, scaling: Scaling | None, dtype: np.dtype) -> np.ndarray:
    """(x - centre) * scale in `dtype`; a view where X is that already."""
    if scaling is None:
        return X.astype(dtype, copy=False)
    scaled = X.astype(dtype)
    if scaling.centre.any():
        for part in in_two(scaling.centre, dtype):
            scaled -= part
    scaled *= scaling.scale.astype(dtype)
    return scaled
