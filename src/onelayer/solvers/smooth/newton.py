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
from onelayer.solvers.smooth.newton_decrement import newton_decrement, strictly
from onelayer.solvers.smooth.newton_finish import (
    SAFE,
    Landing,
    at_a_tail,
    bound_after,
    claimed,
    dwindles,
    finish,
    stands_in,
    steps_to_tell,
)
from onelayer.solvers.solver import Solver, State
from onelayer.vectors import dot

Linear: TypeAlias = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class NewtonState(State):
    """A state with its Newton direction; gap = half the squared Newton decrement.

    solve: multiplication by H^-1, or about that where rounding has left H none (`rounded`).
    """

    direction: np.ndarray
    solve: Linear
    tol: float


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
        return _expanded(objective, theta, tol)

    def step(self, objective: Objective, state: NewtonState) -> NewtonState:
        """Along the Newton direction, or less far; stalled where no length lowers J."""
        following = _expanded(objective, state.theta + state.direction, state.tol)
        if falls(state.value, following.value, -2 * state.gap):
            return _flat(state, following)
        slope = dot(following.gradient, state.direction)
        length = length_after(objective, state, state.direction, following.value, slope)
        if length is None:
            return replace(state, stalled=True)
        shorter = _expanded(objective, state.theta + length * state.direction, state.tol)
        falling = falls(state.value, shorter.value, 0.0)
        return _flat(state, shorter) if falling else replace(state, stalled=True)

    def polish(self, objective: Objective, state: NewtonState) -> NewtonState:
        """One more full step and a bound; without a penalty two or more, to tell a runaway."""
        if objective.penalty.l2 > 0:
            proved = _finished if state.rounded else _proved
            return proved(objective, state) or _unproved(self.step(objective, state))
        lefts = [state.tol * abs(state.value)]
        for number in range(steps_to_tell(state.tol)):
            polished = self.step(objective, state)
            if polished.stalled:
                return replace(state, gap=SAFE * state.gap)
            state = polished
            lefts.append(state.gap)
            if number > 0 and dwindles(lefts):
                return state
        return at_a_tail(objective, state, state.direction)

    def confirm(self, objective: Objective, state: NewtonState) -> NewtonState:
        """A bound where there is one: rounding may have been most of the decrement."""
        if objective.penalty.l2 == 0:
            return state
        here = bound_after(objective, state.theta, state.direction, Landing(0.0, state.gradient))
        return replace(state, gap=here, gap_kind="bound") if here < state.gap else state


def _flat(state: NewtonState, following: NewtonState) -> NewtonState:
    """Stalled where neither J nor the gap has fallen."""
    flat = following.value >= state.value and following.gap >= state.gap
    return replace(following, stalled=flat)


def _proved(objective: Objective, state: NewtonState) -> NewtonState | None:
    """A full step and a bound on the gap there; None where J does not fall, nor need to.

    Where that is not yet tol, the next step begins there with a Hessian of its own; where rounding
    hides the proof, the decrement tells, of a parabola that holds.
    """
    theta = state.theta + state.direction
    value, gradient = objective.value_and_gradient(theta)
    allowed = state.tol * abs(value)
    if not falls(state.value, value, -2 * state.gap):
        here = bound_after(objective, state.theta, state.direction, Landing(0.0, state.gradient))
        return replace(state, gap=here, gap_kind="bound") if here <= allowed else None
    bound = bound_after(objective, state.theta, state.direction, Landing(1.0, gradient))
    if bound <= allowed:
        there = replace(state, theta=theta, value=value, gradient=gradient)
        return replace(there, gap=bound, gap_kind="bound")
    following = _state(objective, theta, value, gradient, None, state.tol)
    if stands_in(objective, state.direction, following.gap, allowed):
        return replace(following, gap=SAFE * following.gap)
    return replace(following, gap=bound, gap_kind="bound", stalled=value >= state.value)


def _finished(objective: Objective, state: NewtonState) -> NewtonState | None:
    """The same where H is singular to rounding: by conjugate gradients; None where J is far off."""
    curvature = objective.curvature(state.theta)
    trial, gap, kind = finish(objective, state, curvature, state.solve, strictly(), state.tol)
    if trial is None:
        return replace(state, gap=gap, gap_kind=kind, stalled=gap > state.tol * abs(state.value))
    following = _state(objective, trial.theta, trial.value, trial.gradient, None, state.tol)
    return replace(following, gap=gap, gap_kind=kind)


def _unproved(state: NewtonState) -> NewtonState:
    """What a shorter step than Newton's leads to is not near enough for the decrement to tell."""
    return replace(state, gap=claimed(state.gap, state.tol, state.value))


def _expanded(objective: Objective, theta: np.ndarray, tol: float) -> NewtonState:
    return _state(objective, theta, *objective.expansion(theta), tol)


def _state(
    objective: Objective,
    theta: np.ndarray,
    value: float,
    gradient: np.ndarray,
    H: np.ndarray | None,
    tol: float,
) -> NewtonState:
    """The state at theta, with H from a pass where it is not known."""
    H = objective.hessian(theta) if H is None else H
    rows, k = theta.shape
    unit = _scale(H.reshape(rows, k, rows, k))
    if k > 1:
        lift_shift(H.reshape(rows, k, rows, k))
    inverse = _inverse(H, objective.loss.dtype)
    solve = partial(_scaled, inverse or spectral_inverse(H), unit)
    if inverse is not None:
        direction = -solve(gradient)
        gap = -0.5 * dot(gradient, direction)
    else:
        # Columns nearly alike leave no digits of their difference in H, but some in its products.
        A = objective.curvature(theta)
        gap, direction, *_ = newton_decrement(objective, A, value, gradient, solve)
    return NewtonState(
        theta=theta,
        value=value,
        gradient=gradient,
        gap=max(gap, 0.0),
        direction=direction,
        solve=solve,
        rounded=inverse is None,
        tol=tol,
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
