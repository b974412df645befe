"""The card: where a model comes from, how it was made, and how well it did."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import NoneType
from typing import Any

import numpy as np

import onelayer
from onelayer.errors import ModelFileError
from onelayer.readers import Audit
from onelayer.words import (
    c_in_words,
    count_in_words,
    interval_in_words,
    loss_in_words,
    percent,
    visible,
)

_OBJECT = (dict, NoneType)
_OBJECTS = (
    "preprocessing",
    "settings",
    "choice",
    "train",
    "test",
    "baseline",
    "solution",
    "audit",
    "calibration",
    "decision",
)
_DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


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
    preprocessing, scaling
        What is done to an example before the forward pass.
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
    preprocessing: dict[str, Any] | None = None
    source: str | None = None
    source_id: str | None = None
    settings: dict[str, Any] | None = None
    choice: dict[str, Any] | None = None
    judge: str | None = None
    train: dict[str, Any] | None = None
    test: dict[str, Any] | None = None
    baseline: dict[str, Any] | None = None
    refit: bool = False
    solution: dict[str, Any] | None = None
    audit: dict[str, Any] | None = None
    calibration: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: Any) -> Card:
        """Return the card that `to_dict` described; ModelFileError if it cannot have.

        What a card says is said once here: whatever is missing or of a wrong type shows then.
        """
        try:
            card = cls(**fields)
            wrong = [name for name in _OBJECTS if not isinstance(getattr(card, name), _OBJECT)]
            if wrong:
                raise TypeError(f"{wrong[0]} is no object")
            str(card)
        except _DAMAGE as error:
            raise ModelFileError(
                f"is damaged: the model's card cannot be understood: {error!r}"
            ) from error
        return card

    def rows(self) -> Iterator[tuple[str, str]]:
        """Pairs of a heading and its text, for people; a text may have several lines."""
        yield "classes", _count_and_names(self.classes)
        yield "features", _features(self.features, self.preprocessing)
        yield "scaling", "none" if self.scaling is None else _scaling(self.scaling)
        if self.source is not None:
            yield "trained on", f"{self.source}" + (", then again on everything" * self.refit)
        if self.choice is not None:
            yield "C", f"{c_in_words(self.choice['C'])}, {self.choice['words']}"
            if "note" in self.choice:
                yield "weights", self.choice["note"]
        if self.calibration is not None:
            yield "calibrated", self.calibration["words"]
        if self.decision is not None:
            yield "answers", self.decision["words"]
        yield from self._judged()
        if self.solution is not None:
            yield "solved", _solved(self.solution)
        if self.audit is not None:
            yield "audit", str(Audit.from_dict(self.audit))
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        yield "made", f"{self.created} with {versions}"

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
            yield "base rate", baseline_in_words(self.baseline)

    def __str__(self) -> str:
        rows = [(heading, text.replace("\n", "\n" + " " * 13)) for heading, text in self.rows()]
        return visible("\n".join(f"{heading:<13}{text}" for heading, text in rows))


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


def measures_in_words(measures: dict[str, Any]) -> str:
    """Accuracy, its interval where it has one, log loss and the number of examples."""
    interval = measures.get("interval")
    within = f" (95 %: {interval_in_words(interval)})" if interval else ""
    return (
        f"accuracy {percent(measures['accuracy'])}{within}, "
        f"log loss {loss_in_words(measures['log_loss'])}, n = {count_in_words(measures['n'])}"
    )


def trust_in_words(measures: dict[str, Any]) -> str:
    """Brier score and calibration error, and the three before calibration where it changed them.

    Empty for a model of a version that did not measure them.
    """
    if measures.get("brier") is None:
        return ""
    now = (
        f"Brier {measures['brier']:.4f}, calibration error {percent(measures['calibration_error'])}"
    )
    before = measures.get("uncalibrated")
    if before is None:
        return now
    return (
        f"{now} (before calibration log loss {loss_in_words(before['log_loss'])}, "
        f"{before['brier']:.4f}, {percent(before['calibration_error'])})"
    )


def baseline_in_words(baseline: dict[str, Any]) -> str:
    """What the most frequent class would score by itself."""
    return f"always {baseline['class']} would score {percent(baseline['accuracy'])}"


def _count_and_names(classes: list[str], shown: int = 20) -> str:
    more = ", ..." if len(classes) > shown else ""
    return f"{len(classes)}: {', '.join(classes[:shown])}{more}"


def _features(features: int, preprocessing: dict[str, Any] | None) -> str:
    if preprocessing is None:
        return str(features)
    size = f"{preprocessing['height']} x {preprocessing['width']}"
    return f"{features}: pictures of {size}, mode {preprocessing['mode']}, {preprocessing['fit']}"


def _scaling(scaling: float | str) -> str:
    if isinstance(scaling, str):
        return "standardised: zero mean, unit variance"
    return f"times {scaling:.6g}" if scaling * 255 != 1 else "times 1/255"


def _solved(solution: dict[str, Any]) -> str:
    gap = solution["gap"]
    exact = "gap undefined" if gap is None else f"relative gap {gap:.1e}"
    return (
        f"{solution['status']} after {solution['iterations']} steps of {solution['solver']} "
        f"({solution['reason']}), {exact}, {solution['passes']:.1f} passes, "
        f"{solution['seconds']:.2f} s"
    )
