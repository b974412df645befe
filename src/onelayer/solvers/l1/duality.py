"""A rigorous bound on J - J*: the value of a dual point, for any head and penalty with an L1 part.

With residuals r_i = a_i - y_i and 0 <= tau <= 1, the activations p_i = y_i + tau r_i are feasible,
and weak duality says

    J* >= sum_i v_i (H(p_i) + tau r_i^T o_i) - Omega*(tau X^T (v r)),  H(p) = -sum_k p_k log p_k,

o_i being the offset in z_i, provided that sum_i v_i r_i = 0 where there is an intercept. Omega*(G)
is 0 within |G| <= l1 and infinite beyond it for pure L1, sum max(|G| - l1, 0)^2 / (2 l2) with an L2
part.
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlog1py, xlogy

from onelayer.penalties import Penalty


def dual_value(
    residual: np.ndarray,
    weights: np.ndarray,
    G: np.ndarray,
    penalty: Penalty,
    slack: np.ndarray | float = 0.0,
    of_offset: float = 0.0,
) -> float:
    """The best of the dual points along the residual (m, k); G = X^T (v r) (n, k).

    slack (n, k): by how much |G| may be beyond l1 all the same, at a price: `RoundedBound`.
    of_offset: sum v r^T o.
    """
    beyond = float((np.abs(G) / (penalty.l1 + slack)).max(initial=0))
    feasible = 1 / beyond if beyond > 1 else 1.0
    best = _entropy(residual, weights, feasible) + feasible * of_offset
    if penalty.l2 and feasible < 1:
        excess = np.maximum(np.abs(G) - penalty.l1, 0)
        conjugate = 0.5 * float((excess**2).sum()) / penalty.l2
        best = max(best, _entropy(residual, weights, 1.0) + of_offset - conjugate)
    return best


def _entropy(residual: np.ndarray, weights: np.ndarray, tau: float) -> float:
    """sum_i v_i H(y_i + tau r_i), from r alone: 1 - tau |r| loses nothing."""
    others = tau * (np.maximum(residual, 0) if residual.shape[1] > 1 else np.abs(residual))
    wrong = np.minimum(others.sum(axis=1), 1)
    entropy = -xlogy(others, others).sum(axis=1) - xlog1py(1 - wrong, -wrong)
    return float((weights * entropy).sum())
