"""How a layer did on examples that were not trained on, in every figure that the page shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.calibration import Bin
from onelayer.evaluation import Trust
from onelayer.inputs.kept_pictures import Similar
from onelayer.measures import Rate
from onelayer.report.by_threshold import ByThreshold
from onelayer.report.judging import ClassJudgement, Mean, Roc


@dataclass(frozen=True)
class Cell:
    """A cell of a row: its column, what stands in it, and how much it speaks for the answer."""

    column: str
    text: str
    speaks: float


@dataclass(frozen=True)
class Example:
    """One example that a layer got wrong.

    Attributes
    ----------
    name
        Its file, or its row.
    label, answer
        The class that it is labelled with, and the one that the layer predicted.
    p_label, p_answer
        The probabilities of the two.
    pixels
        The picture as the layer sees it, uint8 (height, width, channels); None for a row.
    places
        What each place of the picture adds to the score of the answer, (h, w); None where the layer
        sees no places.
    similar
        The pictures of training most like it, the most similar first; none where none are kept.
    cells
        Of a row, what spoke for the answer and against its label, most of all first.
    """

    name: str
    label: str
    answer: str
    p_label: float
    p_answer: float
    pixels: np.ndarray | None
    places: np.ndarray | None = None
    similar: tuple[Similar, ...] = ()
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How the layer did.

    Attributes
    ----------
    who
        What it was judged on, in words, in the plural.
    rows
        How many rows that were, where they have weights; else None. Every figure below counts
        their weights, the mistakes alone are single rows.
    accuracy, base
        The share right, and that of always saying the most frequent class of training.
    base_class
        That class.
    loss, base_loss
        Mean log loss in nats, and that of always answering the shares of training.
    auc
        Area under the ROC curve; with several classes the mean over each against the rest.
    counts
        (K, K), row the true class, column the answer: sums of weights where there are any.
    classes
        One judgement a class.
    roc, thresholds
        For two classes: hits over false alarms; what each threshold would find.
    bins, trust
        How often what was said with each probability was so, and what that comes to.
    before
        The two before calibration; None where there was none.
    gain
        By how much the log loss is below that of answering the shares of training, example by
        example.
    heated
        By how much calibration raised the log loss, example by example; None where there was none.
    confidence
        How sure it is of its answers on average.
    cost
        The mean cost of the answers; None where there are no costs.
    mistakes
        The most confident ones first.
    """

    who: str
    rows: int | None
    accuracy: Rate
    base: Rate
    base_class: str
    loss: Mean
    base_loss: Mean
    auc: float | None
    counts: np.ndarray
    classes: tuple[ClassJudgement, ...]
    roc: Roc | None
    thresholds: ByThreshold | None
    bins: tuple[Bin, ...]
    trust: Trust
    before: tuple[tuple[Bin, ...], Trust] | None
    gain: Mean
    heated: Mean | None
    confidence: float
    cost: float | None
    mistakes: tuple[Example, ...]

    @property
    def informed(self) -> bool:
        """Whether the probabilities say more than the shares of the classes, beyond chance."""
        return self.gain.interval is not None and self.gain.interval[0] > 0
