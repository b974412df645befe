"""The layer of an estimator, in float64, whatever the dtype that its `coef_` is shown in."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.layer import Layer


def shown(layer: Layer, dtype: np.dtype) -> dict[str, Any]:
    """The attributes that show a layer; where `dtype` rounds, the layer stays beside them."""
    return {
        "coef_": np.ascontiguousarray(layer.coef, dtype=dtype),
        "intercept_": layer.b.astype(dtype),
        "scaling_": layer.scaling,
        "_layer": None if dtype == np.float64 else layer,
    }


def layer_of(estimator: Any) -> Layer:
    """The layer that was fitted, unless someone has changed `coef_` or `intercept_` since.

    Beside a column of mean 1e9 the intercept has to cancel what float32 does not hold.
    """
    coef, intercept = dense(estimator.coef_), np.asarray(estimator.intercept_)
    kept: Layer | None = vars(estimator).get("_layer")
    if kept is not None and _is_rounded(coef, kept.coef) and _is_rounded(intercept, kept.b):
        return kept
    return Layer(coef.T, intercept, estimator.scaling_)


def dense(coef: Any) -> np.ndarray:
    """coef_ as an array, after `sparsify` too."""
    return coef if isinstance(coef, np.ndarray) else coef.toarray()


def _is_rounded(shown: np.ndarray, exact: np.ndarray) -> bool:
    return np.array_equal(shown, exact.astype(shown.dtype))
