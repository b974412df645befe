"""Two models on the same examples: which is better, and whether that may be chance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError
from onelayer.inputs.examples import Examples
from onelayer.model.fitted import Model
from onelayer.model.judged_on import judged_on
from onelayer.readers.tables.table_options import TableOptions
from onelayer.report.judging import Mean, losses
from onelayer.sources import Progress, no_progress
from onelayer.words import count_in_words, listed, loss_in_words, percent

CHANCE = 0.05


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What two models said of the same examples; differences are the second less the first.

    Attributes
    ----------
    n
        Examples; rows of a table with weights count once each in what is counted, and by their
        weights in means.
    accuracy
        The share that each labels right.
    only_first, only_second
        How many one alone labels right; on the others both are right, or both wrong.
    p
        The exact p-value of McNemar's test: how often, if both were equally good, these two numbers
        would lie as far apart.
    log_loss
        Of each.
    accuracy_gain, log_loss_gain
        The mean difference, example by example, with its 95 % interval.
    """

    n: int
    accuracy: tuple[float, float]
    only_first: int
    only_second: int
    p: float
    log_loss: tuple[float, float]
    accuracy_gain: Mean
    log_loss_gain: Mean

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @property
    def verdict(self) -> tuple[str, str]:
        """What it comes to: of the answers, and of the probabilities."""
        return self._of_answers(), self._of_probabilities()

    def _of_answers(self) -> str:
        differ = (
            f"they differ in being right on {count_in_words(self.only_first + self.only_second)}"
        )
        if self.only_first == self.only_second == 0:
            return "Both are right on the same examples."
        split = f"{differ}: {self.only_first:,} for the first, {self.only_second:,} for the second"
        if self.p >= CHANCE:
            return f"Neither answers better, as far as can be told; {split} (p = {self.p:.2g})."
        better = "first" if self.only_first > self.only_second else "second"
        return f"The {better} answers better; {split} (p = {self.p:.2g})."

    def _of_probabilities(self) -> str:
        gain = self.log_loss_gain
        if gain.interval is None:
            return "Too few examples to compare the probabilities."
        low, high = gain.interval
        within = f"{gain.value:+.3g} (95 %: {low:+.3g} to {high:+.3g})"
        if low <= 0 <= high:
            return f"Neither has better probabilities, as far as can be told: log loss {within}."
        better = "first" if low > 0 else "second"
        what = "log loss of the second less the first"
        return f"The {better} has better probabilities: {what} {within}."


def compare(
    first: Model,
    second: Model,
    source: Any,
    *,
    x: str | None = None,
    y: str | None = None,
    options: TableOptions | None = None,
    progress: Progress | None = no_progress,
) -> Contest:
    """Judge two models on the same examples, pair by pair: far sharper than two judgements.

    Parameters
    ----------
    first, second
        Of the same classes; what they look at may differ.
    source, x, y, options, progress
        As `Model.evaluate` takes them.

    Raises
    ------
    DataError
        Where the source cannot be read by both.
    UsageError
        For models of other classes.
    """
    for model in (first, second):
        if not isinstance(model, Model):
            raise UsageError(
                f"two models are compared, and this is a {type(model).__name__}: give what "
                "onelayer.train or onelayer.load returns"
            )
    names = _names(first)
    if sorted(names) != sorted(_names(second)):
        raise UsageError(
            f"the first model tells {listed(names, 10)} apart, the second "
            f"{listed(_names(second), 10)}: only models of the same classes can be compared"
        )
    pair = [
        (model, judged_on(model, source, x=x, y=y, options=options, progress=progress)[1])
        for model in (first, second)
    ]
    one, other = (_said(model, examples) for model, examples in pair)
    if not np.array_equal(one.labels, other.labels):
        raise DataError(
            f"{Path(str(source)).name}: the two models read other examples or labels of it, "
            f"{len(one.labels):,} and {len(other.labels):,}: train both with the same target"
        )
    return _contest(one, other, pair[0][1].weights)


@dataclass(frozen=True)
class _Said:
    """Labels as text, and of each example whether the answer was right and its loss, all (m,)."""

    labels: np.ndarray
    right: np.ndarray
    losses: np.ndarray


def _said(model: Model, examples: Examples) -> _Said:
    Z, readout = examples.forward(model.layer), model.readout
    return _Said(
        np.array(_names(model))[examples.labels],
        readout.answers(Z) == examples.labels,
        losses(readout.logits(Z), examples.labels, readout.head),
    )


def _contest(one: _Said, other: _Said, weights: np.ndarray | None) -> Contest:
    only = int((one.right & ~other.right).sum()), int((other.right & ~one.right).sum())
    right = one.right.astype(float), other.right.astype(float)
    return Contest(
        n=len(one.labels),
        accuracy=(_mean(right[0], weights), _mean(right[1], weights)),
        only_first=only[0],
        only_second=only[1],
        p=mcnemar(*only),
        log_loss=(_mean(one.losses, weights), _mean(other.losses, weights)),
        accuracy_gain=Mean.of(right[1] - right[0], weights),
        log_loss_gain=Mean.of(other.losses - one.losses, weights),
    )


def _mean(values: np.ndarray, weights: np.ndarray | None) -> float:
    return float(np.average(values, weights=weights))


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p = min(1, 2 P(B <= min)), B binomial of all that differ, 1/2 each.

    Source: McNemar 1947, exact; the recommendation of Dietterich 1998 for two models on one set.
    """
    from scipy.stats import binom

    differing = only_first + only_second
    if differing == 0:
        return 1.0
    return float(min(1.0, 2 * binom.cdf(min(only_first, only_second), differing, 0.5)))


def measures_of(found: Contest) -> list[tuple[str, str, str]]:
    """Rows of measure, the first model's and the second's, for people."""
    return [
        ("accuracy", percent(found.accuracy[0]), percent(found.accuracy[1])),
        ("right alone", f"{found.only_first:,}", f"{found.only_second:,}"),
        ("log loss", loss_in_words(found.log_loss[0]), loss_in_words(found.log_loss[1])),
    ]


def _names(model: Model) -> list[str]:
    return [str(label) for label in model.classes.tolist()]
