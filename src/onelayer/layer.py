"""The layer of a prediction: z = X W + b, and what each number of X adds to it.

Training computes z in kernels, for its own sums. What people see, a probability, an answer, a
measure, comes from here: in float64, and each row by itself, so that it gets the same bytes alone
and in any batch, at any number of threads, in `predict`, `evaluate` and the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from onelayer.designs import Scaling
from onelayer.designs.row_products import OfZ, forward_in_blocks, joined_blocks, seen_rows


@final
@dataclass(frozen=True, eq=False)
class Layer:
    """z = X W + b, computed as z = X' W' + b' with x' = (x - centre) * scale.

    Attributes
    ----------
    W, b
        (n, k) and (k,) in float64, for X as given; k is 1 for two classes, else K.
    scaling
        The change of variables that the layer was fitted in; None: X' is X. Beside a mean of 1e9
        X W loses what X' W' keeps.
    """

    W: np.ndarray
    b: np.ndarray
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        # In one order in memory: sums over W in another may round otherwise.
        object.__setattr__(self, "W", np.ascontiguousarray(self.W, dtype=np.float64))
        object.__setattr__(self, "b", np.array(self.b, dtype=np.float64))

    @property
    def n(self) -> int:
        """Features."""
        return int(self.W.shape[0])

    @property
    def coef(self) -> np.ndarray:
        """W transposed, (k, n): a row a class, as scikit-learn has it."""
        return self.W.T

    @cached_property
    def inner(self) -> tuple[np.ndarray, np.ndarray]:
        """W' (n, k) and b' (k,): those of X', which the layer was fitted in."""
        if self.scaling is None:
            return self.W, self.b
        # Not by BLAS, which adds up otherwise with another number of threads.
        shift = np.einsum("j,jk->k", self.scaling.centre, self.W)
        return self.W / self.scaling.scale[:, None], self.b + shift

    def forward(self, X: Any, rows: np.ndarray | None = None) -> np.ndarray:
        """z (m, k) of X (m, n), dense or CSR, of any dtype of numbers; one read.

        With `rows` (j,) of these rows of X alone, (j, k): some are gathered at a time.
        """
        return self.answers(X, lambda _, z: z, rows)

    def answers(self, X: Any, of_z: OfZ, rows: np.ndarray | None = None) -> np.ndarray:
        """What `of_z` makes of z, (m, ...): given some rows and their z (rows, k) at a time.

        One read of X; beside the answers a block of rows is all that is held.
        """
        m = X.shape[0] if rows is None else len(rows)
        blocks = forward_in_blocks(X, rows, (self.W, self.b), self.inner, self.scaling)
        return joined_blocks(m, ((some, of_z(some, z)) for some, z in blocks))

    def contributions(self, X: Any) -> np.ndarray:
        """x'_j w'_jk, (m, n, k): with b' of `inner` their sum over j is z_k.

        With scaling "standard" x' is 0 at the mean of what was trained on.
        """
        return seen_rows(X, self.scaling)[:, :, None] * self.inner[0]

    def score(self, X: Any, k: int) -> Score:
        """The score of class k as a sum over features: m n numbers, not K times as many."""
        W, b = self.inner
        shares = seen_rows(X, self.scaling) * class_score(W, k)[:, 0]
        return Score(shares, float(class_score(b[None], k)[0, 0]))

    def after(self, outer: Scaling) -> Layer:
        """The layer of x that this one is of (x - centre) * scale."""
        inner = self.scaling
        both = outer
        if inner is not None:
            centre = outer.centre + inner.centre / outer.scale
            both = Scaling(centre, outer.scale * inner.scale)
        return Layer(*outer.fold(self.W, self.b), both)


@final
@dataclass(frozen=True, eq=False)
class Score:
    """A class's score as a sum: z = intercept + sum over j of shares[:, j].

    Attributes
    ----------
    shares
        (m, n), what each feature adds.
    intercept
        What is there before any feature.
    """

    shares: np.ndarray
    intercept: float

    @property
    def z(self) -> np.ndarray:
        """The score of each example, (m,)."""
        return self.intercept + self.shares.sum(axis=1)


def class_score(Z: np.ndarray, k: int) -> np.ndarray:
    """Class k's score from z, (m, 1): that which its probability grows with.

    Of two classes z for the second, and -z for the first. Of more z_k - mean z, as softmax does not
    see what is added to all of them. Sigma or softmax of the scores is what that of z is; so too
    for what a readout makes of z, which is as linear as z.
    """
    if Z.shape[1] == 1:
        return Z if k == 1 else -Z
    return Z[:, [k]] - Z.mean(axis=1, keepdims=True)
