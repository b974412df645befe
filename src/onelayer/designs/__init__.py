"""How X is held: one file a kind of storage, one contract for all (`design.py`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs.csr import CsrDesign, csr_standard_scaling
from onelayer.designs.dense import DenseDesign, dense_standard_scaling
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
    "storable",
    "varies",
]


def make_scaling(X: Any, scaling: float | str | None, weights: np.ndarray) -> Scaling | None:
    """The scaling that `scaling` asks for: None, a number, or "standard"; `weights` sum to 1."""
    if scaling is None:
        return None
    if not isinstance(scaling, str):
        n = X.shape[1]
        return Scaling(np.zeros(n), np.full(n, float(scaling)))
    moments = csr_standard_scaling if sparse.issparse(X) else dense_standard_scaling
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is named as a column
        return moments(X, weights)


def make_design(X: Any, scaling: Scaling | None = None, *, double: bool = False) -> Design:
    """The design that holds X as it is: an array, or a SciPy CSR array or matrix.

    With `double` its products are in float64 whatever the dtype of X, as those of CSR always are.
    """
    X = held(X)
    if sparse.issparse(X):
        return CsrDesign(X, scaling)
    return DenseDesign(X, scaling, double=double)
