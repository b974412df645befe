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

    def told(self, balancing: Balance | None) -> tuple[np.ndarray, float, np.ndarray]:
        """The means, and of a `Foresight` what is apart and G, once balanced if asked.

        Once: the changes are used up.
        """
        k, v, apart, moved = self.change.shape[1], self.loss.weights, 0.0, self.change
        for rows in chunks(len(moved)):
            there = of_all_classes(self.Z[rows, :k] + self.length * self.Z[rows, k:])
            A, change = activations(there), _changes(self.change[rows])
            if balancing is not None:
                change = balance(A, change, *balancing)
            apart += float(v[rows] @ divergence(A, change, there))
            moved[rows] = change[:, -k:] * v[rows, None]
        return self.means, apart, self.loss.design.backward(moved)

    def sizes(self) -> np.ndarray:
        """sum v dz^2 and sum (v dz)^2 of the residuals dz at z + length u: (2, k)."""
        k, loss, found = self.change.shape[1], self.loss, np.zeros((2, self.change.shape[1]))
        for rows in chunks(len(self.Z)):
            there, v = self.Z[rows, :k] + self.length * self.Z[rows, k:], loss.weights[rows]
            found += np.stack([v, v**2]) @ loss.head.residual(there, loss.targets[rows]) ** 2
        return found
