"""Newton's method: exact Hessian, Cholesky, backtracking. For n k up to a few thousand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.newton_decrement import Decrement, newton_decrement, runs_away
from onelayer.solvers.solver import Solver, State

SUFFICIENT = 1e-4  # Armijo's constant; Nocedal and Wright 2006, section 3.1
HALVINGS = 40
ROUNDED = 10  # times n eps: what an eigenvalue may owe to the rounding of sums over examples

Linear = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class NewtonState(State):
    """A state with its Newton direction; gap = half the squared Newton decrement."""

    direction: np.ndarray


@final
@dataclass(frozen=True)
class Newton(Solver[NewtonState]):
    """Theta := theta - H^-1 dJ/dtheta; two passes a step, some more where H is singular."""

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
        return replace(polished, runaway=runs_away(objective, polished.direction))

    def _state(
        self, objective: Objective, theta: np.ndarray, value: float, gradient: np.ndarray
    ) -> NewtonState:
        gap, direction, _ = _decrement(objective, theta, value, gradient)
        return NewtonState(
            theta=theta, value=value, gradient=gradient, direction=direction, gap=max(gap, 0.0)
        )


def _decrement(
    objective: Objective, theta: np.ndarray, value: float, gradient: np.ndarray
) -> Decrement:
    """The Newton direction -H^-1 gradient, and half the squared decrement."""
    H = objective.hessian(theta)
    rows, k = theta.shape
    unit = _scale(H.reshape(rows, k, rows, k))
    if k > 1:
        # Softmax does not change when all classes move together, and the gradient has no part
        # there: lifting that null space leaves the solution and makes H invertible.
        H.reshape(rows, k, rows, k)[range(rows), :, range(rows), :] += 1 / k
    inverse = _inverse(H)
    if inverse is not None:
        direction = -_scaled(inverse, unit, gradient)
        return Decrement(-0.5 * float(np.vdot(gradient, direction)), direction)
    # Columns nearly alike leave no digits of their difference in H, but some in its products.
    A = objective.curvature(theta)
    return newton_decrement(objective, A, value, gradient, partial(_scaled, _pseudo(H), unit))


def _scaled(inverse: Linear, unit: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    right = (unit[:, None] * gradient).ravel()
    return unit[:, None] * inverse(right).reshape(gradient.shape)


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


def _inverse(H: np.ndarray) -> Linear | None:
    """Multiplication by H^-1, or None where rounding leaves H without one."""
    try:
        L = np.linalg.cholesky(H)
    except np.linalg.LinAlgError:
        return None
    if np.diag(L).min() ** 2 <= len(H) * np.finfo(float).eps:
        return None
    # NumPy has no triangular solve: one by LU costs a fifth of L^-1.
    return lambda right: np.linalg.solve(H, right)


def _pseudo(H: np.ndarray) -> Linear:
    """Multiplication by about H^-1, where eigenvalues lost to rounding count as 1."""
    values, vectors = np.linalg.eigh(H)
    lost = values <= ROUNDED * len(H) * np.finfo(float).eps * values[-1]
    inverses = 1 / np.where(lost, 1, values)
    return lambda gradient: vectors @ (inverses * (vectors.T @ gradient))
