"""Scores of predictions of Dask's collections: numbers from sums over groups of rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import log_loss

from onelayer.designs.cluster_workers import workers_of
from onelayer.designs.dask_collections import is_collection
from onelayer.designs.rows_on_cluster import cut
from onelayer.errors import UsageError
from onelayer.estimators.dask_examples import require_collections, require_one_length
from onelayer.estimators.dask_parts import (
    PartReader,
    column_in_parts,
    labels_in_parts,
    weights_in_parts,
)

TOGETHER = 1 << 20  # guard: rows whose scores are added up at a time
LOG_LOSS, ACCURACY = "neg_log_loss", "accuracy"

Told = Callable[..., np.ndarray]
"""Answers, labels and weights of some rows to the sum of their scores and that of their weights."""


def score_there(estimator: Any, X: Any, y: Any, sample_weight: Any, scoring: Any) -> float:
    """The mean score of what `estimator` answers; sample_weight weighs the rows.

    Raises
    ------
    UsageError
        For a score that is no mean over rows, as far as we know.
    """
    require_mean(scoring)
    require_collections(X=X, y=y, sample_weight=sample_weight)
    told: Told = _hits
    if scoring == LOG_LOSS:
        told, answers = partial(_losses, estimator.classes_), estimator.predict_proba(X)
    else:
        answers = estimator.predict(X)
    with workers_of(estimator.client) as workers:
        reading = PartReader("the predictions", np.asarray)
        columns = [column_in_parts(workers, answers, reading, len)[0]]
        columns.append(labels_in_parts(workers, y)[0])
        if is_collection(sample_weight):
            columns.append(weights_in_parts(workers, sample_weight)[0])
        require_one_length(columns)
        m = sum(columns[0].lengths)
        sums = workers.get(cut(workers, columns, [*range(0, m, TOGETHER), m], told))
        score, all_ = np.sum(sums, axis=0)
    return float(score / all_)


def require_mean(scoring: Any) -> None:
    """Refuse scores that are no sums over rows."""
    if scoring not in (LOG_LOSS, ACCURACY, None):
        raise UsageError(
            f"scoring={scoring!r} asks for all predictions in memory, and X is a collection of "
            f"Dask: take {LOG_LOSS!r} or {ACCURACY!r}, or give X.compute() where it fits"
        )


def _hits(predicted: np.ndarray, y: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    weights = np.ones(len(y)) if w is None else w
    return np.array([weights[predicted == y].sum(), weights.sum()])


def _losses(
    classes: np.ndarray, a: np.ndarray, y: np.ndarray, w: np.ndarray | None = None
) -> np.ndarray:
    weights = np.ones(len(y)) if w is None else w
    lost = log_loss(y, a, normalize=False, sample_weight=weights, labels=classes)
    return np.array([-lost, weights.sum()])
