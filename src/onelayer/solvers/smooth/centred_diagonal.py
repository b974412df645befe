"""The metric of Newton's method by conjugate gradients where no sample of rows is at hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.smooth.factoring import TINY
from onelayer.solvers.smooth.newton_decrement import Enough, missing_at_most
from onelayer.vectors import stretches

FORCING = 0.3  # measured: of the gradient may remain far away; 0.1, 0.5 took more passes
REFRESH = 3  # measured: steps over one metric; one a step saves fewer products than it costs
WITHIN = 1e15  # guard: of 1, numbers whose squares and quotients float32 holds
CONSTANT = 1e-12  # theory: of a sum of squares, what is left of a constant feature's variance


@dataclass(frozen=True)
class CentredDiagonal:
    """The diagonal of the Hessian in (W, b + mu^T W), where b is apart from W: 2 passes.

    mu (n, k) is the mean of the features by the curvature h. A change of W alone moves every z by
    about mu^T dW, which the intercept must make good; in (W, b) itself conjugate gradients find
    that out anew in every solve: 39 products instead of 57 on 11314 texts at lambda = 1e-5.
    """

    diagonal: np.ndarray
    mean: np.ndarray
    total: np.ndarray
    forcing: ClassVar[float] = FORCING

    def worn(self, age: int, spent: float) -> bool:
        """Whether a new one is due after so many steps."""
        del spent
        return age >= REFRESH

    def part(self, objective: Objective) -> float:
        """What a solution costs beside a read: next to nothing."""
        del objective
        return 0.0

    @classmethod
    def at(cls, objective: Objective, curvature: Any) -> CentredDiagonal:
        """sum h (x - mu)^2 + l2, mu = sum h x / sum h, and sum h; h = v a (1 - a)."""
        total, sums, squares = objective.loss.moments(curvature)
        total = np.maximum(total, TINY)
        mean = sums / total if objective.intercept else np.zeros_like(sums)
        centred = squares - mean * sums
        constant = centred <= CONSTANT * squares
        diagonal = np.where(constant, squares, centred) + objective.penalty.l2
        return cls(np.where(diagonal > 0, diagonal, 1), mean, total)

    def ratio(self, objective: Objective) -> float:
        """By how much H^-1 may exceed M^-1, for H >= l2; without a penalty, infinity."""
        l2 = objective.penalty.l2
        return float(self.diagonal.max()) / l2 if l2 > 0 else math.inf

    def is_for_single(self, gradient: np.ndarray) -> bool:
        """Whether directions may be solved for in float32: nothing comes near its ends."""
        least, most = (float(found) for found in (self.diagonal.min(), self.diagonal.max()))
        largest = float(np.abs(gradient).max())
        return min(least, largest) > 1 / WITHIN and max(most, largest) < WITHIN

    def enough(self, objective: Objective, allowed: float) -> Enough:
        """Where conjugate gradients over M miss at most `allowed` of the decrease."""
        return missing_at_most(allowed, self.ratio(objective))

    def hidden(self, objective: Objective, residual: float) -> float:
        """What a residual of this squared norm may still hide of the gap."""
        ratio = self.ratio(objective)
        return 0.5 * ratio * residual if math.isfinite(ratio) else 0.0

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """M^-1 gradient."""
        single = gradient.dtype == np.float32
        diagonal, mean = self._single if single else (self.diagonal, self.mean)
        if len(gradient) == len(diagonal):
            return gradient / diagonal
        solution, dz = np.empty_like(gradient), np.zeros(len(self.total))
        G, V = gradient[:-1], solution[:-1]
        for part in stretches(G):
            V[part] = (G[part] - mean[part] * gradient[-1]) / diagonal[part]
            dz += (mean[part] * V[part]).sum(axis=0)
        solution[-1] = gradient[-1] / self.total - dz
        return solution

    @cached_property
    def _single(self) -> tuple[np.ndarray, np.ndarray]:
        """The diagonal and mu in float32."""
        return self.diagonal.astype(np.float32), self.mean.astype(np.float32)
