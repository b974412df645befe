"""A step length along a descent direction of a smooth convex function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.solver import State
from onelayer.vectors import dot

SUFFICIENT = 1e-4  # of the decrease that the slope promises; Nocedal and Wright 2006, section 3.1
FLAT = 0.9  # of the first slope may remain; the same, section 3.1
SHRINK = 0.1  # of a length that was too long twice
EVALUATIONS = 30


@dataclass(frozen=True)
class Trial:
    """A point along the direction: its J, gradient and slope there."""

    length: float
    theta: np.ndarray
    value: float
    gradient: np.ndarray
    slope: float


def search(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: Trial,
    direction: np.ndarray,
    length: float = 1.0,
) -> Trial | None:
    """A length that satisfies the strong Wolfe conditions, or None where rounding hides any.

    Near the minimum values differ by less than they are rounded, and the slope decides alone
    (the approximate Wolfe test of Hager and Zhang 2005). J is convex: its slope grows along the
    direction, so the root of the slope is bracketed and found by secant steps.
    """
    rounding = 1e-12 * abs(start.value)
    low, high = start, None
    for evaluation in range(EVALUATIONS):
        theta = start.theta + length * direction
        value, gradient = function(theta)
        trial = Trial(length, theta, value, gradient, dot(gradient, direction))
        enough = value <= start.value + SUFFICIENT * length * start.slope + rounding
        if enough and abs(trial.slope) <= FLAT * abs(start.slope):
            return trial
        if not enough or trial.slope > 0 or not np.isfinite(value):
            high = trial
        else:
            low = trial
        length = _next_length(low, high)
        if evaluation and high is not None and low is start:
            length = min(length, SHRINK * high.length)  # far too long: the slope is flat out there
    return None


def search_along(objective: Objective, state: State, direction: np.ndarray) -> Trial | None:
    """The same from where a solver stands; None too where J does not fall along the direction."""
    slope = dot(state.gradient, direction)
    here = Trial(0.0, state.theta, state.value, state.gradient, slope)
    return search(objective.value_and_gradient, here, direction) if slope < 0 else None


def _next_length(low: Trial, high: Trial | None) -> float:
    """The secant root of the slope, kept well inside the bracket; beyond it while there is none."""
    if high is None:
        return max(4 * low.length, 1e-3)
    width = high.length - low.length
    if not np.isfinite(high.slope) or high.slope <= low.slope:
        return low.length + 0.1 * width
    root = low.slope / (low.slope - high.slope)
    return low.length + min(max(root, 0.1), 0.9) * width
