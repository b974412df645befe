"""What stands in for the Hessian under L-BFGS: from a diagonal to the whole system on a sample.

A metric M is close to the Hessian and cheap to solve with. The nearer it is, the fewer passes are
needed: on 60000 x 784 pixels, one class against the rest, L-BFGS alone takes some 400 passes to a
gap of 1e-6, with M from 6000 rows 20.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.algebra import Algebra

ROWS_PER_FEATURE = 8  # of the sample: eigenvalues of M are then within 0.4 and 1.9 of H's
ROWS_PER_PARAMETER = 1.5  # of the sample for the whole softmax system
EXPLORE = 0.02  # beside 1 - |a|^2, so that rows that are sure may still be drawn
CANDIDATES = 3  # rows looked at for each row of the sample
GRAM_WORTH = 20  # n^2 <= this * m k: a shared Gram matrix costs less than some 20 passes
SYSTEM_WORTH = 1200  # (k + 1) k n^2 <= this * m; Fashion-MNIST: 5 s of metric save 10 s of passes
SYSTEM_BYTES = 512_000_000  # of the whole system in float32
NEGLIGIBLE = 0.003  # of the smaller diagonal block: a pair of classes that never meet
RIDGE = 1e-6  # of each diagonal element: M stays definite where there is no penalty
BLOCK = 2048  # rows of the sample whose products are summed at a time


class Metric(Protocol):
    """M, by its inverse."""

    @property
    def name(self) -> str:
        """What it is, in words."""
        ...

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient."""
        ...


@dataclass(frozen=True)
class Diagonal:
    """The Hessian's diagonal at theta: 2 passes."""

    diagonal: np.ndarray
    name: str = "diagonal metric"

    @classmethod
    def at(cls, objective: Objective, theta: np.ndarray) -> Diagonal:
        """The sum of h x^2 + l2, h = v a (1 - a), for every parameter."""
        A = objective.curvature(theta)
        h = objective.weights[:, None] * A * (1 - A)
        squares = objective.design.diagonal_pass(h) + objective.penalty.l2
        diagonal = objective.join(squares, h.sum(axis=0))
        return cls(np.where(diagonal > 0, diagonal, 1))

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient."""
        return gradient / self.diagonal


@dataclass(frozen=True)
class SharedGram:
    """c X^T V X + l2 on a sample, the same for every class: the Hessian at theta = 0.

    There a = 1/K, and d2L/dz2 = (I - 11^T / K) / K is 1/K on gradients, which sum to zero over
    the classes; a (1 - a) = 1/4 for binary.
    """

    factor: np.ndarray
    algebra: Algebra
    name: str = "shared Gram metric"

    @classmethod
    def of(cls, objective: Objective) -> SharedGram:
        """Draw ROWS_PER_FEATURE rows a feature and factor."""
        size = ROWS_PER_FEATURE * len(objective.start())
        rows, shares = _draw(objective.weights, size)
        c = 1 / 4 if objective.head.width == 1 else 1 / objective.head.width
        n = len(objective.start())
        M = np.zeros((n, n), np.float32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            M += _outer(objective.design.sample(rows[part])[:, :n], c * shares[part])
        M = M.astype(objective.design.dtype, copy=False)
        _regularise(M, objective, 1)
        algebra = Algebra(objective.design.compiled)
        return cls(algebra.cholesky(M), algebra)

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient, class by class."""
        return self.algebra.cholesky_solve(self.factor, gradient)


