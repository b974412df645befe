"""How X is held, and the passes over it. A pass reads each block of rows once.

A design hides storage: nothing above it asks whether X is sparse or made of bytes. Shapes: X is
(m, n); W (n, k) and b (k,) with k = problems * head.width; targets (m,); weights (m, problems),
each column summing to 1, so that the sums below are weighted means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import iadd
from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs.scaling import Scaling
from onelayer.logistic import Head

Sums = tuple[np.ndarray, np.ndarray, np.ndarray]
OfRows = Callable[[slice, np.ndarray], np.ndarray]
"""Rows and their z (rows, k) to whatever a pass sums over them."""
OfBlock = Callable[[slice, Any, np.ndarray], np.ndarray]
"""The same from rows, [block 1] and z."""

SMALL_BYTES = 2_000_000  # of X: below, NumPy in float64 costs nothing that one would notice
ROWS = 4096  # rows whose activations are computed together
PROJECTED_BYTES = 1 << 24  # of the rows that `project` gives at a time


@dataclass
class Ledger:
    """Bytes of X read so far."""

    bytes_read: int = 0


@dataclass(frozen=True)
class Traits:
    """What the choice of a solver needs to know of a design."""

    m: int
    n: int
    nbytes: int
    density: float
    offers: frozenset[str]


@dataclass(frozen=True)
class Pass:
    """What one read is asked for: the loss and its gradient, or a Hessian product.

    dz is v (a - y) where A is None, and v (d2L/dz2) (X' W + b), with loss zero, at the activations
    A (m, k) where they are given; a product looks at no targets.
    """

    W: np.ndarray
    b: np.ndarray
    head: Head
    targets: np.ndarray
    weights: np.ndarray
    A: np.ndarray | None = None


@dataclass
class DualPoint:
    """Activations A (m, k), one a row, and the parameters that they make: W (n, k) and b (k,).

    Z (m, k) is where the head has these activations, x W + b only at the optimum.
    """

    A: np.ndarray
    Z: np.ndarray
    W: np.ndarray
    b: np.ndarray


@dataclass(frozen=True)
class Ascent:
    """What `Design.ascend` is asked for: the rows in their order, and how z answers to a.

    Where a row's residual moves by -da, W moves by rates[0] v da x, b by rates[1] v da and so the
    row's own z by q da, q = `bends` (m,) = v (rates[0] ||x||^2 + rates[1]). A row for which v da dz
    is less than `least` stays as it is.
    """

    order: np.ndarray
    weights: np.ndarray
    bends: np.ndarray
    rates: tuple[float, float]
    least: float = 0.0


class Design(ABC):
    """X' = (X - centre) * scale, read block by block and never made as a whole.

    A block is a 2-d array of rows that knows `@` and `.T`, in `dtype`, the type of its products.
    A scaling that the blocks do not hold is `folded` into W and b instead.
    """

    traits: Traits
    ledger: Ledger
    dtype: np.dtype
    compiled: bool
    """Whether its passes are kernels; where not, Numba is never met."""
    folded: Scaling | None

    @abstractmethod
    def blocks(self) -> Iterator[tuple[slice, Any]]:
        """Rows and their block, entered in the ledger."""

    @abstractmethod
    def augment(self, block: Any) -> Any:
        """[block 1]: the block with a column of ones for the intercept."""

    def augmented_blocks(self) -> Iterator[tuple[slice, Any]]:
        """Rows and their [block 1]."""
        for rows, block in self.blocks():
            yield rows, self.augment(block)

    @abstractmethod
    def outer(self, augmented: Any, F: np.ndarray) -> np.ndarray:
        """sum_i (f_i f_i^T) (x) r_i r_i^T, (n + 1, k, n + 1, k), of the rows r of `augment`.

        F is (rows, k); the sum is in float64.
        """

    @abstractmethod
    def form(self, augmented: Any, M: np.ndarray) -> np.ndarray:
        """r^T M r for every row r of `augmented`: (rows,)."""

    @abstractmethod
    def square(self, block: Any) -> Any:
        """The block with every element squared."""

    @abstractmethod
    def sample(self, rows: np.ndarray) -> np.ndarray:
        """[X'[rows] 1] as a dense float32 array; only where "sample" is among the offers."""

    @abstractmethod
    def gram(self) -> np.ndarray:
        """X' X'^T: (m, m)."""

    @abstractmethod
    def combine(self, alpha: np.ndarray) -> np.ndarray:
        """X'^T alpha: (n, k) from (m, k)."""

    @abstractmethod
    def forward(self, W: np.ndarray, b: np.ndarray) -> np.ndarray:
        """z = X' W + b: (m, k)."""

    @abstractmethod
    def sums(self, asked: Pass) -> Sums:
        """What one read gives: loss, X'^T dz and sum dz."""

    def exactly(self) -> Design:
        """The same X with products in float64, on the same ledger; itself where they are."""
        return self

    def magnitudes(self, rows: np.ndarray) -> np.ndarray:
        """Mean squares (n + 1,) of what [W b] is multiplied by in these rows."""
        sample = self.sample(rows)
        return np.einsum("ij,ij->j", sample, sample, dtype=np.float64) / len(rows)

    def row_squares(self) -> np.ndarray:
        """||x'||^2 (m,); only where "rows in turn" is among the offers."""
        raise NotImplementedError(f"{type(self).__name__} does not offer rows in turn")

    def ascend(self, asked: Ascent, point: DualPoint) -> float:
        """Take each row in turn to the activation that agrees with the z that it leads to.

        W and b follow at once, and the next row meets them. Returns about the gap that was met, in
        the loss; only where "rows in turn" is among the offers. One read, on one thread.
        """
        raise NotImplementedError(f"{type(self).__name__} does not offer rows in turn")

    def loss_pass(
        self, W: np.ndarray, b: np.ndarray, head: Head, targets: np.ndarray, weights: np.ndarray
    ) -> Sums:
        """Loss (problems,), G = X'^T (v dz) (n, k) and db = sum v dz (k,), in one read."""
        return self.sums(Pass(W, b, head, targets, weights))

    def hessian_product(
        self, A: np.ndarray, head: Head, weights: np.ndarray, V: np.ndarray, c: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """X'^T (h * (X' V + c)) and its intercept part, at the activations A, in one read."""
        return self.sums(Pass(V, c, head, np.zeros(0, np.intp), weights, A))[1:]

    def curvature_pass(self, W: np.ndarray, b: np.ndarray, head: Head) -> np.ndarray:
        """The head's curvature activations (m, k), which `hessian_product` takes."""
        Z = self.forward(W, b)
        for start in range(0, len(Z), ROWS):
            Z[start : start + ROWS] = head.curvature_activation(Z[start : start + ROWS])
        return Z

    def expansion_pass(
        self, W: np.ndarray, b: np.ndarray, head: Head, targets: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Loss, G and db as in `loss_pass`, and the Hessian: in one read, of small data.

        Where kernels read X, their loss is kept: in other products it would be rounded otherwise.
        """
        if self.compiled:
            return *self.loss_pass(W, b, head, targets, weights), self.hessian_pass(
                W, b, head, weights
            )
        total, sums = np.zeros(1), np.zeros((W.shape[0] + 1, W.shape[1]))

        def root(rows: slice, augmented: Any, Z: np.ndarray) -> np.ndarray:
            loss, dZ, F = head.expansion(Z, targets[rows])
            total[:] += (loss * weights[rows]).sum(axis=0)
            sums[:] += augmented.T @ (dZ * weights[rows])
            return F * np.sqrt(weights[rows])

        H = head.hessian(self._outer_sum(W, b, root))
        return total, self._fold_gradient(sums[:-1], sums[-1]), sums[-1], H

    def hessian_pass(
        self, W: np.ndarray, b: np.ndarray, head: Head, weights: np.ndarray
    ) -> np.ndarray:
        """d2(loss)/d(W, b)2 of one problem: (n + 1, k, n + 1, k), the intercept last."""

        def root(rows: slice, Z: np.ndarray) -> np.ndarray:
            F = head.curvature_root(head.curvature_activation(Z))
            return F * np.sqrt(weights[rows])

        return head.hessian(self.outer_pass(W, b, root))

    def outer_pass(self, W: np.ndarray, b: np.ndarray, of_rows: OfRows) -> np.ndarray:
        """sum_i (f_i f_i^T) (x) [x'_i 1][x'_i 1]^T: (n + 1, k, n + 1, k) for F (rows, k).

        Of the roots of curvature it gives a Hessian, of residuals the middle of a sandwich.
        """
        return self._outer_sum(W, b, lambda rows, _, Z: of_rows(rows, Z))

    def _outer_sum(self, W: np.ndarray, b: np.ndarray, of_block: OfBlock) -> np.ndarray:
        theta = np.vstack(_parameters(self, W, b))
        S = reduce(
            iadd,
            (
                self.outer(augmented, of_block(rows, augmented, augmented @ theta))
                for rows, augmented in self.augmented_blocks()
            ),
        )
        return S if self.folded is None else self.folded.fold_hessian(S)

    def project(self, W: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """X' W + b for some rows at a time, in float64, whatever the type of X: in one read.

        For k so many that (m, k) is not to be made.
        """
        Wx, bx = (W, b) if self.folded is None else self.folded.fold(W, b)
        step = max(1, min(ROWS, PROJECTED_BYTES // (8 * W.shape[1])))
        for rows, block in self.blocks():
            for start in range(rows.start, rows.stop, step):
                piece = slice(start, min(start + step, rows.stop))
                yield piece, block[start - rows.start : piece.stop - rows.start] @ Wx + bx

    def sums_pass(self, W: np.ndarray, b: np.ndarray, of_rows: OfRows) -> np.ndarray:
        """sum_i [x'_i 1] c_i^T: (n + 1, q) for c (rows, q)."""
        Wx, bx = _parameters(self, W, b)
        total: Any = 0.0
        for rows, block in self.blocks():
            total += self.augment(block).T @ of_rows(rows, block @ Wx + bx)
        return np.vstack([self._fold_gradient(total[:-1], total[-1]), total[-1:]])

    def groups_pass(self, groups: np.ndarray, dZ: np.ndarray) -> np.ndarray:
        """sum_{i in g} dz_i [x'_i 1]: (groups, k, n + 1), from groups (m,) 0, 1, ... and dZ (m, k).

        The gradient, cluster by cluster; its size is that of the answer.
        """
        sums = np.zeros((int(groups.max()) + 1, dZ.shape[1], self.traits.n + 1))
        for rows, block in self.blocks():
            augmented = self.augment(block)
            present, group = np.unique(groups[rows], return_inverse=True)
            position = np.arange(len(group))
            for c in range(dZ.shape[1]):
                shape = (len(present), len(group))
                gather = sparse.csr_array((dZ[rows, c], (group, position)), shape=shape)
                sums[present, c] += _dense(gather @ augmented)
        return self._fold_rows(sums)

    def triangle_pass(self, weights: np.ndarray) -> np.ndarray:
        """R (., n + 1) with R^T R = sum_i v_i [x'_i 1][x'_i 1]^T, by QR, for weights v (m,).

        It has X's own digits, where X^T X has half of them. Rows are gathered until they are as
        many as those of R, so that the factorisations cost no more than one of all would.
        """
        waiting = [np.zeros((0, self.traits.n + 1))]
        for rows, block in self.blocks():
            augmented, roots = self.augment(block), np.sqrt(weights[rows])[:, None]
            for start in range(0, len(roots), ROWS):
                part = slice(start, start + ROWS)
                waiting.append(_dense(augmented[part]) * roots[part])
                if sum(map(len, waiting)) > 2 * waiting[0].shape[1]:
                    waiting = [_triangle(waiting)]
        return self._fold_rows(_triangle(waiting))

    @abstractmethod
    def moments_pass(self, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """sum_i h_i x'_i and sum_i h_i x'_i^2, (n, k) each, for h (m, k).

        The second are the diagonals of X'^T diag(h_j) X'.
        """

    def fold_moments(
        self, sums: np.ndarray, squares: np.ndarray, h: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same for X' from those for what the blocks hold."""
        if self.folded is None:
            return sums, squares
        total = h.sum(axis=0)
        return self._fold_gradient(sums, total), self.folded.fold_squares(squares, sums, total)

    def forms_pass(self, M: np.ndarray) -> np.ndarray:
        """r_i^T M_j r_i (m, p) of the rows r_i = [x'_i 1], for M (p, n + 1, n + 1)."""
        inner = M if self.folded is None else np.array([self.folded.fold_form(one) for one in M])
        forms = np.empty((self.traits.m, len(M)))
        for rows, block in self.blocks():
            for start in range(0, block.shape[0], ROWS):
                augmented = self.augment(block[start : start + ROWS])
                place = slice(rows.start + start, rows.start + start + augmented.shape[0])
                for j, one in enumerate(inner):
                    forms[place, j] = self.form(augmented, one)
        return forms

    def _fold_rows(self, rows: np.ndarray) -> np.ndarray:
        """[x' 1] from [x 1], or sums of such rows, in place."""
        if self.folded is not None:
            rows[..., :-1] -= self.folded.centre * rows[..., -1:]
            rows[..., :-1] *= self.folded.scale
        return rows

    def _fold_gradient(self, G: np.ndarray, db: np.ndarray) -> np.ndarray:
        return G if self.folded is None else self.folded.fold_gradient(G, db)


def _triangle(parts: list[np.ndarray]) -> np.ndarray:
    return np.asarray(np.linalg.qr(np.vstack(parts), mode="r"), dtype=np.float64)


def _dense(rows: Any) -> np.ndarray:
    return rows.toarray() if sparse.issparse(rows) else rows


def are_labels(targets: np.ndarray) -> bool:
    """Whether targets are whole numbers, as kernels need them: a float may be a soft target."""
    return targets.dtype.kind != "f"


def block_forward(design: Design, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """z = X' W + b by the NumPy block loop."""
    Wx, bx = _parameters(design, W, b)
    Z = np.empty((design.traits.m, W.shape[1]))
    for rows, block in design.blocks():
        Z[rows] = block @ Wx + bx
    return Z


def block_sums(design: Design, asked: Pass) -> Sums:
    """`Design.sums` by the NumPy block loop: the route for small data, and every kernel's twin."""
    Wx, bx = _parameters(design, asked.W, asked.b)
    head, weights, A = asked.head, asked.weights, asked.A
    loss, G, db = np.zeros(weights.shape[1]), np.zeros(Wx.shape), np.zeros(bx.shape)
    for rows, block in design.blocks():
        Z = block @ Wx + bx
        if A is None:
            L, dZ, _ = head.expansion(Z, asked.targets[rows])
            loss += (L * weights[rows]).sum(axis=0)
        else:
            dZ = head.curvature_product(A[rows], Z)
        dZ = dZ * weights[rows].repeat(head.width, axis=1)
        G += block.T @ dZ.astype(design.dtype)
        db += dZ.sum(axis=0)
    return loss, G if design.folded is None else design.folded.fold_gradient(G, db), db


def block_moments(design: Design, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`Design.moments_pass` by the NumPy block loop."""
    sums, squares = np.zeros((2, design.traits.n, h.shape[1]))
    for rows, block in design.blocks():
        part = h[rows].astype(design.dtype)
        sums += block.T @ part
        squares += design.square(block).T @ part
    return design.fold_moments(sums, squares, h)


def _parameters(design: Design, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if design.folded is not None:
        W, b = design.folded.fold(W, b)
    return W.astype(design.dtype), b.astype(design.dtype)
