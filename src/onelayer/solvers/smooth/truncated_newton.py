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
from onelayer.solvers.smooth.centred_diagonal import CentredDiagonal
from onelayer.solvers.smooth.class_grams import ClassGrams, bends_by_class
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
# Measured, on embeddings at C = 100 and 1000, of the curvature that products go by: 0.97 cut steps
# short, 0.9999 saved none.
SHARE, LAST_SHARE = 0.99, 0.9999
NARROW = 1e-3  # guard: the relative gap, as estimated, down to which it is the first of the two
SINGLE = 1e-9  # guard: the same, down to which directions may be in float32

NewtonMetric: TypeAlias = CentredDiagonal | ClassGrams


@dataclass(frozen=True)
class InUse:
    """A metric, the steps that it has served, and what their directions cost in reads of all."""

    metric: NewtonMetric
    age: int = 0
    spent: float = 0.0

    @property
    def worn(self) -> bool:
        """Whether a new one is due."""
        return self.metric.worn(self.age, self.spent)

    def served(self, cost: float) -> InUse:
        """After a step."""
        return InUse(self.metric, self.age + 1, self.spent + cost)


@dataclass(frozen=True, kw_only=True)
class TruncatedNewtonState(State):
    """A state with its metric, none at first; `left` is about the gap.

    cooled: times theta, where the curvature is taken while the optimum is far.
    """

    tol: float
    in_use: InUse | None = None
    left: float = np.inf
    cooled: float = MILD


@final
@dataclass(frozen=True)
class TruncatedNewton(Solver[TruncatedNewtonState]):
    """Newton's direction as exactly as the distance to the optimum deserves.

    Of softmax over a Gram matrix a class, products leave out activations that hardly bend J. Far
    from the optimum, the curvature is not taken at theta but at 0.7 to 1 times theta, less after a
    step that was cut short. Examples that are decided, rightly or wrongly, hardly bend J where they
    are, so Newton's step moves them too far; where activations are milder they hold it back. On
    20000 x 512 embeddings in 100 classes, on the way to C = 1000, steps by the curvature at theta
    ended at lengths of 0.01 to 0.5.

    Attributes
    ----------
    in_use
        A metric of the neighbourhood, where one is known from a fit nearby. The start is near the
        optimum then, and the curvature is taken there.
    """

    in_use: InUse | None = None
    name: ClassVar[str] = "truncated-newton"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> TruncatedNewtonState:
        """J and its gradient at theta."""
        cooled = MILD if self.in_use is None else 1.0
        return replace(_at(objective, theta, tol), in_use=self.in_use, cooled=cooled)

    def anew(
        self, objective: Objective, state: TruncatedNewtonState, tol: float
    ) -> TruncatedNewtonState:
        """With the metric, which need not be exact."""
        here = _at(objective, state.theta, tol)
        return replace(here, in_use=state.in_use, left=state.left, cooled=state.cooled)

    def step(self, objective: Objective, state: TruncatedNewtonState) -> TruncatedNewtonState:
        """To a Wolfe point along Newton's direction, solved for loosely until the end is near."""
        if not state.theta.any():
            state = _at(objective, objective.base_rate(), state.tol)
        A = objective.curvature(_bent_at(objective, state) * state.theta)
        return _newton_step(objective, state, A)

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


def in_use(state: State) -> InUse | None:
    """The metric that a state of this solver came to."""
    return state.in_use if isinstance(state, TruncatedNewtonState) else None


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


def _over(objective: Objective, state: TruncatedNewtonState, A: Any) -> InUse:
    """The metric of the state; a new one where that is worn out."""
    if state.in_use is None or state.in_use.worn:
        return InUse(_metric(objective, A))
    return state.in_use


def _newton_step(objective: Objective, state: TruncatedNewtonState, A: Any) -> TruncatedNewtonState:
    """Along the direction that the curvature A gives, and what is left of the gap."""
    in_use = _over(objective, state, A)
    metric, near = in_use.metric, is_near(state.left, state.tol, state.value)
    allowed = ALLOWED * state.tol * abs(state.value)
    enough = metric.enough(objective, allowed) if near else loosely(metric.forcing)
    narrow = state.left <= NARROW * abs(state.value)
    part = 1.0
    if metric.is_for_single(state.gradient) and state.left > SINGLE * abs(state.value):
        A, part = objective.loss.roughly(A, LAST_SHARE if narrow else SHARE)
    read = objective.loss.bytes_read
    trial, gap, kind = finish(objective, state, A, metric.solve, enough, state.tol)
    reads = (objective.loss.bytes_read - read) / objective.loss.traits.nbytes
    in_use = in_use.served((part + metric.part(objective)) * reads)
    state = replace(state, gap=gap, gap_kind=kind, in_use=in_use)
    if trial is None:
        return replace(state, stalled=True)
    known = near or kind == "bound"
    cooled = state.cooled + WARMER if trial.length == 1 else state.cooled - COOLER
    return replace(
        state,
        theta=trial.theta,
        value=trial.value,
        gradient=trial.gradient,
        gap=gap if known else claimed(gap, state.tol, trial.value),
        left=gap,
        cooled=min(1.0, max(MILDEST, cooled)),
    )


def _strict(objective: Objective, state: TruncatedNewtonState) -> Decrement:
    """The decrement, what is left of the linear system counted as the metric bounds it."""
    A, allowed = objective.curvature(state.theta), ALLOWED * state.tol * abs(state.value)
    metric = state.in_use.metric if state.in_use else _metric(objective, A)
    found = newton_decrement(
        objective, A, state.value, state.gradient, metric.solve, metric.enough(objective, allowed)
    )
    gap = found.gap + metric.hidden(objective, found.residual)
    return found._replace(gap=gap, direction=objective.symmetric(found.direction))
