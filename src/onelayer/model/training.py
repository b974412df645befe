"""From a source to a judged model."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.calibration import Readout
from onelayer.card import Baseline, Choice, recorded
from onelayer.errors import UsageError
from onelayer.estimators.class_labels import check_classes
from onelayer.estimators.folds import OutOfFold
from onelayer.estimators.layer_fit import FittedLayer, fit_layer
from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.estimators.problem import Known
from onelayer.estimators.search import without_weights
from onelayer.evaluation import evaluate
from onelayer.inputs.examples import Examples
from onelayer.inputs.kept_pictures import pictures_to_keep
from onelayer.layer import Layer
from onelayer.model.as_model import as_model
from onelayer.model.calibrating import Calibrated, Calibrating, balanced_weights, calibrate
from onelayer.model.choice import Choosing, ChosenC, choose
from onelayer.model.deciding import check_decision, with_reached
from onelayer.model.fitted import Model
from onelayer.model.keywords import with_known_keywords
from onelayer.model.parts import Parts, read_parts
from onelayer.model.repeating import with_settings_of_like
from onelayer.model.reporting import Evidence
from onelayer.model.under_way import reads_told
from onelayer.readers.grouped import counts_of
from onelayer.settings import (
    Calibrate,
    ClassWeight,
    CostsGiven,
    Fit,
    Mode,
    RelabelGiven,
    Settings,
    ShareGiven,
    Size,
)
from onelayer.solvers import SOLVERS
from onelayer.sources import Progress, Source, no_progress, open_source, who_is_told
from onelayer.words import spelt


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; `model` has the best parameters so far."""

    def __init__(self, model: Model) -> None:
        super().__init__("training was interrupted")
        self.model = model


@with_known_keywords
@with_settings_of_like
def train(
    source: Any = None,
    *,
    like: str | Path | None = None,
    progress: Progress | None = no_progress,
    size: Size | None = Settings.size,
    mode: Mode | None = Settings.mode,
    fit: Fit = Settings.fit,
    features: Any = Settings.features,
    keep_pictures: int = Settings.keep_pictures,
    x: str | None = Settings.x,
    y: str | None = Settings.y,
    n_features: int | None = Settings.n_features,
    target: str | int | None = Settings.target,
    drop: tuple[str | int, ...] = Settings.drop,
    text: str | int | tuple[str | int, ...] = Settings.text,
    weights: str | int | None = Settings.weights,
    group: str | int | None = Settings.group,
    header: bool = Settings.header,
    delimiter: str | None = Settings.delimiter,
    encoding: str | None = Settings.encoding,
    decimal: str | None = Settings.decimal,
    missing: tuple[str, ...] = Settings.missing,
    C: float | None = Settings.C,
    l1_ratio: float = Settings.l1_ratio,
    solver: str = Settings.solver,
    learning_rate: float = Settings.learning_rate,
    max_iter: int = Settings.max_iter,
    class_weight: ClassWeight | None = Settings.class_weight,
    calibrate: Calibrate | None = Settings.calibrate,
    correct_class_weight: bool = Settings.correct_class_weight,
    costs: CostsGiven | None = Settings.costs,
    recall: ShareGiven | None = Settings.recall,
    precision: ShareGiven | None = Settings.precision,
    relabel: RelabelGiven | None = Settings.relabel,
    test: Any = Settings.test,
    val: Any = Settings.val,
    test_size: float = Settings.test_size,
    seed: int = Settings.seed,
    refit: bool = Settings.refit,
    memory: float | str | None = Settings.memory,
    strict: bool = Settings.strict,
) -> Model:
    """Train a logistic regression on a source, and judge it on examples that it has not seen.

    Every keyword but `like` and `progress` is a field of `Settings`, which says what it means.

    Parameters
    ----------
    source
        A folder with a sub-folder of pictures a class (or with train/, val/ and test/ that have
        them); a table with its `target`: a file (.csv, .parquet), a data frame of pandas, polars or
        Dask, an Arrow table or a list of dictionaries; a file of arrays (.npz, .npy, .h5,
        .safetensors, .pt, IDX, LIBSVM);
        (X, y), X an array, a sparse matrix, a data frame, PIL pictures or the names of picture
        files; or the name of an embedded set: `digits`, `breast_cancer`. None: that of `like`.
    like
        A model file: what is not given is as in its training, the source too. The same source
        gives the same weights, to the last bit.
    progress
        Called as progress(what is under way, done, total); None for nobody.

    Raises
    ------
    UsageError
        For a value that a setting cannot have, or something that is no source.
    DataError
        Where the source cannot be used; the message says why.
    TrainingInterrupted
        On Ctrl-C once there are parameters; its `model` has them.
    """
    given = dict(locals())  # by their names, which are those of the settings
    asked = Settings(**{field.name: given[field.name] for field in fields(Settings)})
    if asked.solver not in SOLVERS:
        raise UsageError(f"there is no solver {asked.solver!r}: give one of {', '.join(SOLVERS)}")
    with reads_told(who_is_told(progress)) as told:
        return _trained(source, asked, told)


