"""Intervals from the profile likelihood: which coefficients are not too unlikely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.solvers.smooth.line_search import falls
from onelayer.statistics.estimate import Estimate
from onelayer.vectors import dot

CLOSE = 1e-9  # of the root's quantile: three or four refits reach it
EXACT = 1e-14  # squared Newton decrement, in units of the likelihood, at which a refit has ended
REFITS, STEPS, HALVINGS = 60, 60, 40


@dataclass(frozen=True)
class _HeldPoint:
    """The most likely theta with a^T theta = t; J there, and dJ/dt."""

    t: float
    theta: np.ndarray
    value: float
    slope: float


def profile_intervals(estimate: Estimate, quantile: float) -> np.ndarray:
    """{t : 2 (l_max - l(t)) <= quantile^2} for each coefficient of a binary model: (rows, 2).

    l(t) is the largest log-likelihood with the coefficient held at t. Its signed root
    r(t) = sqrt(2 (l_max - l(t))) is nearly straight, so Newton's method on r = quantile, with
    dr/dt from the multiplier of the constraint, takes some three refits a bound; a bracket keeps
    it safe. Each refit is warm and takes two or three Hessians.

    Raises
    ------
    UsageError
        For more than two classes.
    """
    if estimate.sample.blocks > 1:
        raise UsageError(
            "Profile likelihood intervals are for two classes: take interval='wald' for more"
        )
    directions = estimate.sample.to_given
    return np.array([_interval(estimate, a, quantile) for a in directions])


def _interval(estimate: Estimate, a: np.ndarray, quantile: float) -> tuple[float, float]:
    profile = _Profile(estimate, a)
    return profile.bound(-quantile), profile.bound(quantile)


class _Profile:
    """l as a function of t = a^T theta, from the estimate outwards."""

    def __init__(self, estimate: Estimate, a: np.ndarray) -> None:
        self.objective = estimate.sample.objective
        self.total, self.a = estimate.sample.total, a
        theta = estimate.theta[:, 0]
        self.top = _HeldPoint(float(a @ theta), theta, estimate.solution.objective, 0.0)
        self.error = float(np.sqrt(a @ estimate.inverse @ a))

    def bound(self, quantile: float) -> float:
        """t where the signed root is the quantile."""
        side, goal = np.sign(quantile), abs(quantile)
        inside, outside = self.top.t, side * np.inf
        point, t = self.top, self.top.t + quantile * self.error
        for _ in range(REFITS):
            point = self.refit(point, t)
            root = self._root(point)
            if abs(root - goal) <= CLOSE * goal:
                return t
            inside, outside = (t, outside) if root < goal else (inside, t)
            t += (goal - root) * root / (self.total * point.slope)
            if not min(inside, outside) < t < max(inside, outside):
                t = (inside + outside) / 2
        raise DataError(
            "The profile likelihood has no bound that its refits could find: take interval='wald'"
        )

    def _root(self, point: _HeldPoint) -> float:
        return float(np.sqrt(max(2 * self.total * (point.value - self.top.value), 0.0)))

    def refit(self, point: _HeldPoint, t: float) -> _HeldPoint:
        """Maximise with a^T theta = t, from another point of the profile."""
        H, theta = self._hessian(point.theta), point.theta
        along = np.linalg.solve(H, self.a)
        theta = theta + along * ((t - point.t) / (self.a @ along))
        for _ in range(STEPS):
            value, gradient = self._value_and_gradient(theta)
            both = np.linalg.solve(self._hessian(theta), np.column_stack([gradient, self.a]))
            slope = (self.a @ both[:, 0]) / (self.a @ both[:, 1])
            step = slope * both[:, 1] - both[:, 0]  # a^T step = 0
            decrement = -dot(gradient, step)
            if self.total * decrement <= EXACT * max(1.0, self.total * value):
                return _HeldPoint(t, theta, value - decrement / 2, float(slope))
            theta = self._downhill(theta, step, value, decrement)
        raise DataError(f"The likelihood with a coefficient held at {t:g} was not maximised")

    def _downhill(
        self, theta: np.ndarray, step: np.ndarray, value: float, decrement: float
    ) -> np.ndarray:
        """Along the step, halved until J falls."""
        for _ in range(HALVINGS):
            if falls(value, self._value_and_gradient(theta + step)[0], -decrement):
                break
            step, decrement = step / 2, decrement / 2
        return theta + step

    def _value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.objective.value_and_gradient(theta[:, None])
        return value, gradient[:, 0]

    def _hessian(self, theta: np.ndarray) -> np.ndarray:
        return self.objective.hessian(theta[:, None])
