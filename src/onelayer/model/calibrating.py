"""How a training calibrates: on examples that the layer was not trained on, never on the test's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onelayer.calibration import (
    COLDEST,
    HOTTEST,
    Readout,
    fit_temperature,
    temperature_interval,
)
from onelayer.card import Calibration, CostRule, ShareRule
from onelayer.estimators.folds import FOLDS, Folding, OutOfFold, out_of_fold
from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.evaluation import Trust
from onelayer.inputs.examples import Examples
from onelayer.measures import head_of
from onelayer.model.choice import most_elsewhere
from onelayer.model.deciding import Unseen, decided
from onelayer.settings import Settings
from onelayer.words import spelt

FEWEST = 20
"""Examples below which a temperature would be a guess: at 20 its logarithm is uncertain by about
half, for classes that overlap (the curvature of the log loss at z of standard deviation 2)."""

UNTOLD = 10
"""How many times the low end of a temperature's interval the high end is from which on nothing is
said of z: a layer that tells the classes apart has a ratio below 4 even on 30 examples."""

ENOUGH = 10_000
"""Out-of-fold examples after which no further fold is trained: T is then known to about two per
cent, and the log loss misses its least by less than 1e-4. All five folds of 60000 pictures would
take five times as long as the training."""


@dataclass(frozen=True, kw_only=True)
class Calibrating:
    """What a calibration starts from.

    Attributes
    ----------
    settings
        What was asked for.
    train, val
        What the layer was trained on; the validation set, None where there is none.
    asked
        The parameters of the layer.
    Z_val
        Its forward pass on the validation set.
    folds
        What layers at the same lambda have said out of fold where C was chosen; None: nobody did.
    tell
        Called as tell(done, total) while layers are trained.
    """

    settings: Settings
    train: Examples
    val: Examples | None
    asked: LayerParameters
    Z_val: np.ndarray | None
    folds: OutOfFold | None
    tell: Callable[[int, int], None]

    @property
    def chooses(self) -> bool:
        """Whether a threshold is to be chosen, which takes examples too."""
        return self.settings.recall is not None or self.settings.precision is not None


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """What z means from now on, what the card says of it, and folds of all examples if any were."""

    readout: Readout
    calibration: Calibration
    decision: CostRule | ShareRule | None
    folds: OutOfFold | None


def calibrate(how: Calibrating) -> Calibrated:
    """Find the temperature, and the rule that was asked for, on examples not trained on.

    Those of the validation set where there is one; else those of training, each judged by a layer
    trained on the other four fifths at the same penalty lambda.
    """
    unseen, reason = _unseen(how)
    plain = _plain(how)
    readout, words = _heated(how, plain, unseen, reason)
    calibration = Calibration(temperature=readout.temperature, words=words)
    if unseen is not None and readout.temperature != 1:
        calibration = replace(
            calibration,
            before=Trust.of(unseen.Z, unseen.labels, plain, unseen.weights),
            after=Trust.of(unseen.Z, unseen.labels, readout, unseen.weights),
        )
    rule, decision = decided(how.settings, how.train.classes, readout, unseen)
    folds = None if unseen is None else unseen.folds
    return Calibrated(
        readout=replace(readout, decision=rule),
        calibration=calibration,
        decision=decision,
        folds=None if folds is None or folds.partial else folds,
    )


def balanced_weights(examples: Examples) -> np.ndarray:
    """s_k = m / (K m_k), (K,): what `class_weight="balanced"` multiplies the classes by."""
    weights, counts = examples.weights, examples.class_sums
    total = len(examples) if weights is None else weights.sum()
    return np.asarray(total / (len(counts) * counts))


def _plain(how: Calibrating) -> Readout:
    """Without a temperature; without the class weights where that was asked for."""
    corrected = how.settings.correct_class_weight
    weights = balanced_weights(how.train) if corrected else None
    return Readout(head=head_of(how.train.classes), class_weights=weights)


def _unseen(how: Calibrating) -> tuple[Unseen | None, str]:
    """What layers said that had not seen the examples; else None, and why."""
    asked, train = how.settings, how.train
    if asked.calibrate == "none" and not how.chooses:
        return None, "none, as asked"
    if how.val is not None and how.Z_val is not None:
        who = f"{len(how.val):,} {how.val.unit} of the validation set"
        if len(how.val) < FEWEST:
            return None, f"none: {who} are too few"
        return Unseen(Z=how.Z_val, labels=how.val.labels, who=who, weights=how.val.weights), ""
    if asked.solver == "gradient-descent" and asked.calibrate is None and not how.chooses:
        return None, (
            f"none: it would take {FOLDS} more runs of gradient descent; ask for them with "
            + spelt("calibrate='temperature'", "--calibrate temperature")
        )
    folds = _folds(how)
    if folds is None or len(folds.rows) < FEWEST:
        return None, f"none: too few {train.apart} to hold a fifth out at a time"
    who = f"{len(folds.rows):,} out-of-fold {train.unit}"
    weights = None if train.weights is None else train.weights[folds.rows]
    labels = train.labels[folds.rows]
    return Unseen(Z=folds.Z, labels=labels, who=who, weights=weights, folds=folds), ""


def _folds(how: Calibrating) -> OutOfFold | None:
    """Those that chose C, if they are like the layer: at an optimum, and of all that is there."""
    train = how.train
    descent = how.settings.solver == "gradient-descent"
    if how.folds is not None and not how.folds.capped and not descent:
        return how.folds
    folding = Folding(
        X=train.whole,
        places=train.places,
        labels=train.labels,
        groups=train.groups(),
        asked=how.asked,
        classes=train.classes,
        seed=how.settings.seed,
        weights=train.weights,
        survey=train.survey,
        enough=ENOUGH,
        most=most_elsewhere(train),
    )
    return out_of_fold(folding, how.tell)


def _heated(
    how: Calibrating, plain: Readout, unseen: Unseen | None, reason: str
) -> tuple[Readout, str]:
    """The readout at its temperature, and in words how that was found."""
    if unseen is None or how.settings.calibrate == "none":
        return plain, (reason or "none, as asked") + _in_them(how)
    if not np.isfinite(unseen.Z).all():
        return plain, "none: z is not finite, the solver overshot"
    given = (unseen.Z, unseen.labels, plain.head)
    counted: dict[str, Any] = {"weights": _weights(how, unseen), "offsets": plain.offsets}
    T = fit_temperature(*given, **counted)
    if T in {COLDEST, HOTTEST}:
        how_well = "all told apart" if T == COLDEST else "told apart no better than by chance"
        return plain, f"none: {unseen.who} are {how_well}, at any temperature{_in_them(how)}"
    interval = temperature_interval(T, *given, **counted)
    words = _found(T, interval, unseen.who)
    if how.settings.calibrate is None and interval[0] <= 1 <= interval[1]:
        # Dividing by a T that the examples cannot tell from 1 adds their noise, and mends nothing.
        if interval[1] > UNTOLD * interval[0]:
            return plain, f"none: {_untold(T, interval, unseen.who)}{_in_them(how)}"
        return plain, f"none needed: {words}{_in_them(how)}"
    return replace(plain, temperature=T), f"{words}, and is divided by it{_in_them(how)}"


def _untold(T: float, interval: tuple[float, float], who: str) -> str:
    """What was found where z says so little of the classes that any temperature would do."""
    low, high = interval
    return f"{who} do not tell a temperature ({T:.3g}, 95 %: {low:.3g} to {high:.3g})"


def _found(T: float, interval: tuple[float, float], who: str) -> str:
    """What was found, how surely, and what it says of z."""
    low, high = interval
    sure = "too sure" if low > 1 else "not sure enough" if high < 1 else "about right"
    return f"temperature {T:.3g} (95 %: {low:.3g} to {high:.3g}), on {who}: z was {sure}"


def _weights(how: Calibrating, unseen: Unseen) -> np.ndarray | None:
    """Class weights that stay in the probabilities count in their log loss, as they did in fit."""
    if how.settings.class_weight is None or how.settings.correct_class_weight:
        return unseen.weights
    of_class = balanced_weights(how.train)[unseen.labels]
    return of_class if unseen.weights is None else of_class * unseen.weights


def _in_them(how: Calibrating) -> str:
    """Where class weights are."""
    if how.settings.class_weight is None:
        return ""
    if how.settings.correct_class_weight:
        return "; class weights taken out"
    return "; class weights stay in the probabilities"
