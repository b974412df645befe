"""What each column is worth to a layer, beside the others and alone."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from onelayer.calibration import Readout
from onelayer.measures import area_under_curve
from onelayer.report.by_column import Looked
from onelayer.report.judging import Mean, losses

FEWEST_ROWS = 300
"""Examples that judge below which no column is said to carry nothing: among 24 columns that all
do, and 48 rows, one seemed not to."""

SHUFFLES = 5

CARRIES = 0.005
"""Of guessing's log loss: what columns that carry something are worth at the least. *Measured*:
columns of noise among 1000 rows stay below 0.003 at the C that is chosen."""


@dataclass(frozen=True)
class Importance:
    """A column's worth.

    Attributes
    ----------
    name
        The column.
    rise
        By how much the log loss rises where the column's values are shuffled among the examples,
        example by example (permutation importance: Breiman 2001), as the mean of `SHUFFLES`.
    alone, rest
        The AUC of what the column alone adds to z, and of what all others add; with several
        classes the mean of each against the rest. None with a single class.
    """

    name: str
    rise: Mean
    alone: float | None
    rest: float | None


@dataclass(frozen=True)
class Worth:
    """The columns, the most important first, and those that carry nothing, even all together.

    Attributes
    ----------
    columns
        All of them.
    idle
        Those without which the log loss would rise by less than `CARRIES` of guessing's.
    rise
        By how much it does without all of these.
    """

    columns: tuple[Importance, ...]
    idle: tuple[str, ...] = ()
    rise: Mean | None = None


def worth_of_columns(looked: Looked, readout: Readout, guessed: float) -> Worth:
    """Return the worth of each column, beside others; `guessed` is guessing's log loss.

    Cost: for each column ten times what a head costs for the examples looked at.
    """
    if len(looked.names) < 2:
        return Worth(())
    labels, Z, weights = looked.labels, looked.Z, looked.weights
    own = np.moveaxis(looked.shares, 1, 0)
    before = losses(readout.logits(Z), labels, readout.head)
    orders = [np.random.default_rng(seed).permutation(len(looked)) for seed in range(SHUFFLES)]

    def rise_without(z: np.ndarray) -> Mean:
        shuffled = [
            losses(readout.logits(Z - z + z[order]), labels, readout.head) for order in orders
        ]
        return Mean.of(np.mean(shuffled, axis=0) - before, weights)

    def auc(z: np.ndarray) -> float | None:
        return area_under_curve(z, labels, readout.head, weights)

    columns = [
        Importance(name, rise_without(z), auc(z), auc(Z - z))
        for name, z in zip(looked.names, own, strict=True)
    ]
    order = np.argsort([one.rise.value for one in columns], kind="stable").tolist()
    if len(looked) < FEWEST_ROWS:
        return Worth(tuple(columns[j] for j in reversed(order)))
    z = NormalDist().inv_cdf(1 - 0.025 / len(columns))  # one of many would seem idle by chance
    idle, rise, together = [], None, np.zeros_like(Z)
    for j in order:
        with_it = together + own[j]
        further = rise_without(with_it)
        if further.below(CARRIES * guessed, z):
            idle.append(columns[j].name)
            rise, together = further, with_it
    return Worth(tuple(columns[j] for j in reversed(order)), tuple(idle), rise)
