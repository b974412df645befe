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
        """Along the Newton direction, halved until J falls."""
        slope = -2 * state.gap
        rounding = 4 * np.finfo(float).eps * abs(state.value)
        length = 1.0
        for _ in range(HALVINGS):
            theta = state.theta + length * state.direction
            value, gradient = objective.value_and_gradient(theta)
            if value <= state.value + SUFFICIENT * length * slope + rounding:
                return self._state(objective, theta, value, gradient)
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
    """H^-1 gradient; where H is singular, the solution of least norm."""
    H = objective.hessian(theta)
    k = theta.shape[1]
    if k > 1:
        # Softmax does not change when all classes move together, and the gradient has no part
        # there: lifting that null space leaves the solution and makes H invertible.
        lift = np.trace(H) / len(H) / k
        H.reshape(-1, k, len(theta), k)[range(len(theta)), :, range(len(theta)), :] += lift
    try:
        factor = linalg.cho_factor(H, lower=True, check_finite=False)
        well_posed = np.diag(factor[0]).min() ** 2 > len(H) * np.finfo(float).eps * H.max()
    except linalg.LinAlgError:
        well_posed = False
    if well_posed:
        return linalg.cho_solve(factor, gradient.ravel(), check_finite=False).reshape(theta.shape)
    return (linalg.pinvh(H, check_finite=False) @ gradient.ravel()).reshape(theta.shape)


def _runs_away(objective: Objective, direction: np.ndarray) -> bool:
    """Whether z still moves though J does not: quasi-complete separation without a penalty."""
    if objective.penalty.l2 > 0:
        return False
    Z = objective.design.forward(*objective.split(direction))
    Z -= Z.mean(axis=1, keepdims=True) if Z.shape[1] > 1 else 0
    return bool(np.abs(Z).max() > RUNAWAY)
