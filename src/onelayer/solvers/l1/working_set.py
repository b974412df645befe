"""The working set of an L1 problem: its columns, and J's quadratic model on them.

A block is one class and some features. Its part of the model has the Gram matrix
X_S^T diag(v a (1 - a)) X_S + l2, of columns centred under those weights: that eliminates the
intercept. Between classes the model keeps the step in z and its mean under a, row by row, which is
all that couples them: softmax's curvature is diag(a) - a a^T. A binary head is one class beside
one whose z stays 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from onelayer.designs.chosen_columns import Columns
from onelayer.designs.passes import SMALL_BYTES
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers.l1.joint_model import MOST, JointModel, joint_model
from onelayer.solvers.l1.quadratic import (
    CLOSE,
    ENOUGH,
    LOOSELY,
    Sweep,
    compiled_sweep,
    complete_diagonal,
    minimise,
    sweep,
)

FIRST = 200  # measured: coordinates a class; 400 took half as long again on 20 Newsgroups
NEAR = 0.95  # measured: of l1, zeros that join before they violate; at 0.8 the sets grow too large
BLOCK = 1000  # guard: coordinates that share a Gram matrix, 8 MB
TURNS = 5  # guard: over the blocks, a direction
COUPLED = 0.1  # guard: of the first turn's decrease, what a last one may gain
FIRST_ORDER = 0.01  # guard: of J, what a violation of l1 counts for at least, where it is small


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


@dataclass
class Block:
    """Some coordinates of one class k, their gradient g of J's smooth part, and the model's part.

    Q (s, s) is the Gram matrix, hx = X_S^T h the centring, total = sum h (0 without intercept).
    """

    k: int
    features: np.ndarray
    X: Columns
    g: np.ndarray = field(default_factory=lambda: np.empty(0))
    Q: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    hx: np.ndarray = field(default_factory=lambda: np.empty(0))
    total: float = 0.0

    def of(self, W: np.ndarray) -> np.ndarray:
        """The block's part of W, copied."""
        return W[self.features, self.k]

    def take_curvature(self, h: np.ndarray, l2: float, intercept: bool) -> None:
        """Take the curvature h (m,) into the model."""
        self.Q, self.hx = self.X.gram(h)
        self.total = float(h.sum()) if intercept else 0.0
        squares = np.diag(self.Q).copy()
        if self.total > 0:
            self.Q -= np.outer(self.hx, self.hx / self.total)
        complete_diagonal(self.Q, squares, l2)

    def shift(self, total: float) -> float:
        """The change of the intercept that takes `total` out of the model's summed residual."""
        return -total / self.total if self.total > 0 else 0.0


@dataclass
class Direction:
    """A step: in W, one array a block; in b (k,); in z (m, k)."""

    W: list[np.ndarray]
    b: np.ndarray
    Z: np.ndarray

    def slope(self, blocks: list[Block], W: np.ndarray, db: np.ndarray, penalty: Penalty) -> float:
        """What J's smooth slope and the change of the L1 part promise for the whole step."""
        slope = float(self.b @ db)
        for block, d in zip(blocks, self.W, strict=True):
            w = block.of(W)
            slope += float(block.g @ d) + penalty.l1 * float((np.abs(w + d) - np.abs(w)).sum())
        return slope


