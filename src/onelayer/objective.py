"""J(W, b) = weighted mean loss + penalty, of one array theta (n + 1, k): W, then b if any."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onelayer.designs import Loss, LossInMemory
from onelayer.designs.blockwise import Blockwise
from onelayer.designs.loss import Turn
from onelayer.logistic import Head
from onelayer.penalties import Penalty
from onelayer.vectors import norm


@dataclass(frozen=True, kw_only=True)
class Objective:
    """J = sum_i v_i L(a_i, y_i) + penalty(W), the examples kept by the loss.

    One pass for every method that takes theta; from `in_memory` on, for solvers row by row.
    """

    loss: Loss
    penalty: Penalty
    intercept: bool = True

    @property
    def head(self) -> Head:
        """What turns z into a loss."""
        return self.loss.head

    @property
    def in_memory(self) -> LossInMemory:
        """The loss, with all that one in memory offers; a `UsageError` where it lies elsewhere."""
        return self.loss.in_memory

    @property
    def design(self) -> Blockwise:
        """X."""
        return self.in_memory.design

    @property
    def targets(self) -> np.ndarray:
        """(m,): 0/1 or 0..K-1."""
        return self.in_memory.targets

    @property
    def weights(self) -> np.ndarray:
        """v (m,); they sum to 1."""
        return self.in_memory.weights

    def weighted(self, weights: np.ndarray) -> Objective:
        """The same under other weights (m,)."""
        return replace(self, loss=self.loss.weighted(weights))

    def of_sample(self) -> Objective:
        """The same on the sample of the rows that stays in memory where X does not."""
        return replace(self, loss=self.loss.of_sample())

    def start(self) -> np.ndarray:
        """theta = 0, where every solver begins."""
        return np.zeros((self.loss.traits.n + self.intercept, self.head.width))

    def base_rate(self) -> np.ndarray:
        """W = 0 and b the log odds of the classes' shares, at least 1e-6: its optimum there."""
        theta = self.start()
        if self.intercept:
            logs = np.log(np.maximum(self.loss.shares(), 1e-6))
            theta[-1] = logs[1] - logs[0] if theta.shape[1] == 1 else logs - logs.mean()
        return theta

    def split(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (n, k) and b (k,), zero without an intercept."""
        return (theta[:-1], theta[-1]) if self.intercept else (theta, np.zeros(theta.shape[1]))

    def join(self, dW: np.ndarray, db: np.ndarray) -> np.ndarray:
        """The inverse of `split`."""
        return np.vstack([dW, db]) if self.intercept else dW

    def value_and_gradient(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """J and its gradient: dW = X^T (v dz) + l2 W, db = sum v dz (of J's smooth part)."""
        W, b = self.split(theta)
        loss, G, db = self.loss.value_and_gradient(W, b)
        return loss + self.penalty.value(W), self.join(self.penalty.added(G, W), db)

    def turn(self, theta: np.ndarray, direction: np.ndarray, steps: np.ndarray) -> Turn:
        """Between which lengths along the direction J ceases to fall; of smooth penalties."""
        start, step = self.split(theta), self.split(direction)
        return self.loss.turn(start, step, steps, self.penalty.along(start[0], step[0], steps))

    def stationarity(self, theta: np.ndarray, gradient: np.ndarray) -> float:
        """The norm of J's subgradient of least norm, from the gradient of its smooth part."""
        if self.penalty.l1 == 0:
            return norm(gradient)
        (W, _), (G, db) = self.split(theta), self.split(gradient)
        return math.hypot(norm(self.penalty.subgradient(W, G)), norm(db) * self.intercept)

    def symmetric(self, theta: np.ndarray) -> np.ndarray:
        """Softmax's parameters of the same activations whose classes sum to zero, as an optimum's.

        With an L1 penalty, whose optimum lies elsewhere, only b's do.
        """
        if theta.shape[1] == 1:
            return theta
        if self.penalty.l1 == 0:
            return theta - theta.mean(axis=1, keepdims=True)
        W, b = self.split(theta)
        return self.join(W, b - b.mean())

    def expansion(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """J, its gradient and its Hessian; one pass over small data, else two."""
        W, b = self.split(theta)
        loss, G, db, H = self.loss.expansion(W, b)
        value, G = loss + self.penalty.value(W), G + self.penalty.gradient(W)
        return value, self.join(G, db), self._square(H, theta)

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """d2J/dtheta2: square, of the size of theta."""
        return self._square(self.loss.hessian(*self.split(theta)), theta)

    def _square(self, H: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """The penalty's part added, the intercept left out where there is none."""
        rows = len(theta)
        H = H[:rows, :, :rows, :].reshape(theta.size, theta.size)
        penalised = np.arange(self.loss.traits.n * theta.shape[1])
        H[penalised, penalised] += self.penalty.l2
        return H

    def curvature(self, theta: np.ndarray) -> Any:
        """The loss's handle on its curvature at theta, for `hessian_product`."""
        return self.loss.curvature(*self.split(theta))

    def hessian_product(self, curvature: Any, direction: np.ndarray) -> np.ndarray:
        """(d2J/dtheta2) direction, at the theta of `curvature`."""
        V, c = self.split(direction)
        P, dc = self.loss.product(curvature, V, c)
        return self.join(self.penalty.added(P, V), dc)
