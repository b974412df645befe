"""What stands out in single columns: one that decides alone, that has moved, or carries nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from onelayer.designs.row_products import seen_rows
from onelayer.report.case import Case, NextStep
from onelayer.report.material import Sample
from onelayer.words import loss_in_words, percent, to_drop

NEARLY_DECIDES = 0.98
"""The AUC of one column alone from which on it may hold the answer. The best single columns of
honest sets that are easy reach 0.975 (breast_cancer, worst perimeter)."""

FIVE_TIMES = 5
"""How many times as many pairs all other columns must order wrongly: a column that only leads."""

ZEROS = 0.01
"""Zeros as a share of a column, below which they matter little."""

APART = 1.0
"""How many standard deviations of the other values lie between zero and the least of them. In
pima, where a zero stands for no value, these are 1.4 (glucose), 1.9 (pressure) and 2.6 (body
mass); of columns whose zeros are zeros 0.3 (pregnancies) and below."""

DIFFERENT_VALUES = 10  # a column of fewer is of counts or marks

DRIFT = 0.25
"""How many standard deviations apart two means are no longer those of one kind of rows. Source:
Rubin 2001, page 174, where adjusting for such a difference can no longer be trusted."""

SURELY = 4.0
"""Standard errors of that difference: by chance one in 16000 columns."""

NAMED, LISTED = 6, 40  # columns in one sentence; in a list


def leak(case: Case) -> NextStep | None:
    """A column that nearly decides the answer by itself."""
    for one in case.worth.columns:
        if one.alone is None or one.rest is None or one.alone < NEARLY_DECIDES:
            continue
        if 1 - one.rest > FIVE_TIMES * max(1 - one.alone, 1e-3):
            return NextStep(
                "leak",
                f"{one.name} nearly decides the answer alone",
                f"What it adds orders the classes with an AUC of {one.alone:.3f}; all other "
                f"columns together reach {one.rest:.3f}.",
                "If it is known only once the answer is, the figures are those of looking it "
                f"up: train without it{_left_out(case, [one.name])}.",
            )
    return None


def drift(case: Case) -> NextStep | None:
    """Numbers whose means are others in what judges than in training."""
    trained, seen = case.material.trained, case.material.layer.seen
    if trained is None or seen is None or not trained.own_test:
        return None
    moved = sorted(_moved(case, trained.sample), reverse=True)
    if not moved:
        return None
    named = "; ".join(
        f"{name} {size:.2g} standard deviations ({before:.4g} in training, {now:.4g} here)"
        for size, name, before, now in moved[:3]
    )
    more = f"; {len(moved) - 3} more" * (len(moved) > 3)
    return NextStep(
        "drift",
        f"The {case.unit} that judge are not like those trained on: {moved[0][1]} has moved",
        f"Means that are further apart than chance allows: {named}{more}.",
        "Find out what changed between the two. The figures are those of the new kind; train on "
        "some of it as well.",
    )


def _moved(case: Case, train: Sample) -> Iterator[tuple[float, str, float, float]]:
    """Columns of numbers whose means differ: by how many deviations, name, means."""
    seen, test = case.material.layer.seen, case.judged.sample
    if seen is None or train.X.shape[1] > WIDE:
        return
    names, old = seen.numbers(_rows(train))
    _, new = seen.numbers(_rows(test))
    for name, a, b in zip(names, old.T, new.T, strict=True):
        spread = math.sqrt((a.var() + b.var()) / 2)
        apart = abs(float(a.mean() - b.mean()))
        surely = SURELY * math.sqrt(a.var() / len(a) + b.var() / len(b))
        if spread > 0 and apart > DRIFT * spread and apart > surely:
            yield apart / spread, name, float(a.mean()), float(b.mean())


WIDE = 2000  # features beyond which numbers are not looked at one by one
ROWS = 20_000  # of a set that are looked at, evenly


def _rows(sample: Sample) -> np.ndarray:
    """Dense rows of X (m, n), `ROWS` of them at most."""
    at = np.unique(np.linspace(0, len(sample) - 1, min(ROWS, len(sample))).astype(int))
    return seen_rows(sample.X[sample.places[at]], None)


def zeros(case: Case) -> NextStep | None:
    """Numbers whose zeros lie far from all else."""
    layer, trained = case.material.layer, case.material.trained
    sample = case.judged.sample if trained is None else trained.sample
    if layer.seen is None or layer.shape is not None or sample.X.shape[1] > WIDE:
        return None
    names, values = layer.seen.numbers(_rows(sample))
    found = [(name, share) for name, x in zip(names, values.T, strict=True) if (share := _odd(x))]
    if not found:
        return None
    listed = ", ".join(f"{name} ({percent(share)})" for name, share in found[:6])
    return NextStep(
        "zeros",
        f"Zeros that may stand for no value: {', '.join(name for name, _ in found[:3])}"
        + ", ..." * (len(found) > 3),
        f"Exactly zero in {listed}, though all other values lie far from it.",
        "If nothing was measured there, say so: leave such cells empty, and they count as missing.",
    )


def _odd(x: np.ndarray) -> float:
    """The share of zeros where they are far from all else; 0 where they are not."""
    zero = np.abs(x) <= 1e-9 * max(float(np.abs(x).max(initial=0.0)), 1e-300)
    rest, share = x[~zero], float(zero.mean())
    if share < ZEROS or len(np.unique(rest)) < DIFFERENT_VALUES or rest.min() < 0:
        return 0.0
    return share if rest.min() > APART * rest.std() else 0.0


def useless(case: Case) -> NextStep | None:
    """Columns that carry nothing beside the others, even all together."""
    idle, rise = case.worth.idle, case.worth.rise
    if rise is None or rise.interval is None or not case.judgement.informed:
        return None
    one = len(idle) == 1
    few = (
        ", ".join(idle)
        if len(idle) <= NAMED
        else f"{len(idle)} of {len(case.worth.columns)} columns"
    )
    named = (
        ""
        if len(idle) <= NAMED
        else f" They are {', '.join(idle[:LISTED])}" + ", ..." * (len(idle) > LISTED) + "."
    )
    return NextStep(
        "useless",
        f"{few} {'carries' if one else 'carry'} nothing that the other columns do not",
        f"Without {'it' if one else 'all of them'} the log loss of what judges would rise by at "
        f"most {max(rise.interval[1], 0.0):.2g} (95 %), from "
        f"{loss_in_words(case.judgement.loss.value)}.{named}",
        f"{'It' if one else 'They'} can be left out{_left_out(case, idle)}.",
    )


def _left_out(case: Case, names: Sequence[str]) -> str:
    """How to train without some columns of a table; of others nobody else knows where they are."""
    asked = case.material.layer.card.settings
    table = asked is not None and asked.target is not None
    return f" ({to_drop(names)})" if table and len(names) <= NAMED else ""
