"""The card: where a model comes from, how it was made, and how well it did."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

import onelayer
from onelayer.card.decided import CostRule, ShareRule, decision_from
from onelayer.card.json_values import plain
from onelayer.card.learnt import Calibration, Choice
from onelayer.card.recorded import GIVEN, settings_fields, settings_from
from onelayer.card.train_again import as_call, as_command
from onelayer.errors import ModelFileError
from onelayer.evaluation import Evaluation
from onelayer.measures import is_weak
from onelayer.readers import Audit, Preprocessing
from onelayer.settings import Settings
from onelayer.solution import Solution, Status
from onelayer.words import (
    RAW_PIXELS,
    c_in_words,
    count_in_words,
    count_of,
    in_one_line,
    interval_in_words,
    loss_in_words,
    percent,
    speaks_of_options,
    spelt,
    way_out,
)

NUMBERS = "numbers"
"""The scaling of a table whose numbers were standardised as they became features."""

LEVELS = "levels"
"""The scaling of a table that has no numbers to standardise."""

_DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class Baseline:
    """What always answering the most frequent class of training scores on what judges."""

    label: str
    accuracy: float

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"class": self.label, "accuracy": self.accuracy}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Baseline:
        """Return what `to_dict` described."""
        return cls(told["class"], told["accuracy"])

    def __str__(self) -> str:
        return f"always {self.label} would score {percent(self.accuracy)}"


@dataclass(frozen=True, kw_only=True)
class Card:
    """What goes with the weights; every field can be said in JSON, rates are fractions.

    Attributes
    ----------
    classes, features
        What the model tells apart, and how many numbers it looks at.
    created, versions
        When, and with which software.
    source, source_id
        What it was trained on, as named, and a digest that tells sources apart.
    opened
        What opens the source again: paths, or a name; nothing where it lay in memory. None: the
        file is of a version that did not say.
    preprocessing, scaling
        What is done to an example before the forward pass.
    encoder
        What makes features of pictures, in words, with its digest; None where nothing does.
    kept_pictures
        How many small pictures of training the file holds, to be shown beside others.
    settings
        What was asked for.
    choice
        The C that was taken, the (C, log loss) pairs tried, and why, in words.
    judge, train, test, baseline
        Who judged; the measures on the training examples and on the judge's; what always saying
        the most frequent class scores there.
    refit
        Whether the weights are of a second training, on everything, after the judging.
    solution
        How the weights were solved for, without the history.
    audit
        What was read, left out and chosen.
    calibration
        The temperature, on what it was found, in words, and how far the probabilities of those
        examples can be believed before and after.
    decision
        The rule that answers, in words and in numbers; None: the largest probability.
    """

    classes: list[str]
    features: int
    created: str
    versions: dict[str, str]
    scaling: float | str | None
    preprocessing: Preprocessing | None = None
    encoder: str | None = None
    kept_pictures: int = 0
    source: str | None = None
    opened: tuple[str, ...] | None = None
    source_id: str | None = None
    settings: Settings | None = None
    choice: Choice | None = None
    judge: str | None = None
    train: Evaluation | None = None
    test: Evaluation | None = None
    baseline: Baseline | None = None
    refit: bool = False
    solution: Solution | None = None
    audit: Audit | None = None
    calibration: Calibration | None = None
    decision: CostRule | ShareRule | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: NaN and infinities are null."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        typed = {name: to(told[name]) for name, (to, _) in _TYPED.items() if told[name] is not None}
        return plain({**told, **typed})

    @classmethod
    def from_dict(cls, told: Any) -> Card:
        """Return the card that `to_dict` described; ModelFileError if it cannot have.

        What a card says is said once here: whatever is missing or of a wrong type shows then.
        """
        try:
            typed = {
                name: back(told[name])
                for name, (_, back) in _TYPED.items()
                if told.get(name) is not None
            }
            card = cls(**{**told, **typed})
            str(card)
        except _DAMAGE as error:
            raise ModelFileError(
                f"is damaged: the model's card cannot be understood: {error!r}"
            ) from error
        return card

    def rows(self) -> Iterator[tuple[str, str]]:
        """Pairs of a heading and its text, for people; that of the audit has several lines."""
        for heading, text in self._told():
            yield heading, in_one_line(text)
        if self.audit is not None:
            yield "audit", str(self.audit)
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        yield "made", in_one_line(f"{self.created} with {versions}")

    def _told(self) -> Iterator[tuple[str, str]]:
        yield "classes", _count_and_names(self.classes)
        yield "features", _features(self)
        yield "scaling", "none" if self.scaling is None else _scaling(self.scaling)
        if self.source is not None:
            yield "trained on", f"{self.source}" + (", then again on everything" * self.refit)
        if self.asked is not None:
            yield "asked for", self.asked
        if self.kept_pictures:
            yield "keeps", kept_in_words(self.kept_pictures)
        if self.choice is not None:
            yield "C", f"{c_in_words(self.choice.C)}, {self.choice.words}"
            if self.choice.note is not None:
                yield "weights", self.choice.note
        if self.calibration is not None:
            yield "calibrated", self.calibration.words
        if self.decision is not None:
            yield "answers", self.decision.words
        yield from self._judged()
        if self.solution is not None:
            yield "solved", _solved(self.solution)

    @property
    def asked(self) -> str | None:
        """The command of its training, or the call in Python; None where nobody knows.

        Of what lay in memory, and of a function, no command could speak.
        """
        if self.source is None or self.settings is None:
            return None
        again, paths = self.settings_again, self.paths
        in_python = not paths or isinstance(again.relabel, Mapping)
        if not in_python and speaks_of_options():
            return as_command(paths, again)
        named = {0: self.source, 1: repr(paths[0]) if paths else ""}
        return as_call(named.get(len(paths), repr(list(paths))), again)

    @property
    def paths(self) -> tuple[str, ...]:
        """What opens the source again; nothing where it lay in memory."""
        old = () if self.source is None else (self.source,)
        return old if self.opened is None else self.opened

    @property
    def settings_again(self) -> Settings:
        """The settings to train with again: costs are by class, as the rule has them."""
        asked = Settings() if self.settings is None else self.settings
        if asked.costs != GIVEN or not isinstance(self.decision, CostRule):
            return asked
        return replace(asked, costs=self.decision.by_class(self.classes))

    @property
    def needs_encoder(self) -> bool:
        """Whether raw pixels gave a weak result."""
        judged = self.train if self.test is None else self.test
        if self.preprocessing is None or self.encoder is not None:
            return False
        if judged is None or self.baseline is None:
            return False
        return is_weak(judged.accuracy, self.baseline.accuracy)

    def _judged(self) -> Iterator[tuple[str, str]]:
        if self.train is not None:
            yield "on training", measures_in_words(self.train)
        if self.test is not None:
            before = ", before the second training" * self.refit
            yield "judged", f"{measures_in_words(self.test)}, by {self.judge}{before}"
            if trust := trust_in_words(self.test):
                yield "trust", trust
        elif self.judge is not None:
            yield "judged", f"by {self.judge}"
        if self.baseline is not None:
            yield "base rate", str(self.baseline)
        if self.needs_encoder:
            yield "weak", f"{RAW_PIXELS}. {way_out()}"

    def __str__(self) -> str:
        rows = [(heading, text.replace("\n", "\n" + " " * 13)) for heading, text in self.rows()]
        return "\n".join(f"{heading:<13}{text}" for heading, text in rows)


def made_now() -> dict[str, Any]:
    """Return when and with which software, for a card."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "onelayer": onelayer.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def solution_fields(solution: Solution) -> dict[str, Any]:
    """Return a solution as JSON has it, without its history, which grows with the steps."""
    named = {field.name: getattr(solution, field.name) for field in fields(solution)}
    del named["history"]
    return plain(named)