@dataclass
class WorkingSet:
    """Which coordinates (n, k), in blocks, and the A (m, k) of their model, empty before any.

    sizes (n,): root mean squares of their columns, 0 of others and of what is beyond a float;
    joint: of several classes and few coordinates, made by `couple`; exactly: whether the model is
    minimised to the end; last: the violation that a step met last.
    """

    chosen: np.ndarray
    blocks: list[Block]
    sizes: np.ndarray
    sweep: Sweep
    couple: Callable[[Objective, np.ndarray], JointModel] | None = None
    joint: JointModel | None = None
    A: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    exactly: bool = True
    last: float = math.inf

    @classmethod
    def of(cls, objective: Objective, chosen: np.ndarray) -> WorkingSet:
        """Copy the columns; the blocks are one class and at most BLOCK coordinates each."""
        features = np.flatnonzero(chosen.any(axis=1))
        X = objective.design.columns(features)
        blocks, parts = [], []
        for k in range(chosen.shape[1]):
            places = np.flatnonzero(chosen[features, k])
            pieces = np.array_split(places, max(1, -(-len(places) // BLOCK)))
            blocks += [Block(k, features[piece], X.choose(piece)) for piece in pieces]
            parts += [(k, piece) for piece in pieces]
        small = objective.loss.traits.nbytes < SMALL_BYTES
        few = chosen.shape[1] > 1 and 0 < chosen.sum() <= MOST
        sizes = np.zeros(len(chosen))
        squares = X.squares(objective.weights)
        sizes[features] = np.sqrt(np.where(np.isfinite(squares), squares, 0))
        couple = partial(joint_model, X, parts) if few else None
        return cls(chosen, blocks, sizes, sweep if small else compiled_sweep(), couple)

    def backward(
        self, W: np.ndarray, U: np.ndarray, penalty: Penalty, value: float, slack: np.ndarray
    ) -> float:
        """Each block's gradient from U = v dz (m, k); returns the gap over the blocks, nearly.

        That is l1 ||w||_1 + w^T g, and what it costs the dual that some |g| are beyond l1 by more
        than rounding, the slack (n, k): the residuals are scaled to fit, by 1 / (1 + x), which
        takes x l1 ||w||_1 and, of J, about (x / (1 + x))^2; at W = 0 a violation counts too.
        """
        gap = size = beyond = 0.0
        for block in self.blocks:
            w = block.of(W)
            block.g = block.X.backward(U[:, block.k]) + penalty.l2 * w
            norm = float(np.abs(w).sum())
            gap += penalty.l1 * norm + float(w @ block.g)
            size += norm
            room = penalty.l1 + slack[block.features, block.k]
            beyond = max(beyond, float((np.abs(block.g) - room).max(initial=0)))
        x = beyond / penalty.l1
        of_value = max(FIRST_ORDER * x, (x / (1 + x)) ** 2) * value
        return abs(gap) + beyond * size + of_value

    def take_curvature(self, objective: Objective, A: np.ndarray) -> None:
        """Make the model that of A."""
        self.A = A
        if self.couple is not None:
            self.joint = self.couple(objective, A)
            return
        for block in self.blocks:
            a = A[:, block.k]
            block.take_curvature(
                objective.weights * a * (1 - a), objective.penalty.l2, objective.intercept
            )

    def direction(self, objective: Objective, W: np.ndarray, U: np.ndarray) -> Direction:
        """To the minimum of the model, block by block, until the blocks agree."""
        if self.joint is not None:
            return self._joint_direction(self.joint, objective.penalty.l1, W, U)
        step = Direction(
            [np.zeros(len(block.features)) for block in self.blocks],
            np.zeros(U.shape[1]),
            np.zeros_like(U),
        )
        mean = np.zeros(len(U))
        first = self._turn(objective, W, U, step, mean)
        for _ in range(TURNS - 1 if len(self.blocks) > 1 else 0):
            if self._turn(objective, W, U, step, mean) <= COUPLED * first:
                break
        return step

    def _joint_direction(
        self, joint: JointModel, l1: float, W: np.ndarray, U: np.ndarray
    ) -> Direction:
        w = np.concatenate([block.of(W) for block in self.blocks])
        g = np.concatenate([block.g for block in self.blocks])
        change, b = joint.minimum(w, g, U.sum(axis=0), l1, self._minimise)
        ends = np.cumsum([len(block.features) for block in self.blocks])[:-1]
        steps, Z = np.split(change, ends), np.tile(b, (len(U), 1))
        for block, step in zip(self.blocks, steps, strict=True):
            Z[:, block.k] += block.X.forward(step)
        return Direction(steps, b, Z)

    def _minimise(
        self, Q: np.ndarray, g: np.ndarray, w: np.ndarray, l1: float
    ) -> tuple[float, np.ndarray]:
        """To the end, where it is the end of the whole model: blocks of several change it again."""
        whole = self.exactly and (self.joint is not None or len(self.blocks) == 1)
        enough, close = ENOUGH if self.exactly else LOOSELY, CLOSE if whole else math.inf
        return minimise(Q, g, w, l1, self.sweep, enough, close)

    def _turn(
        self, objective: Objective, W: np.ndarray, U: np.ndarray, step: Direction, mean: np.ndarray
    ) -> float:
        """Each block once to its minimum; the step and mean = sum_k a_k dz_k follow."""
        decrease = 0.0
        for i, block in enumerate(self.blocks):
            k, a = block.k, self.A[:, block.k]
            w = block.of(W) + step.W[i]
            bent = objective.weights * a * (step.Z[:, k] - mean)
            g = block.g + objective.penalty.l2 * step.W[i]
            if bent.any():  # not in the first block's first turn
                g += block.X.backward(bent)
            shift = block.shift(U[:, k].sum() + bent.sum())
            g += shift * block.hx
            gain, change = self._minimise(block.Q, g, w, objective.penalty.l1)
            decrease += gain
            shift += block.shift(float(block.hx @ change))
            move = block.X.forward(change) + shift
            step.W[i] += change
            step.Z[:, k] += move
            step.b[k] += shift
            mean += a * move
        return decrease
