"""How scikit-learn's scorers judge a fold's layer on the rows that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, ClassVar, final

import numpy as np
from sklearn import config_context
from sklearn.metrics import get_scorer, make_scorer
from sklearn.metrics._scorer import _BaseScorer
from sklearn.utils.validation import _check_method_params

from onelayer.designs import stays_on_disk
from onelayer.errors import UsageError
from onelayer.estimators.classifier import LogisticRegression
from onelayer.estimators.cross_validation import Fits, Solved
from onelayer.estimators.judges import Judge, LogLossJudge, mean_loss
from onelayer.estimators.parameters import shown
from onelayer.estimators.problem import Data
from onelayer.estimators.rows_of_folds import Split

LOG_LOSS = "neg_log_loss"


@final
@dataclass(frozen=True)
class ScorerJudge(Judge):
    """scikit-learn's scorers, and callables of (estimator, X, y).

    The rows that a fold judges are taken out of X once, for all C, as scikit-learn does: a scorer
    is called for every C of the first fold, then for every C of the next.
    """

    together: ClassVar[bool] = True
    data: Data
    splits: list[Split]
    scorer: Any
    y: np.ndarray
    classes: np.ndarray
    params: dict[str, Any]

    def __post_init__(self) -> None:
        if stays_on_disk(self.data.X):
            raise UsageError(
                "A scorer asks for the rows of each fold in memory, and X stays in its file: take "
                f"scoring={LOG_LOSS!r}, which comes with the reads, or more memory where X fits"
            )

    def needed(self, fits: Fits) -> Fits:
        """Layers; z would take 8 bytes a row and class at every C."""
        return replace(fits, point=replace(fits.point, Z=()))

    def scores(self, fits: Sequence[Fits]) -> np.ndarray:
        """Each fold's layers as estimators, on the rows that it judges."""
        layers = [[as_estimator(fold, one.C, self.classes) for fold in one.folds()] for one in fits]
        by_fold = zip(self.splits, zip(*layers, strict=True), strict=True)
        return np.array([self._scores(split, of_fold) for split, of_fold in by_fold]).T

    def _scores(self, split: Split, layers: Sequence[LogisticRegression]) -> list[float]:
        X, y = self.data.X[split.test], self.y[split.test]
        params = _check_method_params(self.data.X, self.params, split.test)
        with config_context(assume_finite=True):  # looked at once is enough
            return [_number(self.scorer(layer, X, y, **params)) for layer in layers]


def _number(score: Any) -> float:
    """A score; UsageError where a scorer of one's own returns anything else."""
    try:
        return float(score)
    except (TypeError, ValueError):
        raise UsageError(
            f"scoring returned {score!r}: it must return one number for (estimator, X, y), the "
            "higher the better"
        ) from None


@dataclass(frozen=True)
class JudgingRows:
    """Rows in memory or on disk that judge: their folds, their labels, what scorers are told."""

    data: Data
    splits: list[Split]
    y: np.ndarray
    classes: np.ndarray
    params: dict[str, Any]

    def by(self, scoring: Any) -> Judge:
        """What scores the folds."""
        if scoring == LOG_LOSS:
            return LogLossJudge(self.data, self.splits, self._weights)
        scorer = with_classes(scorer_of(scoring), self.classes)
        return ScorerJudge(self.data, self.splits, scorer, self.y, self.classes, self.params)

    def left_out(self, fits: Fits) -> tuple[float, float]:
        """The leave-one-out log loss at one C, and its standard error."""
        if fits.left_out is None:
            raise ValueError("these fits come without leave-one-out")
        return mean_loss(fits.left_out, self.data, slice(None), self._weights)

    @property
    def _weights(self) -> np.ndarray | None:
        weights = self.params.get("sample_weight")
        return None if weights is None else np.asarray(weights, float)


def as_estimator(fold: Solved, C: float, classes: np.ndarray) -> LogisticRegression:
    """A fitted classifier of these parameters, for whoever scores one."""
    estimator = LogisticRegression(C=C)
    for name, value in shown(fold.layer, np.dtype(np.float64)).items():
        setattr(estimator, name, value)
    estimator.classes_, estimator.n_features_in_ = classes, fold.layer.n
    estimator.solution_ = fold.solution
    return estimator


def scorer_of(scoring: Any) -> Any:
    """scikit-learn's scorer of that name, a callable as it is; None is accuracy."""
    return get_scorer("accuracy" if scoring is None else scoring)


def with_classes(scorer: Any, classes: np.ndarray) -> Any:
    """The scorer, told of all classes where its function asks: a fold may lack some."""
    if not isinstance(scorer, _BaseScorer):
        return scorer
    asks = signature(scorer._score_func).parameters  # noqa: SLF001 - there is no public way
    if "labels" not in asks:
        return scorer
    told: dict[str, Any] = {"labels": classes}
    if len(classes) == 2 and "pos_label" in asks:
        told["pos_label"] = classes[-1]
    return make_scorer(
        scorer._score_func,  # noqa: SLF001
        response_method=scorer._response_method,  # noqa: SLF001
        greater_is_better=scorer._sign == 1,  # noqa: SLF001
        **{**told, **scorer._kwargs},  # noqa: SLF001
    )
