"""Between two classes: what each threshold would find, and what the likeliest examples hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.calibration import Costs, Readout, Threshold
from onelayer.calibration.decisions import Decision
from onelayer.calibration.threshold_curves import ThresholdCurves
from onelayer.measures import made_of_rows
from onelayer.report.judging import rarer_of_two

TOPS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)
"""The shares of all examples, likeliest first, that people have the time to follow up."""


@dataclass(frozen=True)
class Top:
    """The likeliest examples, a share of all: how many of the class they hold.

    Attributes
    ----------
    share
        Of all examples, by weight.
    found
        Of the class, the share that is among them.
    precision
        Of them, the share that is of the class.
    """

    share: float
    found: float
    precision: float

    @property
    def lift(self) -> float:
        """How many times as many of the class as among as many drawn at random."""
        return self.found / self.share


@dataclass(frozen=True)
class ByThreshold:
    """What answering a class from each probability upward comes to.

    Attributes
    ----------
    position
        Which of the two classes.
    thresholds
        (t,), the probabilities of the class that occur, rising.
    recall, precision
        (t,), of answering the class from each of them upward.
    cost
        (t,), the mean cost of an answer; None where there are no costs.
    used
        The threshold that answers now.
    tops
        What the likeliest examples hold.
    """

    position: int
    thresholds: np.ndarray
    recall: np.ndarray
    precision: np.ndarray
    cost: np.ndarray | None
    used: float
    tops: tuple[Top, ...]


def by_threshold(
    Z: np.ndarray, labels: np.ndarray, readout: Readout, weights: np.ndarray | None = None
) -> ByThreshold | None:
    """Return the curves of the rarer of two classes, or of that which the rule answers.

    None where one of the two is absent. Weights (m,) are numbers of examples.
    """
    if weights is not None:
        counted = np.asarray(weights) > 0
        Z, labels, weights = Z[counted], labels[counted], np.asarray(weights, float)[counted]
    if len(np.unique(labels)) < 2:
        return None
    rule = readout.decision
    position = rule.position if isinstance(rule, Threshold) else rarer_of_two(labels, weights)
    p = made_of_rows(len(Z), lambda rows: readout.probabilities(Z[rows])[:, position])
    curves = ThresholdCurves.of(p, labels == position, weights)
    said, hits = curves.said, curves.hits
    wrong, mass = (curves.missed, curves.alarms), (float(hits[-1]), float(said[-1]))
    cost = _cost(rule, position, wrong, mass) if isinstance(rule, Costs) else None
    return ByThreshold(
        position,
        curves.thresholds[::-1],
        curves.recall[::-1],
        curves.precision[::-1],
        None if cost is None else cost[::-1],
        _used(rule, position),
        tuple(_top(share, said, hits) for share in TOPS if share * said[-1] >= 1),
    )


def _used(rule: Decision | None, position: int) -> float:
    """From which probability of the class it is answered now."""
    if isinstance(rule, Threshold):
        return rule.value
    if isinstance(rule, Costs):
        return rule.threshold if position == 1 else 1 - rule.threshold
    return 0.5


def _cost(
    rule: Costs,
    position: int,
    wrong: tuple[np.ndarray, np.ndarray],
    mass: tuple[float, float],
) -> np.ndarray:
    """The mean cost: each of the four outcomes by how often it comes."""
    missed, alarms = wrong
    of_class, everything = mass
    other = 1 - position
    c = rule.matrix
    right = (of_class - missed, everything - of_class - alarms)
    spent: np.ndarray = (
        c[position, position] * right[0]
        + c[position, other] * missed
        + c[other, other] * right[1]
        + c[other, position] * alarms
    )
    return spent / everything


def _top(share: float, said: np.ndarray, hits: np.ndarray) -> Top:
    """The first examples that make up a share of all; of the last one, or of equals, a part."""
    mass = share * said[-1]
    found = float(np.interp(mass, np.append(0.0, said), np.append(0.0, hits)))
    return Top(share, found / float(hits[-1]), found / float(mass))