def solution_from(told: dict[str, Any]) -> Solution:
    """Return the solution that `solution_fields` described."""
    undefined = {"gap": math.nan, "gap_bound": math.inf}
    missing = {name: value for name, value in undefined.items() if told[name] is None}
    return Solution(**{**told, **missing, "status": Status(told["status"]), "history": ()})


def measures_in_words(measures: Evaluation) -> str:
    """Accuracy, its interval where it has one, log loss and the number of examples."""
    interval = measures.interval
    within = f" (95 %: {interval_in_words(list(interval))})" if interval else ""
    return (
        f"accuracy {percent(measures.accuracy)}{within}, "
        f"log loss {loss_in_words(measures.log_loss)}, n = {count_in_words(measures.n)}"
    )


def kept_in_words(count: int) -> str:
    """Say that a file holds pictures of training, and how it would hold none."""
    return (
        f"{count_of(count, 'small pictures')} of training in the model file, shown where they are "
        f"similar; {spelt('keep_pictures=0', '--keep-pictures 0')} keeps none"
    )


def trust_in_words(measures: Evaluation) -> str:
    """Brier score and calibration error, and the three before calibration where it changed them.

    Empty for a model of a version that did not measure them.
    """
    if math.isnan(measures.brier):
        return ""
    now = f"Brier {measures.brier:.4f}, calibration error {percent(measures.calibration_error)}"
    if measures.chance_limit is not None:
        now += f", of which chance may be up to {percent(measures.chance_limit)}"
    before = measures.uncalibrated
    if before is None:
        return now
    return (
        f"{now} (before calibration log loss {loss_in_words(before.log_loss)}, "
        f"{before.brier:.4f}, {percent(before.calibration_error)})"
    )


