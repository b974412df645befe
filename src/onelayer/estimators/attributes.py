"""What a search leaves on its estimator: scikit-learn's attributes, new shapes and old, a frame."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from onelayer.estimators.search import Candidate, Search, without_weights
from onelayer.layer import Layer
from onelayer.solution import Status


@dataclass(frozen=True)
class Trials:
    """The trials in the order of ratios and Cs."""

    search: Search
    Cs: list[float]
    ratios: list[float]

    @cached_property
    def trials(self) -> list[list[Candidate]]:
        """By ratio, then by C."""
        return [[self.search.trials[C, ratio] for C in self.Cs] for ratio in self.ratios]

    def array(self, what: Any) -> np.ndarray:
        """`what` of every trial: (n_l1_ratios, n_cs, ...)."""
        return np.array([[what(trial) for trial in row] for row in self.trials])

    def by_fold(self, what: Any) -> np.ndarray:
        """`what` (folds, ...) of every trial: (n_folds, n_l1_ratios, n_cs, ...)."""
        return np.moveaxis(self.array(what), 2, 0)

    def around(self, C: float, count: int) -> Trials:
        """Those of at most `count` values of C in a row, this one in their middle or near it."""
        first = min(self.Cs.index(C) - count // 2, len(self.Cs) - count)
        return replace(self, Cs=self.Cs[max(first, 0) :][:count])

    @cached_property
    def scores(self) -> np.ndarray:
        """(n_folds, n_l1_ratios, n_cs)."""
        return self.by_fold(lambda trial: trial.scores)

    def best_of_folds(self) -> list[Candidate]:
        """The trial that each fold would take."""
        by_C = self.scores.transpose(0, 2, 1)  # of equals the first C, then the first ratio
        places = np.nan_to_num(by_C, nan=-np.inf).reshape(len(by_C), -1).argmax(axis=1)
        pairs = [divmod(int(place), len(self.ratios)) for place in places]
        return [self.trials[ratio][C] for C, ratio in pairs]


def layer(table: Trials, taken: Candidate, *, refit: bool) -> Layer:
    """The layer on all rows, or the mean of the folds'."""
    if refit:
        return taken.whole.layer
    rows = np.mean(
        [
            trial.folds[i]
            for i, trial in enumerate(table.best_of_folds())
            if trial.folds is not None
        ],
        axis=0,
    )
    n = taken.whole.layer.n
    intercept = rows[:, n] if rows.shape[1] > n else np.zeros(len(rows))
    return Layer(rows[:, :n].T, intercept)


def of(table: Trials, shown: Trials, taken: Candidate, options: Any) -> dict[str, Any]:
    """Everything else: arrays of the trials that are shown, the frame's rows of all in the table.

    `options` has classes_, refit, loo, store_coefs, use_legacy_attributes.
    """
    chosen = [taken] if options.refit else table.best_of_folds()
    found = {
        "Cs_": np.array(shown.Cs),
        "l1_ratios_": np.array(shown.ratios),
        "C_": float(np.mean([trial.C for trial in chosen])),
        "l1_ratio_": float(np.mean([trial.l1_ratio for trial in chosen])),
        "scores_": shown.scores,
        "n_iter_": shown.by_fold(_iterations),
        "_trials": [_row(trial) for row in table.trials for trial in row],
    }
    if options.loo:
        found["loo_"] = shown.array(lambda trial: trial.loo[0])
    if options.store_coefs:
        found["coefs_paths_"] = shown.by_fold(lambda trial: trial.folds)
        found["path_coef_"] = shown.array(lambda trial: trial.whole.layer.coef)
        found["path_intercept_"] = shown.array(lambda trial: trial.whole.layer.b)
    if options.use_legacy_attributes:
        found |= _legacy(found, options.classes_, ratios=options.l1_ratios is not None)
    return found


def warn_unless_solved(search: Search, taken: Candidate, tol: float) -> None:
    """One ConvergenceWarning for all fits that ended short of tol, and one for separable data."""
    fits = [
        fit for trial in search.trials.values() for fit in (trial.whole.solution, *trial.solutions)
    ]
    short = Counter(fit.status for fit in fits if fit.status in (Status.MAX_ITER, Status.STALLED))
    if short:
        status = short.most_common(1)[0][0]
        warnings.warn(
            f"{short.total()} of {len(fits)} fits failed to converge to tol={tol:g} "
            f"({', '.join(f'{n} {name}' for name, n in short.items())}). {status.advice}",
            ConvergenceWarning,
            stacklevel=5,
        )
    if taken.whole.solution.status is Status.SEPARABLE:
        warnings.warn(Status.SEPARABLE.advice, ConvergenceWarning, stacklevel=5)


def warn_without_weights(search: Search, taken: Candidate) -> None:
    """One UserWarning where the layer that was taken has no weight."""
    others = any(trial.nonzero for trial in search.trials.values())
    told = without_weights(taken.whole.layer.coef, taken.l1_ratio, others=others)
    if told is not None:
        warnings.warn(told, UserWarning, stacklevel=5)


def _iterations(trial: Candidate) -> np.ndarray:
    return np.array([max(1, solution.iterations) for solution in trial.solutions], np.int32)


def _row(trial: Candidate) -> dict[str, Any]:
    loo = (
        {}
        if trial.loo is None
        else dict(zip(("loo_log_loss", "loo_std_error"), trial.loo, strict=True))
    )
    return {
        "C": trial.C,
        "l1_ratio": trial.l1_ratio,
        "mean_score": trial.mean,
        "std_error": trial.error,
        "n_nonzero": trial.nonzero,
        **loo,
        **{f"score_{fold}": score for fold, score in enumerate(trial.scores.tolist())},
    }


def _legacy(found: dict[str, Any], classes: np.ndarray, *, ratios: bool) -> dict[str, Any]:
    """Arrays by class, C before l1_ratio, and C and l1_ratio as often as there are classes."""
    shown_classes = classes[1:] if len(classes) == 2 else classes
    scores, steps = found["scores_"].swapaxes(1, 2), found["n_iter_"].swapaxes(1, 2)
    old = {
        "C_": np.full(len(shown_classes), found["C_"]),
        "l1_ratio_": np.full(len(shown_classes), found["l1_ratio_"]),
        "scores_": dict.fromkeys(shown_classes, scores),
        "n_iter_": steps[None],
    }
    if "coefs_paths_" in found:
        paths = found["coefs_paths_"].swapaxes(1, 2)
        old["coefs_paths_"] = {label: paths[:, :, :, i] for i, label in enumerate(shown_classes)}
    return old if ratios else _flat(old)


def _flat(old: dict[str, Any]) -> dict[str, Any]:
    """Without the axis of the l1_ratios, where l1_ratios=None asked for none."""
    by_class: dict[str, Any] = {
        name: {label: values[:, :, 0] for label, values in old[name].items()}
        for name in ("scores_", "coefs_paths_")
        if name in old
    }
    return {**old, **by_class, "n_iter_": old["n_iter_"][..., 0]}