def _trained(source: Any, asked: Settings, progress: Progress) -> Model:
    """Read the source, see whether it is what the settings ask for, and train."""
    opened = open_source(source, asked, progress)
    parts = read_parts(opened, asked, progress)
    if asked.features is not None and parts.train.inputs.encoder_in_words is None:
        raise UsageError(
            f"{opened.described} holds no pictures, which an encoder makes features of"
        )
    if parts.train.shown is None and asked.keep_pictures not in (0, Settings.keep_pictures):
        raise UsageError(
            f"{spelt('keep_pictures')} is for pictures that an encoder makes features of: give "
            f"{spelt('features')} too, or leave it out"
        )
    check_decision(asked, parts.train.classes)
    return _Training(opened, asked, parts, progress).run()


@dataclass
class _Training:
    """One training: what it works on, and the best layer so far, for Ctrl-C."""

    source: Source
    settings: Settings
    parts: Parts
    progress: Progress
    best: FittedLayer | None = field(init=False, default=None)

    def run(self) -> Model:
        with self._kept_on_interrupt():
            chosen = self._choice()
            choice, folds = chosen.choice, chosen.folds
            self.progress("training", 0, 1)
            fitted = self.best = self._fit(choice.C, self.parts.train, chosen.near)
            calibrated, evidence = self._calibrate(fitted, folds)
            readout = calibrated.readout
            decision = calibrated.decision
            if self.parts.test is not None and evidence.Z is not None:
                decision = with_reached(decision, readout, self.parts.test, evidence.Z)
            said = {
                "choice": replace(choice, note=_without_weights(choice, fitted)),
                "calibration": calibrated.calibration,
                "decision": decision,
                **self._judge(evidence, readout),
            }
            if self.settings.refit:
                self.progress("training again on everything", 0, 1)
                near = None if chosen.near is None else fitted.layer
                fitted = self._fit(choice.C, self.parts.everything, near)
                readout = self._of_everything(readout)
            model = self._model(fitted, readout, refit=self.settings.refit, **said)
            return replace(model, evidence=replace(evidence, fitted=fitted))

    @contextmanager
    def _kept_on_interrupt(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt as interrupt:
            if self.best is None:
                raise
            raise TrainingInterrupted(self._model(self.best)) from interrupt

    def _choice(self) -> ChosenC:
        if self.settings.C is not None:
            return ChosenC(Choice(C=self.settings.C, words="as asked"))
        how = Choosing(
            train=self.parts.train,
            judge=self.parts.val,
            class_weight=self.settings.class_weight,
            l1_ratio=self.settings.l1_ratio,
            seed=self.settings.seed,
            keep=self._keep,
            tell=partial(self.progress, "choosing C"),
        )
        return choose(how)

    def _keep(self, best: FittedLayer) -> None:
        self.best = best

    def _fit(self, C: float, examples: Examples, near: Layer | None) -> FittedLayer:
        """Begun at `near`, where there is one and nobody has asked for a solver's own steps."""
        settings = self.settings
        asked = LayerParameters(
            C=C,
            solver=settings.solver,
            learning_rate=settings.learning_rate,
            max_iter=settings.max_iter,
            class_weight=settings.class_weight,
            random_state=settings.seed,
            scaling=examples.scaling,
            l1_ratio=settings.l1_ratio,
        )
        known = _known(examples, near if settings.solver == "auto" else None)
        return fit_layer(asked, known, examples.spread_weights, self._reached)

    def _reached(self, fitted: FittedLayer) -> None:
        """What there is once nothing has been chosen."""
        if self.best is None:
            self.best = fitted

    def _calibrate(
        self, fitted: FittedLayer, folds: OutOfFold | None
    ) -> tuple[Calibrated, Evidence]:
        """What z means from now on, and every forward pass that the layer was judged by."""
        parts = self.parts
        Z_val = None if parts.val is None else parts.val.forward(fitted.layer)
        calibrated = calibrate(
            Calibrating(
                settings=self.settings,
                train=parts.train,
                val=parts.val,
                asked=fitted.asked,
                Z_val=Z_val,
                folds=folds,
                tell=partial(self.progress, "calibrating"),
            )
        )
        Z = None if parts.test is None else parts.test.forward(fitted.layer)
        return calibrated, Evidence(
            parts=parts,
            Z=Z,
            Z_val=Z_val,
            folds=calibrated.folds or self._at_an_optimum(folds),
            fitted=fitted,
        )

    def _at_an_optimum(self, folds: OutOfFold | None) -> OutOfFold | None:
        """The layers that chose C, which are at an optimum: gradient descent's are not alike."""
        return None if self.settings.solver == "gradient-descent" else folds

    def _of_everything(self, readout: Readout) -> Readout:
        """The class weights of a second training, on everything, are those to take out."""
        if readout.class_weights is None:
            return readout
        return replace(readout, class_weights=balanced_weights(self.parts.everything))

    def _judge(self, evidence: Evidence, readout: Readout) -> dict[str, Any]:
        train, test = self.parts.train, self.parts.test
        Z = train.forward(evidence.fitted.layer)
        # An interval says what to expect of new examples: on these it would mislead.
        on_train = replace(
            evaluate(Z, train.labels, train.classes, train.weights, readout), interval=None
        )
        judged = (
            None
            if test is None or evidence.Z is None
            else evaluate(evidence.Z, test.labels, test.classes, test.weights, readout)
        )
        return {
            "judge": self.parts.judge,
            "train": on_train,
            "test": judged,
            "baseline": _baseline(train, train if test is None else test),
        }

    def _model(self, fitted: FittedLayer, readout: Readout | None = None, **judged: Any) -> Model:
        trained = self.parts.everything if judged.get("refit") else self.parts.train
        kept = pictures_to_keep(trained, self.settings.keep_pictures)
        model = as_model(
            fitted,
            self.parts.train.inputs,
            readout,
            source=self.source.described,
            opened=self.source.paths,
            source_id=self.source.identity,
            settings=_recorded(self.settings),
            audit=self.parts.audit,
            kept_pictures=0 if kept is None else len(kept),
            **judged,
        )
        return replace(model, kept=kept)


def _known(examples: Examples, near: Layer | None) -> Known:
    """What was read and checked already; of the classes those that have an example here."""
    targets, classes = examples.targets, examples.classes
    if not counts_of(examples.labels, len(classes)).all():
        classes, targets = check_classes(classes[targets])
    return Known(
        X=examples.whole,
        y=targets,
        targets=targets,
        classes=classes,
        survey=examples.survey,
        near=near,
    )


def _baseline(train: Examples, judge: Examples) -> Baseline:
    """Return what always saying the most frequent class of training scores on what judges."""
    label = int(train.class_sums.argmax())
    accuracy = float(np.average(judge.labels == label, weights=judge.weights))
    return Baseline(str(train.classes[label]), accuracy)


def _without_weights(choice: Choice, fitted: FittedLayer) -> str | None:
    """What the card says of a layer to which L1 left no weight, with a warning; None of others."""
    others = len(choice.tried) > 1  # a path begins where the first weight appears
    note = without_weights(fitted.layer.coef, fitted.asked.l1_ratio or 0.0, others=others)
    if note is not None:
        warnings.warn(note, UserWarning, stacklevel=2)
    return note


def _recorded(settings: Settings) -> Settings:
    test, val = (
        None if source is None else open_source(source, settings).described
        for source in (settings.test, settings.val)
    )
    return recorded(settings, test, val)
