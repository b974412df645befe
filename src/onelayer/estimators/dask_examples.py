"""Collections of Dask as examples: what fit takes, checked where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_feature_names

from onelayer.designs import DTYPES, not_finite
from onelayer.designs.cluster_workers import workers_of
from onelayer.designs.dask_collections import columns_of, is_bag, is_collection, is_delayed
from onelayer.designs.dask_workers import Workers
from onelayer.designs.rows_on_cluster import InParts, Making, RowsOnCluster, bytes_of
from onelayer.errors import DataError, UsageError
from onelayer.estimators.class_labels import require_two_classes
from onelayer.estimators.dask_parts import (
    LabelFacts,
    RowFacts,
    WeightFacts,
    labels_in_parts,
    names_of,
    require_few,
    rows_in_parts,
    weights_in_parts,
)
from onelayer.estimators.problem import Known
from onelayer.estimators.validation import row_weights
from onelayer.estimators.weights import Weights, class_factors


@contextmanager
def examples_there(
    estimator: Any, X: Any, y: Any, sample_weight: Any, offset: Any
) -> Iterator[tuple[Known, Weights]]:
    """X in groups where its partitions lie, with labels and weights beside them, and the total.

    Workers keep them for as long as this is entered.

    Raises
    ------
    DataError
        What is wrong with X, y or weights, as for arrays; one of them is no collection.
    UsageError
        An offset.
    """
    _require_no_offset(offset)
    with workers_of(estimator.client) as workers:
        yield _examples(workers, estimator, X, y, sample_weight)


def _examples(
    workers: Workers, estimator: Any, X: Any, y: Any, sample_weight: Any
) -> tuple[Known, Weights]:
    require_collections(X=X, y=y, sample_weight=sample_weight)
    rows, facts = rows_in_parts(workers, X)
    labels, found = labels_in_parts(workers, y)
    classes = _classes(found)
    columns, weights = [rows, labels], None
    if is_collection(sample_weight):
        given, weights = weights_in_parts(workers, sample_weight)
        columns.append(given)
    require_one_length(columns)
    making = _making(facts, columns, classes, weights)
    _check_feature_names(estimator, columns_of(X), reset=True)
    estimator.n_features_in_ = making.n
    there, total = _weighed(making.rows(workers), classes, estimator.class_weight)
    unit = Fraction(_number(sample_weight) if weights is None else making.top)
    nowhere = np.empty(0, np.int32)  # targets lie with their rows
    known = Known(X=there, y=y, targets=nowhere, classes=classes, survey=None)
    return known, Weights.elsewhere(unit * total)


def _require_no_offset(offset: Any) -> None:
    if offset is not None:
        raise UsageError(
            "An offset is for X in memory, and this X is a collection of Dask: give X.compute() "
            "where it fits, or leave the offset out"
        )


def require_collections(*, X: Any, y: Any, sample_weight: Any) -> None:
    """Refuse what is none, all or in part."""
    for name, one in {"X": X, "y": y, "sample_weight": sample_weight}.items():
        if is_delayed(one):
            raise DataError(
                f"{name} is a Delayed of Dask, and nobody knows its rows: give "
                f"dask.array.from_delayed({name}, shape, dtype), or "
                f"dask.dataframe.from_delayed([{name}])"
            )
    if is_bag(X):
        raise DataError("X is a Bag of Dask, whose items have no columns: give X.to_dataframe()")
    _require_names(X)
    if getattr(X, "ndim", 2) < 2:
        raise DataError(
            f"Expected 2D array, got {X.ndim}D array instead: give X as (m, n), a row an example"
        )
    given = {"X": X, "y": y}
    if sample_weight is not None and not np.isscalar(sample_weight):
        given["sample_weight"] = sample_weight
    other = [name for name, one in given.items() if not is_collection(one)]
    if other:
        kinds = ", ".join(f"{name} a {type(given[name]).__name__}" for name in other)
        raise DataError(
            f"Part of the data are collections of Dask, and {kinds}: give all as collections "
            "(dask.array.from_array(y, chunks=100_000)), or all in memory"
        )


def _require_names(X: Any) -> None:
    """Refuse a frame with two columns of one name."""
    names = names_of(columns_of(X)) or ()
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f"X has two columns called {twice[0]!r}: rename one")


def require_one_length(columns: Sequence[InParts]) -> None:
    """Refuse collections of other lengths, and of no rows."""
    lengths = [sum(column.lengths) for column in columns]
    if len(set(lengths)) > 1:
        raise DataError(
            f"Found input variables with inconsistent numbers of samples: {lengths} (rows of X, "
            "y and sample_weight, in this order)"
        )
    if lengths[0] == 0:
        raise DataError("Found array with 0 sample(s): all partitions of X are empty")


def _classes(found: Sequence[LabelFacts]) -> np.ndarray:
    _refuse_missing(found)
    labels = [one.labels for one in found if len(one.labels)]
    if not labels:
        raise DataError("Found array with 0 sample(s): all partitions of y are empty")
    classes = np.unique(np.concatenate(labels))
    require_few(classes)
    # In threes, or scikit-learn would warn of as many classes as rows.
    check_classification_targets(np.tile(classes, 3))
    if len(classes) < 2:
        raise DataError(
            "This solver needs samples of at least 2 classes in the data, but the data contains "
            f"only one class: {classes.tolist()[0]!r}"
        )
    return classes


def _refuse_missing(found: Sequence[LabelFacts]) -> None:
    start = 0
    for one in found:
        if one.missing is not None:
            where = f"row {start + one.missing}"
            raise DataError(not_finite("y", np.nan, one.labels.dtype, where))
        start += one.length


def _making(
    facts: Sequence[RowFacts],
    columns: Sequence[InParts],
    classes: np.ndarray,
    weights: Sequence[WeightFacts] | None,
) -> Making:
    """Groups to be made, in what all parts can be held in."""
    filled = [one for one in facts if one.length]
    kinds, widths = {one.stored < 0 for one in filled}, {one.n for one in filled}
    if len(kinds) > 1 or len(widths) > 1:
        raise DataError(
            f"Partitions of X differ: columns {sorted(widths)}"
            f"{', some dense and some sparse' * (len(kinds) > 1)}; give all rows alike"
        )
    dtype = np.result_type(*[one.dtype for one in filled])
    dtype = dtype if dtype in DTYPES else np.dtype(np.float64)
    m, n, dense = sum(one.length for one in filled), widths.pop(), kinds.pop()
    stored = m * n if dense else sum(one.stored for one in filled)
    making = Making(
        columns=columns,
        n=n,
        nbytes=bytes_of(m, n, stored, dtype, dense=dense),
        dtype=dtype,
        dense=dense,
        density=stored / max(1, m * n),
        classes=classes,
    )
    return making if weights is None else making.weighed(*_top_and_least(weights))


def _top_and_least(weights: Sequence[WeightFacts]) -> tuple[float, float]:
    start = 0
    for one in weights:
        if one.refused is not None:
            row, value = one.refused
            if not np.isfinite(value):
                where = f"row {start + row}"
                raise DataError(not_finite("sample_weight", value, np.dtype(float), where))
            raise DataError(
                f"Negative values in data passed to `sample_weight`: the first is {value} at row "
                f"{start + row}"
            )
        start += one.length
    top = max(one.top for one in weights)
    if top == 0:
        raise DataError(
            "Sample weights must contain at least one non-zero number: their total is zero."
        )
    return top, min(one.least for one in weights)


def _weighed(
    X: RowsOnCluster, classes: np.ndarray, class_weight: Any
) -> tuple[RowsOnCluster, Fraction]:
    """X under class weights, and the total of its weights relative to the largest."""
    sums = X.class_sums.sums
    require_two_classes(classes, sums)
    factors = np.ones(len(classes))
    if class_weight is not None:
        factors = class_factors(class_weight, classes, sums)
        if not (sums * factors).any():
            raise DataError("class_weight leaves every row a weight of zero")
        require_two_classes(classes, sums * (factors > 0))
    top = float(factors.max())
    relative = factors / top
    return X.weighed(relative), Fraction(top) * Fraction(float(sums @ relative))


def _number(sample_weight: Any) -> float:
    """A weight for every row; 1 where none is given."""
    return 1.0 if sample_weight is None else float(row_weights(sample_weight, 1)[0])
