"""What rounding may do to a bound by duality, and the change of variables that keeps it small.

The gradient G = X^T (v r) of a dual point is known to some units of eps times the size of a column
and of the residuals. Where a penalty is so weak that l1 is hardly more, no residuals are known to
fulfil |G| <= l1 exactly. They do fulfil it for l1 + s, s being that much, and

    J* of l1  >=  J* of l1 + s  -  sum_j s_j |w*_j|,

so that a violation of s or less is none, and costs sum s |w|. Residuals whose sum is d instead of
zero cost |d^T b| likewise; and J itself is as exact as z = X w + b is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from onelayer.designs.scaling import Scaling
from onelayer.objective import Objective

UNITS = 8  # guard: of rounding: sums of many terms, and z that many steps have added up
EPS = float(np.finfo(np.float64).eps)
ROWS = 256  # guard: that tell how far from zero a column is
FAR = 10  # guard: deviations; as many digits less of 10 matter to no bound


@dataclass(frozen=True)
class RoundedBound:
    """For columns of these sizes (n,), root mean squares, 0 of one that no step has looked at.

    Of residuals R (m, k) under weights v (m,) it takes sizes (k,), each for itself: the root of
    sum v r^2, the sum of v r, and the root of sum (v r)^2.
    """

    sizes: np.ndarray

    def slack(self, size: np.ndarray) -> np.ndarray:
        """s (n, k), by Cauchy and Schwarz: what X^T (v R) is known to; size is root sum v r^2."""
        return UNITS * EPS * self.sizes[:, None] * size

    def price(self, size: np.ndarray, total: np.ndarray, W: np.ndarray, b: np.ndarray) -> float:
        """What that and the total, sum v r, may have added to a dual value; W (n, k), b (k,)."""
        return float((self.slack(size) * np.abs(W)).sum() + np.abs(total) @ np.abs(b))

    def of_value(self, apart: np.ndarray, W: np.ndarray, b: np.ndarray, eps: float) -> float:
        """By how much J at (W, b) may differ from J at the z that steps led to.

        sum v r dz for errors dz that rows do not share: eps, of the products' type, of z's terms;
        apart is root sum (v r)^2.
        """
        return UNITS * eps * float(np.sqrt(self.sizes**2 @ W**2 + b**2) @ apart)


def near_zero(objective: Objective) -> tuple[Objective, np.ndarray]:
    """The same J in x - c and b + c^T W, and c (n,): 0 for columns that are not far from zero.

    Any c leaves J as it is, so that some rows tell it. Without an intercept there is no such
    change; rows that would have to be searched for, as sparse ones, keep their zeros.
    """
    n, zero = objective.loss.traits.n, np.zeros(objective.loss.traits.n)
    if not objective.intercept or "sample" not in objective.loss.traits.offers:
        return objective, zero
    rows = objective.loss.some_rows(ROWS)[:, :n].astype(np.float64)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    centre = np.where(np.abs(mean) > FAR * deviation, mean, 0)
    if not centre.any() or not np.isfinite(centre).all():
        return objective, zero
    return replace(objective, loss=objective.loss.rescaled(Scaling(centre, np.ones(n)))), centre