@dataclass(frozen=True)
class SampleHessian:
    """The Hessian at theta of the whole system, on rows drawn where its curvature is."""

    factor: np.ndarray
    algebra: Algebra
    name: str = "sampled Hessian metric"

    @classmethod
    def at(cls, objective: Objective, theta: np.ndarray) -> SampleHessian:
        """Draw, assemble in float32 block by block, and factor."""
        rows, shares = _draw_curved(objective, theta, _system_rows(objective))
        n, k = theta.shape
        M = np.zeros((k, n, k, n), np.float32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            B = objective.design.sample(rows[part])[:, :n]
            A = objective.head.activation(B @ theta.astype(np.float32))
            _assemble(M, B, A, shares[part].astype(np.float32))
        system = M.reshape(n * k, n * k).astype(objective.design.dtype, copy=False)
        _regularise(system, objective, k)
        algebra = Algebra(objective.design.compiled)
        return cls(algebra.cholesky(system), algebra)

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient; the system is ordered class by class."""
        solution = self.algebra.cholesky_solve(self.factor, gradient.T.ravel())
        return solution.reshape(gradient.T.shape).T


def first_metric(objective: Objective, theta: np.ndarray) -> Metric:
    """The metric to begin with."""
    traits, k = objective.design.traits, objective.head.width
    if "sample" in traits.offers and traits.n**2 <= GRAM_WORTH * traits.m * k:
        return SharedGram.of(objective)
    return Diagonal.at(objective, theta)


def better_metric(objective: Objective, theta: np.ndarray) -> Metric | None:
    """The metric for the neighbourhood of the optimum; None where none is worth its price."""
    traits, k = objective.design.traits, objective.head.width
    if "sample" not in traits.offers:
        return Diagonal.at(objective, theta)
    size = theta.size
    worth = (k + 1) * k * traits.n**2 <= SYSTEM_WORTH * traits.m
    if worth and 4 * size**2 <= SYSTEM_BYTES:
        return SampleHessian.at(objective, theta)
    return None


def _system_rows(objective: Objective) -> int:
    n, k = objective.start().shape
    return int(max(ROWS_PER_FEATURE * n, ROWS_PER_PARAMETER * n * k if k > 1 else 0))


def _assemble(M: np.ndarray, B: np.ndarray, A: np.ndarray, shares: np.ndarray) -> None:
    """Add sum_i v_i (diag(a) - a a^T) x x^T to the lower blocks of M (k, n, k, n)."""
    if A.shape[1] == 1:
        M[0, :, 0] += _outer(B, shares * (A * (1 - A))[:, 0])
        return
    weight = [float(shares @ (A[:, c] * (1 - A[:, c]))) for c in range(A.shape[1])]
    for c in range(A.shape[1]):
        M[c, :, c] += _outer(B, shares * A[:, c] * (1 - A[:, c]))
        for d in range(c):
            h = shares * A[:, c] * A[:, d]
            if h.sum() > NEGLIGIBLE * min(weight[c], weight[d]):
                M[c, :, d] -= _outer(B, h)


def _outer(B: np.ndarray, h: np.ndarray) -> np.ndarray:
    """B^T diag(h) B for h >= 0; written S^T S, for which NumPy does half the work."""
    S = B * np.sqrt(h, dtype=np.float32)[:, None]
    return S.T @ S


def _regularise(M: np.ndarray, objective: Objective, k: int) -> None:
    """Add l2, a ridge in each feature's own unit, and what lifts softmax's common shift.

    The shift of all classes together has no curvature and no gradient: any lift will do.
    """
    n = len(M) // k
    index = np.arange(len(M))
    features = index[index % n < objective.design.traits.n]
    M[features, features] += objective.penalty.l2
    diagonal = M[index, index]
    M[index, index] += np.where(diagonal > 0, RIDGE * diagonal, 1)
    if k > 1:
        j = np.arange(n)
        M.reshape(k, n, k, n)[:, j, :, j] += (diagonal.reshape(k, n).mean(axis=0) / k)[
            :, None, None
        ]


def _draw(weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """About `size` rows, drawn in proportion to their weights, and weights that make up for it."""
    m = int((weights > 0).sum())
    if 2 * size >= m:
        rows = np.flatnonzero(weights)
        return rows, weights[rows]
    probability = np.minimum(1, size * weights)
    rows = np.flatnonzero(np.random.default_rng(0).random(len(weights)) < probability)
    return rows, weights[rows] / probability[rows]


def _draw_curved(
    objective: Objective, theta: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """About `size` rows, drawn where the curvature is: in proportion to 1 - |a|^2."""
    rows, shares = _draw(objective.weights, CANDIDATES * size)
    if len(rows) <= 2 * size:
        return rows, shares
    curvature = np.empty(len(rows))
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        B = objective.design.sample(rows[part])[:, : len(theta)]
        A = objective.head.activation(B @ theta.astype(np.float32))
        if A.shape[1] == 1:
            A = np.hstack([A, 1 - A])
        curvature[part] = 1 - (A * A).sum(axis=1) + EXPLORE
    chance = curvature * shares
    probability = np.minimum(1, size * chance / chance.sum())
    kept = np.random.default_rng(1).random(len(rows)) < probability
    return rows[kept], shares[kept] / probability[kept]
