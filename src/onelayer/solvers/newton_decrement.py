"""How far J is above its minimum, from Hessian products alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onelayer.objective import Objective

RESIDUAL = 0.1  # of the gradient: the decrement is then right within some per cent
PRODUCTS = 200


class Decrement(NamedTuple):
    """Gap: half the squared Newton decrement; direction: the Newton direction it came from."""

    gap: float
    direction: np.ndarray


def newton_decrement(objective: Objective, theta: np.ndarray, gradient: np.ndarray) -> Decrement:
    """J(theta) - J* is about g^T H^-1 g / 2, here by conjugate gradients, one pass a product.

    Conjugate gradients approach the decrement from below; what the residual may still hide is
    added in proportion.
    """
    curvature = objective.curvature(theta)
    direction, residual = np.zeros_like(gradient), -gradient
    search, norm = residual.copy(), float(np.vdot(gradient, gradient))
    enough = RESIDUAL**2 * norm
    for _ in range(PRODUCTS):
        product = objective.hessian_product(curvature, search)
        bend = float(np.vdot(search, product))
        if norm <= enough or bend <= 0:
            break
        length = norm / bend
        direction += length * search
        residual = residual - length * product
        following = float(np.vdot(residual, residual))
        search = residual + following / norm * search
        norm = following
    gap = -0.5 * float(np.vdot(gradient, direction))
    return Decrement(gap * (1 + RESIDUAL), direction)
