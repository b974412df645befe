"""Some columns of X', for solvers that work on few features at a time.

Only the chosen columns are ever copied, and where even they are large beside X, they are taken
out of each block as it is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import pairwise
from typing import Any, TypeAlias, final

import numpy as np
from scipy import sparse

from onelayer import parallel
from onelayer.designs.passes import DENSE, Traits
from onelayer.designs.scaling import Scaling

COPY_BYTES = 1 << 26  # guard: a copy of chosen columns this small is kept however small X is
OUTER = 2_000_000  # guard: numbers in all x x^T, which one product then reads
TASKS = 4  # guard: a Gram matrix each


class Columns(ABC):
    """X_S (m, s): the chosen columns of X', and their products in float64."""

    @abstractmethod
    def forward(self, d: np.ndarray) -> np.ndarray:
        """X_S d: (m,)."""

    @abstractmethod
    def backward(self, u: np.ndarray) -> np.ndarray:
        """X_S^T u: (s,)."""

    @abstractmethod
    def gram(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """X_S^T diag(h) X_S and X_S^T h: (s, s) and (s,), in one read."""

    @abstractmethod
    def squares(self, h: np.ndarray) -> np.ndarray:
        """sum_i h_i x_i^2 of each column: (s,), the diagonal of `gram`."""

    def grams(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`gram` of each column of H (m, q): (q, s, s) and (q, s)."""
        Qs, sums = zip(*(self.gram(h) for h in H.T), strict=True)
        return np.array(Qs), np.array(sums)

    @abstractmethod
    def choose(self, places: np.ndarray) -> Columns:
        """Some of these columns, by their places among them."""


Reading: TypeAlias = Callable[[], Iterator[tuple[slice, np.ndarray]]]
"""Starts a pass: rows, and the chosen columns there."""


def streamed(read: Reading, size: int, traits: Traits, dtype: np.dtype) -> DenseColumns:
    """`size` columns as dense blocks; copied where they are small in themselves or beside X."""
    stream, copied = DenseColumns(read, size), traits.m * size * dtype.itemsize
    return stream.copy() if copied <= max(COPY_BYTES, traits.nbytes // 2) else stream


@final
@dataclass(frozen=True)
class DenseColumns(Columns):
    """Blocks of rows, from a copy or out of the blocks of a design; `read` starts a pass."""

    read: Reading
    size: int

    def copy(self) -> DenseColumns:
        """The same columns, held in memory."""
        held = list(self.read())
        return DenseColumns(partial(iter, held), self.size)

    def forward(self, d: np.ndarray) -> np.ndarray:
        """X_S d: (m,)."""
        return np.concatenate([B @ d.astype(B.dtype) for _, B in self.read()], dtype=np.float64)

    def backward(self, u: np.ndarray) -> np.ndarray:
        """X_S^T u, products in the blocks' type, summed over blocks in float64."""
        g = np.zeros(self.size)
        for rows, B in self.read():
            g += u[rows].astype(B.dtype) @ B
        return g

    def gram(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """X_S^T diag(h) X_S, products in the blocks' type, summed over blocks in float64."""
        Q, hx = np.zeros((self.size, self.size)), np.zeros(self.size)
        for rows, B in self.read():
            root = B * np.sqrt(h[rows]).astype(B.dtype)[:, None]
            Q += root.T @ root
            hx += h[rows].astype(B.dtype) @ B
        return Q, hx

    def squares(self, h: np.ndarray) -> np.ndarray:
        """sum_i h_i x_i^2: (s,), in float64."""
        parts = (
            np.einsum("i,ij,ij->j", h[rows], B, B, dtype=np.float64) for rows, B in self.read()
        )
        return sum(parts, np.zeros(self.size))

    def grams(self, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same as one product with all x_i x_i^T where these are few numbers."""
        s = self.size
        if s * s * len(H) > OUTER:
            return super().grams(H)
        Q, sums = np.zeros((H.shape[1], s * s)), np.zeros((H.shape[1], s))
        for rows, B in self.read():
            part = H[rows].T
            Q += part @ (B[:, :, None] * B[:, None, :]).reshape(len(B), -1)
            sums += part @ B
        return Q.reshape(-1, s, s), sums

    def choose(self, places: np.ndarray) -> DenseColumns:
        """Some of these columns: a view's price, paid block by block."""
        if len(places) == self.size:
            return self
        return DenseColumns(partial(_choose_blocks, self.read, places), len(places))


@final
@dataclass(frozen=True)
class SparseColumns(Columns):
    """Compressed rows of x, with the scaling (x - centre) * scale of the columns folded in."""

    X: Any
    scaling: Scaling | None
    compiled: bool

    @classmethod
    def of(
        cls, X: Any, scaling: Scaling | None, features: np.ndarray, *, compiled: bool
    ) -> Columns:
        """Some columns of X, copied; each row ascending, each entry once, for the kernels."""
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        chosen = cls(X, scaling, compiled).choose(features)
        return chosen.dense() if X.shape[0] * len(features) <= DENSE else chosen

    def forward(self, d: np.ndarray) -> np.ndarray:
        """X_S d = x (s d) - c^T (s d)."""
        if self.scaling is None:
            return self._forward(d)
        d = self.scaling.scale * d
        return self._forward(d) - self.scaling.centre @ d

    def backward(self, u: np.ndarray) -> np.ndarray:
        """X_S^T u = s (x^T u - c sum u)."""
        g = self._backward(u)
        if self.scaling is None:
            return g
        return self.scaling.scale * (g - self.scaling.centre * u.sum())

    def gram(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """X_S^T D X_S = s (x^T D x - hx c^T - c hx^T + H c c^T) s, with hx = x^T h, H = sum h."""
        Q, hx = self._gram(h)
        if self.scaling is None:
            return Q, hx
        centre, scale, H = self.scaling.centre, self.scaling.scale, h.sum()
        cross = np.outer(hx - 0.5 * H * centre, centre)
        return scale[:, None] * (Q - cross - cross.T) * scale, scale * (hx - H * centre)

    def squares(self, h: np.ndarray) -> np.ndarray:
        """sum_i h_i x_i^2 = s^2 (x^2^T h - 2 c x^T h + c^2 sum h): (s,)."""
        first = self._backward(h)
        entries = h.repeat(np.diff(self.X.indptr)) * self.X.data.astype(np.float64) ** 2
        second = np.bincount(self.X.indices, entries, self.X.shape[1])
        if self.scaling is None:
            return second
        both = (second[:, None], first[:, None], h.sum(keepdims=True))
        return self.scaling.fold_squares(*both)[:, 0]

    def choose(self, places: np.ndarray) -> SparseColumns:
        """Some of these columns, copied."""
        n = self.X.shape[1]
        if len(places) == n:
            return self
        chosen = _compiled_choose(self.X, places) if self.compiled else self.X[:, places]
        return SparseColumns(
            chosen, self.scaling and self.scaling.of_columns(places), self.compiled
        )

    def dense(self) -> DenseColumns:
        """The same columns, zeros and all."""
        block = self.X.toarray().astype(np.float64)
        if self.scaling is not None:
            block = (block - self.scaling.centre) * self.scaling.scale
        return DenseColumns(partial(iter, [(slice(0, len(block)), block)]), block.shape[1])

    def _forward(self, d: np.ndarray) -> np.ndarray:
        if not self.compiled:
            return self.X @ d
        z = np.empty(self.X.shape[0])
        _kernels().forward(*_arrays(self.X), d, 0, len(z), z)
        return z

    def _backward(self, u: np.ndarray) -> np.ndarray:
        if not self.compiled:
            return self.X.T @ u
        g = np.zeros(self.X.shape[1])
        _kernels().backward(*_arrays(self.X), np.ascontiguousarray(u), 0, len(u), g)
        return g

    def _gram(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.compiled:
            weighted = self.X.multiply(h[:, None]).tocsr()
            return (self.X.T @ weighted).toarray().astype(np.float64), self._backward(h)
        s, m = self.X.shape[1], len(h)

        def part(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
            Q, hx = np.zeros((s, s)), np.zeros(s)
            _kernels().gram(*_arrays(self.X), h, start, stop, Q, hx)
            return Q, hx

        (Q, hx), *others = parallel.run(part, _ranges(m))
        for other_Q, other_hx in others:
            Q += other_Q
            hx += other_hx
        _kernels().mirror(Q)
        return Q, hx


def _compiled_choose(X: Any, places: np.ndarray) -> Any:
    """X[:, places] in one read; each task fills its own arrays, of which the rest stays unused."""
    m, n = X.shape
    place = np.full(n, -1, np.int32)
    place[places] = np.arange(len(places), dtype=np.int32)
    parts = parallel.run(partial(_copy, X, place), _ranges(m))
    ends = np.cumsum([0] + [len(data) for data, _, _ in parts])
    indptr = [rows + end for (_, _, rows), end in zip(parts, ends[:-1], strict=True)]
    arrays = (
        np.concatenate([data for data, _, _ in parts]),
        np.concatenate([indices for _, indices, _ in parts]),
        np.concatenate([[0], *indptr]),
    )
    return sparse.csr_array(arrays, shape=(m, len(places)))


def _copy(X: Any, place: np.ndarray, start: int, stop: int) -> tuple[np.ndarray, ...]:
    data, indices, indptr = _arrays(X)
    entries = int(indptr[stop] - indptr[start]) + 1
    ends = np.empty(stop - start, np.int64)
    chosen = (np.empty(entries, data.dtype), np.empty(entries, np.int32), ends)
    _kernels().copy(data, indices, indptr, place, start, stop, chosen)
    used = int(ends[-1]) if len(ends) else 0
    return chosen[0][:used], chosen[1][:used], ends


def _choose_blocks(read: Reading, places: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    for rows, block in read():
        yield rows, block[:, places]


def _arrays(X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return X.data, X.indices, X.indptr


def _ranges(m: int) -> list[tuple[int, int]]:
    edges = [m * task // TASKS for task in range(TASKS + 1)]
    return list(pairwise(edges))


def _kernels() -> Any:
    """The compiled passes, imported where large data first needs them."""
    return import_module("onelayer.kernels.csr_columns")
