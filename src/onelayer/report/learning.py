"""The learning curve: how the log loss of examples not trained on falls with more to train on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onelayer.estimators.folds import OutOfFold, found_among
from onelayer.logistic import Head
from onelayer.measures import Rate, decide
from onelayer.report.judging import Mean, losses
from onelayer.report.material import Sample


@dataclass(frozen=True)
class Step:
    """Layers of so many examples, and how they did on the same examples, not trained on."""

    trained_on: int
    loss: Mean
    right: Rate


@dataclass(frozen=True)
class LearningCurve:
    """How layers of ever more examples did.

    Attributes
    ----------
    steps
        The fewest examples first.
    gain
        By how much the log loss fell in the last step, example by example.
    whole
        Whether the last step had all that there is to train on.
    """

    steps: tuple[Step, ...]
    gain: Mean
    whole: bool


def learning_curve(
    fewer: Sequence[OutOfFold], full: OutOfFold, sample: Sample, head: Head
) -> LearningCurve | None:
    """Judge all of them on the examples that all have judged; None where there is no curve.

    Their z is as it is, before calibration: a temperature is that of one size.
    """
    found = [*fewer, full]
    rows = found[0].rows  # fewer than those of `full`, where these are very many
    for one in found[1:]:
        rows = rows[found_among(rows, one.rows)[0]]
    if not fewer or len(rows) == 0:
        return None
    weights = None if sample.weights is None else sample.weights[rows]
    Zs = [one.Z[found_among(rows, one.rows)[1]] for one in found]
    each = [losses(Z, sample.labels[rows], head) for Z in Zs]
    steps = tuple(
        Step(
            one.trained_on,
            Mean.of(loss, weights),
            Rate.of(decide(Z, head) == sample.labels[rows], weights),
        )
        for one, Z, loss in zip(found, Zs, each, strict=True)
    )
    return LearningCurve(steps, Mean.of(each[-2] - each[-1], weights), whole=not full.capped)
