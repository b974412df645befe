"""What a layer says of examples that it was not trained on: every fifth, in five rounds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from onelayer.estimators.classifier import LogisticRegression
from onelayer.readers import stratified_split

FOLDS = 5
TOL = 1e-4
"""The relative gap that a fold is solved to: of Fashion-MNIST's probabilities, one in a thousand is
then off by more than 0.01, at half the steps."""


@dataclass(frozen=True, kw_only=True)
class Folding:
    """What an out-of-fold pass needs.

    Attributes
    ----------
    X
        (m, n), a row an example.
    labels
        (m,), positions in the classes.
    groups
        (m,), rows with the same number stay on one side.
    estimator
        An estimator with the parameters of the fit; it is cloned, never fitted.
    seed
        Of the folds.
    weights
        (m,), what each example counts for its layer; None: the same.
    most
        Examples that one fold trains on at most; None: all there are.
    enough
        Examples judged after which no further fold is trained; None: all are judged.
    """

    X: Any
    labels: np.ndarray
    groups: np.ndarray
    estimator: LogisticRegression
    seed: int
    weights: np.ndarray | None = None
    most: int | None = None
    enough: int | None = None


@dataclass(frozen=True)
class OutOfFold:
    """Forward passes of layers that had not seen the example.

    Attributes
    ----------
    rows
        (j,), the examples that were judged.
    Z
        (j, 1) or (j, K), their forward pass.
    trained_on
        Examples that a fold was trained on, at most.
    capped
        Whether that was fewer than there were.
    partial
        Whether there were folds that were not judged, as enough were.
    """

    rows: np.ndarray
    Z: np.ndarray
    trained_on: int
    capped: bool
    partial: bool = False


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def out_of_fold(
    folding: Folding, K: int, tell: Callable[[int, int], None] = _silent
) -> OutOfFold | None:
    """Judge every example by a layer trained without it; None where no class has two groups.

    The layers have the penalty lambda of the estimator's fit on all examples: theirs is the same
    problem, on fewer of them.

    An example of a class with a single group has no fold: it is always trained on. Where a fold
    leaves more than `most` examples to train on, a stratified choice of them is trained on, and all
    of the fold is judged all the same. `tell(done, total)` is called before each fold.
    """
    labels = folding.labels
    fold = assign_folds(labels, folding.groups, folding.seed, folding.weights)
    numbers = _enough(fold, folding.enough)
    judged = np.flatnonzero(np.isin(fold, numbers))
    if len(judged) == 0:
        return None
    Z = np.zeros((len(labels), 1 if K == 2 else K))
    sizes = []
    for done, number in enumerate(numbers):
        tell(done, len(numbers))
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        train = _at_most(folding, outside)
        estimator = clone(folding.estimator).set_params(tol=TOL, C=_same_lambda(folding, train))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(folding.X[train], labels[train], _of(folding.weights, train))
        Z[inside] = estimator.decision_function(folding.X[inside]).reshape(len(inside), -1)
        sizes.append((len(train), len(outside)))
    most = max(size for size, _ in sizes)
    return OutOfFold(
        judged,
        Z[judged],
        most,
        capped=any(size < full for size, full in sizes),
        partial=len(judged) < (fold >= 0).sum(),
    )


def _enough(fold: np.ndarray, enough: int | None) -> list[int]:
    """The folds to judge: all, or the first that together hold enough."""
    numbers, sizes = np.unique(fold[fold >= 0], return_counts=True)
    if enough is None:
        return numbers.tolist()
    before = np.cumsum(sizes) - sizes
    return numbers[before < enough].tolist()


def _same_lambda(folding: Folding, rows: np.ndarray) -> float:
    """C of these rows at which lambda = 1 / (C sum of weights) is that of all of them.

    At the same C a layer of fewer examples is held more tightly, and is less sure.
    """
    weights = np.ones(len(folding.labels)) if folding.weights is None else folding.weights
    return float(folding.estimator.C * (weights.sum() / weights[rows].sum()))


def _of(weights: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weights is None else weights[rows]


def assign_folds(
    labels: np.ndarray, groups: np.ndarray, seed: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """The fold of each row, 0 to 4, or -1 for none: (m,), a group in one fold, classes even.

    The groups of each class are shuffled and dealt out in turn, so a class with two groups or more
    is trained on in every round. A group with several classes counts for its first. A row without
    weight has no fold, as if it were not there.
    """
    if weights is not None and not weights.all():
        fold, rows = np.full(len(labels), -1), np.flatnonzero(weights)
        fold[rows] = assign_folds(labels[rows], groups[rows], seed)
        return fold
    random = np.random.default_rng(seed)
    _, first, row_group = np.unique(groups, return_index=True, return_inverse=True)
    group_class = labels[first]
    fold = np.full(len(first), -1)
    turn = 0
    for label in np.unique(group_class):
        members = random.permutation(np.flatnonzero(group_class == label))
        if len(members) >= 2:
            fold[members] = (turn + np.arange(len(members))) % FOLDS
            turn += len(members)
    return fold[row_group]


def _at_most(folding: Folding, rows: np.ndarray) -> np.ndarray:
    most = folding.most
    if most is None or len(rows) <= most:
        return rows
    labels, groups = folding.labels[rows], folding.groups[rows]
    return rows[stratified_split(labels, groups, most / len(rows), folding.seed)]
