"""What stands in for the Hessian under L-BFGS: from a diagonal to the whole system on a sample.

A metric M is close to the Hessian and cheap to solve with. The nearer it is, the fewer passes are
needed: on 60000 x 784 pixels in 10 classes a gap of 1e-6 took 378 passes over a shared Gram
matrix, and 54 to 82 over a sampled Hessian.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.algebra import Algebra

ROWS_PER_FEATURE = 8  # of the sample: eigenvalues of M are then within 0.4 and 1.9 of H's
DRAWS_PER_PARAMETER = 6  # of the sample for the whole softmax system
CANDIDATES = 3  # rows looked at for each draw
GRAM_WORTH = 20  # n^2 <= this * m k: a shared Gram matrix costs less than some 20 passes
SYSTEM_WORTH = 1200  # (k + 1) k n^2 <= this * m; set so that the 10-class pixels above qualify
SYSTEM_BYTES = 512_000_000  # of the whole system in float32
TINY = 1e-300
RIDGES = (1e-6, 1e-4, 1e-2, 1.0)  # of each diagonal element: M stays definite without a penalty
MISSED = 0.5  # of a feature's curvature: below it the sample says nothing of the feature
ROUNDED = 1e-12  # of a sum of squares: what is left of a constant feature's variance
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
        _, squares = objective.design.moments_pass(h)
        diagonal = objective.join(squares + objective.penalty.l2, h.sum(axis=0))
        return cls(np.where(diagonal > 0, diagonal, 1))

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient."""
        return gradient / self.diagonal


@dataclass(frozen=True)
class CentredDiagonal:
    """The diagonal of the Hessian in (W, b + mu^T W), where b is apart from W: 2 passes.

    mu (n, k) is the mean of the features by the curvature h. A change of W alone moves every z by
    about mu^T dW, which the intercept must make good; in (W, b) itself conjugate gradients find
    that out anew in every solve: 39 products instead of 57 on 11314 texts at lambda = 1e-5.
    """

    diagonal: np.ndarray
    mean: np.ndarray
    total: np.ndarray
    name: str = "diagonal metric"

    @classmethod
    def at(cls, objective: Objective, A: np.ndarray) -> CentredDiagonal:
        """sum h (x - mu)^2 + l2, mu = sum h x / sum h, and sum h; h = v a (1 - a)."""
        h = objective.weights[:, None] * A * (1 - A)
        sums, squares = objective.design.moments_pass(h)
        total = np.maximum(h.sum(axis=0), TINY)
        mean = sums / total if objective.intercept else np.zeros_like(sums)
        centred = squares - mean * sums
        constant = centred <= ROUNDED * squares
        diagonal = np.where(constant, squares, centred) + objective.penalty.l2
        return cls(np.where(diagonal > 0, diagonal, 1), mean, total)

    def ratio(self, objective: Objective) -> float:
        """By how much H^-1 may exceed M^-1, for H >= l2; without a penalty, infinity."""
        l2 = objective.penalty.l2
        return float(self.diagonal.max()) / l2 if l2 > 0 else math.inf

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient."""
        if len(gradient) == len(self.diagonal):
            return gradient / self.diagonal
        W = (gradient[:-1] - self.mean * gradient[-1]) / self.diagonal
        b = gradient[-1] / self.total - (self.mean * W).sum(axis=0)
        return np.vstack([W, b])


@dataclass(frozen=True)
class SharedGram:
    """c X^T V X + l2 on a sample, the same for every class: the Hessian at theta = 0.

    There a = 1/K, and d2L/dz2 = (I - 11^T / K) / K is 1/K on gradients, which sum to zero over
    the classes; a (1 - a) = 1/4 for binary.
    """

    factor: np.ndarray
    algebra: Algebra
    whole: bool
    name: str = "shared Gram metric"

    @classmethod
    def of(cls, objective: Objective, *, whole: bool = False) -> SharedGram:
        """Draw ROWS_PER_FEATURE rows a feature, all of small data or if `whole`, and factor."""
        n, m = len(objective.start()), objective.design.traits.m
        whole = whole or not objective.design.compiled
        rows, shares = _draw(objective.weights, m if whole else ROWS_PER_FEATURE * n)
        c = 1 / 4 if objective.head.width == 1 else 1 / objective.head.width
        whole = len(rows) == np.count_nonzero(objective.weights)
        diagonal = None if whole else _diagonal(objective, c * objective.weights[:, None])

        def assemble() -> np.ndarray:
            return _weighted_gram(objective, rows, c * shares, n)

        algebra = Algebra(objective.design.compiled)
        return cls(_factor(algebra, assemble, diagonal, objective), algebra, whole)

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient, class by class."""
        return self.algebra.solve(self.factor, gradient)


