"""What a layer gets right on the examples that judge, and whether another gets more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from onelayer.inputs.examples import Examples
from onelayer.layer import Layer
from onelayer.measures import Rate, decide, head_of, in_top, mean_recall, paired_interval

Z95 = 1.959963984540054
MEASURES = ("top-1", "mean per class")
"""Those that C may be chosen by; sets of unequal classes report the mean of their recalls."""


class Measured(NamedTuple):
    """A rate, or a difference of two, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Hits:
    """Which examples that judge a layer gets right.

    Attributes
    ----------
    labels
        (m,), positions in the classes.
    top_1
        (m,) bool: the likeliest class is the true one.
    top_5
        (m,) bool: the true class is among the five likeliest; None of five classes or fewer.
    """

    labels: np.ndarray
    top_1: np.ndarray
    top_5: np.ndarray | None

    @classmethod
    def of(cls, layer: Layer, judge: Examples) -> Hits:
        """Of a layer on the examples; one pass."""
        Z, labels = judge.forward(layer), judge.labels
        top_1 = decide(Z, head_of(judge.classes)) == labels
        return cls(labels, top_1, in_top(5, Z, labels) if len(judge.classes) > 5 else None)

    def measures(self) -> dict[str, Measured]:
        """Each measure by name, with its interval: Wilson's of rates, +-1.96 s of the mean."""
        found = {"top-1": _rate(self.top_1)}
        if self.top_5 is not None:
            found["top-5"] = _rate(self.top_5)
        mean, error = mean_recall(self.top_1, self.labels)
        low, high = max(0.0, mean - Z95 * error), min(1.0, mean + Z95 * error)
        found["mean per class"] = Measured(mean, low, high)
        return found

    def less(self, other: Hits) -> dict[str, Measured] | None:
        """Each measure's difference from another's, paired; None where other examples judged."""
        if not np.array_equal(self.labels, other.labels):
            return None
        found = {"top-1": _difference(self.top_1, other.top_1)}
        if self.top_5 is not None and other.top_5 is not None:
            found["top-5"] = _difference(self.top_5, other.top_5)
        apart = self.top_1.astype(np.float64) - other.top_1
        mean, error = mean_recall(apart, self.labels)
        found["mean per class"] = Measured(mean, mean - Z95 * error, mean + Z95 * error)
        return found


def score_by(measure: str, judge: Examples) -> Callable[[Layer], float]:
    """What chooses C: a layer's measure, one of `MEASURES`, on the examples."""

    def score(layer: Layer) -> float:
        hits = Hits.of(layer, judge)
        if measure == "top-1":
            return float(hits.top_1.mean())
        return mean_recall(hits.top_1, hits.labels)[0]

    return score


def _rate(hit: np.ndarray) -> Measured:
    rate = Rate.of(hit)
    return Measured(rate.value, *rate.interval)


def _difference(first: np.ndarray, second: np.ndarray) -> Measured:
    return Measured(float(first.mean() - second.mean()), *paired_interval(first, second))
