"""Means and variances of columns, tallied group by group: exactly, or roughly for metrics alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, final

import numpy as np
from scipy import sparse

from onelayer.designs.csr import csr_moments
from onelayer.designs.dense import rows_together
from onelayer.designs.in_memory import design_in_memory
from onelayer.designs.scaling import ColumnMoments


@final
class ExactTally:
    """Weighted mean and squares about it in float64, merged block by block (Chan et al. 1979).

    Counted from an origin near the rows, a far mean costs no digits, and a constant is 0. Where
    none is given it is the first row that has weight.
    """

    def __init__(self, n: int, origin: np.ndarray | None = None) -> None:
        self.origin = origin
        self.mean, self.square = np.zeros((2, n))
        self.total = 0.0

    def add(self, X: Any, v: np.ndarray) -> None:
        """Count rows, dense or CSR, of weights v, some at a time."""
        if not v.any():
            return
        if sparse.issparse(X):
            weight = float(v.sum())
            found = csr_moments(X, v / weight)
            self.merge(weight, found.mean, found.variance * weight)
            return
        if self.origin is None:
            self.origin = X[np.argmax(v > 0)].astype(np.float64)
        for rows, block in _in_float64(X):
            self._add_block(block - self.origin, v[rows])

    def join(self, other: ExactTally) -> ExactTally:
        """What both, of the same origin, have counted; neither is changed."""
        both = copy(self)
        both.mean, both.square = self.mean.copy(), self.square.copy()
        if other.total > 0:
            both.merge(other.total, other.mean, other.square)
        return both

    def found(self) -> ColumnMoments:
        """Of all that was counted. The variance is the population's, as in `StandardScaler`."""
        origin = 0.0 if self.origin is None else self.origin
        return ColumnMoments(origin + self.mean, self.square / self.total)

    def _add_block(self, block: np.ndarray, v: np.ndarray) -> None:
        weight = float(v.sum())
        if weight == 0:
            return
        mean = v @ block / weight
        block -= mean
        self.merge(weight, mean, v @ block**2)

    def merge(self, weight: float, mean: np.ndarray, square: np.ndarray) -> None:
        """Other rows: their weight, mean from the origin and weighted squares about it."""
        shift = mean - self.mean
        self.total += weight
        self.mean += shift * (weight / self.total)
        between = shift**2 * weight * (self.total - weight) / self.total
        self.square += square + between


@final
class RoughTally:
    """Weighted sums of x and x^2 by the compiled pass, in the products' own type."""

    def __init__(self, n: int) -> None:
        self.sums = np.zeros((2, n))

    def add(self, X: Any, v: np.ndarray) -> None:
        """Count rows, dense or CSR, of weights v."""
        self.sums += np.hstack(design_in_memory(X).moments(v[:, None])).T

    def join(self, other: RoughTally) -> RoughTally:
        """What both have counted; neither is changed."""
        both = RoughTally(0)
        both.sums = self.sums + other.sums
        return both

    def found(self) -> ColumnMoments:
        """Of all that was counted; a variance below what rounding can tell is 0."""
        mean, square = self.sums
        return ColumnMoments(mean, np.maximum(square - mean**2, 0))


def moments_of(X: Any, weights: Sequence[np.ndarray]) -> list[ColumnMoments]:
    """Moments of dense X under each of several weights (m,), which sum to 1: one read for all."""
    tallies = [ExactTally(X.shape[1]) for _ in weights]
    for rows, group in _groups(X):
        for tally, v in zip(tallies, weights, strict=True):
            tally.add(group, v[rows])
    return [tally.found() for tally in tallies]


def _groups(X: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows in memory a block at a time; rows on disk as they are visited."""
    if isinstance(X, np.ndarray):
        yield from _in_float64(X)
        return
    for _, rows, group in X.visit():
        yield rows, group


def _in_float64(X: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    step = rows_together(X.shape[1], 8)
    for start in range(0, len(X), step):
        rows = slice(start, start + step)
        yield rows, X[rows].astype(np.float64, copy=False)
