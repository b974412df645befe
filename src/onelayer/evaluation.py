"""How well a model does on examples whose labels are known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from onelayer.calibration import (
    Bin,
    Readout,
    brier_of_rows,
    calibration_error,
    chance_limit,
    confidences,
    reliability,
)
from onelayer.measures import (
    Rate,
    area_under_curve,
    head_of,
    in_top,
    made_of_rows,
    sums_by,
    sums_by_rows,
)
from onelayer.sheets.printable import Printable
from onelayer.sheets.sheet import Group, Sheet
from onelayer.words import count_in_words, counted, interval_in_words, loss_in_words, percent

INTERVAL_BELOW = 500
"""With more examples than this the 95 % interval is narrower than +-4.4 points: rounding's size."""


MATRIX = 20
"""The most classes whose answers are counted by true class: four hundred numbers in a file."""


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
    chance_limit
        The calibration error that perfect probabilities stay below in 39 of 40 sets of as many
        examples; None in files of versions that did not find it.
    """

    log_loss: float
    brier: float
    calibration_error: float
    chance_limit: float | None = None

    @classmethod
    def of(
        cls,
        Z: np.ndarray,
        labels: np.ndarray,
        readout: Readout,
        weights: np.ndarray | None = None,
    ) -> Trust:
        """Measure what `readout` makes of the forward pass Z."""
        m = len(Z)

        def losses(rows: slice) -> np.ndarray:
            return np.asarray(readout.head.loss(readout.logits(Z[rows]), labels[rows])[:, 0])

        def squares(rows: slice) -> np.ndarray:
            return brier_of_rows(readout.probabilities(Z[rows]), labels[rows])

        bins = reliability_of(Z, labels, readout, weights)
        return cls(
            log_loss=float(np.average(made_of_rows(m, losses), weights=weights)),
            brier=float(np.average(made_of_rows(m, squares), weights=weights)),
            calibration_error=calibration_error(bins),
            chance_limit=chance_limit(bins),
        )

    def to_dict(self) -> dict[str, float]:
        """Return what JSON can hold."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def reliability_of(
    Z: np.ndarray, labels: np.ndarray, readout: Readout, weights: np.ndarray | None = None
) -> tuple[Bin, ...]:
    """The bins of `reliability` of what `readout` makes of the forward pass Z."""
    so = np.empty(len(Z), bool)

    def said(rows: slice) -> np.ndarray:
        found, so[rows] = confidences(readout.probabilities(Z[rows]), labels[rows])
        return found

    return reliability(made_of_rows(len(Z), said), so, weights)


