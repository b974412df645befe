"""L-BFGS over a metric (Liu and Nocedal 1989), one pass a step; the end by Newton's method.

The memory's own estimate of the gap is cheap and can be several times too low. Where it comes near
tol, conjugate gradients on the true Hessian, with the memory as their preconditioner, give the
Newton direction and an honest gap, and the step along it is taken: that work is not lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.smooth.lbfgs_memory import Memory
from onelayer.solvers.smooth.line_search import Trial, search_along
from onelayer.solvers.smooth.metrics import (
    Metric,
    SampleHessian,
    SharedGram,
    better_metric,
    first_metric,
)
from onelayer.solvers.smooth.newton_decrement import (
    Decrement,
    Enough,
    missing_at_most,
    newton_decrement,
    strictly,
)
from onelayer.solvers.smooth.newton_finish import (
    ALLOWED,
    NEAR,
    claimed,
    confirmed,
    finish,
    is_near,
    tell_runaway,
)
from onelayer.solvers.solver import Solver, State
from onelayer.vectors import dot

# Measured: the relative gaps, as estimated, at which the Hessian is sampled, and the passes that it
# is worth. Far from the optimum that of several classes soon changes; binary ones gained nothing.
REFRESH = ((3e-3, 15.0),)
REFRESH_CLASSES = ((3e-3, 4.0), (1e-4, 6.0))
# Measured, on pixels in 10 classes: the relative gap, as estimated, down to which a sample's
# Hessian is taken where theta is; from there on the memory of steps is worth more.
FOLLOWED = 1e-4
MISLED = 0.02  # guard: of a step; rows that no sample has seen forbid the rest
SAMPLED = 2.0  # theory: by how much H^-1 may exceed M^-1 of a sample of 100 rows an unknown
TRUSTED = 10.0  # guard: times the penalty; a metric of a larger ridge knows no flat directions


@dataclass(frozen=True, kw_only=True)
class LbfgsState(State):
    """A state with its memory, the direction that it gives, and its estimate of the gap.

    The memory is one for the whole run and learns; `solved` is M^-1 gradient; `refreshes` are
    those to come.
    """

    memory: Memory
    solved: np.ndarray
    direction: np.ndarray
    estimate: float
    tol: float
    refreshes: tuple[tuple[float, float], ...] = ()


@final
@dataclass(frozen=True)
class Lbfgs(Solver[LbfgsState]):
    """Limited-memory BFGS over a metric: the one given, or the best that is worth its price."""

    metric: Metric | None = None
    name: ClassVar[str] = "lbfgs"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> LbfgsState:
        """J, its gradient and the first metric at theta."""
        value, gradient = objective.value_and_gradient(theta)
        memory = Memory(self.metric or first_metric(objective, theta), objective)
        memory.fit(objective, theta, gradient)
        blank = LbfgsState(
            theta=theta,
            value=value,
            gradient=gradient,
            memory=memory,
            solved=gradient,
            direction=gradient,
            estimate=np.inf,
            tol=tol,
            refreshes=() if self._for_good(objective) else _schedule(objective),
        )
        return _aim(blank)

    def _for_good(self, objective: Objective) -> bool:
        """Whether the first metric is the best that there will be: of a sample's own optimum."""
        return self.metric is not None or objective.loss.traits.at_hand

    def step(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """Along -B gradient to a Wolfe point, or along Newton's direction near the end."""
        if _nearer(objective, state):
            state = _refresh(objective, state)
        state = _followed(state)
        if is_near(state.estimate, state.tol, state.value):
            return self._newton_step(objective, state)
        trial = search_along(objective, state, state.direction)
        if trial is None and state.memory.order:  # the memory may have led astray
            state.memory.forget()
            state = _aim(state)
            trial = search_along(objective, state, state.direction)
        if trial is None or trial.length < MISLED:
            metric = state.memory.metric
            if isinstance(metric, SharedGram) and not metric.whole:
                return _over(state, SharedGram.of(objective, whole=True))
        if trial is None:
            return replace(state, stalled=True)
        return replace(_move(state, trial), stalled=_rounded(state, trial))

    def confirm(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """The gap by Newton's decrement, where the memory's estimate has stopped nothing."""
        return confirmed(objective, state, _decrement(objective, state))

    def polish(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """Without a penalty some Newton steps, to tell a runaway from an optimum."""
        return tell_runaway(
            objective,
            state,
            state.tol,
            partial(self._newton_step, objective),
            partial(_decrement, objective),
            lambda state: state.estimate / (state.tol * abs(state.value)),
        )

    def _newton_step(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """Newton's step, and the gap that is left."""
        enough = _enough(objective, state, ALLOWED * state.tol * abs(state.value))
        trial, gap, kind = finish(
            objective,
            state,
            objective.curvature(state.theta),
            state.memory.multiply,
            enough,
            state.tol,
        )
        if trial is None:
            return replace(state, gap=gap, gap_kind=kind, stalled=True)
        following = _move(state, trial)
        left = gap if kind == "bound" else max(gap, following.estimate)
        return replace(following, gap=left, gap_kind=kind)


def _rounded(state: LbfgsState, trial: Trial) -> bool:
    """Whether J no longer falls, and no step is said to lower it by a unit in its last place."""
    unit = float(np.finfo(np.float64).eps) * abs(state.value)
    return trial.value >= state.value and state.estimate <= unit


def _enough(objective: Objective, state: LbfgsState, allowed: float = 0.0) -> Enough:
    """The end of conjugate gradients; what products come to late may be most of the decrease.

    Each is a read where a sample is at hand, whose metric bounds what is left.
    """
    if allowed > 0 and objective.loss.traits.at_hand:
        return missing_at_most(allowed, SAMPLED)
    trusted = not 0 < TRUSTED * objective.penalty.l2 < state.memory.metric.ridge
    return strictly(allowed if trusted else 0.0)


def _decrement(objective: Objective, state: LbfgsState) -> Decrement:
    A, enough = objective.curvature(state.theta), _enough(objective, state)
    return newton_decrement(
        objective, A, state.value, state.gradient, state.memory.multiply, enough
    )


def _move(state: LbfgsState, trial: Trial) -> LbfgsState:
    """To the trial point, the step remembered."""
    solved = state.memory.metric.solve(trial.gradient)
    change = trial.gradient - state.gradient
    state.memory.remember(trial.theta - state.theta, change, solved - state.solved)
    moved = replace(
        state,
        theta=trial.theta,
        value=trial.value,
        gradient=trial.gradient,
        gap_kind="estimate",
    )
    return _aim(moved, solved)


def _aim(state: LbfgsState, solved: np.ndarray | None = None) -> LbfgsState:
    """The direction -B gradient, and the gap that it promises."""
    if solved is None:
        solved = state.memory.metric.solve(state.gradient)
    direction = _within(-state.memory.multiply(state.gradient, solved))
    estimate = -0.5 * dot(state.gradient, direction)
    gap = claimed(estimate, state.tol, state.value)
    return replace(state, solved=solved, direction=direction, estimate=estimate, gap=gap)


def _within(direction: np.ndarray) -> np.ndarray:
    """The part of it whose classes sum to zero, as softmax's optimum and every gradient do.

    What leaves that space comes back no faster than the penalty alone draws it.
    """
    return (
        direction - direction.mean(axis=1, keepdims=True) if direction.shape[1] > 1 else direction
    )


def _schedule(objective: Objective) -> tuple[tuple[float, float], ...]:
    return REFRESH if objective.head.width == 1 else REFRESH_CLASSES


def _nearer(objective: Objective, state: LbfgsState) -> bool:
    """Whether the optimum is so near that another metric is due.

    The first one is at the latest where Newton's method takes over: conjugate gradients under the
    metric of the start made a tol of 1e-3 dearer than one of 1e-7, on pixels in 10 classes.
    """
    if not state.refreshes:
        return False
    due = state.refreshes[0][0]
    if state.refreshes == _schedule(objective):
        due = max(due, NEAR * state.tol)
    return state.estimate <= due * abs(state.value)


def _refresh(objective: Objective, state: LbfgsState) -> LbfgsState:
    """Change to the metric for the neighbourhood of the optimum, where one is worth its price."""
    (_, worth), *later = state.refreshes
    metric = better_metric(objective, state.theta, worth)
    state = replace(state, refreshes=tuple(later))
    return state if metric is None else _over(state, metric)


def _followed(state: LbfgsState) -> LbfgsState:
    """Over the sample's Hessian at the state's theta, while the optimum is far."""
    metric = state.memory.metric
    far = state.estimate > FOLLOWED * abs(state.value)
    if not far or not isinstance(metric, SampleHessian) or metric.theta is state.theta:
        return state
    return _over(state, metric.at(state.theta))


def _over(state: LbfgsState, metric: Metric) -> LbfgsState:
    """The same place, seen through another metric."""
    state.memory.change(metric)
    return _aim(state)
