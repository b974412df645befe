"""Average marginal effects: what a unit of a feature does to probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.statistics.estimate import Estimate, probabilities

NEAR = 1e-6  # of 0 and 1, after standardising and back


@dataclass(frozen=True)
class Effects:
    """Effects and standard errors (K, n), and which features were changed from 0 to 1."""

    values: np.ndarray
    errors: np.ndarray
    dummies: np.ndarray


def average_effects(estimate: Estimate, cov: np.ndarray, *, dummies: bool) -> Effects:
    """E_kj = mean_i d a_ik / d x_ij = sum_l B_jl mean_i a_ik (delta_kl - a_il): (K, n).

    B (rows, K) are the coefficients, zero for the first class. The errors are the delta method's,
    sqrt(diag(G cov G^T)) with G = dE/dB. With `dummies` a feature of zeros and ones is changed
    from 0 to 1 instead: mean_i a_ik(x_j = 1) - a_ik(x_j = 0). Rows count by their frequency
    weights. Cost: a pass, and with `dummies` one a feature and one more for each that is.
    """
    values, gradients = _derivatives(estimate)
    chosen = np.zeros(len(estimate.sample.features), dtype=bool)
    for j in range(len(chosen)) if dummies else ():
        column = estimate.sample.design.forward(_unit(estimate, j), np.zeros(1))
        if _is_dummy(estimate, column, j):
            chosen[j] = True
            values[:, j], gradients[:, j] = _change(estimate, column, j)
    G = gradients.reshape(*values.shape, -1)
    variances = np.einsum("kjp,pq,kjq->kj", G, cov, G, optimize=True)
    unit = np.where(chosen, 1, estimate.sample.scaling.scale)
    return Effects(values * unit, np.sqrt(variances.clip(0)) * unit, chosen)


def _derivatives(estimate: Estimate) -> tuple[np.ndarray, np.ndarray]:
    """E (K, n) for the scaled X, and dE/dB (K, n, q, rows), from one pass.

    d E_kj / d B_al = delta_ja M_kl + sum_c B_jc T_akcl, where M_kl = mean a_k (delta_kl - a_l) and
    T_a is the mean of x_a times dM/dz_l.
    """
    sample, B = estimate.sample, _coefficients(estimate)
    K, n = len(sample.classes), len(sample.features)

    def of_rows(rows: slice, Z: np.ndarray) -> np.ndarray:
        M, T = _curvatures(probabilities(Z))
        flat = np.hstack([M.reshape(len(Z), -1), T.reshape(len(Z), -1)])
        return flat * sample.shares[rows, None]

    sums = sample.design.sums_pass(*sample.objective.split(estimate.theta), of_rows)
    M = sums[-1, : K * K].reshape(K, K)
    T = sums[: sample.rows, K * K :].reshape(sample.rows, K, K, K)
    values = M @ B[:n].T
    gradients = np.einsum("jc,akcl->kjla", B[:n], T[..., 1:], optimize=True)
    for j in range(n):
        gradients[:, j, :, j] += M[:, 1:]
    return values, gradients


def _curvatures(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """da_k/dz_c = a_k (delta_kc - a_c) (rows, K, K), and its dz_l (rows, K, K, K)."""
    eye = np.eye(A.shape[1])
    M = A[:, :, None] * (eye - A[:, None])
    first = np.einsum("rkl,rkc->rkcl", M, eye - A[:, None])
    return M, first - np.einsum("rk,rcl->rkcl", A, M)


def _change(estimate: Estimate, column: np.ndarray, j: int) -> tuple[np.ndarray, np.ndarray]:
    """mean a(x_j = 1) - a(x_j = 0) (K,), and its dB (K, q, rows)."""
    sample = estimate.sample
    K, moves = len(sample.classes), estimate.theta[j]
    ends = (np.arange(2) - sample.scaling.centre[j]) * sample.scaling.scale[j]

    def of_rows(rows: slice, Z: np.ndarray) -> np.ndarray:
        parts = []
        for end in ends:
            A = probabilities(Z + (end - column[rows]) * moves)
            M = A[:, :, None] * (np.eye(K) - A[:, None])
            parts.append(np.hstack([A, M.reshape(len(A), -1)]) * sample.shares[rows, None])
        return np.hstack([parts[1] - parts[0], *parts])

    sums = sample.design.sums_pass(*sample.objective.split(estimate.theta), of_rows)
    q = K + K * K
    gradient = sums[: sample.rows, K:q].reshape(sample.rows, K, K)
    low, high = (sums[-1, q * i + K : q * (i + 1)].reshape(K, K) for i in (1, 2))
    gradient[j] = ends[1] * high - ends[0] * low
    return sums[-1, :K], gradient[:, :, 1:].transpose(1, 2, 0)


def _is_dummy(estimate: Estimate, column: np.ndarray, j: int) -> bool:
    """Whether the scaled column stands for zeros and ones alone."""
    scaling = estimate.sample.scaling
    x = column / scaling.scale[j] + scaling.centre[j]
    return bool((np.minimum(np.abs(x), np.abs(x - 1)) <= NEAR).all())


def _unit(estimate: Estimate, j: int) -> np.ndarray:
    W = np.zeros((len(estimate.sample.features), 1))
    W[j] = 1
    return W


def _coefficients(estimate: Estimate) -> np.ndarray:
    """B (rows, K): zero for the first class."""
    return np.vstack([np.zeros(estimate.sample.rows), estimate.reference]).T