@dataclass(frozen=True, kw_only=True, repr=False)
class Evaluation(Printable):
    """Measures of one model on one set; rates are fractions.

    Printed, and in a notebook, it is a table: a row a class, with how its examples were answered.
    `frame` has the same as numbers.

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
        The same before calibration; None where there was none.
    auc
        Area under the ROC curve; with more than two classes the mean of each class against the
        rest. None with a single class.
    recall
        By class, the share of its examples labelled right; None where it has none.
    precision
        By class, the share of what was labelled so that is of it; None where nothing was. Empty in
        files of versions that did not count it.
    confusion
        A row a true class, a column an answer: how many examples. None for more than `MATRIX`
        classes.
    top_5
        The share with the true class among the five likeliest; None with five classes or fewer.
    cost
        The mean cost of the answers; None where the model was given no costs.
    chance_limit
        The calibration error that chance alone may show, see `Trust`: below it is no sign of
        anything.
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
    precision: dict[str, float | None] = field(default_factory=dict)
    confusion: tuple[tuple[float, ...], ...] | None = None
    chance_limit: float | None = None

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
            "precision": self.precision,
        }
        further = {
            "uncalibrated": self.uncalibrated and self.uncalibrated.to_dict(),
            "chance_limit": self.chance_limit,
            "top_5": self.top_5,
            "cost": self.cost,
            "confusion": self.confusion and [list(row) for row in self.confusion],
        }
        return named | {name: value for name, value in further.items() if value is not None}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Evaluation:
        """Return what `to_dict`, or JSON made from it, described; JSON has null for what is NaN."""
        interval, before = fields["interval"], fields.get("uncalibrated")
        confusion = fields.get("confusion")
        rates = ("accuracy", "balanced_accuracy", "log_loss", "brier", "calibration_error")
        return cls(
            n=fields["n"],
            interval=None if interval is None else (interval[0], interval[1]),
            uncalibrated=None if before is None else Trust(**before),
            recall=dict(fields["recall"]),
            **{name: _known(fields.get(name)) for name in rates},
            auc=fields["auc"],
            chance_limit=fields.get("chance_limit"),
            top_5=fields.get("top_5"),
            cost=fields.get("cost"),
            precision=dict(fields.get("precision") or {}),
            confusion=confusion and tuple(tuple(row) for row in confusion),
        )

    @property
    def worst(self) -> tuple[str, float]:
        """The class with the lowest recall, and that recall."""
        present = {name: value for name, value in self.recall.items() if value is not None}
        return min(present.items(), key=lambda pair: pair[1])

    @property
    def frame(self) -> Any:
        """A row a class: examples, recall, precision, and how many were answered as each class."""
        import pandas as pd

        names = list(self.recall)
        columns: dict[Any, Any] = {"recall": [*self.recall.values()]}
        if self.precision:
            columns["precision"] = [*self.precision.values()]
        found = pd.DataFrame(columns, index=pd.Index(names, name="class"), dtype=float)
        if self.confusion is not None:
            counts = np.array(self.confusion)
            found.insert(0, "examples", counts.sum(axis=1))
            for name, column in zip(names, counts.T, strict=True):
                found[f"answered {name}"] = column
        return found

    @property
    def sheet(self) -> Sheet:
        """The accuracy as a title, the other measures, and a row a class."""
        names = list(self.recall)
        within = f" (95 %: {interval_in_words([*self.interval])})" if self.interval else ""
        answered = tuple(f"as {name}" for name in names) if self.confusion else ()
        shown = ("recall", "precision") if self.precision else ("recall",)
        return Sheet(
            title=f"Accuracy {percent(self.accuracy)}{within} on {count_in_words(self.n)} examples",
            facts=tuple(self._facts()),
            heads=("class", "examples", *shown, *answered) if self.confusion else ("class", *shown),
            groups=(Group("", tuple(self._row(at) for at in range(len(names)))),),
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "balanced accuracy", percent(self.balanced_accuracy)
        yield "log loss", loss_in_words(self.log_loss)
        if not math.isnan(self.brier):
            yield "Brier score", f"{self.brier:.4f}"
            yield "calibration error", percent(self.calibration_error)
        if self.chance_limit is not None:
            yield "chance alone", f"up to {percent(self.chance_limit)}"
        for name, value in (("AUC", self.auc), ("cost", self.cost)):
            if value is not None:
                yield name, f"{value:.3f}"
        if self.top_5 is not None:
            yield "among the likeliest five", percent(self.top_5)

    def _row(self, at: int) -> tuple[str, ...]:
        name = list(self.recall)[at]
        rates = [self.recall[name], *([self.precision[name]] if self.precision else [])]
        words = ["none" if rate is None else percent(rate) for rate in rates]
        if self.confusion is None:
            return (name, *words)
        counts = self.confusion[at]
        return (name, count_in_words(sum(counts)), *words, *map(count_in_words, counts))


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
    K, answers = len(classes), small_answers(readout, Z, len(classes))
    right = answers == labels
    names = [str(label) for label in classes.tolist()]
    recalls = _recalls(right, labels, weights, K)
    rate = Rate.of(right, weights)
    return Evaluation(
        n=rate.n,
        accuracy=rate.value,
        interval=rate.interval if rate.n < INTERVAL_BELOW else None,
        balanced_accuracy=float(np.mean([recall for recall in recalls if recall is not None])),
        **Trust.of(Z, labels, readout, weights).to_dict(),
        uncalibrated=None if readout.plain else Trust.of(Z, labels, own, weights),
        auc=area_under_curve(readout.logits_of(Z), labels, own.head, weights),
        recall=dict(zip(names, recalls, strict=True)),
        top_5=_top(5, readout.logits_of(Z), labels, weights) if K > 5 else None,
        cost=readout.cost(labels, answers, weights),
        precision=dict(zip(names, _recalls(right, answers, weights, K), strict=True)),
        confusion=_confusion(labels, answers, weights, K),
    )


def small_answers(readout: Readout, Z: np.ndarray, K: int) -> np.ndarray:
    """The class of each example, 0..K-1, (m,), in the smallest type."""
    small = np.min_scalar_type(K - 1)
    return made_of_rows(len(Z), lambda rows: readout.answers(Z[rows]).astype(small))


def _recalls(
    right: np.ndarray, groups: np.ndarray, weights: np.ndarray | None, K: int
) -> list[float | None]:
    """The share of each group (m,) that is right, by weight; None of one without any."""
    hits = sums_by(groups, K, right if weights is None else weights * right)
    counts = sums_by(groups, K, weights)
    return [hit / n if n else None for hit, n in zip(hits.tolist(), counts.tolist(), strict=True)]


def _confusion(
    labels: np.ndarray, answers: np.ndarray, weights: np.ndarray | None, K: int
) -> tuple[tuple[float, ...], ...] | None:
    if K > MATRIX:
        return None

    def pairs_of(rows: slice) -> np.ndarray:
        return labels[rows].astype(np.int64) * K + answers[rows]

    counts = sums_by_rows(pairs_of, len(labels), K * K, weights).reshape(K, K)
    return tuple(tuple(map(counted, row)) for row in counts.tolist())


def _top(k: int, Z: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> float:
    """The share of examples with fewer than k classes above the true one."""
    return float(np.average(in_top(k, Z, labels), weights=weights))
