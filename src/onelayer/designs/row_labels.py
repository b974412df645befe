"""Labels and weights of very many rows, as small as they can be held.

Labels are in the smallest integer type, and weights are Booleans where rows count the same or
nothing: a read converts those of the rows that it is at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

TOGETHER = 1 << 20  # guard: rows whose labels and weights are converted at a time


@dataclass(frozen=True, eq=False)
class LabelTotals:
    """What is known of labels and weights v together, which sum to 1.

    shares: of each class, (classes,). counted: as many rows of equal weight tell as much,
    1 / sum v^2. least: the smallest weight that is not 0.
    """

    shares: np.ndarray
    counted: float
    least: float


@dataclass(frozen=True, eq=False)
class RowLabels:
    """targets (m,), 0..classes - 1, and weights (m,), numbers or Booleans, in any unit."""

    targets: np.ndarray
    weights: np.ndarray
    classes: int

    @classmethod
    def compact(cls, targets: np.ndarray, weights: np.ndarray, classes: int) -> RowLabels:
        """Targets in the smallest type that holds them; weights as Booleans if equal or nothing."""
        small = np.min_scalar_type(classes - 1)
        if weights.dtype != bool and ((weights == 0) | (weights == weights.max())).all():
            weights = weights > 0
        if weights.dtype == bool and weights.all():
            weights = np.broadcast_to(np.True_, weights.shape)
        return cls(targets.astype(small, copy=False), weights, classes)

    @cached_property
    def total(self) -> float:
        """The sum of the weights, by pieces in their order."""
        return float(sum(self.weights[some].sum(dtype=np.float64) for some in self._pieces()))

    @cached_property
    def shares(self) -> np.ndarray:
        """Of each class in the total, (classes,)."""
        found = np.zeros(self.classes)
        for some in self._pieces():
            targets, shares = self.of(some)
            found += np.bincount(targets, shares, minlength=self.classes)
        return found

    @cached_property
    def totals(self) -> LabelTotals:
        """Of all rows; weights are looked at by pieces."""
        squares, least = 0.0, np.inf
        for v in self._of_all():
            squares += float(v @ v)
            least = min(least, float(v[v > 0].min(initial=np.inf)))
        return LabelTotals(self.shares, 1 / squares, least)

    def of(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Targets as kernels take them, and weights that sum to 1 over all rows."""
        return self.targets[rows].astype(np.int32), self.weights[rows] / self.total

    def _of_all(self) -> Iterator[np.ndarray]:
        return (self.of(some)[1] for some in self._pieces())

    def _pieces(self) -> Iterator[slice]:
        for start in range(0, len(self.targets), TOGETHER):
            yield slice(start, start + TOGETHER)
