"""Activations that Newton's model foresees, and how far off they are: what a bound on J is made of.

Weak duality: any activations p (m, K) whose residuals p - y sum to zero, as an intercept demands,
bound the minimum of J from below, and at (W, b), with a the activations there,

    J - J* <= sum_i v_i KL(p_i || a_i) + ||X^T (v (p - y)) + l2 W||^2 / (2 l2).

At p = a the norm is that of J's gradient in W, and the bound 20 to 30,000 times too loose. At the p
that Newton's model foresees from nearby it is what is left of its linear system, and KL what the
model has missed: both vanish with the gap, and no term cancels.
"""

from __future__ import annotations

import numpy as np

from onelayer.logistic import log_softmax, sigma, softmax

BALANCED = 4e-16  # theory: of sum v |p - y|, what its rounding may leave of sum v (p - y)

TINY = 1e-300  # guard: next to which a change may be more times as large than a float can say


def foresee(Z: np.ndarray, U: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """a at Z + length U, and p - a for the p that Newton's model foresees from Z at Z + U.

    Z and U are (rows, K), of all classes. p = a_0 + (diag(a_0) - a_0 a_0^T) u, a_0 = softmax(z);
    where that leaves the simplex, p is a.
    """
    A, before = activations(Z + length * U), activations(Z)
    change = before - A + before * (U - _sums(before * U)[:, None])
    # What is nearly 1 has fewer digits than what it lacks, which is the sum of the others.
    largest = A.argmax(axis=1)[:, None]
    np.put_along_axis(change, largest, 0, axis=1)
    np.put_along_axis(change, largest, -_sums(change)[:, None], axis=1)
    change[~((A > 0) & (A + change > 0) | (change == 0)).all(axis=1)] = 0
    return A, change


def balance(
    A: np.ndarray, change: np.ndarray, given: np.ndarray, lacking: np.ndarray
) -> np.ndarray:
    """p - a (rows, K) for a p moved from the classes that have too much to those that lack it.

    Each row gives the share `given` (K,) of what it has, and gets it back by `lacking` (K,), which
    sums to 1: see `exchange`.
    """
    gifts = (A + change) * given
    return change - gifts + _sums(gifts)[:, None] * lacking


def exchange(excess: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What balances p, given and lacking (K,): excess is sum v (p - y), means is sum v p."""
    lacking = np.maximum(-excess, 0)
    return np.maximum(excess, 0) / np.maximum(means, np.finfo(float).tiny), lacking / lacking.sum()


def divergence(A: np.ndarray, change: np.ndarray, Z: np.ndarray) -> np.ndarray:
    """KL(a + change || a) of each row, sum_k (a + d) log(1 + d / a) - d: to d^2 / (2 a) exact.

    Z (rows, K) is where a is taken: it tells log a where a itself is too small for a float.
    """
    p, told = A + change, A >= TINY
    ratio = np.divide(change, A, out=np.zeros_like(A), where=(change != 0) & told)
    terms = p * np.log1p(ratio, out=np.zeros_like(A), where=p > 0) - change
    lost = ~told & (change > 0)
    if lost.any():
        d = change[lost]
        terms[lost] = d * (np.log(d) - log_softmax(Z)[lost]) - d
    return _sums(terms).clip(0)


def activations(Z: np.ndarray) -> np.ndarray:
    """Softmax; of two classes by sigma: a maximum and a sum over two numbers a row take long."""
    if Z.shape[1] > 2:
        return softmax(Z)
    z = Z[:, 1] - Z[:, 0]
    likely = sigma(np.abs(z))
    rare = np.exp(-np.abs(z)) * likely
    second = z > 0
    return np.column_stack([np.where(second, rare, likely), np.where(second, likely, rare)])


def _sums(rows: np.ndarray) -> np.ndarray:
    """Of each row: as a product, for NumPy's own sums over a few numbers take ten times as long."""
    return rows @ np.ones(rows.shape[1])
