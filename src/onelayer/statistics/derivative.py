"""Numerical derivatives of columns of X, row by row, within the values that were seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LARGEST = 1e-2  # of a variable's range: the first step
SHRINK = 8.0  # from one step to the next
STEPS = 13  # to 1e-13 of the range: enough for a logarithm of values near 0
CLOSE = 1e-10  # of a derivative, or of its column's usual size: two steps agree
JUMPS = 1e-3  # they do not agree at all: there is no derivative


def derivative(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """d function/dx (m, t) at x (m,), each row of the function one of x, and whether it exists.

    From three points c - h, c, c + h of which x is in the middle, or near an end of the values that
    x has at an end: outside of them a spline or a logarithm may not be defined. Steps shrink until
    two agree in a row and column; of all steps that pair is taken which agrees best, as Ridders'
    method does (Press and others, Numerical Recipes, section 5.7).
    """
    low, high = x.min(), x.max()

    def slope(step: int) -> np.ndarray:
        h = LARGEST * (high - low) / SHRINK**step
        c = np.clip(x, low + h, high - h)
        ends = np.maximum(c - h, low), np.minimum(c + h, high)
        with np.errstate(all="ignore"):
            return _parabola(function, x, c, ends)

    best = before = slope(0)
    error = np.full(best.shape, np.inf)
    settled = np.zeros(best.shape, dtype=bool)
    for step in range(1, STEPS):
        now = slope(step)
        difference = np.abs(now - before)
        # Beyond their best agreement steps are rounding, which may agree by chance.
        settled |= (difference > error) & (error <= JUMPS * _sizes(best))
        better = (difference < error) & ~settled
        best, error, before = np.where(better, now, best), np.where(better, difference, error), now
        settled |= error <= CLOSE * _sizes(best)
        if settled.all():
            break
    return best, error <= JUMPS * _sizes(best)


def _sizes(slopes: np.ndarray) -> np.ndarray:
    """A derivative's own size, or the mean of its column."""
    return np.maximum(np.abs(slopes), np.abs(slopes).mean(axis=0))


def _parabola(
    function: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    c: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """The slope at x of the parabola through the function at c and at the ends around it."""
    below, above = ((end - c)[:, None] for end in ends)
    t, width = (x - c)[:, None], above - below
    slope = (2 * t - below) / (above * width) * function(ends[1])
    slope = slope + (2 * t - above) / (below * -width) * function(ends[0])
    middle = (2 * t - below - above) / (below * above)
    return slope + middle * function(c) if middle.any() else slope
