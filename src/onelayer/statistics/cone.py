"""The cone {d: F d >= 0}: which rows of F can be above zero, and where the cone lies, with proofs.

A linear program alone does not settle it: solvers are content with rows that are 1e-7 below zero,
and a problem may be that near to separation. So what the program finds is checked, as numbers are
rounded, by the two sides of a theorem of the alternative (Stiemke): some rows S and a direction d
with F_S d > 0 and the other rows exactly 0, and weights lambda > 0 with F_O^T lambda = 0, which
show that nothing can be above zero among the other rows O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

TIE = 1e-10  # of |F| |d|: an F d that rounding may have left of 0,
NOISE = 1e-13  # or of the largest |d|: what it may have left of a d of 0
FLAT = 1e-12  # of the largest singular value: what rounding may have left of 0
CLEAN = 1e-14  # of a unit vector: an entry that rounding may have left of 0
BALANCED = 1e-11  # of |F|^T lambda may remain in F^T lambda


@dataclass(frozen=True)
class Face:
    """Where {d: F d >= 0} lies.

    direction (p,) is inside it, relative to its span; above (M,) are the rows with F d > 0 there,
    the others are 0 in all of the cone; span (p, q) is an orthonormal basis of its span; proved:
    whether both sides of the theorem hold as rounded.
    """

    direction: np.ndarray
    above: np.ndarray
    span: np.ndarray
    proved: bool


def find_face(F: np.ndarray) -> Face:
    """The face of {d: F d >= 0}, by one linear program; rows of F (M, p) should be of like size.

    The program is sum min(lambda, 1) -> max, F^T lambda = 0, lambda >= 0. Its solution has
    lambda >= 1 in O and 0 in S, and its multipliers are a d with F d >= 1 in S. It has p rows, be M
    what it may: for 3000 x 100 in 0.6 s, where its dual, over d, took 1.8 s.
    """
    M, p = F.shape
    constraints = sparse.hstack([sparse.csc_array(F.T)] * 2, format="csc")
    bounds = np.zeros((2 * M, 2))
    bounds[:, 1] = np.repeat([1.0, np.inf], M)
    found = _program(np.repeat([-1.0, 0.0], M), constraints, np.zeros(p), bounds)
    balance = found.x[:M] + found.x[M:]
    return _checked(F, -found.eqlin.marginals, balance)


def _program(cost: np.ndarray, A: sparse.csc_array, b: np.ndarray, bounds: np.ndarray) -> Any:
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(cost, A_eq=A, b_eq=b, bounds=bounds, method="highs-ds", options=tight)
    if found.status != 0:  # the simplex method gave up, which is rare; interior points remain
        found = linprog(cost, A_eq=A, b_eq=b, bounds=bounds, method="highs-ipm")
    if found.status != 0:
        raise ArithmeticError(f"the linear program was not solved: {found.message}")
    return found


def _checked(F: np.ndarray, direction: np.ndarray, balance: np.ndarray) -> Face:
    above = balance < 0.5
    at_zero = F[~above]
    span, squares = _null_space(at_zero)
    direction = span @ (span.T @ direction)
    if not above.any():
        direction = np.zeros(F.shape[1])
    size = np.abs(direction).max(initial=0)
    direction = direction / size if size else direction
    separates = bool((F[above] @ direction > tie(F[above], direction)).all())
    return Face(direction, above, span, separates and _balances(at_zero, balance[~above], squares))


def tie(F: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The F d that rounding may have left of 0: rows of F of size 1, d one column or more."""
    return TIE * (np.abs(F) @ np.abs(d)) + NOISE * np.abs(d).max(axis=0, initial=0)


def _null_space(F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An orthonormal basis of {d: F d = 0}, and (F^T F)^+, by singular values of F's triangle."""
    p = F.shape[1]
    R = np.linalg.qr(F, mode="r") if len(F) > p else F
    _, s, Vt = np.linalg.svd(np.vstack([R, np.zeros((p - len(R), p))]))
    known = s > FLAT * max(s[0], np.finfo(float).tiny)
    inverse = Vt[known].T / s[known]
    span = Vt[~known].T
    span[np.abs(span) < CLEAN] = 0  # a column that takes no part takes none at all
    return span, inverse @ inverse.T


def _balances(F: np.ndarray, balance: np.ndarray, inverse_square: np.ndarray) -> bool:
    """Whether F^T lambda = 0 has a solution lambda > 0 near the given one."""
    for _ in range(3):
        balance = balance - F @ (inverse_square @ (F.T @ balance))
    remaining = np.abs(F.T @ balance)
    return bool((balance > 0).all() and (remaining <= BALANCED * (np.abs(F).T @ balance)).all())


def lowest(G: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The d in {G d >= 0, |d| <= 1} of the smallest g^T d: (q,), by one linear program.

    Its dual, with q rows: how near G^T v comes to g for v >= 0.
    """
    M, q = G.shape
    identity = sparse.eye_array(q)
    constraints = sparse.hstack([sparse.csc_array(G.T), identity, -identity], format="csc")
    bounds = np.zeros((M + 2 * q, 2))
    bounds[:, 1] = np.inf
    cost = np.r_[np.zeros(M), np.ones(2 * q)]
    found = _program(cost, constraints, g, bounds)
    return -found.eqlin.marginals


def toward_boundary(G: np.ndarray, inside: np.ndarray, step: np.ndarray) -> np.ndarray:
    """inside + t step, t most of the way to where some G d is 0; 1 where none ever is."""
    fall, room = G @ step, G @ inside
    falls = fall < 0
    reach = float((room[falls] / -fall[falls]).min(initial=np.inf))
    return inside + (1 - 1e-3) * (reach if np.isfinite(reach) else 1.0) * step
