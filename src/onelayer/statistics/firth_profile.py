"""The profile of Firth's penalised likelihood: a test and an interval for each coefficient.

For a coefficient held at a value, the others at their best, the statistic is twice what that takes
from the penalised log likelihood, which always has all coefficients in its information (Heinze and
Schemper 2002). It follows chi squared of 1 degree of freedom, and where separation makes the
likelihood lopsided it is far nearer to that than a Wald statistic is to its normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from onelayer.designs import Scaling
from onelayer.objective import Objective
from onelayer.statistics.firth import FirthObjective, FirthPoint, stepped

STEPS = 100
DIGITS = 1e-7  # of a standard error: where a bound of an interval lies
SMALL = 1e-20  # of J: the gap at which a coefficient's profile has its value
DOUBLINGS = 60


@dataclass(frozen=True)
class FirthProfile:
    """Of each coefficient for X as given, the intercept last: (p,) each.

    chi_squared and p_value test that it is 0; lower and upper hold it at the level asked for. NaN
    for columns that are combinations of others.
    """

    chi_squared: np.ndarray
    p_value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def firth_profile(
    layer: Objective,
    theta: np.ndarray,
    total: float,
    scaling: Scaling | None,
    level: float = 0.95,
) -> FirthProfile:
    """Tests and intervals at theta (p, 1), the estimate; some 300 passes a coefficient."""
    function = FirthObjective.of(layer, total)
    best = function.point(function.whitening.inverse @ theta[:, 0])
    effects = function.whitening.effects(scaling, intercept=layer.intercept)
    found = np.full((3, len(effects)), np.nan)
    for j in np.flatnonzero(function.whitening.estimable()):
        found[:, j] = _Coefficient(function, best, effects[j]).row(float(chi2.ppf(level, 1)))
    chi_squared, lower, upper = found
    return FirthProfile(chi_squared, chi2.sf(chi_squared, 1), lower, upper)


@dataclass(frozen=True)
class _Coefficient:
    """beta = effect^T c, and J with beta held."""

    function: FirthObjective
    best: FirthPoint
    effect: np.ndarray

    def row(self, limit: float) -> tuple[float, float, float]:
        """The statistic at 0, and the values on both sides whose statistic is `limit`."""
        return self.statistic(0.0), self.bound(-1, limit), self.bound(1, limit)

    @property
    def estimate(self) -> float:
        return float(self.effect @ self.best.c)

    @property
    def standard_error(self) -> float:
        return float(np.linalg.norm(self.effect @ self.best.M)) / math.sqrt(self.function.total)

    def statistic(self, value: float) -> float:
        """2 S (J with beta at the value - J): beta moves there along the information, then rests.

        Each step is a scoring step on the others, halved until J falls.
        """
        toward = self.best.M @ (self.effect @ self.best.M)
        toward /= self.effect @ toward
        c = self.best.c + (value - self.estimate) * toward
        point = self.function.point(c)
        for _ in range(STEPS):
            gradient, curvature = self.function.slopes(point)
            step, lift = np.linalg.solve(curvature, np.column_stack([-gradient, self.effect])).T
            step -= (self.effect @ step) / (self.effect @ lift) * lift
            gap = -0.5 * float(gradient @ step)
            following = stepped(self.function, point, step, gap)
            if gap <= SMALL * point.value or following is None:
                break
            point = following
        return max(2 * self.function.total * (point.value - self.best.value), 0.0)

    def bound(self, side: int, limit: float) -> float:
        """The value on a side of the estimate whose statistic, near a square, is the limit."""
        excess = partial(self._excess, side, math.sqrt(limit))
        width = 1.0
        for _ in range(DOUBLINGS):
            if excess(width * math.sqrt(limit)) > 0:
                break
            width *= 2
        reach = brentq(excess, 0, width * math.sqrt(limit), xtol=DIGITS, rtol=1e-12)
        return self.estimate + side * float(reach) * self.standard_error

    def _excess(self, side: int, root: float, errors: float) -> float:
        value = self.estimate + side * errors * self.standard_error
        return math.sqrt(self.statistic(value)) - root
