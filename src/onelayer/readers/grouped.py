"""Rows in groups that stay together: which group each is in, and of which class a group is.

Of very many rows as small as can be: places among classes and groups in the smallest types, and
nothing of them where each row is a group by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

TOGETHER = 1 << 20  # guard: rows looked at together


@dataclass(frozen=True, eq=False)
class Grouped:
    """The groups of some rows, in the order of their values.

    Attributes
    ----------
    classes
        (K,), the values of labels that there are, in order.
    group_class
        (groups,), each group's class, a position in `classes`: the most frequent of its rows, of
        equally frequent ones the first.
    row_group
        (m,), each row's group; None where every row is one by itself, in their order.
    sizes
        (groups,), their rows; None where each has one.
    """

    classes: np.ndarray
    group_class: np.ndarray
    row_group: np.ndarray | None = None
    sizes: np.ndarray | None = None

    @classmethod
    def of(cls, labels: np.ndarray, groups: np.ndarray) -> Self:
        """Rows (m,) with their labels and the values that tell groups apart."""
        classes, row_class = places_of(labels)
        if ascending(groups):
            return cls(classes, row_class)
        values, row_group = places_of(groups)
        sizes = np.zeros(len(values), np.int32)
        for rows in some_places(len(row_group)):
            np.add.at(sizes, row_group[rows], 1)
        return cls(classes, _class_of(row_class, row_group, sizes), row_group, sizes)

    @cached_property
    def rows_of_classes(self) -> np.ndarray:
        """How many rows the groups of each class have, (K,), in float64."""
        return counts_of(self.group_class, len(self.classes), self.sizes)

    def spread(self, of_groups: np.ndarray) -> np.ndarray:
        """What is said of each group, said of its rows: (m,)."""
        if self.row_group is None:
            return of_groups
        found = np.empty(len(self.row_group), of_groups.dtype)
        for rows in some_places(len(found)):
            found[rows] = of_groups[self.row_group[rows]]
        return found


def counts_of(places: np.ndarray, K: int, sizes: np.ndarray | None = None) -> np.ndarray:
    """How often each of 0..K-1 is among the places (m,), which count `sizes` (m,): float64 (K,)."""
    found = np.zeros(K)
    for some in some_places(len(places)):
        found += np.bincount(places[some], None if sizes is None else sizes[some], minlength=K)
    return found


def ascending(values: np.ndarray) -> bool:
    """Whether these are whole numbers that grow from row to row: no two rows are of one group."""
    return values.dtype.kind in "iu" and bool((values[1:] > values[:-1]).all())


def how_many_different(values: np.ndarray) -> int:
    """How many different values there are among whole numbers from 0 on, (m,)."""
    return int(np.count_nonzero(_there(values)))


def _there(values: np.ndarray) -> np.ndarray:
    """Which whole numbers are among the values, from 0 to the largest."""
    here = np.zeros(int(values.max()) + 1 if len(values) else 0, bool)
    for rows in some_places(len(values)):
        here[values[rows]] = True
    return here


def places_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different values, in order, and the place of each of (m,) among them, a whole number."""
    whole = values.dtype.kind in "iu" and len(values) > 0
    if not whole or values.min() < 0 or values.max() > 4 * len(values):
        found, places = np.unique(values, return_inverse=True)
        return found, places.astype(np.min_scalar_type(max(len(found) - 1, 0)))
    here = _there(values)
    found = np.arange(len(here), dtype=np.min_scalar_type(len(here)))[here]
    found = found.astype(values.dtype, copy=False)
    # Counted in the small type, which may begin anew at 0: one less is right all the same.
    place = np.cumsum(here, dtype=np.min_scalar_type(len(found) - 1))
    place -= place.dtype.type(1)
    places = np.empty(len(values), place.dtype)
    for rows in some_places(len(values)):
        places[rows] = place[values[rows]]
    return found, places


def _class_of(row_class: np.ndarray, row_group: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The most frequent class of each group; only groups of several rows are counted."""
    found = np.empty(len(sizes), row_class.dtype)
    several = np.zeros(len(row_group), bool)
    for rows in some_places(len(row_group)):
        found[row_group[rows]] = row_class[rows]
        several[rows] = sizes[row_group[rows]] > 1
    K = int(row_class.max(initial=0)) + 1
    pairs = row_group[several].astype(np.int64) * K + row_class[several]
    pairs, counts = np.unique(pairs, return_counts=True)
    pair_group, pair_class = np.divmod(pairs, K)
    order = np.lexsort((-pair_class, counts, pair_group))  # the last of a group is its majority
    found[pair_group[order]] = pair_class[order]
    return found


def some_places(m: int) -> list[slice]:
    """m rows or groups, some at a time."""
    return [slice(start, start + TOGETHER) for start in range(0, m, TOGETHER)]
