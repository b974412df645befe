"""The layer itself: sigma, softmax, loss, residual and curvature of z, exact for every z.

A logistic regression is one layer::

    forward   z = X w + b            a = sigma(z)
    loss      L(a, y) = -(y log a + (1 - y) log(1 - a))
    residual  dz = a - y
    backward  dw = X^T dz / m,  db = mean dz

Everything here is a function of z, never of a: at z = 40 the activation a rounds to 1 and its
logarithm to 0, while the loss as a function of z stays right to the last bit, at +-800 too.
A head takes several problems side by side (the folds of a cross-validation, say): Z and dz are
(rows, problems * width), L (rows, problems), targets (rows,). The curvature d2L/dz2 comes from A,
`curvature_activation`, or as f f^T from its root f: a Hessian is one symmetric product of the rows
f (x) [x 1], which `hessian` then puts right in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Expansion: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]
"""L (rows, problems), dL/dz (rows, k) and the root of d2L/dz2 (rows, k): to second order."""


def sigma(z: np.ndarray) -> np.ndarray:
    """a = 1 / (1 + e^-z), elementwise, any shape; e^-|z| never overflows."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(Z: np.ndarray) -> np.ndarray:
    """a_k = e^{z_k} / sum_j e^{z_j} along the last axis, shifted by the largest z."""
    E = np.exp(Z - Z.max(axis=-1, keepdims=True))
    return E / E.sum(axis=-1, keepdims=True)


