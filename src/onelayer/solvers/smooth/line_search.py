"""A step length along a descent direction of a smooth convex function, in three reads at most.

Most first trials hold. After one that does not, one read tells between which of many lengths J
ceases to fall, and another J and its gradient where the search ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.designs.loss import falls_on
from onelayer.objective import Objective
from onelayer.solvers.solver import State
from onelayer.vectors import dot

SUFFICIENT = 1e-4  # theory: of the decrease promised; Nocedal and Wright 2006, section 3.1
FLAT = 0.9  # theory: of the first slope may remain; the same, section 3.1
# guard: lengths to any scale; the nearer ones, of which one is wanted as a rule, lie closer.
SHORTER = 0.5 ** np.array([40, 36, 32, 28, 24, 21, 18, 16, 14, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
LONGER = 2.0 ** np.array([1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24, 28, 32, 36, 40])
ROUNDING = 4  # theory: units in J's last place that its sums may be off by
NEAR_THE_MINIMUM = 1e-12  # theory: of J; there values say nothing, and the slope decides alone


@dataclass(frozen=True)
class Trial:
    """A point along the direction: its J, gradient and slope there."""

    length: float
    theta: np.ndarray
    value: float
    gradient: np.ndarray
    slope: float


def falls(before: float, after: float, promised: float, rounding: float | None = None) -> bool:
    """Whether J falls by a part of what its slope promises (< 0), but for rounding (Armijo)."""
    if rounding is None:
        rounding = ROUNDING * float(np.finfo(np.float64).eps) * abs(before)
    return bool(after <= before + SUFFICIENT * promised + rounding)


def search_along(
    objective: Objective, state: State, direction: np.ndarray, whole: Trial | None = None
) -> Trial | None:
    """A point that satisfies the strong Wolfe conditions, or nearly; None where J does not fall.

    Near the minimum the slope decides alone (the approximate Wolfe test of Hager and Zhang 2005).
    `whole` is where the whole direction leads, if a read has told that already.
    """
    slope = dot(state.gradient, direction)
    if slope >= 0:
        return None
    first = whole or _trial(objective, state, direction, 1.0)
    if _enough(state, slope, first) and abs(first.slope) <= FLAT * abs(slope):
        return first
    length = length_after(objective, state, direction, first.value, first.slope)
    if length is None:
        return None
    found = _trial(objective, state, direction, length)
    return found if _enough(state, 0.0, found) else None


def length_after(
    objective: Objective, state: State, direction: np.ndarray, value: float, slope: float
) -> float | None:
    """The length after a whole step that led to `value` and `slope` and did not hold; one read.

    J is convex: its slope grows along the direction, and the root of the slope is the minimum. It
    lies between two of many lengths, and a secant tells where. None where no length is short enough
    for J to fall.
    """
    before = dot(state.gradient, direction)
    further = slope < 0 and falls(state.value, value, before)
    steps = LONGER if further else SHORTER
    turn = objective.turn(state.theta, direction, steps)
    tried = np.array([(1.0, value, slope)])
    ends = (tried, tried[:0]) if further else (np.array([(0.0, state.value, before)]), tried)
    found = np.vstack([ends[0], np.column_stack(turn), ends[1]])
    rising = np.flatnonzero([not falls_on(*at) for at in found[:, 1:]])
    if len(rising) == 0:
        return float(found[-1, 0])
    if rising[0] == 0:
        return None
    (low, below, falling), (high, above, climbing) = found[rising[0] - 1], found[rising[0]]
    root = falling / (falling - climbing)
    # Between the two J is below their chord, which is above J here beyond `most`.
    most = (state.value - below) / (above - below) if above > state.value else 1.0
    return float(low + (min(root, most) if low > 0 else root) * (high - low))


def _trial(objective: Objective, state: State, direction: np.ndarray, length: float) -> Trial:
    theta = state.theta + length * direction
    value, gradient = objective.value_and_gradient(theta)
    return Trial(length, theta, value, gradient, dot(gradient, direction))


def _enough(state: State, slope: float, trial: Trial) -> bool:
    rounding = NEAR_THE_MINIMUM * abs(state.value)
    return falls(state.value, trial.value, trial.length * slope, rounding)
