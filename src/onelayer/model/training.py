"""From a source to a judged model."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from onelayer.errors import UsageError
from onelayer.estimators import LogisticRegression, exact_parameters
from onelayer.estimators.training import forward
from onelayer.measures import evaluate
from onelayer.model.choice import Choice, Choosing, choose
from onelayer.model.conversion import from_estimator
from onelayer.model.examples import Examples
from onelayer.model.fitted import Model
from onelayer.model.json_values import number, plain
from onelayer.model.parts import Parts, read_parts, split
from onelayer.model.reporting import Evidence
from onelayer.model.settings import Settings
from onelayer.model.sources import Progress, Source, described, identity, no_progress
from onelayer.solvers import SOLVERS

CHOOSING = 0.2
"""The fraction of the training examples that chooses C where no validation set does."""

CHOOSING_TOL = 1e-4
"""The relative gap of the fits that choose C: held-out log losses differ by more."""


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; `model` has the best parameters so far."""

    def __init__(self, model: Model) -> None:
        super().__init__("training was interrupted")
        self.model = model


def train(source: Source, *, progress: Progress = no_progress, **settings: Any) -> Model:
    """Train a logistic regression on a source, and judge it on examples that it has not seen.

    Parameters
    ----------
    source
        A folder with a sub-folder of pictures a class (or with train/, val/ and test/ that have
        them); a table (.csv, .parquet) with its `target`; a file of arrays (.npz, .npy, .h5, IDX,
        LIBSVM); arrays, as (X, y); or the name of an embedded set: `digits`, `breast_cancer`.
    progress
        Called as progress(what is under way, done, total).
    settings
        See `Settings`: size, mode, fit, x, y, n_features, target, drop, weights, group, header, C,
        l1_ratio, solver, learning_rate, max_iter, class_weight, test, val, test_size, seed, refit,
        strict.

    Raises
    ------
    UsageError
        For a setting that there is not, or a value that it cannot have.
    DataError
        Where the source cannot be used; the message says why.
    TrainingInterrupted
        On Ctrl-C once there are parameters; its `model` has them.
    """
    asked = Settings.of(settings)
    if asked.solver not in SOLVERS:
        raise UsageError(f"there is no solver {asked.solver!r}: give one of {', '.join(SOLVERS)}")
    parts = read_parts(source, asked, progress)
    return _Training(source, asked, parts, progress).run()


@dataclass
class _Training:
    """One training: what it works on, and the best estimator so far, for Ctrl-C."""

    source: Source
    settings: Settings
    parts: Parts
    progress: Progress
    best: LogisticRegression | None = field(init=False, default=None)
    Z: np.ndarray | None = field(init=False, default=None)  # of what judges

    def run(self) -> Model:
        with self._kept_on_interrupt():
            choice = self._choice()
            self.progress("training", 0, 1)
            estimator = self.best = self._fit(choice.C, self.parts.train)
            card = {"choice": _choice_fields(choice), **self._judge(estimator)}
            if self.settings.refit:
                self.progress("training again on everything", 0, 1)
                estimator = self._fit(choice.C, self.parts.everything)
            model = self._model(estimator, refit=self.settings.refit, **card)
            return replace(
                model, evidence=Evidence(parts=self.parts, Z=self.Z, estimator=estimator)
            )

    @contextmanager
    def _kept_on_interrupt(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt as interrupt:
            if self.best is None:
                raise
            raise TrainingInterrupted(self._model(self.best)) from interrupt

    def _choice(self) -> Choice:
        if self.settings.C is not None:
            return Choice(self.settings.C, (), "as asked")
        train, judge = self.parts.train, self.parts.val
        if judge is None:
            train, judge = split(train, CHOOSING, self.settings.seed)
        if len(judge) == 0:
            return Choice(1.0, (), f"the default: too few {judge.unit} to choose on")
        tell = partial(self.progress, "choosing C")
        with warnings.catch_warnings():
            # A penalty at which a solver gives up is judged by its log loss, like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fit = partial(self._fit, tol=CHOOSING_TOL)
            return choose(Choosing(train, judge, fit, self._keep, tell))

    def _keep(self, estimator: LogisticRegression) -> None:
        self.best = estimator

    def _fit(self, C: float, examples: Examples, **options: Any) -> LogisticRegression:
        asked = self.settings
        estimator = LogisticRegression(
            **options,
            C=C,
            solver=asked.solver,
            learning_rate=asked.learning_rate,
            max_iter=asked.max_iter,
            class_weight=asked.class_weight,
            random_state=asked.seed,
            scaling=examples.scaling,
            l1_ratio=asked.l1_ratio,
        )
        try:
            labels = examples.classes[examples.labels]
            return estimator.fit(examples.X, labels, examples.weights)
        except KeyboardInterrupt:
            if self.best is None and "coef_" in vars(estimator):
                self.best = estimator
            raise

    def _judge(self, estimator: LogisticRegression) -> dict[str, Any]:
        train, test = self.parts.train, self.parts.test
        if test is not None:
            self.Z = _forward(estimator, test)
        return {
            "judge": self.parts.judge,
            # An interval says what to expect of new examples: on these it would mislead.
            "train": replace(
                evaluate(_forward(estimator, train), train.labels, train.classes, train.weights),
                interval=None,
            ).to_dict(),
            "test": self._test_measures(),
            "baseline": _baseline(train, train if test is None else test),
        }

    def _test_measures(self) -> dict[str, Any] | None:
        test = self.parts.test
        if test is None or self.Z is None:
            return None
        return evaluate(self.Z, test.labels, test.classes, test.weights).to_dict()

    def _model(self, estimator: LogisticRegression, **judged: Any) -> Model:
        model = from_estimator(
            estimator,
            self.parts.train.preprocessing,
            source=described(self.source),
            source_id=identity(self.source),
            settings=_setting_fields(self.settings),
            audit=self.parts.audit.to_dict(),
            reading={"index_base": self.parts.train.index_base},
            **judged,
        )
        return replace(model, table=self.parts.train.table)


def _forward(estimator: LogisticRegression, examples: Examples) -> np.ndarray:
    """z in float64, which a loaded model gives again to the last bit."""
    return forward(examples.X, *exact_parameters(estimator), estimator.scaling_)


def _baseline(train: Examples, judge: Examples) -> dict[str, Any]:
    """Return what always saying the most frequent class of training scores on what judges."""
    label = int(np.bincount(train.labels, train.weights).argmax())
    accuracy = float(np.average(judge.labels == label, weights=judge.weights))
    return {"class": str(train.classes[label]), "accuracy": accuracy}


def _choice_fields(choice: Choice) -> dict[str, Any]:
    tried = [[C, loss] for C, loss in choice.tried]
    return {"C": number(choice.C), "tried": plain(tried), "words": choice.words}


def _setting_fields(settings: Settings) -> dict[str, Any]:
    C = settings.C if settings.C is None else number(settings.C)
    test, val = (
        None if source is None else described(source) for source in (settings.test, settings.val)
    )
    return {**plain(asdict(replace(settings, test=test, val=val))), "C": C}