def log_softmax(Z: np.ndarray) -> np.ndarray:
    """log a_k = (z_k - z_max) - log(1 + sum of the others' e^{z_j - z_max}), along the last axis.

    Of (0, z) it is (log(1 - sigma(z)), log sigma(z)), exact where sigma rounds to 0 or 1.
    """
    largest = Z.argmax(axis=-1, keepdims=True)
    shifted = Z - np.take_along_axis(Z, largest, axis=-1)
    E = np.exp(shifted)
    np.put_along_axis(E, largest, 0, axis=-1)
    return shifted - np.log1p(E.sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Binary:
    """One column of z a problem, a = sigma(z), targets 0 or 1."""

    name: str = "binary"
    width: int = 1

    def loss(self, Z: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """L = (1 - y) max(z, 0) + y max(-z, 0) + log(1 + e^-|z|).

        Which is -(y log a + (1 - y) log(1 - a)); y may lie between 0 and 1.
        """
        y, size = targets[:, None].astype(Z.dtype), np.abs(Z)
        return _times(np.where(Z >= 0, 1 - y, y), size) + np.log1p(np.exp(-size))

    def residual(self, Z: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """dz = a - y, written (1 - y) sigma(z) - y sigma(-z): no cancellation."""
        y = targets[:, None].astype(Z.dtype)
        return (1 - y) * sigma(Z) - y * sigma(-Z)

    def activation(self, Z: np.ndarray) -> np.ndarray:
        """a = sigma(z)."""
        return sigma(Z)

    def curvature_activation(self, Z: np.ndarray) -> np.ndarray:
        """The smaller of a and 1 - a, sigma(-|z|): a (1 - a) has no use for which is which."""
        return sigma(-np.abs(Z))

    def curvature(self, A: np.ndarray) -> np.ndarray:
        """d2L/dz2 = a (1 - a)."""
        return (A * (1 - A))[:, :, None]

    def curvature_root(self, A: np.ndarray) -> np.ndarray:
        """sqrt(a (1 - a)): f f^T is the curvature."""
        return np.sqrt(A * (1 - A))

    def hessian(self, S: np.ndarray) -> np.ndarray:
        """S itself."""
        return S

    def curvature_product(self, A: np.ndarray, U: np.ndarray) -> np.ndarray:
        """a (1 - a) u."""
        return A * (1 - A) * U

    def expansion(self, Z: np.ndarray, targets: np.ndarray) -> Expansion:
        """L, a - y and sqrt(a (1 - a)) as above, from one exponential."""
        y, size = targets[:, None].astype(Z.dtype), np.abs(Z)
        e, positive = np.exp(-size), Z >= 0
        large = 1 / (1 + e)
        small = e * large
        a, rest = np.where(positive, large, small), np.where(positive, small, large)
        L = _times(np.where(positive, 1 - y, y), size) + np.log1p(e)
        return L, (1 - y) * a - y * rest, np.sqrt(large * small)


def _times(share: np.ndarray, part: np.ndarray) -> np.ndarray:
    """share * part, and 0 where the share is 0, be the part infinite."""
    return np.multiply(share, part, where=share > 0, out=np.zeros_like(part))


@dataclass(frozen=True)
class Softmax:
    """`width` = K columns of z a problem, a = softmax(z), targets 0..K-1."""

    width: int
    name: str = "softmax"

    def _problems(self, Z: np.ndarray) -> np.ndarray:
        return Z.reshape(len(Z), Z.shape[1] // self.width, self.width)

    def loss(self, Z: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """L = log sum_k e^{z_k} - z_y, the largest term taken out: exact when it is y's."""
        Z = self._problems(Z)
        largest = Z.argmax(axis=2)[:, :, None]
        z_max = np.take_along_axis(Z, largest, axis=2)
        E = np.exp(Z - z_max)
        np.put_along_axis(E, largest, 0, axis=2)
        z_true = np.take_along_axis(Z, targets[:, None, None].astype(np.intp), axis=2)
        return (z_max - z_true)[:, :, 0] + np.log1p(E.sum(axis=2))

    def residual(self, Z: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """dz = a - y, y one-hot; the true class is minus the sum of the others: no cancellation."""
        A = softmax(self._problems(Z))
        true = targets[:, None, None].astype(np.intp)
        np.put_along_axis(A, true, 0, axis=2)
        np.put_along_axis(A, true, -A.sum(axis=2, keepdims=True), axis=2)
        return A.reshape(Z.shape)

    def activation(self, Z: np.ndarray) -> np.ndarray:
        """a = softmax(z), problem by problem."""
        return softmax(self._problems(Z)).reshape(Z.shape)

    curvature_activation = activation  # the small a are exact, and the large one never taken from 1

    def curvature(self, A: np.ndarray) -> np.ndarray:
        """d2L/dz2 = diag(a) - a a^T, the diagonal as minus the sum of its row."""
        C = -A[:, :, None] * A[:, None, :]
        diagonal = np.arange(self.width)
        C[:, diagonal, diagonal] = 0
        C[:, diagonal, diagonal] = -C.sum(axis=2)
        return C

    def curvature_root(self, A: np.ndarray) -> np.ndarray:
        """a: -a a^T is the curvature but for its diagonal, which is minus the sum of its row."""
        return A

    def hessian(self, S: np.ndarray) -> np.ndarray:
        """-S; each class with itself, minus the sum of it with the others: nothing cancels."""
        c = np.arange(self.width)
        S[:, c, :, c] = 0
        with_others = S.sum(axis=3)
        np.negative(S, out=S)
        S[:, c, :, c] = with_others.transpose(1, 0, 2)
        return S

    def curvature_product(self, A: np.ndarray, U: np.ndarray) -> np.ndarray:
        """a (u - a^T u), problem by problem."""
        A, U = self._problems(A), self._problems(U)
        mean = np.einsum("ijk,ijk->ij", A, U)
        return (A * (U - mean[:, :, None])).reshape(len(A), U.shape[1] * self.width)

    def expansion(self, Z: np.ndarray, targets: np.ndarray) -> Expansion:
        """L, a - y and a as above, from one exponential."""
        E = Z.reshape(-1, self.width)
        row, true = np.arange(len(E)), targets.repeat(len(E) // len(targets))
        largest = E.argmax(axis=1)
        z_max, z_true = E[row, largest], E[row, true]
        E = np.exp(E - z_max[:, None])
        E[row, largest] = 0
        others = E.sum(axis=1)
        L = (z_max - z_true) + np.log1p(others)
        E[row, largest] = 1
        A = E / (1 + others)[:, None]
        dZ = A.copy()
        dZ[row, true] = 0
        dZ[row, true] = -dZ.sum(axis=1)
        return L.reshape(len(Z), -1), dZ.reshape(Z.shape), A.reshape(Z.shape)


Head: TypeAlias = Binary | Softmax
"""What turns z into a loss."""
