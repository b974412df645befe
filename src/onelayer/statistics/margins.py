"""The margins of every row, z of its class less z of another, as linear functions of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onelayer.designs import Scaling, extent, make_design
from onelayer.statistics.column_space import independent, triangle
from onelayer.statistics.cone import Face, tie

APART = 1e-8  # of a row, over unit vectors of a span: what is not rounding
FAR = 4  # times its spread: a column's distance from 0 that is worth taking out
PIECE = 1_500_000  # bytes of X in float64 at a time


@dataclass(frozen=True)
class Coordinates:
    """theta = A c, for theta (n + 1,) in scaled variables, the intercept last, and c (r,).

    columns (r,) are the independent ones among [X 1], the others' parameters are 0; R is their
    triangle.
    """

    scaling: Scaling
    A: np.ndarray
    columns: np.ndarray
    R: np.ndarray

    @classmethod
    def natural(cls, X: Any, *, intercept: bool) -> Coordinates:
        """A coordinate for each independent column.

        Of columns that span each other the first is kept: the intercept, then in the order of X.
        """
        n = X.shape[1]
        scaling = _exact_scaling(X, intercept=intercept)
        R = triangle((x for _, x in _project(X, scaling, np.eye(n + 1))), n + 1)
        columns = independent(R, np.r_[n, :n] if intercept else np.arange(n))
        return cls(scaling, np.eye(n + 1)[:, columns], columns, R[:, columns])

    def whitened(self) -> Coordinates:
        """The same columns in coordinates in which their products are the identity."""
        R = np.linalg.qr(self.R, mode="r")
        return replace(self, A=self.A @ np.linalg.inv(R))

    @property
    def rank(self) -> int:
        """r."""
        return self.A.shape[1]

    def parameters(self, C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """W (n, k) and b (k,) for X as given, from C (r, k)."""
        theta = self.A @ C
        return self.scaling.fold(theta[:-1], theta[-1])

    def effects(self, *, intercept: bool) -> np.ndarray:
        """The direction in c in which each parameter for X as given grows, as a row of size 1.

        (n + 1, r), or (n, r) without an intercept.
        """
        W, b = self.scaling.fold(self.A[:-1], self.A[-1])
        return _to_size_1(np.vstack([W, b]) if intercept else W)


def _exact_scaling(X: Any, *, intercept: bool) -> Scaling:
    """Columns of size about 1 without rounding: by powers of 2, far ones less a value of theirs.

    What is less than a factor of 2 apart subtracts exactly (Sterbenz): ties between rows stay ties.
    """
    lowest, highest = (end.astype(np.float64) for end in extent(X))
    spread = highest / 2 - lowest / 2
    far = np.abs(highest / 2 + lowest / 2) > FAR * spread
    far &= (spread > 0) & intercept
    size = np.where(far, spread, np.maximum(np.abs(lowest), np.abs(highest)))
    _, exponent = np.frexp(np.where(size > 0, size, 1))
    return Scaling(np.where(far, lowest, 0), np.ldexp(1.0, -exponent.clip(-1000, 1000)))


def _project(X: Any, scaling: Scaling, A: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """[X' 1] A in float64, some rows at a time, whatever X is stored in."""
    step = max(1, PIECE // (8 * X.shape[1]))
    for start in range(0, X.shape[0], step):
        piece = make_design(X[start : start + step].astype(np.float64), scaling)
        for rows, x in piece.project(A[:-1], A[-1]):
            yield slice(start + rows.start, start + rows.stop), x


@dataclass(frozen=True)
class Margins:
    """margin (m, K - 1) = z_y - z_k, for each k but y, of rows x' = [X' 1] A brought to size 1.

    Linear in the parameters (r, K - 1), those of each class less those of class 0: F theta, where a
    row of F (m (K - 1), r (K - 1)) is a row x' in y's place and -x' in k's.
    """

    X: Any
    targets: np.ndarray
    K: int
    coordinates: Coordinates

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """x' of these rows: (rows, r)."""
        pieces = _project(self.X[rows], self.coordinates.scaling, self.coordinates.A)
        return np.vstack([_to_size_1(x) for _, x in pieces])

    def functionals(self, rows: np.ndarray) -> np.ndarray:
        """F of these rows: (rows (K - 1), r (K - 1))."""
        x, signs = self.rows(rows), self._signs(self.targets[rows])
        F = np.einsum("ijk,ir->ijrk", signs, x)
        return F.reshape(len(rows) * (self.K - 1), -1)

    def _signs(self, targets: np.ndarray) -> np.ndarray:
        """1 in y's place and -1 in k's, of the places of classes 1..K-1: (rows, k, K - 1)."""
        of_class = np.eye(self.K)[:, 1:]
        others = np.array([[k for k in range(self.K) if k != y] for y in range(self.K)])
        return of_class[targets][:, None, :] - of_class[others[targets]]

    def above(self, direction: np.ndarray) -> np.ndarray:
        """Whether a margin is above 0, beyond rounding: bool (m, K - 1)."""
        return self._sides(direction) > 0

    def _sides(self, direction: np.ndarray) -> np.ndarray:
        """1, 0 or -1 where a margin is above, at or below 0."""
        theta = direction.reshape(-1, self.K - 1)
        sides = np.zeros((len(self.targets), self.K - 1), dtype=np.int8)
        for rows, x in self._pieces():
            signs = self._signs(self.targets[rows])
            margin = np.einsum("ijk,ik->ij", signs, x @ theta)
            rounding = np.einsum("ijk,ik->ij", np.abs(signs), tie(x, theta))
            sides[rows] = np.sign(margin) * (np.abs(margin) > rounding)
        return sides

    def _pieces(self) -> Iterator[tuple[slice, np.ndarray]]:
        for rows, x in _project(self.X, self.coordinates.scaling, self.coordinates.A):
            yield rows, _to_size_1(x)

    def first_rows(self, most: int) -> np.ndarray:
        """All rows where they are few, else as many of each class, drawn at random, in order."""
        draw = np.random.default_rng(0)
        share = max(most, 5 * self.coordinates.rank) // self.K
        if len(self.targets) <= share * self.K:
            return np.arange(len(self.targets))
        members = [np.flatnonzero(self.targets == k) for k in range(self.K)]
        drawn = [draw.permutation(rows)[:share] for rows in members]
        return np.sort(np.concatenate(drawn))

    def contrary(self, face: Face, rows: np.ndarray) -> np.ndarray:
        """Rows, at most as many as `rows`, that may shrink the face which was found on `rows`.

        Those that its direction puts below 0, and those at 0 there but not all over its span.
        """
        if len(rows) == len(self.targets):
            return np.empty(0, np.intp)
        sides = self._sides(face.direction)
        contrary: np.ndarray = np.any(sides < 0, axis=1)
        if face.span.shape[1]:
            contrary |= self._loose(face.span, sides)
        return _some(contrary, rows)

    def against(self, direction: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Rows, at most as many as `rows` and none of them, that the direction puts below 0."""
        if len(rows) == len(self.targets):
            return np.empty(0, np.intp)
        return _some(np.any(self._sides(direction) < 0, axis=1), rows)

    def _loose(self, span: np.ndarray, sides: np.ndarray) -> np.ndarray:
        loose = np.zeros(len(sides), dtype=bool)
        spread = span.reshape(-1, self.K - 1, span.shape[1])
        for rows, x in self._pieces():
            signs = self._signs(self.targets[rows])
            Z = np.einsum("ir,rkq->ikq", x, spread)
            margin = np.linalg.norm(np.einsum("ijk,ikq->ijq", signs, Z), axis=2)
            loose[rows] = ((sides[rows] == 0) & (margin > APART)).any(axis=1)
        return loose


def _some(wanted: np.ndarray, rows: np.ndarray) -> np.ndarray:
    wanted[rows] = False
    return np.random.default_rng(0).permutation(np.flatnonzero(wanted))[: len(rows)]


def _to_size_1(x: np.ndarray) -> np.ndarray:
    """Every row over its largest entry."""
    size = np.abs(x).max(axis=1, initial=0, keepdims=True)
    return x / np.where(size > 0, size, 1)
