"""What each number of an example adds to z: for one layer no estimate, but the sum itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.readers.encoding import Table, contributions
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


def by_column(model: Model, table: Table, codes: np.ndarray) -> np.ndarray:
    """The sums of x_j w_j over the features of each column: (m, columns) or (m, columns, K)."""
    shares = contributions(table, codes, model.coef)
    return shares[:, :, 0] if model.head.name == "binary" else shares


def by_number(model: Model, X: Any) -> np.ndarray:
    """x_j w_j for every example and number, (m, n), with softmax (m, n, K).

    x and w are those of the forward pass: where the model standardises, x_j counts from its mean.
    """
    W, _ = model.layer
    shares = _seen(model, X)[:, :, None] * W
    return shares[:, :, 0] if model.head.name == "binary" else shares


def score_contributions(model: Model, inputs: Any, k: int) -> Score:
    """The contributions to the score of class k alone, of X (m, n) or of a table's rows.

    Of X these are m n numbers, not K times as many.
    """
    W, b = model.layer
    intercept = float(score_of(b[None], k)[0, 0])
    if model.table is None:
        return Score(_seen(model, inputs) * score_of(W, k)[:, 0], intercept)
    shares = model.contributions(inputs)
    m, columns = shares.shape[:2]
    return Score(score_of(shares.reshape(m * columns, -1), k).reshape(m, columns), intercept)


def score_of(Z: np.ndarray, k: int) -> np.ndarray:
    """Class k's score from z, (m, 1): that which its probability grows with.

    Of two classes z for the second, and -z for the first: the log-odds against the other. Of more
    z_k - mean z, as softmax does not see what is added to all of them.
    """
    if Z.shape[1] == 1:
        return Z if k == 1 else -Z
    return Z[:, [k]] - Z.mean(axis=1, keepdims=True)


def _seen(model: Model, X: Any) -> np.ndarray:
    """Return x as the forward pass sees it, float64."""
    x = np.asarray(X.toarray() if is_sparse(X) else X, dtype=np.float64)
    scaling = model.scaling
    return x if scaling is None else (x - scaling.centre) * scaling.scale
