"""L-BFGS: a few gradients stand in for the Hessian (Liu and Nocedal 1989). One pass a step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.line_search import Trial, search
from onelayer.solvers.newton_decrement import Decrement, newton_decrement, runs_away
from onelayer.solvers.solver import Solver, State

Pair = tuple[np.ndarray, np.ndarray]  # a step and what it changed in the gradient


@dataclass(frozen=True, kw_only=True)
class LbfgsState(State):
    """A state with its memory; `check_at` is the cheap gap below which the true one is computed."""

    pairs: tuple[Pair, ...] = ()
    tol: float
    check_at: float = np.inf


@final
@dataclass(frozen=True)
class Lbfgs(Solver[LbfgsState]):
    """Limited-memory BFGS; the gap is confirmed by conjugate gradients on the true Hessian."""

    memory: int = 20
    name: ClassVar[str] = "lbfgs"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> LbfgsState:
        """J and its gradient at theta."""
        value, gradient = objective.value_and_gradient(theta)
        return LbfgsState(theta=theta, value=value, gradient=gradient, tol=tol)

    def step(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """Along -B gradient, B the memory's inverse Hessian, to a Wolfe point."""
        direction = -multiply(state.pairs, state.gradient)
        slope = float(np.vdot(state.gradient, direction))
        here = Trial(0.0, state.theta, state.value, state.gradient, slope)
        length = 1.0 if state.pairs else _cauchy_length(objective, here, direction)
        trial = search(objective.value_and_gradient, here, direction, length)
        if trial is None:
            return replace(state, stalled=not state.pairs, pairs=())
        pair = (trial.theta - state.theta, trial.gradient - state.gradient)
        kept = (*state.pairs, pair)[-self.memory :] if np.vdot(*pair) > 0 else state.pairs
        following = replace(
            state, theta=trial.theta, value=trial.value, gradient=trial.gradient, pairs=kept
        )
        return self._judge(objective, following)

    def _judge(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """Estimate the gap from the memory; once that says enough, by Newton's decrement."""
        cheap = 0.5 * float(np.vdot(state.gradient, multiply(state.pairs, state.gradient)))
        wanted = state.tol * abs(state.value)
        if cheap > min(wanted, state.check_at):
            return replace(state, gap=max(cheap, wanted * 1.01))
        gap = _decrement(objective, state).gap
        return replace(state, gap=gap, check_at=cheap * wanted / max(2 * gap, 1e-300))

    def confirm(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """The gap by Newton's decrement, where the memory's estimate has stopped nothing."""
        return replace(state, gap=_decrement(objective, state).gap)

    def polish(self, objective: Objective, state: LbfgsState) -> LbfgsState:
        """Without a penalty two Newton steps, to tell a runaway from an optimum."""
        if objective.penalty.l2 > 0:
            return state
        for _ in range(2):
            direction = _decrement(objective, state).direction
            direction -= direction.mean(axis=1, keepdims=True) if direction.shape[1] > 1 else 0
            theta = state.theta + direction
            value, gradient = objective.value_and_gradient(theta)
            if not value <= state.value:
                return state
            state = replace(state, theta=theta, value=value, gradient=gradient)
        gap, direction = _decrement(objective, state)
        return replace(state, gap=gap, runaway=runs_away(objective, direction))


def _decrement(objective: Objective, state: LbfgsState) -> Decrement:
    """Conjugate gradients with the memory as their preconditioner."""
    return newton_decrement(
        objective, state.theta, state.value, state.gradient, partial(multiply, state.pairs)
    )


def _cauchy_length(objective: Objective, here: Trial, direction: np.ndarray) -> float:
    """Where J's parabola along the direction is lowest: right for features of any size."""
    norm = float(np.linalg.norm(direction)) or 1.0
    unit = direction / norm
    product = objective.hessian_product(objective.curvature(here.theta), unit)
    bend = float(np.vdot(unit, product))
    return -here.slope / norm / norm / bend if bend > 0 else 1.0


def multiply(pairs: tuple[Pair, ...], gradient: np.ndarray) -> np.ndarray:
    """B gradient by the two-loop recursion (Nocedal and Wright 2006, algorithm 7.4)."""
    q = gradient.copy()
    alphas = []
    for s, y in reversed(pairs):
        alpha = np.vdot(s, q) / np.vdot(s, y)
        q -= alpha * y
        alphas.append(alpha)
    if pairs:
        s, y = pairs[-1]
        q *= np.vdot(s, y) / np.vdot(y, y)
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        q += (alpha - np.vdot(y, q) / np.vdot(s, y)) * s
    return q
