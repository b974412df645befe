"""Newton's method: exact Hessian, Cholesky, backtracking. For n k up to a few thousand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
from scipy import linalg

from onelayer.objective import Objective
from onelayer.solvers.solver import Solver, State

SUFFICIENT = 1e-4  # Armijo's constant; Nocedal and Wright 2006, section 3.1
HALVINGS = 40
RUNAWAY = 0.3  # a Newton step that still moves some z by this much after two polishes


@dataclass(frozen=True, kw_only=True)
class NewtonState(State):
    """A state with its Newton direction; gap = half the squared Newton decrement."""

    direction: np.ndarray


@final
@dataclass(frozen=True)
class Newton(Solver[NewtonState]):
    """Theta := theta - H^-1 dJ/dtheta; two passes a step."""

    name: ClassVar[str] = "newton"
    needs: ClassVar[frozenset[str]] = frozenset({"rows", "hessian"})

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> NewtonState:
        """J, its gradient and the Newton direction at theta."""
        del tol
        return self._state(objective, theta, *objective.value_and_gradient(theta))

    def step(self, objective: Objective, state: NewtonState) -> NewtonState:
        """Along the Newton direction, halved until J falls; stalled once J and gap do not."""
        slope = -2 * state.gap
        rounding = 4 * np.finfo(float).eps * abs(state.value)
        length = 1.0
        for _ in range(HALVINGS):
            theta = state.theta + length * state.direction
            value, gradient = objective.value_and_gradient(theta)
            if value <= state.value + SUFFICIENT * length * slope + rounding:
                following = self._state(objective, theta, value, gradient)
                flat = value >= state.value and following.gap >= state.gap
                return replace(following, stalled=flat)
            length /= 2
        return replace(state, stalled=True)

    def polish(self, objective: Objective, state: NewtonState) -> NewtonState:
        """One more full step; without a penalty a second, to tell a runaway from an optimum."""
        polished = self.step(objective, state)
        if objective.penalty.l2 == 0 and not polished.stalled:
            polished = self.step(objective, polished)
        if polished.stalled:
            return state
        return replace(polished, runaway=_runs_away(objective, polished.direction))

    def _state(
        self, objective: Objective, theta: np.ndarray, value: float, gradient: np.ndarray
    ) -> NewtonState:
        direction = -_solve(objective, theta, gradient)
        gap = -0.5 * float(np.vdot(gradient, direction))
        return NewtonState(
            theta=theta, value=value, gradient=gradient, direction=direction, gap=max(gap, 0.0)
        )


def _solve(objective: Objective, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """H^-1 gradient; where H is singular, the solution of least norm (in units of `_scale`)."""
    H = objective.hessian(theta)
    rows, k = theta.shape
    unit = _scale(H.reshape(rows, k, rows, k))
    if k > 1:
        # Softmax does not change when all classes move together, and the gradient has no part
        # there: lifting that null space leaves the solution and makes H invertible.
        H.reshape(rows, k, rows, k)[range(rows), :, range(rows), :] += 1 / k
    right = (gradient * unit[:, None]).ravel()
    try:
        factor = linalg.cho_factor(H, lower=True, check_finite=False)
        well_posed = np.diag(factor[0]).min() ** 2 > len(H) * np.finfo(float).eps
    except linalg.LinAlgError:
        well_posed = False
    if well_posed:
        solution = linalg.cho_solve(factor, right, check_finite=False)
    else:
        solution = linalg.pinvh(H, check_finite=False) @ right
    return solution.reshape(theta.shape) * unit[:, None]


def _scale(H: np.ndarray) -> np.ndarray:
    """Bring the diagonal of H (rows, k, rows, k) to 1, in place; the units (rows,) that do it.

    Features of size 1e8 beside an intercept, or a strong penalty beside none, would else pass for
    a singular H. One unit a feature, for all classes: their common null space stays what it is.
    """
    size = np.einsum("ikik->i", H) / H.shape[1]
    unit = np.where(size > 0, 1 / np.sqrt(np.where(size > 0, size, 1)), 1)
    H *= unit[:, None, None, None]
    H *= unit[:, None]
    return unit


def _runs_away(objective: Objective, direction: np.ndarray) -> bool:
    """Whether z still moves though J does not: quasi-complete separation without a penalty."""
    if objective.penalty.l2 > 0:
        return False
    Z = objective.design.forward(*objective.split(direction))
    Z -= Z.mean(axis=1, keepdims=True) if Z.shape[1] > 1 else 0
    return bool(np.abs(Z).max() > RUNAWAY)
