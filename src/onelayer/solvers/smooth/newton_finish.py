"""The end of a fit by Newton's method: a step along its direction, and the gap that it leaves.

For solvers that come to the direction by conjugate gradients (`newton_decrement.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.smooth.line_search import Trial, search_along
from onelayer.solvers.smooth.newton_decrement import Decrement
from onelayer.solvers.solver import State

S = TypeVar("S", bound=State)

NEAR = 5.0  # guard: times tol, the gap at which the next step is to be the last
ALLOWED = 0.1  # guard: times tol, what the last step may miss of the decrease
LEFT = 0.2  # guard: of the gap that a step is at least said to leave; the decrement may be low
UNKNOWN = 1.01  # guard: times tol, the least gap claimed before it is confirmed
# measured, on pixels in 10 classes: times the root of the relative gap, what a step leaves of it.
BENDS = 8.0
# theory, times tol: two steps leave less of the gap at an optimum, e^-2 at a runaway.
DWINDLE = 1e-3
RUNAWAY = 0.3  # guard: a Newton step that still moves some z by this much after two polishes
TINY = 1e-300  # guard: beside which J is not zero


def newton_step(objective: Objective, state: State, found: Decrement) -> tuple[Trial | None, float]:
    """To a point along Newton's direction where J has fallen, and about the gap there.

    That is what it was by the decrement, less what J fell. None, and the gap here, where no step
    lowers J.
    """
    trial = search_along(objective, state, found.direction)
    if trial is None:
        return None, found.gap
    fallen = state.value - trial.value
    return trial, max(found.gap - fallen, leaves(found.gap, state.value, LEFT))


def is_near(gap: float, tol: float, value: float) -> bool:
    """Whether the next step is to be the last."""
    return gap <= NEAR * tol * abs(value)


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
    step: Callable[[S], S],
    decrement: Callable[[S], Decrement],
    left: Callable[[S], float],
) -> S:
    """Without a penalty two Newton steps more, to tell a runaway from an optimum.

    At an optimum they leave next to nothing (`left`, in parts of tol); along a runaway each leaves
    e^-1 of the gap.
    """
    if objective.penalty.l2 > 0:
        return state
    for _ in range(2):
        settled = step(state)
        if settled.stalled:
            return state
        state = settled
        if left(state) <= DWINDLE:
            return state
    return replace(state, runaway=runs_away(objective, decrement(state).direction))


def runs_away(objective: Objective, direction: np.ndarray) -> bool:
    """Whether z still moves though J does not: quasi-complete separation without a penalty."""
    if objective.penalty.l2 > 0:
        return False
    return objective.loss.reach(*objective.split(direction)) > RUNAWAY
