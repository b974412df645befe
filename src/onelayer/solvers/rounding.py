"""What products in float32 may hide of the gap, in two ways.

z = X W + b is made of terms x_j w_j that may be far larger than z. Rows share most of what float32
takes from them: W is rounded once for all, and the gradient then is that of a W nearby.

The gradient's sums over rows are rounded too, in every direction alike. Where J hardly bends, a
small gradient is a large gap: dg^T H^-1 dg / 2, at most ||dg||^2 / (2 l2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from onelayer.designs.drawn_rows import mean_curvature
from onelayer.objective import Objective

ROWS = 512  # guard: that tell how large x is; a feature rarer than that moves few z
SHARE = 1 / 12  # theory: of eps^2, the mean square of a relative rounding, uniform in +- eps / 2
SAFETY = 4  # guard: the terms are rounded too, and their sums
FEATURES = 2000  # guard: at most, whose curvature is looked at; 0.1 s at 800
ROWS_PER_FEATURE = 4  # theory: for that; the least curvature is then seen within a factor of 4
SUMMED = 256  # theory: half the rows whose sums are in float32, the mean number in a partial sum


@dataclass(frozen=True)
class Rounding:
    """What is known beforehand of both.

    squares (n + 1,): the mean squares of what W and b are multiplied by, times what each rounds
    away; centres (n,): where no intercept makes it good, what rounding takes from the centre of X;
    summed: the gap that sums of residuals of size 1 may hide; near: as J bends at a theta, where it
    otherwise is as if by the penalty alone.
    """

    squares: np.ndarray
    centres: np.ndarray | None = None
    summed: float = 0.0
    near: bool = False

    @classmethod
    def of(cls, objective: Objective) -> Rounding | None:
        """From some rows of X: far less than a pass. None where products are in float64."""
        loss, rows = objective.loss, len(objective.start())
        if loss.exactly() is loss:
            return None
        eps = float(np.finfo(loss.dtype).eps)
        squares = SHARE * eps**2 * loss.magnitudes(ROWS)[:rows]
        # Without an L2 penalty nothing is known of how little J bends; with an L1 penalty, where.
        bend = objective.penalty.l2 if objective.penalty.l1 == 0 else 0.0
        summed = SUMMED / loss.counted * float(squares.sum()) / bend if bend > 0 else 0.0
        centred = loss.centres().any() and not objective.intercept
        return cls(squares, eps * loss.centres() if centred else None, summed)

    def at(self, objective: Objective, theta: np.ndarray) -> Rounding:
        """The same as J bends at theta, in some rows."""
        if self.near or self.summed == 0 or len(theta) > FEATURES:
            return replace(self, near=True)
        kept = self.squares > 0
        H = _hessian_of_some(objective, theta)[np.ix_(kept, kept)]
        unit = np.sqrt(self.squares[kept])
        try:
            trace = float(np.trace(np.linalg.inv(H / unit / unit[:, None])))
        except np.linalg.LinAlgError:
            return replace(self, near=True)
        summed = SUMMED / objective.loss.counted * max(trace, 0.0)
        return replace(self, summed=min(self.summed, summed), near=True)

    def gap(self, theta: np.ndarray, value: float) -> float:
        """dW^T H dW / 2, dW being what rounding takes from W, and dg^T H^-1 dg / 2.

        a (1 - a) <= 1/4, and <= the loss: where all is decided, z need not be exact. (a - y)^2 is
        at most 1, and at most the loss.
        """
        moved = SAFETY * float(self.squares @ (theta * theta).sum(axis=1))
        size = abs(value)
        hidden = 0.5 * (min(0.25, size) * moved + min(1.0, size) * self.summed)
        if self.centres is None:
            return hidden
        # All z are off alike, and J by as much times the mean residual.
        W = theta[: len(self.centres)]
        return hidden + min(1.0, size) * float(np.linalg.norm(self.centres[:, None] * W))


def _hessian_of_some(objective: Objective, theta: np.ndarray) -> np.ndarray:
    """The Hessian at theta from some rows, of one class as all have it on average: `Bend`."""
    rows = objective.loss.some_rows(ROWS_PER_FEATURE * len(theta))
    S = rows[:, : len(theta)].astype(np.float64)
    u = mean_curvature(objective.head.curvature_activation(S @ theta)) / len(S)
    H = (S * u[:, None]).T @ S
    features = np.arange(objective.loss.traits.n)
    H[features, features] += objective.penalty.l2
    return H
