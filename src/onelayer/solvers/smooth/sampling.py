"""Rows drawn to stand for all, and the curvature that is summed over them.

Rows come in proportion to what they weigh, with weights that make up for it: sums over the drawn
rows are on average those over all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from onelayer.objective import Objective

TINY = 1e-300
RIDGES = (1e-6, 1e-4, 1e-2, 1.0)  # of each diagonal element: M stays definite without a penalty
MISSED = 0.5  # of a feature's curvature: below it the sample says nothing of the feature
BLOCK = 1024  # rows of the sample whose products are summed at a time


@dataclass(frozen=True)
class Bend:
    """Where J bends at theta: activations A (m, k), and the share u (m,) that each row has in it.

    u = v a (1 - a), or for softmax v (1 - |a|^2) / (K - 1): the mean over the directions that
    leave the sum of z as it is of d2L/dz2 = diag(a) - a a^T, which is 1/K at theta = 0.
    """

    A: np.ndarray
    u: np.ndarray

    @classmethod
    def at(cls, objective: Objective, theta: np.ndarray) -> Bend:
        """One pass."""
        A = objective.curvature(theta)
        return cls(A, objective.weights * mean_curvature(A))

    def draw(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """About `size` rows in proportion to u, and u again, made up for the chance."""
        total = max(float(self.u.sum()), TINY)
        rows, shares = draw(self.u / total, size)
        return rows, shares * total


def mean_curvature(A: np.ndarray) -> np.ndarray:
    """a (1 - a), or for softmax (1 - |a|^2) / (K - 1), of each row: see `Bend`."""
    return np.asarray((A * (1 - A)).sum(axis=1) / max(A.shape[1] - 1, 1))


def draw(weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """About `size` rows, drawn in proportion to their weights, and weights that make up for it."""
    m = int((weights > 0).sum())
    if 2 * size >= m:
        rows = np.flatnonzero(weights)
        return rows, weights[rows]
    probability = size * weights
    np.minimum(1, probability, out=probability)
    rows = np.flatnonzero(np.random.default_rng(0).random(len(weights)) < probability)
    return rows, weights[rows] / probability[rows]


def blocks(objective: Objective, rows: np.ndarray, n: int) -> Iterator[tuple[slice, np.ndarray]]:
    """The drawn rows [x' 1][:n] in float32, some at a time, in an array of one's own."""
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        yield part, objective.design.sample(rows[part])[:, :n]


def weighted_gram(objective: Objective, rows: np.ndarray, h: np.ndarray, n: int) -> np.ndarray:
    """sum h x x^T over rows, block by block; written S^T S, for which NumPy does half the work."""
    P = np.zeros((n, n), np.float32)
    for part, block in blocks(objective, rows, n):
        S = np.multiply(block, np.sqrt(h[part], dtype=np.float32)[:, None], out=block)
        P += S.T @ S
    return P


def true_diagonal(objective: Objective, h: np.ndarray) -> np.ndarray:
    """sum_i h_i x_i^2 on all rows, and sum_i h_i for the intercept; h (m,)."""
    _, squares = objective.design.moments_pass(h[:, None])
    return objective.join(squares, h.sum(keepdims=True)).ravel()


def factored(
    factor: Callable[[np.ndarray], np.ndarray],
    assemble: Callable[[], np.ndarray],
    diagonal: np.ndarray | None,
    objective: Objective,
) -> tuple[np.ndarray, float]:
    """`factor` of the assembled system, with as much of a ridge as rounding makes it need.

    And the largest ridge that a parameter was given.

    A feature that is rare enough to be missed by the sample would seem to have no curvature, and
    steps along it no limit: where the sample has less than half of `diagonal`, that stands.
    """
    for ridge in RIDGES:
        M = assemble().astype(objective.design.dtype, copy=False)
        if diagonal is not None:
            index = np.arange(len(M))
            missed = M[index, index] < MISSED * diagonal
            M[index[missed], index[missed]] = diagonal[missed]
        added = _regularise(M, objective, len(M) // len(objective.start()), ridge)
        try:
            return factor(M), added
        except np.linalg.LinAlgError:
            continue
    raise FloatingPointError("the curvature is not finite; scale the features")


def _regularise(M: np.ndarray, objective: Objective, k: int, ridge: float) -> float:
    """Add l2, a ridge in each feature's own unit, and what lifts softmax's common shift.

    Returns the largest ridge.

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
    return ridge * float(diagonal.max())
