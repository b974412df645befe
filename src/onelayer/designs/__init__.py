"""How X is held: one file a kind of storage, one contract for all (`design.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs.csr import CsrDesign, csr_standard_scaling
from onelayer.designs.dense import DenseDesign, dense_standard_scalings
from onelayer.designs.design import Design
from onelayer.designs.identity import Identity
from onelayer.designs.loss import Loss
from onelayer.designs.loss_in_memory import LossInMemory
from onelayer.designs.scaling import Scaling
from onelayer.designs.values import (
    DTYPES,
    extent,
    first_not_finite,
    held,
    largest,
    storable,
    varies,
)

__all__ = [
    "DTYPES",
    "Design",
    "Identity",
    "Loss",
    "LossInMemory",
    "Scaling",
    "extent",
    "first_not_finite",
    "held",
    "largest",
    "make_design",
    "make_scaling",
    "make_scalings",
    "storable",
    "varies",
]


def make_scaling(X: Any, scaling: float | str | None, weights: np.ndarray) -> Scaling | None:
    """The scaling that `scaling` asks for: None, a number, or "standard"; `weights` sum to 1."""
    return make_scalings(X, scaling, weights[:, None])[0]


def make_scalings(
    X: Any, scaling: float | str | None, weights: np.ndarray
) -> list[Scaling] | list[None]:
    """The same under each column of weights (m, f): one read of a dense X serves them all."""
    problems, n = weights.shape[1], X.shape[1]
    if scaling is None:
        return [None] * problems
    if not isinstance(scaling, str):
        return [Scaling(np.zeros(n), np.full(n, float(scaling)))] * problems
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is named as a column
        if sparse.issparse(X):
            return [csr_standard_scaling(X, v) for v in weights.T]
        return dense_standard_scalings(X, weights)


def make_design(X: Any, scaling: Scaling | None = None, *, double: bool = False) -> Design:
    """The design that holds X as it is: an array, or a SciPy CSR array or matrix.

    With `double` its products are in float64 whatever the dtype of X, as those of CSR always are.
    """
    X = held(X)
    if sparse.issparse(X):
        return CsrDesign(X, scaling)
    return DenseDesign(X, scaling, double=double)
