"""What each number of an example adds to z: for one layer no estimate, but the sum itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.readers.rows import is_sparse

if TYPE_CHECKING:
    from onelayer.model.fitted import Model


@dataclass(frozen=True)
class Contributions:
    """z = intercept + sum over j of values[:, j].

    Attributes
    ----------
    values
        x_j w_j, (m, n, k), with k = 1 for two classes and K for more.
    intercept
        b, (k,).
    """

    values: np.ndarray
    intercept: np.ndarray

    @property
    def z(self) -> np.ndarray:
        """The forward pass, (m, k), to rounding."""
        return self.intercept + self.values.sum(axis=1)


def contributions(model: Model, X: Any) -> Contributions:
    """x_j w_j for every example, number and output: (m, n, k).

    x and w are those of the forward pass: where the model standardises, x_j counts from its mean,
    and b is z of the average example. Costs m n k floats.
    """
    W, b = model.layer
    return Contributions(_seen(model, X)[:, :, None] * W, b)


def contributions_to(model: Model, X: Any, k: int) -> Contributions:
    """The same for the score of one class, as `score_of` has it: values (m, n, 1)."""
    W, b = model.layer
    return Contributions(_seen(model, X)[:, :, None] * score_of(W, k), score_of(b[None], k)[0])


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
