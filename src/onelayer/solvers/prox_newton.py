"""L1 and elastic net: proximal Newton steps on a growing working set of coordinates.

Outer steps read all of X once: they bound the gap by duality and choose the working set, the
coordinates (feature, class) that violate the subgradient condition most beside the support, as
celer (Massias et al. 2018) and Blitz (Johnson and Guestrin 2015) do. Inner steps work on the
chosen columns alone: J's quadratic model, class by class with its Gram matrix
X_S^T diag(v a (1 - a)) X_S, is minimised by coordinate descent, and a line search on J follows,
which needs X d alone (Yuan, Ho and Lin 2012, newGLMNET). The intercept is eliminated from every
model: the Gram matrix is that of centred columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, final

import numpy as np

from onelayer.designs.columns import Columns, columns
from onelayer.designs.dense import SMALL_BYTES
from onelayer.objective import Objective
from onelayer.solvers.duality import dual_value
from onelayer.solvers.quadratic import Sweep, compiled_sweep, minimise, sweep
from onelayer.solvers.solver import Solver, State

FIRST = 200  # coordinates a class in the first working set
SUFFICIENT = 1e-4  # Armijo's constant; Nocedal and Wright 2006, section 3.1
HALVINGS = 30
INNER = 0.1  # of the gap: how far a working set is solved before it is widened
INNER_STEPS = 50
STALE = 0.2  # a Gram matrix serves on while steps with it shrink the violation by this
NEAR = 0.95  # of l1: zeros that join the working set before they violate
TURNS = 5  # over the blocks, a direction
DAMPING = 1e-12
CENTRINGS = 50
CENTRED = 1e-13
BLOCK = 1000  # coordinates that share a Gram matrix, 8 MB


@dataclass(frozen=True, kw_only=True)
class ProxNewtonState(State):
    """A state with its z (m, k) and the best dual value so far."""

    Z: np.ndarray
    dual: float
    tol: float
    working: Working | None = None


@dataclass
class Point:
    """Where the inner steps stand: the parameters, z and J there."""

    W: np.ndarray
    b: np.ndarray
    Z: np.ndarray
    value: float


@dataclass
class Block:
    """Some coordinates of one class k: their columns, and the model's Gram matrix once made."""

    k: int
    features: np.ndarray
    X: Columns
    g: np.ndarray = field(default_factory=lambda: np.empty(0))
    Q: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    hx: np.ndarray = field(default_factory=lambda: np.empty(0))
    total: float = 0.0

    def bend(self, h: np.ndarray, l2: float, intercept: bool) -> None:
        """Take the curvature h (m,) into Q = X^T diag(h) X + l2, of columns centred under h."""
        self.Q, self.hx = self.X.gram(h), self.X.backward(h)
        self.total = float(h.sum()) if intercept else 0.0
        if self.total > 0:
            self.Q -= np.outer(self.hx, self.hx / self.total)
        np.fill_diagonal(self.Q, np.diag(self.Q).clip(0) * (1 + DAMPING) + l2)

    def centre(self, total: float, delta: np.ndarray | None = None) -> float:
        """The shift of the intercept that sets the model's sum of residuals to zero."""
        if not self.total:
            return 0.0
        return -(total if delta is None else float(self.hx @ delta)) / self.total


