"""Ascent of the dual, an example at a time; from where it gets slow, truncated Newton.

At the optimum W = X^T (v (y - a)) / l2. Here every example has an activation a of its own, W is
what they make by this formula, and each a in turn is moved to where sigma(z) agrees with it
(Shalev-Shwartz and Zhang 2013; for softmax Yu, Huang and Lin 2011). An example changes what the
next one meets: 7 reads of 11314 texts bring a gap of 1e-7 at lambda = 1e-4, where Newton's method
takes 38 passes. That holds while l2 is not small beside the curvature of one example,
v ||x||^2 / 4. Where it is, some reads are a good start: 64 passes instead of 109 at 1e-6, 307
instead of 472 at 1e-8.

The intercept has no penalty, and no such formula. It gets a weak one about where it was after the
last read, which at the optimum is where it is (the proximal point method).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np
from scipy.special import xlogy

from onelayer.designs.passes import Ascent, DualPoint
from onelayer.logistic import log_softmax
from onelayer.objective import Objective
from onelayer.solvers.smooth.truncated_newton import TruncatedNewton, TruncatedNewtonState
from onelayer.solvers.solver import Solver, State
from onelayer.vectors import column_sums, dot

HELD = 0.25  # measured: of da, how far a mean example moves its own z through b; 0.1 to 0.6 alike
READS = 16  # measured: a step, at most; with 8, lambda = 1e-5 took two passes more
LONG = 1 << 30  # guard: bytes that a step reads, at most; a second between two signs of life
SLOW = 0.5  # measured: of the gap left by two reads; Newton's method goes faster
STEEP = 1e4  # measured: q of a mean example; texts gain from this start at 9000, lambda = 1e-8
NEARBY = 50.0  # measured: the same from a start nearby; texts took 43 reads at 92, Newton's 34
SPARED = 0.1  # guard: of an example's share in the gap; those that move less wait
SPARE = 2.0  # guard: times what the last read is expected to leave
ROUNDING = 4  # theory: roundings of J in the gap


@dataclass(frozen=True, kw_only=True)
class DualState(State):
    """A state with the climb that leads there, or Newton's state once that has taken over."""

    tol: float
    climb: Climb | None = None
    newton: TruncatedNewtonState | None = None
    steep: float = STEEP


@final
@dataclass(frozen=True)
class DualAscent(Solver[DualState]):
    """All examples in turn, again and again: no line search, no Hessian, and a rigorous gap."""

    name: ClassVar[str] = "dual-ascent"
    needs: ClassVar[frozenset[str]] = frozenset({"rows in turn"})
    for_l2: ClassVar[bool] = True

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> DualState:
        """J and its gradient at theta, or where all weights are zero at the base rate."""
        steep = NEARBY if theta.any() else STEEP
        theta = theta if theta.any() else objective.base_rate()
        value, gradient = _at(objective, theta, objective.in_memory.z_at(*objective.split(theta)))
        return DualState(theta=theta, value=value, gradient=gradient, tol=tol, steep=steep)

    def step(self, objective: Objective, state: DualState) -> DualState:
        """Some reads, and a pass for J, its gradient and the gap; or a step of Newton's method."""
        if state.newton is not None:
            return _of_newton(TruncatedNewton().step(objective, state.newton))
        climb = state.climb
        if climb is None:
            squares = objective.design.row_squares()
            if not answer(objective, squares) <= state.steep:
                return _of_newton(TruncatedNewton().step(objective, _for_newton(state)))
            climb = Climb.of(objective, state, squares)
        climb.rise(objective, state.tol, abs(state.value))
        following = _judge(objective, climb, state.tol)
        if not climb.slow or following.gap <= state.tol * abs(following.value):
            return following
        better = following if following.value < state.value else state
        return _of_newton(_for_newton(better))

    def confirm(self, objective: Objective, state: DualState) -> DualState:
        """The gap is known, unless Newton's method only estimates it."""
        if state.newton is None:
            return state
        return _of_newton(TruncatedNewton().confirm(objective, state.newton))


