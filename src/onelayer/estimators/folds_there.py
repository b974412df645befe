"""A cross-validation of rows on a cluster: its folds, drawn there, and how layers score there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, final

import numpy as np

from onelayer.designs.folds_on_cluster import LayerThere, Measure, counted, held_out, in_folds
from onelayer.designs.rows_on_cluster import RowsOnCluster
from onelayer.estimators.cross_validation import Fits
from onelayer.estimators.dask_examples import examples_there
from onelayer.estimators.dask_scores import LOG_LOSS, require_mean
from onelayer.estimators.judges import Judge
from onelayer.estimators.problem import Data, head_of
from onelayer.estimators.splitters import folds_by_class, stratified_sizes
from onelayer.layer import Layer
from onelayer.logistic import Head, sigma


@contextmanager
def folds_there(
    estimator: Any, X: Any, y: Any, sample_weight: Any, params: Mapping[str, Any]
) -> Iterator[tuple[Data, np.ndarray, Judge]]:
    """Rows in folds where they lie, the classes, and what scores a fold.

    Raises
    ------
    DataError, UsageError
        As `examples_there`; for folds and scores that ask for all rows together.
    """
    folds = folds_by_class(estimator.cv, params)
    require_mean(estimator.scoring)
    with examples_there(estimator, X, y, sample_weight, None) as (known, weights):
        classes, found = known.classes, counted(known.X)
        sizes = stratified_sizes(found.rows.sum(axis=0), found.first, folds)
        data = Data(
            X=in_folds(known.X, found, sizes),
            targets=known.targets,
            weights=weights,
            k=len(classes),
            scaling=estimator.scaling,
            fit_intercept=estimator.fit_intercept,
        )
        del known  # whose groups lie with the workers as long as somebody knows them
        yield data, classes, JudgeThere.of(data, estimator.scoring)


@final
@dataclass(frozen=True)
class JudgeThere(Judge):
    """The mean of a measure over the rows that a fold judges; `sign` makes more of it better."""

    X: RowsOnCluster
    measure: Measure
    sign: float

    @classmethod
    def of(cls, data: Data, scoring: str | None) -> JudgeThere:
        """Log loss, or accuracy."""
        head = head_of(data.k)
        if scoring == LOG_LOSS:
            return cls(data.X, partial(_losses, head), -1.0)
        return cls(data.X, partial(_hits, head), 1.0)

    def scores(self, fits: Sequence[Fits]) -> np.ndarray:
        """A read for all folds of each fit."""
        return np.array([self._of_folds(one) for one in fits])

    def _of_folds(self, fits: Fits) -> np.ndarray:
        layers = [_sent(fold.layer) for fold in fits.folds()]
        sums, weights = held_out(self.X, layers, self.measure)
        return np.asarray(self.sign * sums / weights)


def _sent(layer: Layer) -> LayerThere:
    return LayerThere(*layer.inner, layer.scaling)


def _losses(head: Head, Z: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return head.loss(Z, targets)[:, 0]


def _hits(head: Head, Z: np.ndarray, targets: np.ndarray) -> np.ndarray:
    found = sigma(Z[:, 0]) > 0.5 if head.width == 1 else Z.argmax(axis=1)
    return np.asarray(found == targets, float)