@dataclass
class Working:
    """The working set: which coordinates (n, k), in blocks, and the A (m, k) of their model."""

    chosen: np.ndarray
    blocks: list[Block]
    sweep: Sweep
    A: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    @classmethod
    def of(cls, objective: Objective, chosen: np.ndarray) -> Working:
        """Copy the columns; the blocks are one class and at most BLOCK coordinates each."""
        (features,) = chosen.any(axis=1).nonzero()
        X = columns(objective.design, features)
        blocks = []
        for k in range(chosen.shape[1]):
            (places,) = chosen[features, k].nonzero()
            pieces = np.array_split(places, max(1, -(-len(places) // BLOCK)))
            blocks += [Block(k, features[piece], X.choose(piece)) for piece in pieces]
        compiled = objective.design.traits.nbytes >= SMALL_BYTES
        return cls(chosen, blocks, compiled_sweep() if compiled else sweep)

    def bend(self, objective: Objective, A: np.ndarray) -> None:
        """Make the model that of A."""
        self.A = A
        for block in self.blocks:
            a = A[:, block.k]
            block.bend(objective.weights * a * (1 - a), objective.penalty.l2, objective.intercept)


@dataclass
class Direction:
    """A step: dW as one array a block, db (k,), D = X dW + db (m, k)."""

    dW: list[np.ndarray]
    db: np.ndarray
    D: np.ndarray


@final
@dataclass(frozen=True)
class ProxNewton(Solver[ProxNewtonState]):
    """Working sets, Gram matrices, coordinate descent; a pass a step beside the chosen columns."""

    name: ClassVar[str] = "coordinate-descent"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})
    gap_kind: ClassVar[str] = "bound"

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> ProxNewtonState:
        """J at theta, once the intercept is at its best, and the gap there."""
        W, b = objective.split(theta)
        if W.any():
            Z = objective.design.forward(W, b)
        else:
            Z = np.tile(b, (objective.design.traits.m, 1))
        point = Point(W.copy(), b.copy(), Z, np.inf)
        return _judge(objective, point, -np.inf, tol)

    def step(self, objective: Objective, state: ProxNewtonState) -> ProxNewtonState:
        """Solve on a new working set; then one pass for the gradient and the gap."""
        W, b = objective.split(state.theta)
        G, _ = objective.split(state.gradient)
        point = Point(W.copy(), b.copy(), state.Z.copy(), state.value)
        working, goal = state.working, max(INNER * state.gap, 0.3 * state.tol * abs(state.value))
        beyond = (W == 0) & (np.abs(G) > objective.penalty.l1)
        widened = working is None or bool((beyond & ~working.chosen).any())
        if working is None or widened:
            working = Working.of(objective, choose_coordinates(W, G, objective.penalty.l1))
        moved = _solve(objective, point, working, goal)
        following = _judge(objective, point, state.dual, state.tol)
        return replace(following, working=working, stalled=not (moved or widened))


def choose_coordinates(W: np.ndarray, G: np.ndarray, l1: float) -> np.ndarray:
    """The support and the zeros nearest to leaving it: boolean, the shape of W.

    As many as twice the support, and only those whose gradient is near l1 or beyond.
    """
    chosen = W != 0
    support = int(chosen.sum())
    room = max(FIRST * W.shape[1], 2 * support) - support
    score = np.where(chosen, 0, np.abs(G))
    near = score > NEAR * l1
    if near.sum() > room:
        near &= score >= np.partition(score, -room, axis=None)[-room]
    return chosen | near


def _judge(
    objective: Objective, point: Point, dual: float, tol: float
) -> ProxNewtonState:
    """The state at a point: the intercept at its best, the gradient in one pass, the gap."""
    centred = _centre(objective, point)
    R = objective.head.residual(point.Z, objective.targets)
    U = R * objective.weights[:, None]
    G = objective.design.combine(U)
    value = _value(objective, point.Z, point.W)
    if centred:
        dual = max(dual, dual_value(R, objective.weights, G, objective.penalty))
    gradient = objective.join(G + objective.penalty.gradient(point.W), U.sum(axis=0))
    return ProxNewtonState(
        theta=objective.join(point.W, point.b), value=value, gradient=gradient,
        gap=max(value - dual, 0.0), Z=point.Z, dual=dual, tol=tol,
    )


def _value(objective: Objective, Z: np.ndarray, W: np.ndarray) -> float:
    loss = objective.head.loss(Z, objective.targets)[:, 0]
    # Not a BLAS product: its threads would cost more than the sum.
    return float((objective.weights * loss).sum()) + objective.penalty.value(W)


def _centre(objective: Objective, point: Point) -> bool:
    """Newton's method on the intercept alone, W held; whether its gradient vanished."""
    if not objective.intercept:
        return True
    head, v = objective.head, objective.weights[:, None]
    k = head.width
    for _ in range(CENTRINGS):
        db = (head.residual(point.Z, objective.targets) * v).sum(axis=0)
        if np.abs(db).max() <= CENTRED:
            return True
        A = head.activation(point.Z)
        step = -db / (v * A * (1 - A)).sum() if k == 1 else _softmax_step(A, v, db)
        step = step.clip(-4, 4)
        point.b += step
        point.Z += step
    return bool(np.abs(db).max() <= 1e-10)


def _softmax_step(A: np.ndarray, v: np.ndarray, db: np.ndarray) -> np.ndarray:
    """Newton's step on b; all classes together do not count, and are lifted out."""
    H = np.diag((v * A).sum(axis=0)) - (v * A).T @ A
    return np.linalg.solve(H + 1 / len(db), -db)


def _solve(objective: Objective, point: Point, working: Working, goal: float) -> bool:
    """Minimise J over the working set and the intercept; whether the point, which follows, moved."""
    last = np.inf
    moved = False
    for _ in range(INNER_STEPS):
        A = np.asfortranarray(objective.head.activation(point.Z))
        U = objective.head.residual(point.Z, objective.targets) * objective.weights[:, None]
        U = np.asfortranarray(U)
        violation = _violation(objective, point, working.blocks, U)
        if violation <= goal:
            break
        if len(working.A) == 0 or violation > STALE * last:
            working.bend(objective, A)
        last = violation
        direction = _direction(objective, point, working, U)
        if not _search(objective, point, working.blocks, direction, U):
            break
        moved = True
    return moved


def _violation(objective: Objective, point: Point, blocks: list[Block], U: np.ndarray) -> float:
    """The gap over the blocks, nearly: sum l1 |w| + w g, and how far |g| is beyond l1, times |W|.

    Also sets each block's gradient.
    """
    l1, l2 = objective.penalty.l1, objective.penalty.l2
    beyond, slack, size = 0.0, 0.0, 0.0
    for block in blocks:
        w = point.W[block.features, block.k]
        block.g = block.X.backward(U[:, block.k]) + l2 * w
        beyond = max(beyond, float(np.abs(block.g).max(initial=0)) / l1 - 1)
        slack += float(l1 * np.abs(w).sum() + w @ block.g)
        size += float(np.abs(w).sum())
    return abs(slack) + beyond * max(l1 * size, 0.01 * point.value)


def _direction(objective, point, working, U):
    penalty, v = objective.penalty, objective.weights
    blocks, A = working.blocks, working.A
    D, db = np.zeros_like(U), np.zeros(U.shape[1])
    mean = np.zeros(len(U))
    dW = [np.zeros(len(block.features)) for block in blocks]
    first = 0.0
    for turn in range(TURNS):
        gained = 0.0
        for block, d in zip(blocks, dW, strict=True):
            k = block.k
            w = point.W[block.features, k] + d
            u = U[:, k] + v * A[:, k] * (D[:, k] - mean)
            g = block.X.backward(u) + penalty.l2 * w
            shift = block.centre(u.sum())
            g += shift * block.hx
            before = w.copy()
            gained += minimise(block.Q, g, w, penalty.l1, working.sweep)
            delta = w - before
            shift += block.centre(0, delta)
            move = block.X.forward(delta) + shift
            D[:, k] += move
            mean += A[:, k] * move
            db[k] += shift
            d += delta
        first = first or gained
        if len(blocks) == 1 or gained <= 0.1 * first:
            break
    return Direction(dW, db, D)


def _search(objective, point, blocks, direction, U) -> bool:
    """Backtrack along the direction until J falls; whether it did."""
    penalty = objective.penalty
    l1_before = sum(np.abs(point.W[B.features, B.k]).sum() for B in blocks)
    l1_after = sum(np.abs(point.W[B.features, B.k] + d).sum() for B, d in zip(blocks, direction.dW, strict=True))
    slope = sum(float(B.g @ d) for B, d in zip(blocks, direction.dW, strict=True))
    slope += float(direction.db @ U.sum(axis=0)) + penalty.l1 * (l1_after - l1_before)
    rounding = 4 * np.finfo(float).eps * abs(point.value)
    length = 1.0
    for _ in range(HALVINGS):
        W = point.W.copy()
        for B, d in zip(blocks, direction.dW, strict=True):
            W[B.features, B.k] += length * d
        Z = point.Z + length * direction.D
        value = _value(objective, Z, W)
        if value <= point.value + SUFFICIENT * length * slope + rounding:
            point.W, point.Z, point.value = W, Z, value
            point.b = point.b + length * direction.db
            return slope < 0
        length /= 2
    return False
