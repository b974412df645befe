"""How far J is above its minimum, from Hessian products alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from onelayer.objective import Objective
from onelayer.vectors import dot

RESIDUAL = 0.01  # of the gradient may remain, in the norm of the preconditioner
PROGRESS = 0.05  # of the decrement may have come from the last quarter of the products
PRODUCTS = 300
NOISE = 30  # roundings, squared, of J: what the decrement of a gradient of rounding alone may be
FLAT = 100  # roundings, squared: the curvature that X v has from rounding alone
RUNAWAY = 0.3  # a Newton step that still moves some z by this much after two polishes


class Decrement(NamedTuple):
    """Gap: half the squared Newton decrement; direction: the Newton direction it came from."""

    gap: float
    direction: np.ndarray


def newton_decrement(
    objective: Objective,
    theta: np.ndarray,
    value: float,
    gradient: np.ndarray,
    precondition: Callable[[np.ndarray], np.ndarray],
    allowed: float = 0.0,
) -> Decrement:
    """J(theta) - J* is about g^T H^-1 g / 2, here by conjugate gradients, one pass a product.

    Conjugate gradients approach the decrement from below, sum by sum (Hestenes and Stiefel 1952),
    and last along the directions in which J bends least: a small residual alone says little there,
    so the sums must have ceased to grow too (Strakos and Tichy 2002). What the residual may still
    hide is added. `precondition` multiplies by about H^-1; `allowed` is what the direction may miss
    of the decrease, beyond what an honest gap needs.
    """
    curvature = objective.curvature(theta)
    direction, residual = np.zeros_like(gradient), -gradient
    search = precondition(residual)
    norm = start = size = dot(residual, search)
    gains: list[float] = []
    eps = float(np.finfo(objective.design.dtype).eps)
    floor = (NOISE * eps) ** 2 * max(abs(value), start)
    while len(gains) < PRODUCTS and norm > floor and not _enough(gains, norm, start, allowed):
        product = objective.hessian_product(curvature, search)
        bend = dot(search, product)
        if bend <= (FLAT * eps) ** 2 * size:
            break
        length = norm / bend
        gains.append(length * norm)
        direction += length * search
        residual = residual - length * product
        conditioned = precondition(residual)
        following = dot(residual, conditioned)
        search = conditioned + following / norm * search
        size = following + (following / norm) ** 2 * size
        norm = following
    hidden = max(PROGRESS * sum(gains), min(_late(gains), sum(gains)))
    return Decrement(0.5 * (sum(gains) + hidden + norm), direction)


def _enough(gains: list[float], norm: float, start: float, allowed: float) -> bool:
    small, flat = max(RESIDUAL**2 * start, allowed), max(PROGRESS * sum(gains), allowed)
    return norm <= small and _late(gains) <= flat


def _late(gains: list[float]) -> float:
    """What the last quarter of the products has brought; infinity while there are too few."""
    return sum(gains[-max(3, len(gains) // 4) :]) if len(gains) > 3 else np.inf


def runs_away(objective: Objective, direction: np.ndarray) -> bool:
    """Whether z still moves though J does not: quasi-complete separation without a penalty."""
    if objective.penalty.l2 > 0:
        return False
    Z = objective.design.forward(*objective.split(direction))
    Z -= Z.mean(axis=1, keepdims=True) if Z.shape[1] > 1 else 0
    return bool(np.abs(Z[objective.weights > 0]).max() > RUNAWAY)
