"""An ordered, fixed sequence of blocks of rows, and the passes over X that are made from them.

A new place to keep data is one class with `read`, a shape, a dtype and a size; everything else has
a default made from its blocks. Shapes: X is (m, n); W (n, k) and b (k,) with
k = problems * head.width; targets (m,); weights (m, problems), each column summing to 1, so that
the sums below are weighted means. Each pass reads every block once and enters it in the ledger.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
from scipy import sparse

from onelayer.designs.blocks import Block, DenseBlock, make_block, parts_of
from onelayer.designs.chosen_columns import Columns, streamed
from onelayer.designs.fused import FusedCsr, FusedDense
from onelayer.designs.passes import (
    ROWS,
    SMALL_BYTES,
    Ascent,
    DualPoint,
    Ledger,
    Pass,
    Sums,
    Traits,
    add_offset,
    are_labels,
)
from onelayer.designs.scaling import Scaling
from onelayer.designs.survey import size_of

OfRows = Callable[[slice, np.ndarray], np.ndarray]
"""Rows and their z (rows, k) to whatever a pass sums over them."""

Kernels = FusedDense | FusedCsr
FROM_BLOCKS = frozenset({"rows", "hessian", "columns"})
"""What every design offers."""
PROJECTED_BYTES = 1 << 24  # guard: of the rows that `project` gives at a time


class Blockwise(ABC):
    """X' = (X - centre) * scale, read block by block and never made as a whole.

    `dtype` is the type of products: float64 for X in float64, for small or sparse X, and with
    `double`; else float32.
    """

    compiled = False
    """Whether its passes are kernels; where not, Numba is never met."""
    dtype: np.dtype
    traits: Traits
    scaling: Scaling | None
    ledger: Ledger

    def __init__(
        self,
        shape: tuple[int, int],
        stored: np.dtype,
        nbytes: int,
        scaling: Scaling | None = None,
        *,
        offers: frozenset[str] = frozenset(),
        density: float = 1.0,
        double: bool = False,
    ) -> None:
        exact = double or density < 1 or stored == np.float64 or nbytes < SMALL_BYTES
        self.dtype = np.dtype(np.float64 if exact else np.float32)
        self.traits = Traits(*shape, max(nbytes, 1), density, FROM_BLOCKS | offers)
        self.scaling = scaling
        self.ledger = Ledger()

    @abstractmethod
    def read(self) -> Iterator[tuple[slice, Any]]:
        """Rows and X there as it lies: an array of any dtype, or CSR. In the order of the rows."""

    def blocks(self) -> Iterator[tuple[slice, Block]]:
        """Rows and their block, entered in the ledger."""
        for rows, X in self.read():
            self.ledger.add(size_of(X))
            yield rows, make_block(X, self.scaling, self.dtype)

    def rescaled(self, scaling: Scaling) -> Self:
        """The same X under a scaling more; on the same ledger."""
        composed = scaling if self.scaling is None else scaling.after(self.scaling)
        offers = self.traits.offers - {"rows in turn"}
        return self._with(scaling=composed, traits=replace(self.traits, offers=offers))

    def counted_by(self, ledger: Ledger) -> Self:
        """The same X and what kernels keep of it, its reads entered in another ledger."""
        made = {"kernels": self.kernels} if self.compiled else {}
        return self._with(ledger=ledger, **made)

    def exactly(self) -> Self:
        """The same X with products in float64, on the same ledger; itself where they are."""
        if self.dtype == np.float64:
            return self
        return self._with(dtype=np.dtype(np.float64), compiled=False)

    def _with(self, **changes: Any) -> Self:
        """A copy with other attributes, without what was made of them (`cached_property`)."""
        other = copy.copy(self)
        made = [n for n in vars(self) if isinstance(getattr(type(self), n, None), cached_property)]
        for name in made:
            del vars(other)[name]
        vars(other).update(changes)
        return other

    @property
    def kernels(self) -> Kernels:
        """The same passes by kernels, an acceleration that a design may offer: see `compiled`."""
        raise NotImplementedError(f"{type(self).__name__} has no kernels")

    def by_kernels(self) -> Any:
        """The kernels, a read of all entered in the ledger."""
        self.ledger.add(self.traits.nbytes)
        return self.kernels

    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = X' W + b: (m, k)."""
        return self.by_kernels().forward(W, b) if self.compiled else block_forward(self, W, b)

    def sums(self, asked: Pass) -> Sums:
        """What one read gives: loss (problems,), X'^T dz (n, k) and sum dz (k,)."""
        by_blocks = not are_labels(asked.targets) or asked.offset is not None
        if by_blocks or not self.compiled:
            return block_sums(self, asked)
        return self.by_kernels().sums(asked)

    def moments(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum_i h_i x'_i and sum_i h_i x'_i^2, (n, k) each, for h (m, k).

        The second are the diagonals of X'^T diag(h_j) X'.
        """
        return self.by_kernels().moments(h) if self.compiled else block_moments(self, h)

    def expansion(self, asked: Pass) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """`sums` and the Hessian: in one read of small data.

        Where kernels read X, their loss is kept: in other products it would be rounded otherwise.
        """
        if self.compiled:
            return *self.sums(asked), self.hessian(asked)
        (n, k), head = asked.W.shape, asked.head
        loss, G, db = np.zeros(1), np.zeros((n, k)), np.zeros(k)
        S = np.zeros((n + 1, k, n + 1, k))
        for rows, block in self.blocks():
            v = asked.weights[rows]
            Z = add_offset(block.forward(asked.W, asked.b), asked.offset, rows)
            L, dZ, F = head.expansion(Z, asked.targets[rows])
            loss += (L * v).sum(axis=0)
            g, d = block.backward(dZ * v)
            G += g
            db += d
            S += block.outer(F * np.sqrt(v))
        return loss, G, db, head.hessian(S)

    def hessian(self, asked: Pass, features: np.ndarray | None = None) -> np.ndarray:
        """d2(loss)/d(W, b)2 of one problem: (n + 1, k, n + 1, k), the intercept last.

        Of some features (ascending) it has the rows and columns alone.
        """
        head, weights = asked.head, asked.weights

        def root(rows: slice, Z: np.ndarray) -> np.ndarray:
            F = head.curvature_root(head.curvature_activation(Z))
            return F * np.sqrt(weights[rows])

        return head.hessian(self.outer_pass(asked.W, asked.b, root, asked.offset, features))

    def sample(self, rows: np.ndarray) -> np.ndarray:
        """[X'[rows] 1] as a dense float32 array, the rows ascending; here in one read of all."""
        found = [np.zeros((0, self.traits.n + 1), np.float32)]
        for of_block, block in self.blocks():
            first, last = np.searchsorted(rows, (of_block.start, of_block.stop))
            if first < last:
                found.append(block.part(rows[first:last] - of_block.start).array())
        return np.vstack(found, dtype=np.float32, casting="same_kind")

    def magnitudes(self, rows: np.ndarray) -> np.ndarray:
        """Mean squares (n + 1,) of what [W b] is multiplied by in these rows."""
        sample = self.sample(rows)
        return np.einsum("ij,ij->j", sample, sample, dtype=np.float64) / len(rows)

    def backward(self, U: np.ndarray) -> np.ndarray:
        """X'^T u: (n, k) from (m, k), products in `dtype`."""
        G = np.zeros((self.traits.n, U.shape[1]))
        for rows, block in self.blocks():
            G += block.backward(U[rows])[0]
        return G

    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k), in float64."""
        G = np.zeros((self.traits.n, alpha.shape[1]))
        for rows, block in self.exactly().blocks():
            G += block.backward(alpha[rows])[0]
        return G

    def columns(self, features: np.ndarray) -> Columns:
        """The columns `features` (ascending) of X'; a pass."""
        return streamed(partial(_columns, self, features), len(features), self.traits, self.dtype)

    def gram(self) -> np.ndarray:
        """X' X'^T: (m, m); only where "gram" is among the offers."""
        raise NotImplementedError(f"{type(self).__name__} does not offer a Gram matrix")

    def row_squares(self) -> np.ndarray:
        """||x'||^2 (m,); only where "rows in turn" is among the offers."""
        raise NotImplementedError(f"{type(self).__name__} does not offer rows in turn")

    def ascend(self, asked: Ascent, point: DualPoint) -> float:
        """Take each row in turn to the activation that agrees with the z that it leads to.

        W and b follow at once, and the next row meets them. Returns about the gap that was met, in
        the loss; only where "rows in turn" is among the offers. One read, on one thread.
        """
        raise NotImplementedError(f"{type(self).__name__} does not offer rows in turn")

    def outer_pass(
        self,
        W: np.ndarray,
        b: np.ndarray,
        of_rows: OfRows,
        offset: np.ndarray | None = None,
        features: np.ndarray | None = None,
    ) -> np.ndarray:
        """sum_i (f_i f_i^T) (x) [x'_i 1][x'_i 1]^T: (n + 1, k, n + 1, k) for F (rows, k).

        Of the roots of curvature it gives a Hessian, of residuals the middle of a sandwich.
        """
        with_f = (
            (block, of_rows(rows, add_offset(block.forward(W, b), offset, rows)))
            for rows, block in self.blocks()
        )
        S: Any = 0.0
        for block, F in with_f if features is None else _chosen(with_f, features):
            S += block.outer(F)
        return np.asarray(S)

    def project(self, W: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """X' W + b for some rows at a time, in float64, whatever the type of X: in one read.

        For k so many that (m, k) is not to be made.
        """
        step = max(1, min(ROWS, PROJECTED_BYTES // (8 * W.shape[1])))
        for rows, part in _parts(self.exactly(), step):
            yield rows, part.forward(W, b)

    def sums_pass(
        self, W: np.ndarray, b: np.ndarray, of_rows: OfRows, offset: np.ndarray | None = None
    ) -> np.ndarray:
        """sum_i [x'_i 1] c_i^T: (n + 1, q) for c (rows, q)."""
        total: Any = 0.0
        for rows, block in self.blocks():
            Z = add_offset(block.forward(W, b), offset, rows)
            total += np.vstack(block.backward(of_rows(rows, Z)))
        return np.asarray(total)

    def groups_pass(self, groups: np.ndarray, dZ: np.ndarray) -> np.ndarray:
        """sum_{i in g} dz_i [x'_i 1]: (groups, k, n + 1), from groups (m,) 0, 1, ... and dZ (m, k).

        The gradient, cluster by cluster; its size is that of the answer.
        """
        sums = np.zeros((int(groups.max()) + 1, dZ.shape[1], self.traits.n + 1))
        for rows, block in self.blocks():
            present, group = np.unique(groups[rows], return_inverse=True)
            position, shape = np.arange(len(group)), (len(present), len(group))
            for c in range(dZ.shape[1]):
                chosen = sparse.csr_array((dZ[rows, c], (group, position)), shape=shape)
                sums[present, c] += block.gather(chosen)
        return sums

    def triangle_pass(self, weights: np.ndarray) -> np.ndarray:
        """R (., n + 1) with R^T R = sum_i v_i [x'_i 1][x'_i 1]^T, by QR, for weights v (m,).

        It has X's own digits, where X^T X has half of them. Rows are gathered until they are as
        many as those of R, so that the factorisations cost no more than one of all would.
        """
        waiting = [np.zeros((0, self.traits.n + 1))]
        for rows, part in _parts(self, ROWS):
            waiting.append(part.array() * np.sqrt(weights[rows])[:, None])
            if sum(map(len, waiting)) > 2 * waiting[0].shape[1]:
                waiting = [_triangle(waiting)]
        return _triangle(waiting)

    def forms_pass(self, M: np.ndarray) -> np.ndarray:
        """r_i^T M_j r_i (m, p) of the rows r_i = [x'_i 1], for M (p, n + 1, n + 1)."""
        forms = np.empty((self.traits.m, len(M)))
        for rows, part in _parts(self, ROWS):
            forms[rows] = part.forms(M)
        return forms


def _parts(design: Blockwise, step: int) -> Iterator[tuple[slice, Block]]:
    """The blocks in pieces of so many rows, and the rows that they are."""
    for rows, block in design.blocks():
        for place, part in parts_of(block, step):
            yield slice(rows.start + place.start, rows.start + place.stop), part


def _columns(design: Blockwise, features: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    for rows, block in design.blocks():
        yield rows, block.columns(features)


def _chosen(
    with_f: Iterator[tuple[Block, np.ndarray]], features: np.ndarray
) -> Iterator[tuple[Block, np.ndarray]]:
    """Some columns of the blocks, and their f: of many rows together, for the answer is large."""
    waiting: list[tuple[np.ndarray, np.ndarray]] = []
    for block, F in with_f:
        waiting.append((block.columns(features), F))
        if sum(len(some) for some, _ in waiting) >= ROWS:
            yield _gathered(waiting)
            waiting = []
    if waiting:
        yield _gathered(waiting)


def _gathered(waiting: list[tuple[np.ndarray, np.ndarray]]) -> tuple[Block, np.ndarray]:
    X, F = zip(*waiting, strict=True)
    return DenseBlock(np.vstack(X)), np.vstack(F)


def _triangle(parts: list[np.ndarray]) -> np.ndarray:
    return np.asarray(np.linalg.qr(np.vstack(parts), mode="r"), dtype=np.float64)


def block_forward(design: Blockwise, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`Blockwise.forward` by the NumPy block loop."""
    Z = np.empty((design.traits.m, W.shape[1]))
    for rows, block in design.blocks():
        Z[rows] = block.forward(W, b)
    return Z


def block_sums(design: Blockwise, asked: Pass) -> Sums:
    """`Blockwise.sums` by the NumPy block loop: for small data, and every kernel's twin."""
    head, weights, A = asked.head, asked.weights, asked.A
    loss, G, db = np.zeros(weights.shape[1]), np.zeros(asked.W.shape), np.zeros(asked.b.shape)
    for rows, block in design.blocks():
        Z, v = add_offset(block.forward(asked.W, asked.b), asked.offset, rows), weights[rows]
        if A is None:
            L, dZ, _ = head.expansion(Z, asked.targets[rows])
            loss += (L * v).sum(axis=0)
        else:
            dZ = head.curvature_product(A[rows], Z)
        g, d = block.backward(dZ * v.repeat(head.width, axis=1))
        G += g
        db += d
    return loss, G, db


def block_moments(design: Blockwise, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`Blockwise.moments` by the NumPy block loop."""
    sums, squares = np.zeros((2, design.traits.n, h.shape[1]))
    for rows, block in design.blocks():
        first, second = block.moments(h[rows])
        sums += first
        squares += second
    return sums, squares
