"""What a training chose and found beside the weights: C and the temperature, each with its why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from onelayer.card.json_values import number, plain
from onelayer.evaluation import Trust


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The C taken, what was tried, and why, in words.

    Attributes
    ----------
    C
        The C taken; infinity for no penalty.
    words
        Why that one.
    tried
        The pairs (C, log loss) tried, in the order of the path.
    std_errors
        The standard error of each log loss over the folds; empty where a single set judged.
    note
        What a reader must know of the layer at that C, as that L1 left it no weight; None: nothing.
    """

    C: float
    words: str
    tried: tuple[tuple[float, float], ...] = ()
    std_errors: tuple[float, ...] = ()
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: an infinite C is "inf", an infinite loss null."""
        told = {
            "C": number(self.C),
            "tried": plain(self.tried),
            "std_errors": plain(self.std_errors),
            "words": self.words,
        }
        return told if self.note is None else {**told, "note": self.note}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Choice:
        """Return what `to_dict` described; the first files had no standard errors."""
        return cls(
            C=float(told["C"]),
            words=told["words"],
            tried=tuple((float(C), _loss(loss)) for C, loss in told.get("tried", ())),
            std_errors=tuple(map(_loss, told.get("std_errors", ()))),
            note=told.get("note"),
        )


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The temperature, and how it was found.

    Attributes
    ----------
    temperature
        What z is divided by; 1 where nothing is changed.
    words
        How surely it was found and on what, or why it was not looked for.
    before, after
        How far the probabilities of those examples can be believed without and with it; None
        where nothing was changed.
    """

    temperature: float
    words: str
    before: Trust | None = None
    after: Trust | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        told = {"temperature": self.temperature, "words": self.words}
        measured = {"before": self.before, "after": self.after}
        return told | {name: trust.to_dict() for name, trust in measured.items() if trust}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Calibration:
        """Return what `to_dict` described."""
        measured = {name: Trust(**told[name]) for name in ("before", "after") if name in told}
        return cls(temperature=float(told["temperature"]), words=told["words"], **measured)


def _loss(told: float | None) -> float:
    """A loss that was not finite is null in JSON."""
    return math.inf if told is None else float(told)
