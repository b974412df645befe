"""The activations that Newton's model foresees, row by row, and what they tell of the gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from onelayer.designs.passes import ROWS
from onelayer.foresight import BALANCED, activations, balance, divergence

if TYPE_CHECKING:
    from onelayer.designs.loss_in_memory import LossInMemory


def of_all_classes(Z: np.ndarray) -> np.ndarray:
    """z of all classes in float64, of two (0, z)."""
    Z = Z.astype(np.float64, copy=False)
    return np.hstack([np.zeros_like(Z), Z]) if Z.shape[1] == 1 else Z


def _changes(change: np.ndarray) -> np.ndarray:
    """Changes of the activations of all classes: of two, one gains what the other loses."""
    return np.hstack([-change, change]) if change.shape[1] == 1 else change


def chunks(m: int) -> list[slice]:
    """Rows whose activations fit the cache."""
    return [slice(start, start + ROWS) for start in range(0, m, ROWS)]


Balance = tuple[np.ndarray, np.ndarray]
"""What the classes have too much, (K,), and what they have: see `foresight.balance`."""


def balancing(means: np.ndarray, shares: np.ndarray) -> Balance | None:
    """What brings the means (K,) of activations to the shares of the classes; None: nothing."""
    excess = means - shares
    excess -= excess.mean()  # theory: of rounding alone, for both sum to 1
    return (excess, means) if np.abs(excess).max() > BALANCED else None


@final
@dataclass(frozen=True, eq=False)
class Foreseen:
    """Activations that were foreseen, by how much they differ from a at z + length u.

    Z (m, 2 k) holds z and u; change (m, k) is p - a, of two classes for the second alone; means
    (K,) are sum v p.
    """

    loss: LossInMemory
    Z: np.ndarray
    change: np.ndarray
    means: np.ndarray
    length: float

    def told(
        self, balancing: Balance | None, gradient: np.ndarray | None = None
    ) -> tuple[np.ndarray, float, np.ndarray]:
        """The means, and a `Foresight`, once balanced if asked; `gradient` as `Loss.foresight`.

        Once: the changes are used up, and become v (p - y), or v (p - a) beside a gradient.
        """
        k, loss, apart, left = self.change.shape[1], self.loss, 0.0, self.change
        for rows in chunks(len(left)):
            Z, v = self._there(rows), loss.weights[rows]
            there = of_all_classes(Z)
            A, change = activations(there), _changes(left[rows])
            if balancing is not None:
                change = balance(A, change, *balancing)
            apart += float(v @ divergence(A, change, there))
            if gradient is None:
                change[:, -k:] += loss.head.residual(Z, loss.targets[rows])
            left[rows] = change[:, -k:] * v[:, None]
        P = loss.design.backward(left)
        return self.means, apart, P if gradient is None else P + gradient

    def sizes(self) -> np.ndarray:
        """sum v dz^2 and sum (v dz)^2 of the residuals dz at z + length u: (2, k)."""
        loss, found = self.loss, np.zeros((2, self.change.shape[1]))
        for rows in chunks(len(self.Z)):
            v = loss.weights[rows]
            dz = loss.head.residual(self._there(rows), loss.targets[rows])
            found += np.stack([v, v**2]) @ dz**2
        return found

    def _there(self, rows: slice) -> np.ndarray:
        """z + length u of some rows, in float64."""
        k, Z = self.change.shape[1], self.Z[rows].astype(np.float64, copy=False)
        return np.asarray(Z[:, :k] + self.length * Z[:, k:])
