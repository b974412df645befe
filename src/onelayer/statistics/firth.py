"""Firth's bias-reduced logistic regression: finite estimates, separation or not, of less bias.

With the weights v_i of sum S as counts of examples and the information I = X^T diag(v a (1 - a)) X,
X with its column of ones, what is minimised is the mean loss less Jeffreys' prior,

    J = sum_i v_i L(a_i, y_i) / S + log(det I(0) / det I(theta)) / (2 S),

whose gradient is the modified score

    S dJ = X^T (v (a - y) + h (a - 1/2)),    h_i = v_i a_i (1 - a_i) x_i^T I^-1 x_i.

No a_i (1 - a_i) exceeds the 1/4 that it is at 0: the second part of J is no penalty below 0, is the
same whatever the units of X, and grows without end where theta does (Firth 1993; Heinze and
Schemper 2002; Kosmidis and Firth 2021). Weights v_i = 2 are a row twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from onelayer.designs import Scaling
from onelayer.designs.passes import add_offset
from onelayer.logistic import sigma
from onelayer.objective import Objective
from onelayer.solvers import Solver, State
from onelayer.solvers.smooth.line_search import falls
from onelayer.statistics.column_space import Whitening

HALVINGS = 40
TOL = 1e-20  # at most: a gap is a square, and standard errors take the digits of its root


@dataclass(frozen=True)
class FirthPoint:
    """Coordinates c (r,), J there, and M (r, r) with M M^T = S I^-1 in those coordinates."""

    c: np.ndarray
    value: float
    M: np.ndarray


@dataclass(frozen=True)
class FirthObjective:
    """J over theta = A c, in coordinates c of X with its column of ones (see `Whitening`).

    `layer` has two classes and no penalty; total is S. Cost: a pass for each of the methods; at
    most some thousand rows of r columns are held.
    """

    layer: Objective
    whitening: Whitening
    total: float

    @classmethod
    def of(cls, layer: Objective, total: float) -> FirthObjective:
        """In one pass, m r^2."""
        whitening = Whitening.of(layer.design, layer.weights, intercept=layer.intercept)
        return cls(layer, whitening, total)

    def point(self, c: np.ndarray) -> FirthPoint:
        """J at c; infinity where the information is lost to rounding."""
        loss, information = 0.0, np.zeros((len(c), len(c)))
        for rows, x in self._rows():
            z, v = self._z(rows, x, c), self.layer.weights[rows]
            loss += float(v @ self.layer.head.loss(z[:, None], self.layer.targets[rows])[:, 0])
            information += (x * (v * _curvature(z))[:, None]).T @ x
        try:
            L = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return FirthPoint(c, np.inf, np.full_like(information, np.nan))
        # The information at 0 is the identity over 4.
        penalty = -(np.log(4) * len(c) + 2 * np.log(np.diag(L)).sum()) / (2 * self.total)
        return FirthPoint(c, loss + float(penalty), np.linalg.inv(L).T)

    def slopes(self, point: FirthPoint) -> tuple[np.ndarray, np.ndarray]:
        """dJ/dc (r,), the modified score over -S, and what J bends by (r, r), h taken as fixed.

        That is X^T diag((v + h / S) a (1 - a)) X: exact where there are as many columns as rows,
        and h is 1; there a step of the information alone is twice too long.
        """
        gradient, curvature = np.zeros_like(point.c), np.zeros_like(point.M)
        for rows, x in self._rows():
            z, v = self._z(rows, x, point.c), self.layer.weights[rows]
            dz = v * self.layer.head.residual(z[:, None], self.layer.targets[rows])[:, 0]
            share = v * _curvature(z) * ((x @ point.M) ** 2).sum(axis=1) / self.total
            gradient += x.T @ (dz + share * np.tanh(z / 2) / 2)
            curvature += (x * ((v + share) * _curvature(z))[:, None]).T @ x
        return gradient, curvature

    def rounding(self, value: float) -> float:
        """What rounding may have added to a J of this value, of sums of r logarithms."""
        terms = np.log(4) * self.whitening.A.shape[1] / self.total
        return float(16 * np.finfo(float).eps * (abs(value) + terms))

    def covariance(self, point: FirthPoint, scaling: Scaling | None) -> np.ndarray:
        """I^-1 for X as given, (p, p), the intercept last; NaN where collinear columns share."""
        effects = self.whitening.effects(scaling, intercept=self.layer.intercept)
        root = effects @ point.M
        covariance = root @ root.T / self.total
        shared = ~self.whitening.estimable()
        covariance[shared], covariance[:, shared] = np.nan, np.nan
        return covariance

    def _rows(self) -> Iterator[tuple[slice, np.ndarray]]:
        return self.layer.design.project(*self.whitening.split(intercept=self.layer.intercept))

    def _z(self, rows: slice, x: np.ndarray, c: np.ndarray) -> np.ndarray:
        """x c and the offset, (rows,)."""
        return add_offset((x @ c)[:, None], self.layer.in_memory.offset, rows)[:, 0]


def _curvature(z: np.ndarray) -> np.ndarray:
    a = sigma(-np.abs(z))
    return a * (1 - a)


@dataclass(frozen=True, kw_only=True)
class FirthState(State):
    """A state, its point, and the direction of a scoring step; gap = half its slope."""

    function: FirthObjective
    point: FirthPoint
    direction: np.ndarray


@final
@dataclass(frozen=True)
class FisherScoring(Solver[FirthState]):
    """Along dJ/dc divided by the curvature, halved until J falls: two passes a step, and three."""

    total: float
    name: ClassVar[str] = "fisher-scoring"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})
    has_minimum: ClassVar[bool] = True

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> FirthState:
        """J, its gradient and the direction at theta."""
        del tol
        function = FirthObjective.of(objective, self.total)
        return _state(function, function.point(function.whitening.inverse @ theta[:, 0]))

    def step(self, objective: Objective, state: FirthState) -> FirthState:
        """Along the direction; stalled once J and gap do not fall."""
        del objective
        point = stepped(state.function, state.point, state.direction, state.gap)
        if point is None:
            return replace(state, stalled=True)
        following = _state(state.function, point)
        flat = following.value >= state.value and following.gap >= state.gap
        return replace(following, stalled=flat)


def stepped(
    function: FirthObjective, point: FirthPoint, direction: np.ndarray, gap: float
) -> FirthPoint | None:
    """Along the direction, halved until J falls; None where it never does. Gap: half the slope."""
    rounding = function.rounding(point.value)
    length = 1.0
    for _ in range(HALVINGS):
        trial = function.point(point.c + length * direction)
        if falls(point.value, trial.value, -2 * length * gap, rounding):
            return trial
        length /= 2
    return None


def _state(function: FirthObjective, point: FirthPoint) -> FirthState:
    gradient, curvature = function.slopes(point)
    direction = -np.linalg.solve(curvature, gradient)
    return FirthState(
        theta=(function.whitening.A @ point.c)[:, None],
        value=point.value,
        gradient=(function.whitening.inverse.T @ gradient)[:, None],
        gap=-0.5 * float(gradient @ direction),
        function=function,
        point=point,
        direction=direction,
    )


@dataclass(frozen=True)
class FirthFit:
    """What a bias-reduced fit says beside its coefficients.

    Attributes
    ----------
    covariance : ndarray (p, p)
        The inverse of the information at the estimate; the intercept, where there is one, is last.
        NaN for columns that are combinations of others.
    standard_errors : ndarray (p,)
        The roots of its diagonal.
    penalised_log_likelihood : float
        log likelihood + log(det I) / 2; NaN where columns are collinear.
    """

    covariance: np.ndarray
    standard_errors: np.ndarray
    penalised_log_likelihood: float


def firth_fit(
    layer: Objective, theta: np.ndarray, total: float, scaling: Scaling | None
) -> FirthFit:
    """Covariance and penalised likelihood at theta (p, 1), the estimate; two passes."""
    function = FirthObjective.of(layer, total)
    point = function.point(function.whitening.inverse @ theta[:, 0])
    covariance = function.covariance(point, scaling)
    effects = function.whitening.effects(scaling, intercept=layer.intercept)
    square = effects.shape[0] == effects.shape[1]
    units = np.linalg.slogdet(effects)[1] if square else np.nan
    at_zero = len(point.c) * np.log(total / 4) / 2 - units
    return FirthFit(
        covariance=covariance,
        standard_errors=np.sqrt(np.diag(covariance)),
        penalised_log_likelihood=float(at_zero - total * point.value),
    )
