"""How a fold's layer is scored on the rows that it has not seen: log loss from z, or any scorer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import signature
from typing import Any, final

import numpy as np
from sklearn import config_context
from sklearn.metrics import get_scorer, make_scorer
from sklearn.metrics._scorer import _BaseScorer
from sklearn.utils.validation import _check_method_params

from onelayer.designs import stays_on_disk
from onelayer.errors import UsageError
from onelayer.estimators.classifier import LogisticRegression
from onelayer.estimators.cross_validation import Fits, Solved, Split
from onelayer.estimators.parameters import shown
from onelayer.estimators.problem import Data
from onelayer.logistic import Binary, Head, Softmax

LOG_LOSS = "neg_log_loss"


class Judge(ABC):
    """Scores the folds at one C; more is better."""

    @abstractmethod
    def scores(self, fits: Fits) -> np.ndarray:
        """One score a fold: (folds,)."""


@final
@dataclass(frozen=True)
class LogLossJudge(Judge):
    """-mean L of the rows that a fold judges, from their z: exact where a rounds to 0 or 1."""

    data: Data
    splits: list[Split]
    weights: np.ndarray | None

    def scores(self, fits: Fits) -> np.ndarray:
        """No further pass: z came with the fits."""
        found = [
            -mean_loss(Z, self.data, split.test, self.weights)[0]
            for Z, split in zip(fits.judged, self.splits, strict=True)
        ]
        return np.array(found)


@final
@dataclass(frozen=True)
class ScorerJudge(Judge):
    """scikit-learn's scorers, and callables of (estimator, X, y)."""

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

    def scores(self, fits: Fits) -> np.ndarray:
        """Each fold's layer as an estimator, on the rows that it judges."""
        return np.array(list(self._scores(fits)))

    def _scores(self, fits: Fits) -> Iterator[float]:
        for split, fold in zip(self.splits, fits.folds(), strict=True):
            estimator = as_estimator(fold, fits.C, self.classes)
            params = _check_method_params(self.data.X, self.params, split.test)
            with config_context(assume_finite=True):  # looked at once is enough
                yield float(
                    self.scorer(estimator, self.data.X[split.test], self.y[split.test], **params)
                )


def loo_loss(fits: Fits, data: Data, weights: np.ndarray | None) -> tuple[float, float]:
    """The leave-one-out log loss at one C, and its standard error."""
    if fits.left_out is None:
        raise ValueError("these fits come without leave-one-out")
    return mean_loss(fits.left_out, data, slice(None), weights)


def mean_loss(
    Z: np.ndarray, data: Data, rows: np.ndarray | slice, weights: np.ndarray | None
) -> tuple[float, float]:
    """The weighted mean of L over rows whose z is Z, and its standard error."""
    head: Head = Binary() if data.k == 2 else Softmax(data.k)
    losses = head.loss(Z, data.targets[rows])[:, 0]
    shares = np.ones(len(losses)) if weights is None else weights[rows]
    shares = shares / shares.sum()
    mean = float(shares @ losses)
    return mean, float(np.sqrt((shares**2) @ (losses - mean) ** 2))


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
