"""The folds of a cross-validation of rows on a cluster: each row's fold lies with it.

Folds go by a row's place among the rows of its class, in the order of the collection. So they
depend on no partition and no worker, and nothing of size m comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from onelayer.designs.in_memory import design_in_memory
from onelayer.designs.rows_on_cluster import ClassSums, RowGroup, RowsOnCluster
from onelayer.designs.scaling import Scaling

Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""z (rows, k) and targets (rows,) to a number for each row."""


class Counted(NamedTuple):
    """Rows with a weight above zero: of each group and class (G, K), each class's first row (K,).

    A class without any has none: its first row is m.
    """

    rows: np.ndarray
    first: np.ndarray


class LayerThere(NamedTuple):
    """Parameters of a layer, as they are sent: W (n, k) and b (k,) for X under a scaling."""

    W: np.ndarray
    b: np.ndarray
    scaling: Scaling | None


def counted(X: RowsOnCluster) -> Counted:
    """What folds by class are drawn from: a read of the labels."""
    starts, m, K = X.starts, len(X), len(X.factors)

    def ask(number: int, group: RowGroup) -> list[tuple[np.ndarray, np.ndarray]]:
        places = np.flatnonzero(_has_weight(group))
        targets, first = group.targets[places], np.full(K, m)
        np.minimum.at(first, targets, starts[number] + places)
        return [(np.bincount(targets, minlength=K), first)]

    rows, first = zip(*X.visit(ask, list.__add__), strict=True)
    return Counted(np.array(rows), np.min(first, axis=0))


def in_folds(X: RowsOnCluster, found: Counted, sizes: np.ndarray) -> RowsOnCluster:
    """The same rows; of each class the first sizes[0] are in the first fold, and so on.

    sizes (folds, K): rows with a weight above zero; the others are in no fold.
    """
    before = np.vstack([np.zeros_like(found.first), np.cumsum(found.rows, axis=0)[:-1]])
    ends = np.cumsum(sizes, axis=0)
    asked = [(group, ends, ranks) for group, ranks in zip(X.groups, before, strict=True)]
    there = replace(X, groups=X.workers.put(_in_folds, asked))
    K = len(X.factors)

    def ask(_: int, group: RowGroup) -> list[ClassSums]:
        return [ClassSums.of(group.trained_on(fold), K) for fold in range(len(ends))]

    def join(some: list[ClassSums], others: list[ClassSums]) -> list[ClassSums]:
        return [one.join(other) for one, other in zip(some, others, strict=True)]

    return replace(there, by_fold=tuple(there.visit(ask, join)))


def held_out(
    X: RowsOnCluster, layers: Sequence[LayerThere], measure: Measure
) -> tuple[np.ndarray, np.ndarray]:
    """sum w measure(z, y) and sum w over the rows of each fold, (folds,); one read.

    z is that of the fold's layer, in float64; w are sample weights, relative ones.
    """

    def ask(_: int, group: RowGroup) -> np.ndarray:
        found = np.zeros((2, len(layers)))
        for fold, layer in enumerate(layers):
            rows = group.of_fold(fold)
            if len(rows.targets):
                design = design_in_memory(rows.X, layer.scaling, double=True)
                w = np.ones(len(rows.targets)) if rows.weights is None else rows.weights
                told = measure(design.forward(layer.W, layer.b), rows.targets.astype(np.int32))
                found[:, fold] = w @ told, w.sum()
        return found

    sums, weights = X.visit(ask, np.add)
    return sums, weights


def _has_weight(group: RowGroup) -> np.ndarray:
    return np.ones(len(group.targets), bool) if group.weights is None else group.weights > 0


def _in_folds(group: RowGroup, ends: np.ndarray, ranks: np.ndarray) -> RowGroup:
    """A group with its rows' folds; `ranks` (K,) rows of each class come before it."""
    targets, weighty = group.targets, _has_weight(group)
    folds = np.full(len(targets), len(ends), np.min_scalar_type(len(ends)))
    for c in np.unique(targets[weighty]):
        places = np.flatnonzero(weighty & (targets == c))
        folds[places] = np.searchsorted(ends[:, c], ranks[c] + np.arange(len(places)), "right")
    return group._replace(folds=folds)
