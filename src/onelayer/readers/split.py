"""Which examples are held out: stratified by class, a group on one side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from onelayer.errors import UsageError
from onelayer.readers.grouped import Grouped, counts_of, some_places

if TYPE_CHECKING:
    from collections.abc import Sequence


def stratified_split(
    labels: np.ndarray, groups: np.ndarray, test_size: float, seed: int
) -> np.ndarray:
    """Mark the test rows: bool (m,), about `test_size` of every class, a group on one side.

    Every class with two groups or more is on both sides; a class of one group stays in training
    (`split_notes` says which). A group with several classes counts for its most frequent one.
    The total is round(test_size * m) where all groups are single rows and no class is too small.

    Parameters
    ----------
    labels
        The class of each row, (m,).
    groups
        Rows with the same value are kept together, (m,).
    test_size
        A fraction, 0 <= test_size < 1; 0 holds out nothing.
    seed
        The same seed gives the same rows.
    """
    if not 0 <= test_size < 1:
        raise UsageError(f"test_size is {test_size}: give a fraction, at least 0 and below 1")
    if test_size == 0 or len(labels) == 0:
        return np.zeros(len(labels), dtype=bool)
    found = Grouped.of(labels, groups)
    quotas = _quotas(found.rows_of_classes, test_size)
    return found.spread(_choose(found, quotas, np.random.default_rng(seed)))


def split_notes(
    labels: np.ndarray,
    groups: np.ndarray,
    held: np.ndarray,
    classes: Sequence[str],
    unit: str,
) -> tuple[str, ...]:
    """Say of which classes `stratified_split` held out nothing, and why; labels are 0..K-1.

    A class without a group that is mostly of it is judged all the same where rows of it are in
    groups of other classes that were held out.
    """
    grouped = Grouped.of(labels, groups)
    K = len(classes)
    rows, judged = counts_of(labels, K), counts_of(labels[held], K)
    own = counts_of(grouped.classes[grouped.group_class], K)
    at_home = counts_of(labels[grouped.spread(grouped.classes[grouped.group_class]) == labels], K)
    return tuple(
        f"{_why_whole(str(classes[k]), int(rows[k]), int(own[k]), at_home[k] == rows[k], unit)}: "
        f"{'it stays' if rows[k] == 1 else 'they stay'} in training, and nobody judges {classes[k]}"
        for k in np.flatnonzero((rows > 0) & (judged == 0)).tolist()
    )


def _why_whole(name: str, rows: int, own: int, at_home: bool, unit: str) -> str:
    if rows == 1:
        return f"{name} has one {unit.removesuffix('s')} alone"
    if own == 1 and at_home:
        return f"all {rows:,} {unit} of {name} are in one group"
    others = "groups that are mostly of other classes"
    return f"the {rows:,} {unit} of {name} are in {'one group and in ' * (own == 1)}{others}"


def _quotas(rows: np.ndarray, test_size: float) -> np.ndarray:
    """Test rows of each class: the largest remainders are rounded up until the total is right."""
    exact = test_size * rows
    quotas = np.floor(exact).astype(np.int64)
    missing = round(exact.sum()) - quotas.sum()
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    return np.maximum(quotas, 1)


def _choose(found: Grouped, quotas: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Mark the test groups: shuffled within their class, taken until its quota is full.

    A group larger than the quota comes after all others, so that it is taken only for want of
    others. The group in which the quota falls is taken where most of it lies below.
    """
    turn = np.arange(len(found.group_class), dtype=np.int32)
    random.shuffle(turn)
    chosen = np.zeros(len(turn), dtype=bool)
    for k, quota in enumerate(quotas.tolist()):
        mine = found.group_class == k
        if np.count_nonzero(mine) < 2:
            continue
        if found.sizes is None:
            chosen |= mine & (turn <= _last_of(turn[mine], quota))
            continue
        sizes = found.sizes[mine]
        if sizes.max() <= quota:
            chosen |= mine & (turn < _first_left(turn[mine], sizes, quota))
            continue
        order = np.lexsort((turn[mine], np.where(sizes > quota, sizes, 0)))
        chosen[np.flatnonzero(mine)[order]] = _taken(sizes[order], quota)
    return chosen


def _last_of(turn: np.ndarray, quota: int) -> int:
    """The turn (m,), each another, of the last that is taken: at least one is, and not all are."""
    last = max(1, min(quota, len(turn) - 1)) - 1
    turn.partition(last)
    return int(turn[last])


def _first_left(turn: np.ndarray, sizes: np.ndarray, quota: int) -> int:
    """The turn of the first group that `_taken` leaves, of groups that are not put in order.

    Turns (groups,) are different whole numbers from 0; those in between are of other classes.
    """
    in_turn = np.zeros(int(turn.max()) + 1, np.min_scalar_type(int(sizes.max())))
    for some in some_places(len(turn)):
        in_turn[turn[some]] = sizes[some]
    first, last, before = int(turn.min()), len(in_turn) - 1, 0
    for some in some_places(len(in_turn)):
        its = in_turn[some].astype(np.int64)
        ends = before + np.cumsum(its)
        left = np.flatnonzero((ends - its / 2 >= quota) & (its > 0))
        if len(left):
            return max(min(some.start + int(left[0]), last), first + 1)
        before = int(ends[-1])
    return last


def _taken(sizes: np.ndarray, quota: int) -> np.ndarray:
    """Which of a class's groups, in their turn, are taken: the first, and not all of them."""
    rank, before = np.arange(len(sizes)), np.cumsum(sizes) - sizes
    taken = before + sizes / 2 < quota
    return (taken | (rank == 0)) & (rank < len(sizes) - 1)
