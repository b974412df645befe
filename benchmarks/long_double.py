"""The optimum of a small problem in long double, by Newton's method: the reference for stated gaps.

    J(W, b) = sum_i v_i L(x_i W + b, y_i) + l2 / 2 ||W||^2 + l1 ||W||_1,    sum v = 1

X (m, n); W (n, k) and b (k,), k = 1 for two classes and K for more; every sum is in long double.
Newton's directions come from float64 least squares, whose condition is the root of the Hessian's;
their rounding costs steps, not digits. With L1 the steps stay in one orthant (Andrew and Gao 2007)
and are Newton's on what is not zero. `doubt` bounds J - J* by what is left of the gradient, so that
the reference needs no trust: see `Reference.doubt`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Long = np.longdouble

STEPS = 400  # guard: some ten are usual
HALVINGS = 60  # guard
SUFFICIENT = Long("1e-4")  # theory: Armijo's constant, Nocedal and Wright 2006, section 3.1
EXACT = Long("1e-17")  # of J: where `doubt` is good enough; a long double has 19 digits
IDLE = 5  # guard: steps in a row that gain less than that; hundreds took minutes with 50 classes


@dataclass(frozen=True)
class Reference:
    """One problem; labels (m,) are 0..K-1."""

    X: np.ndarray
    labels: np.ndarray
    v: np.ndarray
    K: int
    l2: Long
    l1: Long
    intercept: bool

    @classmethod
    def of(
        cls,
        X: np.ndarray,
        labels: np.ndarray,
        weights: np.ndarray,
        penalty: tuple[Long, Long],
        *,
        intercept: bool,
    ) -> Reference:
        """X as it is, weights made to sum to 1, penalty (l2, l1)."""
        v = weights.astype(Long)
        K = int(labels.max()) + 1
        return cls(X.astype(Long), labels, v / v.sum(), K, *penalty, intercept)

    @property
    def width(self) -> int:
        """k, the columns of W."""
        return 1 if self.K == 2 else self.K

    def value(self, theta: np.ndarray) -> Long:
        """J at theta (n + 1, k), b its last row."""
        Z = self._forward(theta)
        size = np.abs(theta[:-1])
        return self.v @ _loss(Z, self.labels) + self.l2 / 2 * (size**2).sum() + self.l1 * size.sum()

    def slope(self, theta: np.ndarray) -> np.ndarray:
        """The subgradient of least norm, (n + 1, k)."""
        W, G = theta[:-1], self._smooth(theta)
        at_zero = np.sign(G[:-1]) * np.maximum(np.abs(G[:-1]) - self.l1, 0)
        G[:-1] = np.where(W != 0, G[:-1] + self.l1 * np.sign(W), at_zero)
        return G

    def doubt(self, theta: np.ndarray) -> Long:
        """A bound on J - J*, b aside, whose slope is brought to rounding.

        ||s||^2 / (2 l2) by strong convexity; or, by convexity alone, max |s| ||W - W*||_1, where
        ||W*||_1 <= J / l1.
        """
        s, size = self.slope(theta)[:-1], np.abs(theta[:-1]).sum()
        bounds = [Long(np.inf)]
        if self.l2 > 0:
            bounds.append((s**2).sum() / (2 * self.l2))
        if self.l1 > 0:
            bounds.append(np.abs(s).max() * (size + self.value(theta) / self.l1))
        return min(bounds)

    def solve(self, start: np.ndarray) -> tuple[np.ndarray, Long]:
        """Theta where no step lowers J, and J there."""
        theta = start.astype(Long)
        J, idle = self.value(theta), 0
        for _ in range(STEPS):
            following, value = self._step(theta, J)
            idle = idle + 1 if J - value <= EXACT * J else 0
            if not value < J or idle == IDLE:
                break
            theta, J = following, value
            if self.doubt(theta) <= EXACT * J and self._centred(theta):
                break
        return theta, J

    def _centred(self, theta: np.ndarray) -> bool:
        return not self.intercept or bool(np.abs(self.slope(theta)[-1]).max() <= 1e-18)

    def _step(self, theta: np.ndarray, J: Long) -> tuple[np.ndarray, Long]:
        """Along Newton's direction on the free coordinates, halved until J falls."""
        s = self.slope(theta)
        signs = np.where(theta != 0, np.sign(theta), -np.sign(s))
        free = (theta != 0) | (s != 0)
        free[-1] = self.intercept
        direction = self._newton(theta, s, free)
        promised = (s * direction).sum()
        length = Long(1)
        for _ in range(HALVINGS):
            moved = theta + length * direction
            if self.l1 > 0:  # a coordinate that changes its sign stops at zero
                moved[:-1] = np.where(np.sign(moved[:-1]) == signs[:-1], moved[:-1], 0)
            value = self.value(moved)
            if value <= J + SUFFICIENT * length * promised:
                return moved, value
            length /= 2
        return theta, J

    def _newton(self, theta: np.ndarray, s: np.ndarray, free: np.ndarray) -> np.ndarray:
        """min_d ||F d + F^-T s||^2: from the rows of F, a root of the Hessian, by QR in float64."""
        if not free.any():
            return np.zeros(theta.shape, Long)
        F = self._root(theta)[:, free.ravel()]
        unit = 1 / np.maximum(np.linalg.norm(F, axis=0), np.finfo(float).tiny)
        _, singular, V = np.linalg.svd(np.linalg.qr(F * unit, mode="r"), full_matrices=False)
        kept = singular > singular[0] * len(singular) * np.finfo(float).eps
        right = V[kept] @ (unit * s[free].astype(float))
        d = np.zeros(theta.size, Long)
        d[free.ravel()] = -unit * (V[kept].T @ (right / singular[kept] ** 2))
        return d.reshape(theta.shape)

    def _root(self, theta: np.ndarray) -> np.ndarray:
        """F (., (n + 1) k) with F^T F the Hessian, in float64, penalty included."""
        A = _activation(self._forward(theta)).astype(float)
        X1 = np.column_stack([self.X, np.ones(len(self.X))]).astype(float)
        k, v = self.width, np.sqrt(self.v.astype(float))
        if k == 1:
            roots = (v * np.sqrt(A[:, 0] * A[:, 1]))[:, None] * X1
        else:
            R = np.sqrt(A)[:, :, None] * (np.eye(k) - A[:, None, :])  # R^T R = diag(a) - a a^T
            roots = np.einsum("i,ijc,if->ijfc", v, R, X1).reshape(len(A) * k, -1)
        penalised = np.diag(np.r_[np.full(len(theta) - 1, np.sqrt(float(self.l2))), 0.0])
        return np.vstack([roots, np.kron(penalised, np.eye(k))])

    def _smooth(self, theta: np.ndarray) -> np.ndarray:
        """The gradient of all but the L1 part."""
        R = _activation(self._forward(theta))
        rows = np.arange(len(R))
        R[rows, self.labels] = 0
        R[rows, self.labels] = -R.sum(axis=1)
        U = R[:, -self.width :] * self.v[:, None]
        db = U.sum(axis=0) * self.intercept
        return np.vstack([self.X.T @ U + self.l2 * theta[:-1], db[None]])

    def _forward(self, theta: np.ndarray) -> np.ndarray:
        """z of all classes (m, K), of two (0, z)."""
        Z = self.X @ theta[:-1] + theta[-1]
        return np.column_stack([np.zeros(len(Z), Long), Z]) if self.K == 2 else Z


def _loss(Z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """log sum_k e^{z_k} - z_y, the largest term taken out of the logarithm."""
    rows, top = np.arange(len(Z)), Z.argmax(axis=1)
    E = np.exp(Z - Z[rows, top][:, None])
    E[rows, top] = 0
    return Z[rows, top] - Z[rows, labels] + np.log1p(E.sum(axis=1))


def _activation(Z: np.ndarray) -> np.ndarray:
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)
