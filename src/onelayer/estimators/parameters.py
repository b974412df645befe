"""The parameters in float64, whatever the dtype that `coef_` and `intercept_` show."""

from __future__ import annotations

from typing import Any

import numpy as np

Parameters = tuple[np.ndarray, np.ndarray]


def shown(coef: np.ndarray, intercept: np.ndarray, dtype: np.dtype) -> dict[str, Any]:
    """`coef_` and `intercept_` in `dtype`; where that rounds, the exact ones stay beside them."""
    return {
        "coef_": coef.astype(dtype, copy=False),
        "intercept_": intercept.astype(dtype, copy=False),
        "_exact": None if dtype == np.float64 else (coef, intercept),
    }


def exact_parameters(estimator: Any) -> Parameters:
    """coef (k, n) and intercept (k,) in float64: what was fitted, unless someone changed it since.

    Beside a column of mean 1e9 the intercept has to cancel what float32 does not hold.
    """
    coef, intercept = dense(estimator.coef_), np.asarray(estimator.intercept_)
    exact: Parameters | None = vars(estimator).get("_exact")
    if exact is not None and _is_rounded(coef, exact[0]) and _is_rounded(intercept, exact[1]):
        return exact
    return coef.astype(np.float64, copy=False), intercept.astype(np.float64, copy=False)


def dense(coef: Any) -> np.ndarray:
    """coef_ as an array, after `sparsify` too."""
    return coef if isinstance(coef, np.ndarray) else coef.toarray()


def _is_rounded(shown: np.ndarray, exact: np.ndarray) -> bool:
    return np.array_equal(shown, exact.astype(shown.dtype))
