"""The end of a fit by Newton's method: a step along its direction, and a bound on the gap there.

For solvers that come to the direction by conjugate gradients (`newton_decrement.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from onelayer.designs.loss import Arrival
from onelayer.objective import Objective
from onelayer.solvers.algebra import LEAST_BEND, lifted
from onelayer.solvers.smooth.line_search import Trial, search_along
from onelayer.solvers.smooth.newton_decrement import (
    HOPELESS,
    Decrement,
    Enough,
    Progress,
    newton_decrement,
    provable,
)
from onelayer.solvers.solver import State
from onelayer.vectors import dot

S = TypeVar("S", bound=State)

NEAR = 5.0  # guard: times tol, the gap at which the next step is to be the last
ALLOWED = 0.1  # guard: times tol, what the last step may miss of the decrease
SHARE = 0.3  # guard: of tol, what the linear system may leave in the bound
LONGER, MORE = 4, 10  # guard: times the products that a step takes, and more, for its proof
# Measured, by benchmarks/random_fits.py: times the estimate, where no proof stands beside it.
SAFE = 4.0
CLOSE = 0.3  # guard: of z moved by a step, where the parabola tells J to a tenth
LEFT = 0.2  # guard: of the gap that a step is at least said to leave; the decrement may be low
UNKNOWN = 1.01  # guard: times tol, the least gap claimed before it is confirmed
# measured, on pixels in 10 classes: times the root of the relative gap, what a step leaves of it.
BENDS = 8.0
# theory, times tol: two steps leave less of the gap at an optimum, e^-2 at a runaway.
DWINDLE = 1e-3
SURE = 1e-9  # measured: the relative gap from which of 400 such sets one passed for a runaway
RUNAWAY = 0.3  # guard: a Newton step that still moves some z by this much after its polishes
TINY = 1e-300  # guard: beside which J is not zero


class Finish(NamedTuple):
    """Where Newton's step has led, None where J fell nowhere along it, and the gap there.

    kind: "bound" or "estimate", as a `State` has it.
    """

    trial: Trial | None
    gap: float
    kind: str


def finish(
    objective: Objective,
    state: State,
    curvature: Any,
    precondition: Callable[[np.ndarray], np.ndarray],
    enough: Enough,
    tol: float,
) -> Finish:
    """Newton's step, solved for until `enough`; if it may be the last, until that can be proved.

    Without an L2 penalty nothing is proved. Where rounding hides the proof, the decrement tells, of
    a parabola that holds.
    """
    allowed = tol * abs(state.value)
    end = _end(objective, state, enough, allowed)
    found = newton_decrement(objective, curvature, state.value, state.gradient, precondition, end)
    gap = _at_most(objective, state.gradient, found)
    last = objective.penalty.l2 > 0 and leaves(gap, state.value, 0.0) <= allowed
    step = objective.symmetric(_centred(objective, curvature, found) if last else found.direction)
    del curvature  # (m, k) where it lies in memory, and what follows needs as much
    arrived = _arrived(objective, state, step) if last and objective.loss.traits.at_hand else None
    trial = search_along(objective, state, step, arrived and arrived[0])
    fall = 0.0 if trial is None else state.value - trial.value
    left = gap if trial is None else leaves(gap, state.value, LEFT)
    estimate = max(gap - fall, left)
    if not last:
        return Finish(trial, estimate, "estimate")
    landing = _landing(state, trial, arrived)
    bound = _proved(objective, state.theta, step, landing, allowed)
    if bound > allowed and stands_in(objective, step, estimate, allowed):
        # J's last digit is all that is left of the gap, the penalty is next to none, or all of the
        # gradient that products can tell is gone.
        unit = float(np.finfo(np.float64).eps) * abs(state.value)
        tellable = HOPELESS**2 * dot(state.gradient, precondition(state.gradient))
        if gap <= unit or bound > abs(state.value) or found.residual <= tellable:
            return Finish(trial, SAFE * estimate, "estimate")
    return Finish(trial, bound, "bound")


def _end(objective: Objective, state: State, enough: Enough, allowed: float) -> Enough:
    """`enough`, and where the step may be the last one, what proves it, if not long after.

    Of data whose products take long, the proof alone: in small data the digits beyond tol, which
    weights along flat directions owe theirs to, cost next to nothing.
    """
    if objective.penalty.l2 == 0:
        return enough
    proves, most = provable(objective, SHARE * allowed), np.inf
    dear = objective.loss.compiled

    def end(at: Progress) -> bool:
        nonlocal most
        if dear and proves(at):
            return True
        if not enough(at):
            return False
        most = min(most, LONGER * len(at.gains) + MORE)
        far = leaves(0.5 * (sum(at.gains) + at.norm), state.value, 0.0) > allowed
        return far or proves(at) or len(at.gains) >= most

    return end


def _at_most(objective: Objective, gradient: np.ndarray, found: Decrement) -> float:
    """What J may still fall by Newton's model: with L2, by what the linear system has left.

    -g^T d / 2 is what it falls along the direction d, and |H d + g|^2 / (2 l2) bounds the rest.
    """
    l2 = objective.penalty.l2
    if l2 == 0:
        return found.gap
    told = -0.5 * dot(gradient, found.direction)
    return min(found.gap, told + left_over(found.left, l2))


def left_over(left: np.ndarray, l2: float) -> float:
    """|left|^2 / (2 l2), the most that J falls by what is left of a gradient; no square underflows.

    l2 may be as small as a float is, and J then too.
    """
    largest = float(np.abs(left).max(initial=0))
    if largest == 0:
        return 0.0
    unit = left / largest
    return largest * (largest / (2 * l2)) * dot(unit, unit)


class Landing(NamedTuple):
    """How far along a step, J's gradient there, and what a read has told of p already."""

    length: float
    gradient: np.ndarray
    arrived: Arrival | None = None


