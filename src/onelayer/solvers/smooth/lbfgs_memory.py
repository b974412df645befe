"""The memory of L-BFGS: recent steps and what they changed in the gradient, over a metric.

In the compact form of Byrd, Nocedal and Schnabel (1994, theorem 2.2), so that a product costs two
reads of two arrays instead of some sixty vector operations:

    B = c M^-1 + [S  c M^-1 Y] [R^-T (D + c Y^T M^-1 Y) R^-1   -R^-T] [S^T       ]
                               [-R^-1                             0 ] [c Y^T M^-1]

with the steps S, the changes Y, R the upper triangle of S^T Y, D its diagonal, and a scale c.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from onelayer.objective import Objective
from onelayer.solvers.algebra import Algebra
from onelayer.solvers.smooth.metrics import Diagonal, Metric
from onelayer.vectors import dot

PAIRS = 30  # measured: steps remembered


class Memory:
    """B, an inverse Hessian over a metric M; changes as it learns."""

    def __init__(self, metric: Metric, objective: Objective) -> None:
        parameters, dtype = objective.start().size, objective.loss.dtype
        self.metric = metric
        self._algebra = Algebra(objective.loss.kernels_here)
        self.scale = 1.0
        self.order: list[int] = []  # slots, the oldest pair first
        self._S = np.empty((PAIRS, parameters), dtype)
        self._MY = np.empty((PAIRS, parameters), dtype)  # M^-1 Y
        self._SY = np.zeros((PAIRS, PAIRS))
        self._YMY = np.zeros((PAIRS, PAIRS))

    def multiply(self, gradient: np.ndarray, solved: np.ndarray | None = None) -> np.ndarray:
        """B gradient; `solved` is M^-1 gradient where it is known."""
        solved = self.metric.solve(gradient) if solved is None else solved
        product = self.scale * solved
        if not self.order:
            return product
        g, order = gradient.ravel().astype(self._S.dtype), self.order
        Sg = self._algebra.rows_times(self._S[: len(order)], g)[order]
        YMg = self.scale * self._algebra.rows_times(self._MY[: len(order)], g)[order]
        SY, YMY = self._SY[np.ix_(order, order)], self._YMY[np.ix_(order, order)]
        middle = np.diag(np.diag(SY)) + self.scale * YMY
        u = linalg.solve_triangular(
            SY, Sg, check_finite=False
        )  # reads the upper triangle, R, alone
        left = linalg.solve_triangular(SY, middle @ u - YMg, trans="T", check_finite=False)
        coefficients = np.zeros((2, len(order)))
        coefficients[:, order] = left, -self.scale * u
        coefficients = coefficients.astype(self._S.dtype)
        correction = self._algebra.combine(coefficients[0], self._S[: len(order)])
        correction += self._algebra.combine(coefficients[1], self._MY[: len(order)])
        return product + correction.reshape(product.shape)

    def remember(self, step: np.ndarray, change: np.ndarray, solved_change: np.ndarray) -> None:
        """Learn that `step` changed the gradient by `change`, where J curves along it."""
        curvature = dot(step, change)
        size = dot(change, solved_change)
        if curvature <= 0 or size <= 0:
            return
        slot = self.order.pop(0) if len(self.order) == PAIRS else len(self.order)
        self.order.append(slot)
        self._S[slot], self._MY[slot] = step.ravel(), solved_change.ravel()
        y = change.ravel().astype(self._S.dtype)
        known = len(self.order)
        self._SY[:known, slot] = self._algebra.rows_times(self._S[:known], y)
        inner = self._algebra.rows_times(self._MY[:known], y)
        self._YMY[:known, slot] = self._YMY[slot, :known] = inner
        self._SY[slot, slot], self._YMY[slot, slot] = curvature, size
        self.scale = curvature / size

    def forget(self) -> None:
        """No pairs; the scale stays."""
        self.order = []

    def fit(self, objective: Objective, theta: np.ndarray, gradient: np.ndarray) -> None:
        """Scale a diagonal so that J's parabola along its first direction is lowest at length 1."""
        if not isinstance(self.metric, Diagonal):
            return  # a sampled Hessian has its scale
        direction = self.metric.solve(gradient)
        product = objective.hessian_product(objective.curvature(theta), direction)
        bend = dot(direction, product)
        self.scale = dot(gradient, direction) / bend if bend > 0 else 1.0

    def change(self, metric: Metric) -> None:
        """Over another metric. A diagonal keeps the pairs, which say how features go together."""
        if not (isinstance(metric, Diagonal) and isinstance(self.metric, Diagonal)):
            self.metric, self.scale, self.order = metric, 1.0, []
            return
        ratio = (self.metric.diagonal / metric.diagonal).ravel()
        known = len(self.order)
        Y = self._MY[:known] * self.metric.diagonal.ravel()
        self._MY[:known] *= ratio.astype(self._MY.dtype)
        self._YMY[:known, :known] = Y @ self._MY[:known].T
        self.metric = metric
        if self.order:
            last = self.order[-1]
            self.scale = float(self._SY[last, last] / self._YMY[last, last])
