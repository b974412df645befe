"""The columns of [X' 1], those that say nothing new, and coordinates in which none are alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from onelayer.designs import Scaling
from onelayer.designs.blockwise import Blockwise

DEPENDENT = 1e-11  # of a column's length beyond the others: what rounding leaves of collinear ones


def triangle(pieces: Iterable[np.ndarray], p: int) -> np.ndarray:
    """R (at most p, p) with R^T R = X^T X, for an X of p columns that comes in pieces of rows.

    By QR of one piece after the other: the products X^T X, which would cost half of the digits,
    are never made. Cost: m p^2.
    """
    R = np.empty((0, p))
    for X in pieces:
        R = np.vstack([R, X])
        if len(R) > p:
            R = linalg.qr(R, mode="r", overwrite_a=True)[0][:p]
    return R


def independent(R: np.ndarray, order: np.ndarray, tolerance: float = DEPENDENT) -> np.ndarray:
    """Which columns of R, taken in `order`, are no combination of those before: some of `order`.

    A column's own part is more than `tolerance` of its length. Gram-Schmidt, each column twice
    (Giraud and others 2005), until there are as many as rows.
    """
    sizes = np.abs(R).max(axis=0, initial=0)
    R = R / np.where(sizes > 0, sizes, 1)
    lengths = np.linalg.norm(R, axis=0)
    Q = np.empty((len(R), min(R.shape)))
    kept: list[int] = []
    for j in order:
        if len(kept) == Q.shape[1]:
            break
        known, column = Q[:, : len(kept)], R[:, j]
        for _ in range(2):
            column = column - known @ (known.T @ column)
        length = np.linalg.norm(column)
        if length > tolerance * lengths[j]:
            Q[:, len(kept)] = column / length
            kept.append(int(j))
    return np.array(kept, dtype=np.intp)


@dataclass(frozen=True)
class Whitening:
    """theta = A c: coordinates c (r,) of the theta (p,) that tell in z, r the rank of [X' 1].

    In them [X' 1]^T diag(v) [X' 1] is the identity: columns nearly alike, constant or of any size
    are all the same there, and what a duplicate adds to theta is shared evenly with it.
    """

    A: np.ndarray
    inverse: np.ndarray
    """c = inverse theta, (r, p)."""

    @classmethod
    def of(cls, design: Blockwise, weights: np.ndarray, *, intercept: bool) -> Whitening:
        """By the singular values of `triangle`, whose columns are brought to length 1 first."""
        n = design.traits.n
        p = n + intercept
        pieces = design.project(np.eye(n, p), np.eye(p)[-1] * intercept)
        R = triangle((np.sqrt(weights[rows])[:, None] * X for rows, X in pieces), p)
        lengths = np.linalg.norm(R, axis=0)
        units = 1 / np.where(lengths > 0, lengths, 1)
        _, s, Vt = np.linalg.svd(R * units, full_matrices=False)
        known = s > DEPENDENT * s[0]
        s, Vt = s[known], Vt[known]
        return cls((Vt / s[:, None]).T * units[:, None], Vt * s[:, None] / units)

    def split(self, *, intercept: bool) -> tuple[np.ndarray, np.ndarray]:
        """W (n, r) and b (r,): the coordinates as parameters, for `Design.project`."""
        return (self.A[:-1], self.A[-1]) if intercept else (self.A, np.zeros(self.A.shape[1]))

    def effects(self, scaling: Scaling | None, *, intercept: bool) -> np.ndarray:
        """How theta for X as given depends on c: (p, r)."""
        if scaling is None:
            return self.A
        W, b = scaling.fold(*self.split(intercept=intercept))
        return np.vstack([W, b]) if intercept else W

    def estimable(self) -> np.ndarray:
        """Whether z fixes an entry of theta: bool (p,); not where columns are collinear."""
        projection = np.einsum("jr,rj->j", self.A, self.inverse)
        return np.abs(projection - 1) < np.sqrt(DEPENDENT)
