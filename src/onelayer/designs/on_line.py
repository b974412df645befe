"""Rows along a line z + t u: their loss, and the activations that Newton's model foresees there.

By kernels where there are many rows: beside reads of X on all threads, NumPy's arrays of
activations were a third of a fit of 8 million rows. By NumPy where there are few, which wait for no
compiler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from onelayer import parallel
from onelayer.designs.passes import ROWS
from onelayer.foresight import activations, balance, divergence, foresee
from onelayer.logistic import Head

MANY = 200_000  # guard: activations, some 30 ms of NumPy; the kernels take a second to compile
Balance = tuple[np.ndarray, np.ndarray]
"""What balances activations, (K,) each: see `foresight.exchange`."""


@dataclass(frozen=True, eq=False)
class OnLine:
    """Rows of targets (m,) and weights v (m,), whose z is z + t u: Z (m, 2 k) holds both.

    Changes of activations, p - a, are (m, k): of two classes, the second's alone.
    """

    head: Head
    Z: np.ndarray
    targets: np.ndarray
    weights: np.ndarray

    @property
    def k(self) -> int:
        """Columns of z."""
        return self.Z.shape[1] // 2

    def loss(self, t: float) -> tuple[float, float]:
        """Sum v L, and its slope."""
        value, slope = np.sum(self._each(lambda rows: self._loss(float(t), rows)), axis=0)
        return float(value), float(slope)

    def foresee(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """The changes, from a at z + t u to the p foreseen from z at z + u, and sum v p (K,)."""
        change = np.empty((len(self.Z), self.k))
        means = self._each(lambda rows: self._foresee(float(t), change, rows))
        return change, np.sum(means, axis=0)

    def tell(
        self, t: float, change: np.ndarray, balancing: Balance | None, *, beside: bool
    ) -> float:
        """Sum v KL(p || a), once p is balanced.

        Once: the changes become v (p - y), or `beside` a gradient v (p - a).
        """
        told = float(t), change, balancing, beside
        return float(sum(self._each(lambda rows: self._tell(*told, rows))))

    def sizes(self, t: float) -> np.ndarray:
        """sum v dz^2 and sum (v dz)^2 of the residuals dz: (2, k)."""
        found = np.zeros((2, self.k))
        for rows in chunks(len(self.Z)):
            v = self.weights[rows]
            dz = self.head.residual(self._there(t, rows), self.targets[rows])
            found += np.stack([v, v**2]) @ dz**2
        return found

    def _each(self, ask: Callable[[slice], Any]) -> list[Any]:
        """What some rows answer, and then the others."""
        return list(map(ask, chunks(len(self.Z))))

    def _loss(self, t: float, rows: slice) -> tuple[float, float]:
        there, y, v = self._there(t, rows), self.targets[rows], self.weights[rows]
        slopes = (self.head.residual(there, y) * self.Z[rows, self.k :]).sum(axis=1)
        return v @ self.head.loss(there, y)[:, 0], v @ slopes

    def _foresee(self, t: float, change: np.ndarray, rows: slice) -> np.ndarray:
        z, u = self.Z[rows, : self.k], self.Z[rows, self.k :]
        A, moved = foresee(_of_all_classes(z), _of_all_classes(u), t)
        change[rows] = moved[:, -self.k :]
        v = self.weights[rows]
        return np.asarray(v @ A + v @ moved)

    def _tell(
        self, t: float, change: np.ndarray, balancing: Balance | None, beside: bool, rows: slice
    ) -> float:
        there, v = self._there(t, rows), self.weights[rows]
        z, moved = _of_all_classes(there), change[rows]
        A, moved = activations(z), np.hstack([-moved, moved]) if self.k == 1 else moved
        if balancing is not None:
            moved = balance(A, moved, *balancing)
        apart = float(v @ divergence(A, moved, z))
        change[rows] = moved[:, -self.k :]
        if not beside:
            change[rows] += self.head.residual(there, self.targets[rows])
        change[rows] *= v[:, None]
        return apart

    def _there(self, t: float, rows: slice) -> np.ndarray:
        """z + t u, in float64."""
        Z = self.Z[rows].astype(np.float64, copy=False)
        return np.asarray(Z[:, : self.k] + t * Z[:, self.k :])


@final
class OnLineByKernels(OnLine):
    """The same by kernels, on all threads."""

    def _each(self, ask: Callable[[slice], Any]) -> list[Any]:
        ranges = parallel.partition(len(self.Z), self.Z.nbytes, 0)
        return parallel.run(lambda start, stop: ask(slice(start, stop)), ranges)

    def _loss(self, t: float, rows: slice) -> tuple[float, float]:
        from onelayer.kernels import line_rows as by

        kernel = by.binary_loss if self.k == 1 else by.softmax_loss
        value, slope = kernel(self.Z, t, self.weights, self.targets, rows.start, rows.stop)
        return value, slope

    def _foresee(self, t: float, change: np.ndarray, rows: slice) -> np.ndarray:
        from onelayer.kernels import line_rows as by

        kernel = by.binary_foresee if self.k == 1 else by.softmax_foresee
        means: np.ndarray = kernel(self.Z, t, self.weights, rows.start, rows.stop, change)
        return means

    def _tell(
        self, t: float, change: np.ndarray, balancing: Balance | None, beside: bool, rows: slice
    ) -> float:
        from onelayer.kernels import line_rows as by

        kernel = by.binary_tell if self.k == 1 else by.softmax_tell
        how = *(balancing or np.zeros((2, max(2, self.k)))), beside, change
        known = self.Z, t, self.weights, self.targets
        return float(kernel(*known, rows.start, rows.stop, *how))


def chunks(m: int) -> list[slice]:
    """Rows whose activations fit the cache."""
    return [slice(start, start + ROWS) for start in range(0, m, ROWS)]


def _of_all_classes(Z: np.ndarray) -> np.ndarray:
    """z of all classes in float64, of two (0, z)."""
    Z = Z.astype(np.float64, copy=False)
    return np.hstack([np.zeros_like(Z), Z]) if Z.shape[1] == 1 else Z
