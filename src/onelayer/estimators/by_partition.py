"""Answers on collections of Dask: collections that are still to be computed."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial, wraps
from math import prod
from typing import Any, Self, TypeVar

import numpy as np
from sklearn.utils.validation import _check_feature_names, check_is_fitted

from onelayer.designs.dask_collections import columns_of, is_collection, mapped
from onelayer.errors import DataError, UsageError
from onelayer.estimators.dask_parts import in_order, names_of
from onelayer.estimators.dask_scores import score_there

Answer = TypeVar("Answer", bound=Callable[..., Any])


def by_partition(method: Answer) -> Answer:
    """The method; of a collection of Dask it gives a Dask array, made partition by partition."""

    @wraps(method)
    def answer(self: Any, X: Any, **others: Any) -> Any:
        if not is_collection(X):
            return method(self, X, **others)
        given = [name for name, one in others.items() if one is not None]
        if given:
            raise UsageError(f"{', '.join(given)} is for X in memory, and X is a Dask collection")
        return _still_to_be_computed(self, method.__name__, X)

    return answer  # type: ignore[return-value]


class CollectionsMixin:
    """An estimator that takes collections of Dask: its client, and answers that are numbers.

    client: None is the default client of Dask; where there is none, this process computes.
    """

    client: Any = None

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy, weighted: a number, of collections of Dask too."""
        if is_collection(X) or is_collection(y):
            return score_there(self, X, y, sample_weight, "accuracy")
        found: Any = super().score(X, y, sample_weight)  # type: ignore[misc]
        return float(found)

    def to_local(self) -> Self:
        """The same without a client, as LightGBM's estimators have it."""
        local = copy(self)
        local.__dict__.pop("client", None)
        return local

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "client"}


def _still_to_be_computed(model: Any, name: str, X: Any) -> Any:
    check_is_fitted(model)
    _require_features(model, X)
    classes = len(model.classes_)
    vector = name == "predict" or (name == "decision_function" and classes == 2)
    single = _is_single(X) and model.coef_.dtype == np.float32
    shown = np.dtype(np.float32 if single else np.float64)
    dtype = model.classes_.dtype if name == "predict" else shown
    width = None if vector else classes
    columns = names_of(columns_of(X))
    return mapped(X, partial(_answered, model, name, width, dtype, columns), width, dtype)


def _require_features(model: Any, X: Any) -> None:
    """Those of the fit, as far as a collection tells of them: at once, not when it is computed."""
    _check_feature_names(model, columns_of(X), reset=False)
    beyond = getattr(X, "shape", (0, model.n_features_in_))[1:]
    if not beyond or abs(prod(beyond) - model.n_features_in_) > 0:  # but for NaN, unknown
        raise DataError(
            f"X has {f'{prod(beyond)} features' if beyond else 'one dimension'}, but "
            f"{type(model).__name__} is expecting {model.n_features_in_} features as input: give "
            "rows of the columns that it was fitted with"
        )


def _is_single(X: Any) -> bool:
    """Whether all of X is in float32."""
    kinds = getattr(columns_of(X), "dtypes", [X.dtype] if hasattr(X, "dtype") else [])
    return {np.dtype(np.float32)} == set(kinds)


def _answered(
    model: Any,
    name: str,
    width: int | None,
    dtype: np.dtype,
    columns: tuple[Any, ...] | None,
    part: Any,
) -> np.ndarray:
    """On a worker; of no rows an answer without rows."""
    if part.shape[0] == 0:
        return np.empty((0,) if width is None else (0, width), dtype)
    answer = getattr(model, name)(in_order(part, columns))
    return np.asarray(answer.astype(dtype, copy=False))