def _count_and_names(classes: list[str], shown: int = 20) -> str:
    more = ", ..." if len(classes) > shown else ""
    return f"{len(classes)}: {', '.join(classes[:shown])}{more}"


def _features(card: Card) -> str:
    features, preprocessing = card.features, card.preprocessing
    if card.encoder is not None:
        return f"{features:,} of {card.encoder}"
    if preprocessing is None:
        return str(features)
    size = f"{preprocessing.height} x {preprocessing.width}"
    return f"{features}: pictures of {size}, mode {preprocessing.mode}, {preprocessing.fit}"


def _scaling(scaling: float | str) -> str:
    if scaling == NUMBERS:
        return "numbers standardised: zero mean, unit variance; levels are 0 or 1, words TF-IDF"
    if scaling == LEVELS:
        return "no number to standardise: levels are 0 or 1, words TF-IDF"
    if isinstance(scaling, str):
        return "standardised: zero mean, unit variance"
    return f"times {scaling:.6g}" if scaling * 255 != 1 else "times 1/255"


def _solved(solution: Solution) -> str:
    exact = "gap undefined" if math.isnan(solution.gap) else f"relative gap {solution.gap:.1e}"
    return (
        f"{solution.status} after {count_of(solution.iterations, 'steps')} of {solution.solver} "
        f"({solution.reason}), {exact}, {solution.passes:.1f} passes, "
        f"{solution.seconds:.2f} s"
    )


_TYPED: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "opened": (list, tuple),
    "preprocessing": (Preprocessing.to_dict, Preprocessing.from_dict),
    "settings": (settings_fields, settings_from),
    "choice": (Choice.to_dict, Choice.from_dict),
    "train": (Evaluation.to_dict, Evaluation.from_dict),
    "test": (Evaluation.to_dict, Evaluation.from_dict),
    "baseline": (Baseline.to_dict, Baseline.from_dict),
    "solution": (solution_fields, solution_from),
    "audit": (Audit.to_dict, Audit.from_dict),
    "calibration": (Calibration.to_dict, Calibration.from_dict),
    "decision": (lambda rule: rule.to_dict(), decision_from),
}
"""What each of these fields is in JSON, and what it is again."""