@dataclass
class Climb:
    """The dual point, and how fast it has risen: `gaps` are those met, read by read."""

    point: DualPoint
    answers: np.ndarray
    squares: np.ndarray
    rates: tuple[float, float]
    random: np.random.Generator
    gaps: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, objective: Objective, state: State, squares: np.ndarray) -> Climb:
        """From the activations at theta, as far towards the targets as makes W most like theirs.

        squares (m,) are ||x||^2 of the rows.
        """
        rates = _rates(objective)
        answers = objective.weights * (squares * rates[0] + rates[1])
        point = _start(objective, state)
        return cls(point, answers, squares, rates, np.random.default_rng(0))

    @property
    def slow(self) -> bool:
        """Whether the last two reads have left much of the gap; the first one met no gap yet."""
        return len(self.gaps) > 3 and self.gaps[-1] > SLOW * self.gaps[-3]

    def rise(self, objective: Objective, tol: float, most: float) -> None:
        """Read until the gap is likely to be within tol, or too little comes of it.

        Tol is a part of J at the optimum: at most `most`, and about the dual value.
        """
        for _ in range(min(READS, 1 + LONG // objective.loss.traits.nbytes)):
            self._read(objective)
            expected = self._expected()
            near = expected <= tol * most and expected <= tol * _dual_value(objective, self.point)
            if near or self.slow:
                break

    def _read(self, objective: Objective) -> None:
        order = self.random.permutation(objective.loss.traits.m)
        order = order[objective.weights[order] > 0]  # the others have no part in W
        left = self._expected()
        least = SPARED * left / len(order) if left < np.inf else 0.0
        asked = Ascent(order, objective.weights, self.answers, self.rates, least)
        self._hold_intercept(objective)
        self.gaps.append(objective.design.ascend(asked, self.point))

    def _hold_intercept(self, objective: Objective) -> None:
        """The penalty's centre to where b is: what it was held by so far is added once more."""
        if self.gaps and objective.intercept:
            excess = _one_hot(objective) - self.point.A
            self.point.b += self.rates[1] * column_sums(objective.weights, excess)

    def _expected(self) -> float:
        """The gap after the last read, as the last two shrank it."""
        if len(self.gaps) < 3:
            return np.inf
        return SPARE * self.gaps[-1] * min(1.0, self.gaps[-1] / self.gaps[-2])


def answer(objective: Objective, squares: np.ndarray) -> float:
    """q of a mean example of ||x||^2 in squares (m,): how far its own activation moves its own z.

    Where that is much, an example moves so far that the others hardly meet a thing.
    """
    rates, v = _rates(objective), objective.weights
    return float((v * v * (squares * rates[0] + rates[1])).sum())


def gap_bound(objective: Objective, climb: Climb, Z: np.ndarray) -> float:
    """J - J* at the climb's W with any b, Z = X W + b, by weak duality.

    sum_i v_i KL(a_i, softmax(z_i)) where the residuals sum to zero, as the intercept demands.
    Theirs do nearly: activations are moved from the classes that have too much to those that have
    too little, which changes the dual's W by at most r = sum_i v_i ||x_i|| ||da_i|| / l2 and costs
    l2 r^2 / 2.
    """
    v, A = objective.weights, _as_classes(climb.point.A)
    moved = A
    if objective.intercept:
        moved = _balanced(A, column_sums(v, A), column_sums(v, _classes(objective)))
    apart = (xlogy(moved, moved) - moved * _logs(Z)).sum(axis=1)
    change = (moved - A)[:, -climb.point.A.shape[1] :]
    length = float((v * np.sqrt(climb.squares * (change**2).sum(axis=1))).sum())
    return max(float((v * apart).sum()), 0.0) + length**2 / (2 * objective.penalty.l2)


def _balanced(A: np.ndarray, sums: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """A with the class sums `wanted`: each row gives of the classes that have too much."""
    kept = np.minimum(1, wanted / np.maximum(sums, np.finfo(float).tiny))
    lack = np.maximum(wanted - sums, 0)
    if not lack.any():
        return A
    given = (A * (1 - kept)).sum(axis=1, keepdims=True)
    return A * kept + given * (lack / lack.sum())


def _judge(objective: Objective, climb: Climb, tol: float) -> DualState:
    """The state at the climb's parameters: a forward and a backward pass."""
    point = climb.point
    theta = objective.join(point.W, point.b) if objective.intercept else point.W.copy()
    Z = objective.in_memory.z_at(*objective.split(theta))
    value, gradient = _at(objective, theta, Z)
    rounding = ROUNDING * np.finfo(float).eps * abs(value)
    return DualState(
        theta=theta,
        value=value,
        gradient=gradient,
        gap=gap_bound(objective, climb, Z) + rounding,
        gap_kind="bound",
        tol=tol,
        climb=climb,
    )


def _at(objective: Objective, theta: np.ndarray, Z: np.ndarray) -> tuple[float, np.ndarray]:
    """J and its gradient at theta, where z is Z: a backward pass."""
    W, _ = objective.split(theta)
    v, head, targets = objective.weights, objective.head, objective.targets
    loss = float((v * head.loss(Z, targets)[:, 0]).sum())
    U = head.residual(Z, targets) * v[:, None]
    G = objective.design.combine(U)
    G += objective.penalty.gradient(W)
    return loss + objective.penalty.value(W), objective.join(G, U.sum(axis=0))


def _for_newton(state: DualState) -> TruncatedNewtonState:
    return TruncatedNewtonState(
        theta=state.theta,
        value=state.value,
        gradient=state.gradient,
        gap=state.gap,
        left=state.gap,
        tol=state.tol,
    )


def _of_newton(state: TruncatedNewtonState) -> DualState:
    return DualState(
        theta=state.theta,
        value=state.value,
        gradient=state.gradient,
        gap=state.gap,
        stalled=state.stalled,
        tol=state.tol,
        newton=state,
    )


def _start(objective: Objective, state: State) -> DualPoint:
    """Activations a + (1 - t) (y - a) from those at theta: W is t times what all of y - a makes.

    t is where that comes nearest to theta's own W: the ratio of the penalties, if theta is optimal
    under a stronger one; 0 where W is.
    """
    W, b = (array.copy() for array in objective.split(state.theta))
    Y = _one_hot(objective)
    if not W.any():
        return DualPoint(Y, np.tile(b, (len(Y), 1)), W, b)
    l2 = objective.penalty.l2
    G = l2 * W - objective.split(state.gradient)[0]  # X^T (v (y - a)), of the loss alone
    size = dot(G, G)
    t = min(max(l2 * dot(W, G) / size, 0.0), 1.0) if size else 0.0
    Z = objective.in_memory.forward(W, b)
    A = Y + t * (objective.head.activation(Z) - Y)
    return DualPoint(A, Z, t / l2 * G, b)


def _rates(objective: Objective) -> tuple[float, float]:
    """By how much W and b move with an activation, of `Ascent`."""
    return 1 / objective.penalty.l2, 1 / _hold(objective) if objective.intercept else 0.0


def _hold(objective: Objective) -> float:
    """The intercept's own penalty."""
    v = objective.weights
    return dot(v, v) / (HELD * float(v.sum()))


def _dual_value(objective: Objective, point: DualPoint) -> float:
    """sum v H(a) - l2 ||W||^2 / 2, J at the optimum: here to say what tol is a part of."""
    A = _as_classes(point.A)
    entropy = -float((objective.weights * xlogy(A, A).sum(axis=1)).sum())
    return entropy - 0.5 * objective.penalty.l2 * dot(point.W, point.W)


def _one_hot(objective: Objective) -> np.ndarray:
    """The targets in the shape of the activations (m, k)."""
    return _classes(objective)[:, -objective.head.width :].copy()


def _classes(objective: Objective) -> np.ndarray:
    """The targets as activations of all classes, of both where the head is binary."""
    y, width = objective.targets, objective.head.width
    return np.column_stack([1.0 - y, y]) if width == 1 else np.eye(width)[y]


def _logs(Z: np.ndarray) -> np.ndarray:
    """log a of all classes; a binary head's are -log(1 + e^z) and z - log(1 + e^z)."""
    if Z.shape[1] > 1:
        return log_softmax(Z)
    rest = np.minimum(-Z, 0) - np.log1p(np.exp(-np.abs(Z)))
    return np.hstack([rest, Z + rest])


def _as_classes(A: np.ndarray) -> np.ndarray:
    """Activations of all classes: binary's beside their complement."""
    return np.hstack([1 - A, A]) if A.shape[1] == 1 else A
