"""Newton's method by conjugate gradients, one pass a Hessian product (Dembo et al. 1982).

For sparse data: nothing but a handful of vectors of the size of theta is kept, where the memory of
L-BFGS costs several passes' time a step (on 11314 texts of 56436 features its products took 7 ms,
a pass 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.smooth.metrics import CentredDiagonal
from onelayer.solvers.smooth.newton_decrement import (
    Decrement,
    loosely,
    missing_at_most,
    newton_decrement,
)
from onelayer.solvers.smooth.newton_finish import (
    ALLOWED,
    claimed,
    confirmed,
    finish,
    is_near,
    tell_runaway,
)
from onelayer.solvers.solver import Solver, State

FORCING = 0.3  # measured: of the gradient may remain far away; 0.1, 0.5 took more passes
REFRESH = 3  # measured: steps over one metric; one a step saves fewer products than it costs


@dataclass(frozen=True, kw_only=True)
class TruncatedNewtonState(State):
    """A state with its metric, which is `age` steps old, none at first; `left` is about the gap."""

    tol: float
    metric: CentredDiagonal | None = None
    age: int = 0
    left: float = np.inf


@final
@dataclass(frozen=True)
class TruncatedNewton(Solver[TruncatedNewtonState]):
    """Newton's direction as exactly as the distance to the optimum deserves."""

    name: ClassVar[str] = "truncated-newton"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> TruncatedNewtonState:
        """J and its gradient at theta."""
        return _at(objective, theta, tol)

    def step(self, objective: Objective, state: TruncatedNewtonState) -> TruncatedNewtonState:
        """To a Wolfe point along Newton's direction, solved for loosely until the end is near."""
        if not state.theta.any():
            state = _at(objective, objective.base_rate(), state.tol)
        near = is_near(state.left, state.tol, state.value)
        A = objective.curvature(state.theta)
        metric, age = state.metric, state.age
        if metric is None or age == REFRESH:
            metric, age = CentredDiagonal.at(objective, A), 0
        allowed = ALLOWED * state.tol * abs(state.value)
        enough = missing_at_most(allowed, metric.ratio(objective)) if near else loosely(FORCING)
        trial, gap, kind = finish(objective, state, A, metric.solve, enough, state.tol)
        if trial is None:
            return replace(state, gap=gap, gap_kind=kind, stalled=True)
        known = near or kind == "bound"
        return replace(
            state,
            theta=trial.theta,
            value=trial.value,
            gradient=trial.gradient,
            gap=gap if known else claimed(gap, state.tol, trial.value),
            gap_kind=kind,
            left=gap,
            metric=metric,
            age=age + 1,
        )

    def confirm(self, objective: Objective, state: TruncatedNewtonState) -> TruncatedNewtonState:
        """The gap by Newton's decrement, solved for strictly."""
        return confirmed(objective, state, _strict(objective, state))

    def polish(self, objective: Objective, state: TruncatedNewtonState) -> TruncatedNewtonState:
        """Without a penalty two more steps, to tell a runaway from an optimum."""
        return tell_runaway(
            objective,
            state,
            partial(self.step, objective),
            partial(_strict, objective),
            lambda state: state.left / (state.tol * abs(state.value)),
        )


def _at(objective: Objective, theta: np.ndarray, tol: float) -> TruncatedNewtonState:
    value, gradient = objective.value_and_gradient(theta)
    return TruncatedNewtonState(theta=theta, value=value, gradient=gradient, tol=tol)


def _strict(objective: Objective, state: TruncatedNewtonState) -> Decrement:
    """The decrement, what is left of the linear system counted as the metric bounds it."""
    A, allowed = objective.curvature(state.theta), ALLOWED * state.tol * abs(state.value)
    metric = state.metric or CentredDiagonal.at(objective, A)
    ratio = metric.ratio(objective)
    found = newton_decrement(
        objective, A, state.value, state.gradient, metric.solve, missing_at_most(allowed, ratio)
    )
    hidden = ratio * found.residual if np.isfinite(ratio) else 0.0
    return found._replace(
        gap=found.gap + 0.5 * hidden, direction=objective.symmetric(found.direction)
    )