@dataclass(frozen=True)
class SampleHessian:
    """The Hessian at theta of the whole system, on rows drawn where its curvature is."""

    factor: np.ndarray
    algebra: Algebra
    name: str = "sampled Hessian metric"

    @classmethod
    def at(cls, objective: Objective, theta: np.ndarray) -> SampleHessian:
        """Draw, assemble in float32 pair by pair, and factor.

        diag(a) - a a^T is the sum over pairs of classes of a_c a_d (e_c - e_d)(e_c - e_d)^T: for
        each pair the rows are drawn that waver between its two classes, and the sum of their
        x x^T goes to two diagonal blocks and, less, to the one between them. Binary is one pair.
        """
        n, k = theta.shape
        A = objective.curvature(theta)
        diagonal = _diagonal(objective, objective.weights[:, None] * A * (1 - A))
        rows, A, shares = _candidates(objective, theta)

        def assemble() -> np.ndarray:
            M = np.zeros((k, n, k, n), np.float32)
            for (c, d), drawn, h in _draw_pairs(A, shares, _sample_size(objective)):
                P = _weighted_gram(objective, rows[drawn], h, n)
                M[c, :, c] += P
                if k > 1:
                    M[d, :, d] += P
                    M[c, :, d] -= P
            return M.reshape(n * k, n * k)

        algebra = Algebra(objective.design.compiled)
        return cls(_factor(algebra, assemble, diagonal, objective), algebra)

    @classmethod
    def whole(cls, objective: Objective, theta: np.ndarray) -> SampleHessian:
        """The Hessian itself, of all rows: for few parameters and several problems."""
        W, b = objective.split(theta)
        H = objective.design.hessian_pass(W, b, objective.head, objective.weights[:, None])
        rows = len(theta)
        M = H[:rows, :, :rows, :].transpose(1, 0, 3, 2).reshape(theta.size, theta.size)
        algebra = Algebra(objective.design.compiled)
        return cls(_factor(algebra, M.copy, None, objective), algebra, "Hessian metric")

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient; the system is ordered class by class."""
        solution = self.algebra.solve(self.factor, gradient.T.ravel())
        return solution.reshape(gradient.T.shape).T


def first_metric(objective: Objective, theta: np.ndarray) -> Metric:
    """The metric to begin with."""
    traits, k = objective.design.traits, objective.head.width
    if "sample" in traits.offers and traits.n**2 <= GRAM_WORTH * traits.m * k:
        return SharedGram.of(objective)
    return Diagonal.at(objective, theta)


def better_metric(objective: Objective, theta: np.ndarray, sharing: int = 1) -> Metric | None:
    """The metric for the neighbourhood of the optimum; None where none is worth its price.

    Where several problems share it, each pass does the work of as many.
    """
    traits, k = objective.design.traits, objective.head.width
    if "sample" not in traits.offers:
        return Diagonal.at(objective, theta)
    size = theta.size
    worth = (k + 1) * k * traits.n**2 <= SYSTEM_WORTH * traits.m * sharing
    if worth and 4 * size**2 <= SYSTEM_BYTES:
        return SampleHessian.at(objective, theta)
    return None


def _sample_size(objective: Objective) -> int:
    """Draws, a row and a pair each."""
    n, k = objective.start().shape
    return ROWS_PER_FEATURE * n if k == 1 else DRAWS_PER_PARAMETER * n * k


def _candidates(
    objective: Objective, theta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to draw from, their activations (rows, classes; two for binary) and their weights."""
    rows, shares = _draw(objective.weights, CANDIDATES * _sample_size(objective))
    A = np.empty((len(rows), objective.head.width), np.float32)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        B = objective.design.sample(rows[part])[:, : len(theta)]
        A[part] = objective.head.activation(B @ theta.astype(np.float32))
    return rows, np.hstack([A, 1 - A]) if A.shape[1] == 1 else A, shares


