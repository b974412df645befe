"""How well a model does on examples whose labels are known."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from onelayer.calibration import (
    Readout,
    brier_score,
    calibration_error,
    confidences,
    reliability,
)
from onelayer.measures import Rate, area_under_curve, head_of, log_loss

INTERVAL_BELOW = 500
"""With more examples than this the 95 % interval is narrower than +-4.4 points: rounding's size."""


@dataclass(frozen=True, kw_only=True)
class Trust:
    """How far probabilities can be believed.

    Attributes
    ----------
    log_loss
        Mean L, in nats, from z: exact where a rounds to 0 or 1.
    brier
        See `brier_score`: 0 is best.
    calibration_error
        See `calibration_error`: ten bins of equal mass, of the second class of two or the likeliest
        of more.
    """

    log_loss: float
    brier: float
    calibration_error: float

    @classmethod
    def of(
        cls,
        Z: np.ndarray,
        labels: np.ndarray,
        readout: Readout,
        weights: np.ndarray | None = None,
    ) -> Trust:
        """Measure what `readout` makes of the forward pass Z."""
        A = readout.probabilities(Z)
        return cls(
            log_loss=log_loss(readout.logits(Z), labels, readout.head, weights),
            brier=brier_score(A, labels, weights),
            calibration_error=calibration_error(reliability(*confidences(A, labels), weights)),
        )

    def to_dict(self) -> dict[str, float]:
        """Return what JSON can hold."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Measures of one model on one set; rates are fractions.

    Attributes
    ----------
    n
        Examples judged: the sum of their weights.
    accuracy, interval
        The share labelled right; its 95 % interval below 500 examples, else None.
    balanced_accuracy
        The mean recall of the classes that are present.
    log_loss
        Mean L, in nats, from z: exact where a rounds to 0 or 1.
    brier, calibration_error
        How far its probabilities can be believed, see `Trust`.
    uncalibrated
        The three before calibration; None where there was none.
    auc
        Area under the ROC curve; with more than two classes the mean of each class against the
        rest. None with a single class.
    recall
        By class, the share of its examples labelled right; None where it has none.
    top_5
        The share with the true class among the five likeliest; None with five classes or fewer.
    cost
        The mean cost of the answers; None where the model was given no costs.
    """

    n: float
    accuracy: float
    interval: tuple[float, float] | None
    balanced_accuracy: float
    log_loss: float
    brier: float
    calibration_error: float
    uncalibrated: Trust | None
    auc: float | None
    recall: dict[str, float | None]
    top_5: float | None
    cost: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; what has nothing to say here is left out."""
        named = {
            "n": self.n,
            "accuracy": self.accuracy,
            "interval": None if self.interval is None else list(self.interval),
            "balanced_accuracy": self.balanced_accuracy,
            "log_loss": self.log_loss,
            "brier": self.brier,
            "calibration_error": self.calibration_error,
            "auc": self.auc,
            "recall": self.recall,
        }
        further = {
            "uncalibrated": self.uncalibrated and self.uncalibrated.to_dict(),
            "top_5": self.top_5,
            "cost": self.cost,
        }
        return named | {name: value for name, value in further.items() if value is not None}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Evaluation:
        """Return what `to_dict`, or JSON made from it, described; JSON has null for what is NaN."""
        interval, before = fields["interval"], fields.get("uncalibrated")
        rates = ("accuracy", "balanced_accuracy", "log_loss", "brier", "calibration_error")
        return cls(
            n=fields["n"],
            interval=None if interval is None else (interval[0], interval[1]),
            uncalibrated=None if before is None else Trust(**before),
            recall=dict(fields["recall"]),
            **{name: _known(fields.get(name)) for name in rates},
            auc=fields["auc"],
            top_5=fields.get("top_5"),
            cost=fields.get("cost"),
        )

    @property
    def worst(self) -> tuple[str, float]:
        """The class with the lowest recall, and that recall."""
        present = {name: value for name, value in self.recall.items() if value is not None}
        return min(present.items(), key=lambda pair: pair[1])


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def evaluate(
    Z: np.ndarray,
    labels: np.ndarray,
    classes: np.ndarray,
    weights: np.ndarray | None = None,
    readout: Readout | None = None,
) -> Evaluation:
    """Measure the forward pass Z (m, 1) or (m, K) against labels (m,), positions in `classes`.

    Weights (m,) are numbers of examples: one of weight 2 is that example twice, in every figure.
    So n is their sum, and the interval that of n examples; weights that only say how many others
    an example stands for, as in a survey, make it too narrow. `readout` makes probabilities and
    answers of Z; None: without calibration.
    """
    own = Readout(head=head_of(classes))
    readout = readout or own
    shares = np.ones(len(labels)) if weights is None else weights
    answers, logits = readout.answers(Z), readout.logits(Z)
    recalls = _recalls(answers, labels, shares, len(classes))
    right = Rate.of(answers == labels, weights)
    return Evaluation(
        n=right.n,
        accuracy=right.value,
        interval=right.interval if right.n < INTERVAL_BELOW else None,
        balanced_accuracy=float(np.mean([recall for recall in recalls if recall is not None])),
        **Trust.of(Z, labels, readout, weights).to_dict(),
        uncalibrated=None if readout.plain else Trust.of(Z, labels, own, weights),
        auc=area_under_curve(logits, labels, own.head, weights),
        recall=dict(zip(map(str, classes.tolist()), recalls, strict=True)),
        top_5=_top(5, logits, labels, weights) if len(classes) > 5 else None,
        cost=readout.cost(labels, answers, weights),
    )


def _recalls(
    answers: np.ndarray, labels: np.ndarray, shares: np.ndarray, K: int
) -> list[float | None]:
    hits = np.bincount(labels, weights=shares * (answers == labels), minlength=K)
    counts = np.bincount(labels, weights=shares, minlength=K)
    return [hit / n if n else None for hit, n in zip(hits.tolist(), counts.tolist(), strict=True)]


def _top(k: int, Z: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> float:
    """The share of examples with fewer than k classes above the true one."""
    true = np.take_along_axis(Z, labels[:, None], axis=1)
    above = (true < Z).sum(axis=1)
    return float(np.average(above < k, weights=weights))
