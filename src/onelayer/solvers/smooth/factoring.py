"""Metrics assembled from drawn rows, and factored with as much of a ridge as they need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from onelayer.designs.drawn_rows import Drawn
from onelayer.designs.loss import Moments
from onelayer.objective import Objective
from onelayer.solvers.algebra import lift_shift

TINY = 1e-300  # guard: divides by no zero
RIDGES = (1e-6, 1e-4, 1e-2, 1.0)  # guard: of each diagonal element; M stays definite
MISSED = 0.5  # guard: of a feature's curvature; below it the sample says nothing of the feature


def weighted_gram(drawn: Drawn, c: float, n: int) -> np.ndarray:
    """sum c h x x^T over drawn rows; written S^T S, for which NumPy does half the work."""
    P = np.zeros((n, n), np.float32)
    for part, block in drawn.blocks(n):
        S = np.multiply(block, np.sqrt(c * drawn.h[part], dtype=np.float32)[:, None], out=block)
        P += S.T @ S
    return P


def true_diagonal(objective: Objective, moments: Moments, c: float = 1.0) -> np.ndarray:
    """sum_i h_i x_i^2 on all rows, and sum_i h_i for the intercept, times c."""
    return c * objective.join(moments.squares, moments.total).ravel()


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
        M = assemble().astype(objective.loss.dtype, copy=False)
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
    """
    n = len(M) // k
    index = np.arange(len(M))
    features = index[index % n < objective.loss.traits.n]
    M[features, features] += objective.penalty.l2
    diagonal = M[index, index]
    M[index, index] += np.where(diagonal > 0, ridge * diagonal, 1)
    if k > 1:
        lift_shift(M.reshape(k, n, k, n).transpose(1, 0, 3, 2), diagonal.reshape(k, n).mean(axis=0))
    return ridge * float(diagonal.max())
