"""How X is held: one file a kind of storage, one contract for all (`design.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs.csr import CsrDesign, csr_moments
from onelayer.designs.dense import DenseDesign, dense_moments
from onelayer.designs.design import Design
from onelayer.designs.identity import Identity
from onelayer.designs.loss import Loss
from onelayer.designs.loss_in_memory import LossInMemory
from onelayer.designs.scaling import ColumnMoments, Scaling
from onelayer.designs.survey import Survey, size_of, survey
from onelayer.designs.values import (
    DTYPES,
    blocks_of,
    extent,
    first_not_finite,
    held,
    largest,
    storable,
)

__all__ = [
    "DTYPES",
    "ColumnMoments",
    "Design",
    "Identity",
    "Loss",
    "LossInMemory",
    "Scaling",
    "Survey",
    "blocks_of",
    "extent",
    "first_not_finite",
    "held",
    "largest",
    "make_design",
    "make_moments",
    "make_scaling",
    "make_scalings",
    "size_of",
    "storable",
    "survey",
]


def make_scaling(X: Any, scaling: float | str | None, weights: np.ndarray) -> Scaling | None:
    """The scaling that `scaling` asks for: None, a number, or "standard"; `weights` sum to 1."""
    return make_scalings(X, scaling, [weights])[0]


def make_scalings(
    X: Any, scaling: float | str | None, weights: Sequence[np.ndarray]
) -> list[Scaling] | list[None]:
    """The same under each of several weights (m,): one read of a dense X serves them all."""
    problems, n = len(weights), X.shape[1]
    if scaling is None:
        return [None] * problems
    if not isinstance(scaling, str):
        return [Scaling(np.zeros(n), np.full(n, float(scaling)))] * problems
    return [moments.scaling for moments in make_moments(X, weights)]


def make_moments(X: Any, weights: Sequence[np.ndarray]) -> list[ColumnMoments]:
    """Mean and variance of the columns of X under each of several weights (m,), each of sum 1.

    One read of a dense X serves them all; of CSR one is made for each.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is named as a column
        if sparse.issparse(X):
            return [csr_moments(X, v) for v in weights]
        return dense_moments(X, weights)


def make_design(X: Any, scaling: Scaling | None = None, *, double: bool = False) -> Design:
    """The design that holds X as it is: an array, or a SciPy CSR array or matrix.

    With `double` its products are in float64 whatever the dtype of X, as those of CSR always are.
    """
    X = held(X)
    if sparse.issparse(X):
        return CsrDesign(X, scaling)
    return DenseDesign(X, scaling, double=double)
