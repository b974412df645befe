"""Newton's method: exact Hessian, Cholesky, backtracking. For n k to some thousand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, TypeAlias, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.algebra import cholesky_solve, lift_shift, spectral_inverse
from onelayer.solvers.smooth.line_search import falls, length_after
from onelayer.solvers.smooth.newton_decrement import newton_decrement
from onelayer.solvers.smooth.newton_finish import runs_away
from onelayer.solvers.solver import Solver, State
from onelayer.vectors import dot

KEPT = 0.01  # guard: of the gap, a step that leaves more than this has changed H

Linear: TypeAlias = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class NewtonState(State):
    """A state with its Newton direction; gap = half the squared Newton decrement.

    inverse: multiplication by H^-1, where rounding has left H one.
    """

    direction: np.ndarray
    inverse: Linear | None


@final
@dataclass(frozen=True)
class Newton(Solver[NewtonState]):
    """Theta := theta - H^-1 dJ/dtheta.

    A pass a step of small data, for J, its gradient and H together; two where kernels read X; some
    more where H is singular.
    """

    name: ClassVar[str] = "newton"
    needs: ClassVar[frozenset[str]] = frozenset({"rows", "hessian"})

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> NewtonState:
        """J, its gradient and the Newton direction at theta."""
        del tol
        return _expanded(objective, theta)

    def step(self, objective: Objective, state: NewtonState) -> NewtonState:
        """Along the Newton direction, or less far; stalled where no length lowers J."""
        following = _expanded(objective, state.theta + state.direction)
        if falls(state.value, following.value, -2 * state.gap):
            return _flat(state, following)
        slope = dot(following.gradient, state.direction)
        length = length_after(objective, state, state.direction, following.value, slope)
        if length is None:
            return replace(state, stalled=True)
        shorter = _expanded(objective, state.theta + length * state.direction)
        falling = falls(state.value, shorter.value, 0.0)
        return _flat(state, shorter) if falling else replace(state, stalled=True)

    def polish(self, objective: Objective, state: NewtonState) -> NewtonState:
        """One more full step; without a penalty a second, to tell a runaway from an optimum."""
        if objective.penalty.l2 > 0 and state.inverse is not None:
            return _polished(objective, state, state.inverse)
        for _ in range(1 if objective.penalty.l2 > 0 else 2):
            polished = self.step(objective, state)
            if polished.stalled:
                return state
            state = polished
        return replace(state, runaway=runs_away(objective, state.direction))


def _flat(state: NewtonState, following: NewtonState) -> NewtonState:
    """Stalled where neither J nor the gap has fallen."""
    flat = following.value >= state.value and following.gap >= state.gap
    return replace(following, stalled=flat)


def _polished(objective: Objective, state: NewtonState, inverse: Linear) -> NewtonState:
    """A full step, and the gap that it leaves.

    H has hardly changed where the step leaves a hundredth of the gap, and tells the rest.
    """
    theta = state.theta + state.direction
    value, gradient = objective.value_and_gradient(theta)
    if not falls(state.value, value, -2 * state.gap):
        return state
    direction = -inverse(gradient)
    gap = max(-0.5 * dot(gradient, direction), 0.0)
    if gap > max(KEPT * state.gap, np.finfo(float).eps * abs(value)):
        return _state(objective, theta, value, gradient, None)
    return NewtonState(
        theta=theta, value=value, gradient=gradient, gap=gap, direction=direction, inverse=inverse
    )


def _expanded(objective: Objective, theta: np.ndarray) -> NewtonState:
    return _state(objective, theta, *objective.expansion(theta))


def _state(
    objective: Objective,
    theta: np.ndarray,
    value: float,
    gradient: np.ndarray,
    H: np.ndarray | None,
) -> NewtonState:
    """The state at theta, with H from a pass where it is not known."""
    H = objective.hessian(theta) if H is None else H
    rows, k = theta.shape
    unit = _scale(H.reshape(rows, k, rows, k))
    if k > 1:
        lift_shift(H.reshape(rows, k, rows, k))
    inverse = _inverse(H, objective.loss.dtype)
    if inverse is not None:
        inverse = partial(_scaled, inverse, unit)
        direction = -inverse(gradient)
        gap = -0.5 * dot(gradient, direction)
    else:
        # Columns nearly alike leave no digits of their difference in H, but some in its products.
        A = objective.curvature(theta)
        near = partial(_scaled, spectral_inverse(H), unit)
        gap, direction, _ = newton_decrement(objective, A, value, gradient, near)
    return NewtonState(
        theta=theta,
        value=value,
        gradient=gradient,
        gap=max(gap, 0.0),
        direction=direction,
        inverse=inverse,
        rounded=inverse is None,
    )


def _scaled(inverse: Linear, unit: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    right = (unit[:, None] * gradient).ravel()
    return unit[:, None] * inverse(right).reshape(gradient.shape)


def _scale(H: np.ndarray) -> np.ndarray:
    """Bring the diagonal of H (rows, k, rows, k) to 1, in place; the units (rows,) that do it.

    Features of size 1e8 beside an intercept, or a strong penalty beside none, would else pass for
    a singular H. One unit a feature, for all classes: their common null space stays what it is.
    """
    size = np.einsum("ikik->i", H) / H.shape[1]
    unit = 1 / np.sqrt(size, where=size > 0, out=np.ones_like(size))
    H *= unit[:, None, None, None]
    H *= unit[:, None]
    return unit


def _inverse(H: np.ndarray, dtype: np.dtype) -> Linear | None:
    """Multiplication by H^-1, or None where rounding, in products of `dtype`, leaves H without."""
    try:
        L = np.linalg.cholesky(H)
    except np.linalg.LinAlgError:
        return None
    if np.diag(L).min() ** 2 <= len(H) * np.finfo(dtype).eps:
        return None
    return partial(cholesky_solve, L)