def _landing(state: State, trial: Trial | None, arrived: tuple[Trial, Arrival] | None) -> Landing:
    """Where a search along a step has ended."""
    if trial is None:
        return Landing(0.0, state.gradient)
    there = arrived[1] if arrived and trial is arrived[0] else None
    return Landing(trial.length, trial.gradient, there)


def _arrived(objective: Objective, state: State, step: np.ndarray) -> tuple[Trial, Arrival]:
    """At the step's end, in the one read that its proof begins with, where reads are dear."""
    theta = state.theta + step
    W = objective.split(theta)[0]
    found = objective.loss.arrival(objective.split(state.theta), objective.split(step), 1.0, None)
    gradient = objective.join(found.G + objective.penalty.gradient(W), found.db)
    value = found.value + objective.penalty.value(W)
    return Trial(1.0, theta, value, gradient, dot(gradient, step)), found


def _proved(
    objective: Objective, theta: np.ndarray, step: np.ndarray, at: Landing, allowed: float
) -> float:
    """A bound there by the model; where it does not do and J is flat enough, without one.

    The model's residuals are those of Newton's direction, which a rough curvature does not give.
    """
    bound = bound_after(objective, theta, step, at)
    G = objective.split(at.gradient)[0]
    if bound <= allowed or left_over(G, objective.penalty.l2) > SHARE * allowed:
        return bound
    there = theta + at.length * step
    here = Landing(0.0, at.gradient)
    return min(bound, bound_after(objective, there, np.zeros_like(step), here))


def bound_after(objective: Objective, theta: np.ndarray, step: np.ndarray, at: Landing) -> float:
    """A bound on J - J* along a step from theta, where J has this gradient: see `foresight.py`.

    The nearer `step` is to Newton's from theta, and the shorter, the tighter. For L2 alone; costs
    what `Loss.foresight` does.
    """
    split, loss, penalty = objective.split, objective.loss, objective.penalty
    W = split(theta + at.length * step)[0]
    found = loss.foresight(
        split(theta),
        split(step),
        at.length,
        balanced=objective.intercept,
        arrived=at.arrived,
        gradient=split(at.gradient)[0] - penalty.gradient(W),
    )
    return found.apart + left_over(penalty.added(found.P, W), penalty.l2)


