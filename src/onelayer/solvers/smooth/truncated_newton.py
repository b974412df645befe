"""Newton's method by conjugate gradients, one pass a Hessian product (Dembo et al. 1982).

For sparse data: nothing but a handful of vectors of the size of theta is kept, where the memory of
L-BFGS costs several passes' time a step (on 11314 texts of 56436 features its products took 7 ms,
a pass 2). And for softmax on dense data under weak penalties, over a Gram matrix a class.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, TypeAlias, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.smooth.class_grams import ClassGrams, bends_by_class
from onelayer.solvers.smooth.metrics import CentredDiagonal
from onelayer.solvers.smooth.newton_decrement import Decrement, loosely, newton_decrement
from onelayer.solvers.smooth.newton_finish import (
    ALLOWED,
    claimed,
    confirmed,
    finish,
    is_near,
    tell_runaway,
)
from onelayer.solvers.solver import Solver, State

# Measured, on embeddings at C = 1000 and made classes at C = 100 and 1000:
MILD, MILDEST = 0.9, 0.7  # times theta, where the curvature is taken that a far step goes by
WARMER, COOLER = 0.05, 0.1  # more of theta after a whole step, less after one that was cut short
FAR = 0.01  # the relative gap, as estimated, down to which steps are far

NewtonMetric: TypeAlias = CentredDiagonal | ClassGrams


@dataclass(frozen=True, kw_only=True)
class TruncatedNewtonState(State):
    """A state with its metric, none at first; `left` is about the gap.

    age, spent: the steps and the passes that the metric has served. cooled: times theta, where the
    curvature is taken while the optimum is far.
    """

    tol: float
    metric: NewtonMetric | None = None
    age: int = 0
    spent: float = 0.0
    left: float = np.inf
    cooled: float = MILD


@final
@dataclass(frozen=True)
class TruncatedNewton(Solver[TruncatedNewtonState]):
    """Newton's direction as exactly as the distance to the optimum deserves.

    Of softmax over a Gram matrix a class, far from the optimum, the curvature is not taken at theta
    but at 0.7 to 1 times theta, less after a step that was cut short. Examples that are decided,
    rightly or wrongly, hardly bend J where they are, so Newton's step moves them too far; where
    activations are milder they hold it back. On 20000 x 512 embeddings in 100 classes, on the way
    to C = 1000, steps by the curvature at theta ended at lengths of 0.01 to 0.5.
    """

    name: ClassVar[str] = "truncated-newton"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> TruncatedNewtonState:
        """J and its gradient at theta."""
        return _at(objective, theta, tol)

    def step(self, objective: Objective, state: TruncatedNewtonState) -> TruncatedNewtonState:
        """To a Wolfe point along Newton's direction, solved for loosely until the end is near."""
        if not state.theta.any():
            state = _at(objective, objective.base_rate(), state.tol)
        A = objective.curvature(_bent_at(objective, state) * state.theta)
        state = _over(objective, state, A)
        read = objective.loss.bytes_read
        following = _newton_step(objective, state, A)
        spent = state.spent + (objective.loss.bytes_read - read) / objective.loss.traits.nbytes
        return replace(following, age=state.age + 1, spent=spent)

    def confirm(self, objective: Objective, state: TruncatedNewtonState) -> TruncatedNewtonState:
        """The gap by Newton's decrement, solved for strictly."""
        return confirmed(objective, state, _strict(objective, state))

    def polish(self, objective: Objective, state: TruncatedNewtonState) -> TruncatedNewtonState:
        """Without a penalty some more steps, to tell a runaway from an optimum."""
        return tell_runaway(
            objective,
            state,
            state.tol,
            partial(self.step, objective),
            partial(_strict, objective),
            lambda state: state.left / (state.tol * abs(state.value)),
        )


def _at(objective: Objective, theta: np.ndarray, tol: float) -> TruncatedNewtonState:
    value, gradient = objective.value_and_gradient(theta)
    return TruncatedNewtonState(theta=theta, value=value, gradient=gradient, tol=tol)


def _bent_at(objective: Objective, state: TruncatedNewtonState) -> float:
    """Times theta, where the curvature is taken that the next step goes by."""
    far = state.left > FAR * abs(state.value) and bends_by_class(objective)
    return state.cooled if far else 1.0


def _metric(objective: Objective, curvature: Any) -> NewtonMetric:
    kind = ClassGrams if bends_by_class(objective) else CentredDiagonal
    return kind.at(objective, curvature)


def _over(objective: Objective, state: TruncatedNewtonState, A: Any) -> TruncatedNewtonState:
    """The same with a metric, a new one where the last is worn out."""
    if state.metric is not None and not state.metric.worn(state.age, state.spent):
        return state
    return replace(state, metric=_metric(objective, A), age=0, spent=0.0)


def _newton_step(objective: Objective, state: TruncatedNewtonState, A: Any) -> TruncatedNewtonState:
    """Along the direction that the curvature A gives, and what is left of the gap."""
    metric = state.metric or _metric(objective, A)
    near = is_near(state.left, state.tol, state.value)
    allowed = ALLOWED * state.tol * abs(state.value)
    enough = metric.enough(objective, allowed) if near else loosely(metric.forcing)
    trial, gap, kind = finish(objective, state, A, metric.solve, enough, state.tol)
    if trial is None:
        return replace(state, gap=gap, gap_kind=kind, stalled=True)
    known = near or kind == "bound"
    cooled = state.cooled + WARMER if trial.length == 1 else state.cooled - COOLER
    return replace(
        state,
        theta=trial.theta,
        value=trial.value,
        gradient=trial.gradient,
        gap=gap if known else claimed(gap, state.tol, trial.value),
        gap_kind=kind,
        left=gap,
        cooled=min(1.0, max(MILDEST, cooled)),
    )


def _strict(objective: Objective, state: TruncatedNewtonState) -> Decrement:
    """The decrement, what is left of the linear system counted as the metric bounds it."""
    A, allowed = objective.curvature(state.theta), ALLOWED * state.tol * abs(state.value)
    metric = state.metric or _metric(objective, A)
    found = newton_decrement(
        objective, A, state.value, state.gradient, metric.solve, metric.enough(objective, allowed)
    )
    gap = found.gap + metric.hidden(objective, found.residual)
    return found._replace(gap=gap, direction=objective.symmetric(found.direction))
