"""Which examples are held out: stratified by class, a group on one side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from onelayer.errors import UsageError

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
    row_group, group_class, sizes = _grouped(labels, groups)
    quotas = _quotas(np.bincount(group_class, weights=sizes), test_size)
    return _choose(group_class, sizes, quotas, np.random.default_rng(seed))[row_group]


def split_notes(
    labels: np.ndarray, groups: np.ndarray, classes: Sequence[str], unit: str
) -> tuple[str, ...]:
    """Say which classes `stratified_split` must leave in training, and why; labels are 0..K-1."""
    _, group_class, _ = _grouped(labels, groups)
    present, rows = np.unique(labels, return_counts=True)
    found = np.bincount(group_class, minlength=len(present))
    return tuple(
        f"{_why_whole(str(classes[label]), int(of_it), bool(own), unit)}: "
        f"{'it stays' if of_it == 1 else 'they stay'} in training, and nobody judges {name}"
        for label, name, of_it, own in zip(
            present.tolist(), [classes[label] for label in present], rows, found, strict=True
        )
        if own < 2
    )


def _why_whole(name: str, rows: int, own: bool, unit: str) -> str:
    if rows == 1:
        return f"{name} has one {unit.removesuffix('s')} alone"
    if own:
        return f"all {rows:,} {unit} of {name} are in one group"
    return f"the {rows:,} {unit} of {name} are in groups that are mostly of other classes"


def _grouped(labels: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each row's group, each group's class, each group's rows; groups and classes numbered."""
    classes, row_class = np.unique(labels, return_inverse=True)
    if groups.dtype.kind in "iu" and (np.diff(groups) > 0).all():  # each row is its own
        return np.arange(len(groups)), row_class, np.ones(len(groups), np.int64)
    _, row_group = np.unique(groups, return_inverse=True)
    pairs, counts = np.unique(row_group * len(classes) + row_class, return_counts=True)
    pair_group, pair_class = np.divmod(pairs, len(classes))
    order = np.lexsort((-pair_class, counts, pair_group))  # the last of a group is its majority
    group_class = np.empty(row_group.max() + 1, dtype=np.int64)
    group_class[pair_group[order]] = pair_class[order]
    return row_group, group_class, np.bincount(row_group)


def _quotas(rows: np.ndarray, test_size: float) -> np.ndarray:
    """Test rows of each class: the largest remainders are rounded up until the total is right."""
    exact = test_size * rows
    quotas = np.floor(exact).astype(np.int64)
    missing = round(exact.sum()) - quotas.sum()
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    return np.maximum(quotas, 1)


def _choose(
    group_class: np.ndarray, sizes: np.ndarray, quotas: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Mark the test groups: shuffled within their class, taken until its quota is full.

    A group larger than the quota comes after all others, so that it is taken only for want of
    others. The group in which the quota falls is taken where most of it lies below.
    """
    oversize = np.where(sizes > quotas[group_class], sizes, 0)
    order = np.lexsort((random.permutation(len(sizes)), oversize, group_class))
    counts = np.bincount(group_class, minlength=len(quotas))
    first = np.cumsum(counts) - counts
    rank = np.arange(len(order)) - first[group_class[order]]
    before = np.cumsum(sizes[order]) - sizes[order]
    before -= before[np.minimum(first, len(order) - 1)][group_class[order]]
    taken = before + sizes[order] / 2 < quotas[group_class[order]]
    taken = (taken | (rank == 0)) & (rank < counts[group_class[order]] - 1)
    chosen = np.zeros(len(sizes), dtype=bool)
    chosen[order] = taken
    return chosen