def _draw_pairs(
    A: np.ndarray, shares: np.ndarray, size: int
) -> Iterator[tuple[tuple[int, int], np.ndarray, np.ndarray]]:
    """For each pair of classes (c, d), d < c: the rows drawn, and h that makes up for the chance.

    A row's chance is in proportion to its v a_c a_d; about `size` draws in all.
    """
    random = np.random.default_rng(0)
    total = 0.5 * float(shares @ (1 - (A * A).sum(axis=1)))  # of v a_c a_d over rows and pairs
    for c in range(1, A.shape[1]):
        for d in range(c):
            h = shares * A[:, c] * A[:, d]
            chance = np.minimum(1, (size / max(total, TINY)) * h)
            drawn = np.flatnonzero(random.random(len(h)) < chance)
            yield (c if A.shape[1] > 2 else 0, d), drawn, h[drawn] / chance[drawn]


def _weighted_gram(objective: Objective, rows: np.ndarray, h: np.ndarray, n: int) -> np.ndarray:
    """sum h x x^T over rows, block by block; written S^T S, for which NumPy does half the work."""
    P = np.zeros((n, n), np.float32)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        S = objective.design.sample(rows[part])[:, :n]
        S *= np.sqrt(h[part], dtype=np.float32)[:, None]
        P += S.T @ S
    return P


def _diagonal(objective: Objective, h: np.ndarray) -> np.ndarray:
    """sum_i h_i x_i^2 on all rows, class by class, and sum_i h_i for the intercept."""
    _, squares = objective.design.moments_pass(h)
    return objective.join(squares, h.sum(axis=0)).T.ravel()


def _factor(
    algebra: Algebra,
    assemble: Callable[[], np.ndarray],
    diagonal: np.ndarray | None,
    objective: Objective,
) -> np.ndarray:
    """A factor of the assembled system, with as much of a ridge as rounding makes it need.

    A feature that is rare enough to be missed by the sample would seem to have no curvature, and
    steps along it no limit: where the sample has less than half of `diagonal`, that stands.
    """
    for ridge in RIDGES:
        M = assemble().astype(objective.design.dtype, copy=False)
        if diagonal is not None:
            index = np.arange(len(M))
            missed = M[index, index] < MISSED * diagonal
            M[index[missed], index[missed]] = diagonal[missed]
        _regularise(M, objective, len(M) // len(objective.start()), ridge)
        try:
            return algebra.factor(M)
        except np.linalg.LinAlgError:
            continue
    raise FloatingPointError("the curvature is not finite; scale the features")


def _regularise(M: np.ndarray, objective: Objective, k: int, ridge: float) -> None:
    """Add l2, a ridge in each feature's own unit, and what lifts softmax's common shift.

    The shift of all classes together has no curvature and no gradient: any lift will do.
    """
    n = len(M) // k
    index = np.arange(len(M))
    features = index[index % n < objective.design.traits.n]
    M[features, features] += objective.penalty.l2
    diagonal = M[index, index]
    M[index, index] += np.where(diagonal > 0, ridge * diagonal, 1)
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
