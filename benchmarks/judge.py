"""The judge: J of returned weights, in float64, by code that no contender shares.

    J(W, b) = mean L(x'_i W + b, y_i) + lambda/2 ||W||^2     (or lambda ||W||_1)

W is (n, 1) for two classes and (n, K) for more, b (1,) or (K,), the intercept never penalised.
The loss is a difference of log-sum-exps and finite at any margin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from views import View

Parameters = tuple[np.ndarray, np.ndarray]


def objectives(
    view: View,
    y: np.ndarray,
    candidates: Sequence[Parameters],
    lambdas: Sequence[float],
    *,
    l1: bool = False,
) -> np.ndarray:
    """J of each candidate with its lambda: one read of the data judges all of them."""
    k = candidates[0][0].shape[1]
    W = np.column_stack([W for W, _ in candidates]).astype(np.float64)
    b = np.concatenate([b for _, b in candidates]).astype(np.float64)
    total = np.zeros(len(candidates))
    for rows, block in view.blocks():
        Z = np.asarray(block @ W + b).reshape(-1, len(candidates), k)
        total += _losses(Z, y[rows]).sum(axis=0)
    return total / len(y) + np.array(
        [_penalty(W, strength, l1=l1) for (W, _), strength in zip(candidates, lambdas, strict=True)]
    )


def gap(found: Sequence[float], best: Sequence[float]) -> float:
    """The largest (J - J*) / J* of a fit's problems: a path is as exact as its worst penalty."""
    J, star = np.asarray(found), np.asarray(best)
    return float(np.max((J - star) / star)) if np.isfinite(J).all() else float("inf")


def largest_lambda(view: View, y: np.ndarray, *, intercept: bool) -> float:
    """The least L1 strength at which w = 0 is optimal: max |X'^T (a - y)| / m at the best b."""
    share = y.mean() if intercept else 0.5
    slope = sum(np.asarray(block.T @ (share - y[rows])) for rows, block in view.blocks())
    return float(np.abs(slope).max() / len(y))


def _losses(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """L of Z (rows, candidates, k): log(1 + e^z) - y z, or log sum e^z - z_y."""
    if Z.shape[2] == 1:
        return np.logaddexp(0, (1 - 2 * y[:, None]) * Z[:, :, 0])
    top = Z.max(axis=2)
    true = np.take_along_axis(Z, y[:, None, None], axis=2)[:, :, 0]
    return np.log(np.exp(Z - top[:, :, None]).sum(axis=2)) + (top - true)


def _penalty(W: np.ndarray, strength: float, *, l1: bool) -> float:
    W = W.astype(np.float64)
    return strength * float(np.abs(W).sum() if l1 else (W * W).sum() / 2)
