"""J(W, b) = weighted mean loss + penalty: value, gradient, Hessian and Hessian product.

Solvers see one array theta (n + 1, k): the rows of W, then b (absent without an intercept).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from onelayer.designs import Design
from onelayer.logistic import Head
from onelayer.penalties import Penalty
from onelayer.vectors import column_sums, norm


@dataclass(frozen=True, kw_only=True)
class Objective:
    """J = sum_i v_i L(a_i, y_i) + penalty(W), the weights v (m,) summing to 1.

    targets (m,) are 0/1 or 0..K-1. Cost: one pass for every method but `start`.
    """

    design: Design
    head: Head
    targets: np.ndarray
    weights: np.ndarray
    penalty: Penalty
    intercept: bool = True

    def start(self) -> np.ndarray:
        """theta = 0, where every solver begins."""
        return np.zeros((self.design.traits.n + self.intercept, self.head.width))

    def base_rate(self) -> np.ndarray:
        """theta with W = 0 and the intercept at its optimum, the log odds of the classes' shares.

        No share below 1e-6: a class that has no weight stays within reach.
        """
        theta, k = self.start(), self.head.width
        if self.intercept:
            y, v = self.targets, self.weights
            both = np.column_stack([1 - y, y]) if k == 1 else None
            shares = np.bincount(y, v, minlength=k) if both is None else column_sums(v, both)
            logs = np.log(np.maximum(shares, 1e-6))
            theta[-1] = logs[1] - logs[0] if k == 1 else logs - logs.mean()
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
        loss, G, db = self.design.loss_pass(W, b, self.head, self.targets, self.weights[:, None])
        value = float(loss[0]) + self.penalty.value(W)
        return value, self.join(G + self.penalty.gradient(W), db)

    def stationarity(self, theta: np.ndarray, gradient: np.ndarray) -> float:
        """The norm of J's subgradient of least norm, from the gradient of its smooth part."""
        if self.penalty.l1 == 0:
            return norm(gradient)
        (W, _), (G, db) = self.split(theta), self.split(gradient)
        return math.hypot(norm(self.penalty.subgradient(W, G)), norm(db) * self.intercept)

    def symmetric(self, theta: np.ndarray) -> np.ndarray:
        """The softmax parameters of the same z, up to a shift a row, whose classes sum to zero.

        No step leaves that space, where the optimum is; outside it the Hessian is the penalty's
        alone. An L1 penalty has its optimum elsewhere, and only b is shifted.
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
        loss, G, db, H = self.design.expansion_pass(
            W, b, self.head, self.targets, self.weights[:, None]
        )
        value = float(loss[0]) + self.penalty.value(W)
        return value, self.join(G + self.penalty.gradient(W), db), self._square(H, theta)

    def hessian(self, theta: np.ndarray) -> np.ndarray:
        """d2J/dtheta2: square, of the size of theta."""
        W, b = self.split(theta)
        H = self.design.hessian_pass(W, b, self.head, self.weights[:, None])
        return self._square(H, theta)

    def _square(self, H: np.ndarray, theta: np.ndarray) -> np.ndarray:
        """The penalty's part added, the intercept left out where there is none."""
        rows = len(theta)
        H = H[:rows, :, :rows, :].reshape(theta.size, theta.size)
        penalised = np.arange(self.design.traits.n * theta.shape[1])
        H[penalised, penalised] += self.penalty.l2
        return H

    def curvature(self, theta: np.ndarray) -> np.ndarray:
        """The activations at theta, for `hessian_product`."""
        return self.design.curvature_pass(*self.split(theta), self.head)

    def hessian_product(self, curvature: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """(d2J/dtheta2) direction, at the theta of `curvature`."""
        V, c = self.split(direction)
        P, dc = self.design.hessian_product(curvature, self.head, self.weights[:, None], V, c)
        return self.join(P + self.penalty.gradient(V), dc)
