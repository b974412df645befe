"""The folds of a cross-validation as scikit-learn's splitters make them, and who gets metadata."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, repeat
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.utils.metadata_routing import _raise_for_params, _routing_enabled, process_routing

from onelayer.errors import DataError, UsageError
from onelayer.estimators.problem import Data
from onelayer.estimators.rows_of_folds import Split

FOLDS = 5


@dataclass(frozen=True)
class Routed:
    """What the splitter and the scorer are given."""

    split: Mapping[str, Any]
    score: dict[str, Any]


def route(model: Any, sample_weight: Any, params: dict[str, Any]) -> Routed:
    """As scikit-learn's metadata routing says; without it, weights to the scorer, groups to folds.

    Raises
    ------
    ValueError
        For other parameters while metadata routing is not enabled.
    """
    if _routing_enabled():
        found = process_routing(model, "fit", sample_weight=sample_weight, **params)
        return Routed(found.splitter.split, dict(found.scorer.score))
    others = dict(params)
    groups = others.pop("groups", None)
    _raise_for_params(others, model, "fit")
    return Routed(
        {} if groups is None else {"groups": groups},
        {} if sample_weight is None else {"sample_weight": sample_weight},
    )


def splits_of(
    cv: Any, data: Data, y: np.ndarray, params: Mapping[str, Any], counted: np.ndarray
) -> list[Split]:
    """The folds; a number with groups means stratified folds that keep each group together.

    counted (m,) says which rows have a sample weight above zero. A number of folds is made of
    these alone, as if the others were not there.

    Raises
    ------
    DataError
        Where there are none, or a fold trains on or judges no row with a weight above zero.
    """
    if cv is None or isinstance(cv, Integral):
        splits = _stratified(FOLDS if cv is None else int(cv), y, params, np.flatnonzero(counted))
    else:
        _require_groups(cv, params)
        pairs = cv.split(data.X, y, **params) if hasattr(cv, "split") else cv
        splits = list(map(_split, pairs, count(), repeat(len(y))))
    if not splits:
        raise DataError("cv gives no folds: give at least one pair of train and test rows")
    for number, split in enumerate(splits):
        if not len(split.test):
            raise DataError(f"fold {number} of cv judges no row: every fold needs test rows")
        if not counted[split.test].any():
            raise DataError(f"fold {number} of cv judges no row with a weight above zero")
        if not data.weights.relative[split.train].any():
            raise DataError(f"fold {number} of cv trains on no row with a weight above zero")
    return splits


def folds_by_class(cv: Any, params: Mapping[str, Any]) -> int:
    """How many folds of rows on a cluster, stratified, in the order of the rows.

    Raises
    ------
    UsageError
        For folds that are drawn from all rows together.
    """
    given = [name for name, one in params.items() if one is not None]
    if given:
        raise UsageError(
            f"{', '.join(given)} is for folds of X in memory, and X is a collection of Dask"
        )
    if cv is None or isinstance(cv, Integral):
        return int(StratifiedKFold(FOLDS if cv is None else int(cv)).n_splits)
    if isinstance(cv, StratifiedKFold) and not cv.shuffle:
        return int(cv.n_splits)
    raise UsageError(
        f"cv={cv!r} draws folds from all rows together, and X is a collection of Dask: give a "
        "number of folds, which are stratified and in the order of the rows"
    )


def stratified_sizes(rows: np.ndarray, first: np.ndarray, folds: int) -> np.ndarray:
    """Rows of each class in each fold (folds, K), as scikit-learn's StratifiedKFold has them.

    rows (K,) of each class, and its first row; a class goes by the order of first rows.
    """
    present = rows[rows > 0]
    if (folds > present).all():
        raise DataError(
            f"n_splits={folds} cannot be greater than the number of members in each class."
        )
    if folds > present.min():
        warnings.warn(
            f"The least populated class in y has only {present.min()} members, which is less than "
            f"n_splits={folds}.",
            UserWarning,
            stacklevel=6,
        )
    order = np.argsort(first, kind="stable")
    ends = np.cumsum(rows[order])
    fold = np.arange(folds)[:, None]  # which takes every so manieth of all rows, class after class
    sizes = np.empty((folds, len(rows)), np.int64)
    sizes[:, order] = (ends - fold + folds - 1) // folds
    sizes[:, order] -= (ends - rows[order] - fold + folds - 1) // folds
    return sizes


def _stratified(
    folds: int, y: np.ndarray, params: Mapping[str, Any], rows: np.ndarray
) -> list[Split]:
    groups = params.get("groups")
    grouped = groups is not None
    splitter = StratifiedGroupKFold(folds) if grouped else check_cv(folds, y, classifier=True)
    within = {**params, "groups": np.asarray(groups)[rows]} if grouped else params
    found = splitter.split(rows, y[rows], **within)  # which looks at y and groups alone
    return [Split(rows[train], rows[test]) for train, test in found]


def _require_groups(splitter: Any, params: Mapping[str, Any]) -> None:
    """Refuse a splitter by groups without them: what it would say does not say where they go."""
    asks = isinstance(splitter, GroupsConsumerMixin)
    if asks and params.get("groups") is None:
        raise UsageError(
            f"cv={type(splitter).__name__} splits by groups, and there are none: give one of each "
            "row, fit(X, y, groups=...)"
        )


def _split(pair: Any, number: int, m: int) -> Split:
    """A fold as a splitter gives it; UsageError where it is no pair of rows of X."""
    try:
        train, test = pair
        split = Split(_rows(train), _rows(test))
    except (TypeError, ValueError):
        raise UsageError(
            f"fold {number} of cv is {pair!r}: expected a pair, the rows to train on and the rows "
            "to judge"
        ) from None
    for rows in (split.train, split.test):
        if len(rows) and not -m <= rows.min() <= rows.max() < m:
            beyond = rows.max() if rows.max() >= m else rows.min()
            raise UsageError(
                f"fold {number} of cv names row {beyond}, and X has {m}: rows count from 0 to "
                f"{m - 1}"
            )
    return split


def _rows(rows: Any) -> np.ndarray:
    """Indices, of a mask too."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp)
