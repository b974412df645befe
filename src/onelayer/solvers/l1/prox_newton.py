"""L1 and elastic net: proximal Newton steps on a growing working set of coordinates.

An outer step reads all of X once: it bounds the gap by duality and chooses the working set, the
support and the coordinates (feature, class) that violate the subgradient condition most, as Blitz
(Johnson and Guestrin 2015) and celer (Massias et al. 2020) do. Inner steps work on the chosen
columns alone: J's quadratic model there is minimised by coordinate descent on its Gram matrices,
and a line search on J follows, which needs X d alone (newGLMNET: Yuan, Ho and Lin 2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.algebra import LEAST_BEND, lifted
from onelayer.solvers.l1.duality import dual_value
from onelayer.solvers.l1.rounded_bound import RoundedBound, near_zero
from onelayer.solvers.l1.working_set import Direction, WorkingSet, choose_coordinates
from onelayer.solvers.smooth.line_search import falls
from onelayer.solvers.solver import Solver, State
from onelayer.vectors import column_sums

HALVINGS = 100  # guard: where all activations are saturated, the model has next to no curvature
INNER = 0.03  # measured: of the gap, how far a working set is solved before it is widened
# Measured, of J: the violation beyond which a model is not minimised exactly. Fits 18 and 92 of
# benchmarks/random_fits.py took four times as long, row E takes the passes that it took.
FAR = 1.0
FINEST = 0.3  # guard: of tol, what the working set's part of the gap may be at the end
INNER_STEPS = 50  # guard: steps on one working set
STALE = 0.2  # measured: a Gram matrix serves on while steps with it shrink the violation to this
STIR = 1e-12  # guard: of J, what rounding of z may make of it
SMALL = 1e-3  # guard: of the gap that is allowed; steps that gain less can only better the bound
IDLE = 4  # guard: steps in a row that gain no more, and do not halve the violation
CENTRINGS = 100  # guard: steps on the intercept
CENTRED = 1e-13  # guard: of sum v |dz| in sum v dz, that is rounding
FEASIBLE = 1e-10  # guard: the same, beyond which the residuals are no dual point


@dataclass(frozen=True, kw_only=True)
class ProxNewtonState(State):
    """A state with its z (m, k), the best dual value so far and the working set in use.

    near: the problem in columns near zero, centre (n,) what takes them there, b (k,) its intercept.
    """

    near: Objective
    centre: np.ndarray
    b: np.ndarray
    Z: np.ndarray
    dual: float
    tol: float
    working: WorkingSet | None = None


@dataclass
class Point:
    """Where the inner steps stand: the parameters, z and J there.

    foreseen, (m, k) each: the residuals that the models of the last steps had where they led. On
    the working set they fulfil the optimality conditions as well as the model was minimised, where
    the residuals at z are off by all that the model did not see: a better dual point.
    """

    W: np.ndarray
    b: np.ndarray
    Z: np.ndarray
    value: float
    foreseen: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True)
class Before:
    """What a state takes over from the one before: see `ProxNewtonState`."""

    centre: np.ndarray
    tol: float
    dual: float = -np.inf
    working: WorkingSet | None = None

    @classmethod
    def of(cls, state: ProxNewtonState, working: WorkingSet) -> Before:
        """Of a state whose step was on a working set."""
        return cls(state.centre, state.tol, state.dual, working)


@final
@dataclass(frozen=True)
class ProxNewton(Solver[ProxNewtonState]):
    """Coordinate descent on working sets: one pass a step, one more when the set changes."""

    name: ClassVar[str] = "coordinate-descent"
    needs: ClassVar[frozenset[str]] = frozenset({"rows", "columns"})
    for_l1: ClassVar[bool] = True

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> ProxNewtonState:
        """J and its gap at theta, once the intercept is at its best."""
        W, b = objective.split(theta)
        near, centre = near_zero(objective)
        b = b + centre @ W
        Z = near.in_memory.z_at(W, b)
        point = Point(W.copy(), b, np.asfortranarray(Z), np.inf)
        state = _judge(near, point, Before(centre, tol))
        return _foresee(state, point) if _may_do(state) else state

    def step(self, objective: Objective, state: ProxNewtonState) -> ProxNewtonState:
        """Solve on the working set, widened if need be; then one pass for gradient and gap."""
        W, _ = objective.split(state.theta)
        G, _ = objective.split(state.gradient)
        objective, working = state.near, state.working
        point = Point(W.copy(), state.b.copy(), state.Z, state.value)
        violating = (W == 0) & (np.abs(G) > objective.penalty.l1)
        if working is None or (violating & ~working.chosen).any():
            working = WorkingSet.of(objective, choose_coordinates(W, G, objective.penalty.l1))
        moved = _solve(objective, point, working, INNER * state.gap, FINEST * state.tol)
        same = state.working is not None and np.array_equal(working.chosen, state.working.chosen)
        following = _judge(objective, point, Before.of(state, working))
        return replace(following, stalled=same and not moved)


def _may_do(state: ProxNewtonState) -> bool:
    """Whether the start may be within tol although its bound is not.

    The residuals at z give a bound of about the root of the gap, relative to J; those that a step
    would foresee give one of the size of the gap.
    """
    size = abs(state.value)
    return state.tol * size < state.gap <= np.sqrt(state.tol) * size


def _foresee(state: ProxNewtonState, point: Point) -> ProxNewtonState:
    """The same point with the bound at the residuals that a step would foresee.

    A pass, if the model promises that no more than tol is to be gained; else the step goes on from
    what was found.
    """
    objective = state.near
    W, _ = objective.split(state.theta)
    G, _ = objective.split(state.gradient)
    working = WorkingSet.of(objective, choose_coordinates(W, G, objective.penalty.l1))
    R = objective.head.residual(point.Z, objective.targets)
    U = R * objective.weights[:, None]
    working.backward(W, U, objective.penalty, 0.0, np.zeros_like(W))
    working.take_curvature(objective, objective.head.activation(point.Z))
    step = working.direction(objective, W, U)
    gain = -step.slope(working.blocks, W, U.sum(axis=0), objective.penalty) / 2
    if gain > state.tol * abs(state.value):
        return replace(state, working=working)
    point.foreseen = (_foreseen(objective, working, R, step),)
    return _judge(objective, point, Before.of(state, working))


def _foreseen(
    objective: Objective, working: WorkingSet, R: np.ndarray, step: Direction
) -> np.ndarray:
    """The residuals R (m, k) as the model has them after a whole step."""
    return R + objective.head.curvature_product(working.A, step.Z)


def _judge(objective: Objective, point: Point, before: Before) -> ProxNewtonState:
    """The state at a point: the intercept at its best, the gradient in one pass, the gap."""
    centred = _centre(objective, point)
    v, R = objective.weights, objective.head.residual(point.Z, objective.targets)
    residuals = [R] if centred else []
    for foreseen in point.foreseen:
        inside = _inside(objective, R, foreseen)
        residuals += [inside] if _balanced(objective, inside) else []
    G, *Gs = _backward(objective, [R, *residuals])
    value = _loss(objective, point.Z) + objective.penalty.value(point.W)
    W, b, working, dual = point.W, point.b, before.working, before.dual
    rounded = RoundedBound(np.zeros(len(W)) if working is None else working.sizes)
    for r, of_dual in zip(residuals, Gs, strict=True):
        of_offset = objective.in_memory.of_offset(r)
        size = np.sqrt(v @ r**2)
        found = dual_value(r, v, of_dual, objective.penalty, rounded.slack(size), of_offset)
        dual = max(dual, found - rounded.price(size, v @ r, W, b))
    eps = float(np.finfo(objective.loss.dtype).eps)
    return ProxNewtonState(
        theta=objective.join(W, b - before.centre @ W),
        value=value,
        gradient=objective.join(G + objective.penalty.gradient(W), column_sums(v, R)),
        gap=max(value - dual, 0.0) + rounded.of_value(np.sqrt(v**2 @ R**2), W, b, eps),
        gap_kind="bound",
        near=objective,
        centre=before.centre,
        b=b,
        Z=point.Z,
        dual=dual,
        tol=before.tol,
        working=working,
    )


def _backward(objective: Objective, residuals: list[np.ndarray]) -> list[np.ndarray]:
    """X^T (v dz) for each, in one pass; the same residuals are not taken twice."""
    distinct = list({id(R): R for R in residuals}.values())
    U = np.hstack(distinct) * objective.weights[:, None]
    parts = np.hsplit(objective.design.combine(U), len(distinct))
    found = {id(R): G for R, G in zip(distinct, parts, strict=True)}
    return [found[id(R)] for R in residuals]


def _inside(objective: Objective, R: np.ndarray, foreseen: np.ndarray) -> np.ndarray:
    """The residuals foreseen (m, k), in each row as far from R as they are those of activations.

    What is inside already stays what it is to the last bit: a weak penalty's dual feels it.
    """
    y, change = objective.targets, foreseen - R
    A = R + (y[:, None] if R.shape[1] == 1 else np.eye(R.shape[1])[y])
    room = np.where(change < 0, A, 1 - A).clip(0)
    share = np.divide(room, np.abs(change), out=np.ones_like(room), where=np.abs(change) > room)
    reach = share.min(axis=1, keepdims=True)
    return np.where(reach < 1, R + reach * change, foreseen)


def _balanced(objective: Objective, R: np.ndarray) -> bool:
    """Whether these residuals sum to zero, as an intercept demands."""
    v = objective.weights
    allowed = FEASIBLE * float((np.abs(R) * v[:, None]).sum())
    return not objective.intercept or bool(np.abs(column_sums(v, R)).max() <= allowed)


def _loss(objective: Objective, Z: np.ndarray) -> float:
    """The weighted mean loss. Not a BLAS product, whose threads would cost more than the sum."""
    loss = objective.head.loss(Z, objective.targets)[:, 0]
    return float((objective.weights * loss).sum())


def _centre(objective: Objective, point: Point) -> bool:
    """Newton's method on the intercept, W held; whether its gradient vanished, as duality needs.

    Rounding is in units of the residuals: where all is decided, J itself is next to nothing.
    """
    if not objective.intercept:
        return True
    v = objective.weights[:, None]
    for _ in range(CENTRINGS):
        U = objective.head.residual(point.Z, objective.targets) * v
        db, mass = U.sum(axis=0), float(np.abs(U).sum())
        if np.abs(db).max() <= CENTRED * mass:
            return True
        step = _centring(objective.head.activation(point.Z), v, db)
        point.b = point.b + step
        point.Z = point.Z + step
    return bool(np.abs(db).max() <= FEASIBLE * mass)


def _centring(A: np.ndarray, v: np.ndarray, db: np.ndarray) -> np.ndarray:
    """Newton's step d on b, made log(1 + |d|) / |d| as long: J falls wherever it begins.

    |d| is the most that the classes move apart. The third derivative of J along d is at most |d|
    times the second, for which that length is proved to do (Sun and Tran-Dinh 2019, theorem 2);
    near the optimum it tends to 1.
    """
    if len(db) == 1:
        H = (v * A * (1 - A)).sum(axis=0)
        step = -db / np.maximum(H, LEAST_BEND)
        apart = float(np.abs(step[0]))
    else:
        step = np.linalg.solve(lifted(np.diag((v * A).sum(axis=0)) - (v * A).T @ A), -db)
        apart = float(step.max() - step.min())
    return step * (math.log1p(apart) / apart) if apart > 0 else step


def _solve(
    objective: Objective, point: Point, working: WorkingSet, goal: float, finest: float
) -> bool:
    """Minimise J over the working set and the intercept; whether the point, which follows, moved.

    At least one step, unless the working set is solved to `finest`, relative to J, already, or to
    what rounding leaves. Steps that gain nothing, or only stir up the rounding of z, are none.
    """
    moved, rounded = False, RoundedBound(working.sizes)
    start, least, idle = point.value, math.inf, 0
    nothing = max(STIR, SMALL * finest) * abs(start)
    for _ in range(INNER_STEPS):
        R = objective.head.residual(point.Z, objective.targets)
        U = R * objective.weights[:, None]
        spread, size = np.sqrt(objective.weights @ R**2), abs(point.value)
        slack = rounded.slack(spread)
        violation = working.backward(point.W, U, objective.penalty, size, slack)
        floor = finest * size + rounded.price(spread, U.sum(axis=0), point.W, point.b)
        if violation <= (max(goal, floor) if moved else floor):
            break
        if working.A.size == 0 or violation > STALE * working.last:
            working.take_curvature(objective, objective.head.activation(point.Z))
        working.last = violation
        working.exactly = violation <= FAR * size
        if idle == IDLE or not _search(objective, point, working, R):
            break
        moved = True
        idle = idle + 1 if violation > 0.5 * least and size - point.value <= nothing else 0
        least = min(least, violation)
    return moved and (idle < IDLE or start - point.value > nothing)


def _search(objective: Objective, point: Point, working: WorkingSet, R: np.ndarray) -> bool:
    """Along the model's direction, halved until J falls; whether it did. R (m, k): residuals."""
    penalty, blocks, U = objective.penalty, working.blocks, R * objective.weights[:, None]
    step = working.direction(objective, point.W, U)
    slope = step.slope(blocks, point.W, U.sum(axis=0), penalty)
    length = 1.0
    while slope < 0 and length > 0.5**HALVINGS:
        Z = point.Z + length * step.Z
        moved = [block.of(point.W) + length * d for block, d in zip(blocks, step.W, strict=True)]
        value = _loss(objective, Z) + sum(penalty.value(w) for w in moved)
        if falls(point.value, value, length * slope):
            for block, w in zip(blocks, moved, strict=True):
                point.W[block.features, block.k] = w
            point.b, point.Z, point.value = point.b + length * step.b, Z, value
            point.foreseen = (_foreseen(objective, working, R, step),)
            return True
        length /= 2
    # Where rounding hides what a step would gain, the model still tells the optimum's residuals.
    point.foreseen = (*point.foreseen[-1:], _foreseen(objective, working, R, step))
    return False