def stands_in(objective: Objective, step: np.ndarray, estimate: float, allowed: float) -> bool:
    """Whether an estimate may stand in for a proof that rounding hides.

    It is within what is allowed, with `SAFE` to spare, and J is a parabola along the step, which
    moves no z far. A read at most.
    """
    return SAFE * estimate <= allowed and objective.loss.reach(*objective.split(step)) <= CLOSE


def _centred(objective: Objective, curvature: Any, found: Decrement) -> np.ndarray:
    """The direction with b such that the residuals foreseen sum to zero, as a proof demands."""
    direction = found.direction
    if objective.intercept:
        H = objective.loss.intercept_curvature(curvature)
        H = lifted(H) if len(H) > 1 else H + LEAST_BEND
        direction[-1] -= np.linalg.solve(H, found.left[-1])
    return direction


def is_near(gap: float, tol: float, value: float) -> bool:
    """Whether the next step is to be the last."""
    return gap <= NEAR * tol * abs(value)


def confirmed(objective: Objective, state: S, found: Decrement) -> S:
    """The gap where a fit ends short of tol: a bound if it says anything, else the decrement."""
    if objective.penalty.l2 > 0:
        here = Landing(0.0, state.gradient)
        bound = bound_after(objective, state.theta, found.direction, here)
        if bound <= abs(state.value):
            return replace(state, gap=bound, gap_kind="bound")
    return replace(state, gap=SAFE * found.gap, gap_kind="estimate")


def claimed(gap: float, tol: float, value: float) -> float:
    """A gap that is not confirmed: more than tol asks for, whatever the estimate."""
    return max(gap, UNKNOWN * tol * abs(value))


def leaves(gap: float, value: float, least: float) -> float:
    """What a Newton step leaves of the gap that the decrement said, `least` of it near the optimum.

    Newton's method converges quadratically, and far away J is no parabola: on pixels in 10 classes
    a step left 0.22, 0.4, 0.73 and 1.05 of a gap of 0.0018, 0.0043, 0.0091 and 0.017.
    """
    return gap * min(1.0, max(least, BENDS * math.sqrt(gap / max(abs(value), TINY))))


def tell_runaway(
    objective: Objective,
    state: S,
    tol: float,
    step: Callable[[S], S],
    decrement: Callable[[S], Decrement],
    left: Callable[[S], float],
) -> S:
    """Without a penalty some Newton steps more, to tell a runaway from an optimum.

    At an optimum they leave next to nothing (`left`, in parts of tol); along a runaway each leaves
    e^-1 of the gap.
    """
    if objective.penalty.l2 > 0:
        return state
    lefts = [1.0]
    for _ in range(steps_to_tell(tol)):
        settled = step(state)
        if settled.stalled:
            return replace(state, gap=SAFE * state.gap)
        state = settled
        lefts.append(left(state))
        if dwindles(lefts):
            return replace(state, gap=SAFE * state.gap)
    return at_a_tail(objective, state, decrement(state).direction)


def dwindles(lefts: list[float]) -> bool:
    """Whether two steps, or the first, left so little of the gap as they do at an optimum."""
    return lefts[-1] <= DWINDLE * lefts[max(0, len(lefts) - 3)]


def at_a_tail(objective: Objective, state: S, direction: np.ndarray) -> S:
    """Where steps leave e^-1 each, and the decrement is half of the gap: of e^-t, half of e^-t."""
    return replace(state, gap=SAFE * state.gap, runaway=runs_away(objective, direction))


def steps_to_tell(tol: float) -> int:
    """Two, from where a runaway is one: of a loose tol as many before as lead a runaway there.

    Of classes that overlap by a few rows the optimum is far, and z on its way to it: at a tol of
    1e-2 it moved by as much as along a runaway.
    """
    return 2 + max(0, math.ceil(math.log(tol / SURE)))


def runs_away(objective: Objective, direction: np.ndarray) -> bool:
    """Whether z still moves though J does not: quasi-complete separation without a penalty."""
    if objective.penalty.l2 > 0:
        return False
    return objective.loss.reach(*objective.split(direction)) > RUNAWAY
