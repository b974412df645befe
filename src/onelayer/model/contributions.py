"""What each number of an example adds to z: for one layer no estimate, but the sum itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.readers.rows import is_sparse

if TYPE_CHECKING:
    from onelayer.model.fitted import Model


@dataclass(frozen=True)
class Score:
    """A class's score as a sum: z = intercept + sum over j of shares[:, j].

    Attributes
    ----------
    shares
        (m, n): what each number adds.
    intercept
        What is there before any number.
    """

    shares: np.ndarray
    intercept: float

    @property
    def z(self) -> np.ndarray:
        """The score of each example, (m,)."""
        return self.intercept + self.shares.sum(axis=1)


def contributions(model: Model, X: Any) -> np.ndarray:
    """x_j w_j for every example and number, (m, n), with softmax (m, n, K).

    x and w are those of the forward pass: where the model standardises, x_j counts from its mean.
    Of a table the sums over each column's features, (m, columns) or (m, columns, K).
    """
    W, _ = model.layer
    shares = np.stack([_by_column(model, _seen(model, X) * w) for w in W.T], axis=2)
    return shares[:, :, 0] if model.head.name == "binary" else shares


def score_contributions(model: Model, X: Any, k: int) -> Score:
    """The contributions to the score of class k alone: m n numbers, not K times as many."""
    W, b = model.layer
    shares = _by_column(model, _seen(model, X) * score_of(W, k)[:, 0])
    return Score(shares, float(score_of(b[None], k)[0, 0]))


def score_of(Z: np.ndarray, k: int) -> np.ndarray:
    """Class k's score from z, (m, 1): that which its probability grows with.

    Of two classes z for the second, and -z for the first. Of more z_k - mean z, as softmax does not
    see what is added to all of them. Sigma or softmax of the scores is what that of z is; so too
    for what a readout makes of z, which is as linear as z.
    """
    if Z.shape[1] == 1:
        return Z if k == 1 else -Z
    return Z[:, [k]] - Z.mean(axis=1, keepdims=True)


def _by_column(model: Model, shares: np.ndarray) -> np.ndarray:
    """Of a table, all features of one column together: (m, n) becomes (m, columns)."""
    if model.table is None:
        return shares
    return shares @ (model.table.owners[:, None] == np.arange(len(model.columns)))


def _seen(model: Model, X: Any) -> np.ndarray:
    """Return x as the forward pass sees it, float64."""
    x = np.asarray(X.toarray() if is_sparse(X) else X, dtype=np.float64)
    scaling = model.scaling
    return x if scaling is None else (x - scaling.centre) * scaling.scale
