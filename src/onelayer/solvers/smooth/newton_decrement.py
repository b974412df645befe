"""How far J is above its minimum, from Hessian products alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from onelayer.objective import Objective
from onelayer.vectors import add_scaled, dot, scale_and_add

RESIDUAL = 0.01  # guard: of the gradient may remain, in the norm of the preconditioner
PROGRESS = 0.05  # guard: of the decrement may have come from the last quarter of the products
HOPELESS = 1e-6  # guard: of the gradient, less is hardly ever reached
PRODUCTS = 300  # guard: for one direction
NOISE = 30  # theory: roundings, squared, of J; the decrement of a gradient of rounding alone
MANY = 1e5  # guard: rows from which on roundings of their sums are taken to cancel, as 1 / m does
FLAT = 100  # theory: roundings, squared; the curvature that X v has from rounding alone


class Progress(NamedTuple):
    """The sums so far, the residual, its squared norm under the preconditioner now and at first."""

    gains: list[float]
    residual: np.ndarray
    norm: float
    start: float


Enough: TypeAlias = Callable[[Progress], bool]
"""Whether conjugate gradients have come far enough."""


class Decrement(NamedTuple):
    """Half the squared Newton decrement, the Newton direction it came from, what that leaves.

    left, the gradient that J's parabola has at its end; residual, its squared norm under the
    preconditioner.
    """

    gap: float
    direction: np.ndarray
    left: np.ndarray
    residual: float


def newton_decrement(
    objective: Objective,
    curvature: Any,
    value: float,
    gradient: np.ndarray,
    precondition: Callable[[np.ndarray], np.ndarray],
    enough: Enough | None = None,
) -> Decrement:
    """J(theta) - J* is about g^T H^-1 g / 2, here by conjugate gradients, one pass a product.

    `curvature`, `value` and `gradient` are J's at theta.

    Conjugate gradients approach the decrement from below, sum by sum (Hestenes and Stiefel 1952),
    and last along the directions in which J bends least. What the residual may still hide is
    added. `precondition` multiplies by about H^-1; `enough` says when to stop (None: `strictly`).
    """
    dtype = objective.loss.direction_dtype(curvature)
    residual = np.negative(gradient, dtype=dtype, casting="same_kind")
    direction, search = np.zeros_like(residual), np.array(precondition(residual), dtype)
    norm = start = size = dot(residual, search)
    gains: list[float] = []
    eps = float(np.finfo(objective.loss.dtype).eps)
    floor = (NOISE * eps) ** 2 * max(abs(value), start) * min(1, MANY / objective.loss.counted)
    eps = max(eps, float(np.finfo(dtype).eps))
    floor = max(floor, (NOISE * eps) ** 2 * start)
    enough = enough or strictly()
    while len(gains) < PRODUCTS and norm > floor:
        if enough(Progress(gains, residual, norm, start)):
            break
        product = objective.hessian_product(curvature, search)
        bend = dot(search, product)
        if bend <= (FLAT * eps) ** 2 * size:
            break
        length = norm / bend
        gains.append(length * norm)
        add_scaled(direction, length, search)
        add_scaled(residual, -length, product)
        conditioned = precondition(residual)
        following = dot(residual, conditioned)
        scale_and_add(search, following / norm, conditioned)
        size = following + (following / norm) ** 2 * size
        norm = following
    late = sum(gains) if len(gains) == PRODUCTS else min(_late(gains), sum(gains))
    hidden = max(PROGRESS * sum(gains), late)
    found, left = (vector.astype(np.float64, copy=False) for vector in (direction, -residual))
    return Decrement(0.5 * (sum(gains) + hidden + norm), found, left, norm)


def strictly(allowed: float = 0.0) -> Enough:
    """Where the gap is honest, and the direction misses at most `allowed` of the decrease.

    A small residual alone says little along flat directions: the sums must have ceased to grow too
    (Strakos and Tichy 2002). It takes a preconditioner that has learnt those directions.
    """

    def enough(at: Progress) -> bool:
        small, flat = max(RESIDUAL**2 * at.start, allowed), max(PROGRESS * sum(at.gains), allowed)
        return at.norm <= small and _late(at.gains) <= flat

    return enough


def loosely(forcing: float) -> Enough:
    """Where so much of the gradient is left, in the preconditioner's norm: no gap, a direction."""
    return lambda at: bool(at.gains) and at.norm <= forcing**2 * at.start


def missing_at_most(allowed: float, ratio: float) -> Enough:
    """Where the decrease that is missed is at most `allowed`, by the residual alone.

    H^-1 <= ratio M^-1 bounds it by ratio times the residual's squared norm under M^-1. Where that
    is beyond rounding (no penalty, or next to none), a millionth of the gradient may remain.
    """
    return lambda at: bool(at.gains) and at.norm <= max(allowed / ratio, HOPELESS**2 * at.start)


def provable(objective: Objective, allowed: float) -> Enough:
    """Where the gradient that is left adds at most `allowed` to the bound of `bound_after`."""
    square = 2 * objective.penalty.l2 * allowed
    return lambda at: (
        bool(at.gains)
        and (dot(at.residual, at.residual) <= square or at.norm <= HOPELESS**2 * at.start)
    )


def _late(gains: list[float]) -> float:
    """What the last quarter of the products has brought; infinity while there are too few."""
    return sum(gains[-max(3, len(gains) // 4) :]) if len(gains) > 3 else np.inf
