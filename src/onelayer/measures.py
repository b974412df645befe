"""Single measures of a forward pass against labels; `evaluation.py` has them together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from onelayer.designs.row_products import joined_blocks
from onelayer.logistic import Binary, Head, Softmax
from onelayer.words import counted

SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
"""Those of a place among equals: counts of what is below, and of what is not above."""

ROWS = 1 << 16  # guard: that something is made of at a time

WEAK = 0.5
"""The share of the base rate's errors that a model should remove; below it the result is weak.

Half, because a model that is wrong more than half as often as one that never looks has not learnt
what sets the classes apart.
"""


def is_weak(accuracy: float, base: float) -> bool:
    """Whether too few of the base rate's errors are gone: (a - base) / (1 - base) < WEAK."""
    return base < 1 and (accuracy - base) / (1 - base) < WEAK


def head_of(classes: np.ndarray) -> Head:
    """The head that classifies into these classes."""
    return Binary() if len(classes) == 2 else Softmax(len(classes))


def probabilities_of(Z: np.ndarray, head: Head) -> np.ndarray:
    """a for every class, (m, K), from z (m, 1) or (m, K); both sides of a binary a exactly."""
    if head.name == "binary":
        return np.column_stack([head.activation(-Z), head.activation(Z)])
    return head.activation(Z)


def decide(Z: np.ndarray, head: Head) -> np.ndarray:
    """The label with the largest a: 0..K-1, (m,); a binary a of exactly 0.5 is class 0."""
    if head.name == "binary":
        return (Z[:, 0] > 0).astype(np.int64)
    return Z.argmax(axis=1)


def some_rows(m: int) -> Iterator[slice]:
    """m rows, some at a time: one slice at least."""
    for start in range(0, max(m, 1), ROWS):
        yield slice(start, min(start + ROWS, m))


def made_of_rows(m: int, make: Callable[[slice], np.ndarray]) -> np.ndarray:
    """What `make` makes of m rows, (m, ...): of some at a time, so that what it needs is small."""
    return joined_blocks(m, ((rows, make(rows)) for rows in some_rows(m)))


def sums_by(groups: np.ndarray, count: int, weights: np.ndarray | None) -> np.ndarray:
    """How many rows are in each of the groups 0..count - 1 (m,), or the sums of their weights.

    Added up in the order of the rows, some at a time. Booleans are weights too.
    """
    return sums_by_rows(lambda rows: groups[rows], len(groups), count, weights)


def sums_by_rows(
    groups: Callable[[slice], np.ndarray], m: int, count: int, weights: np.ndarray | None
) -> np.ndarray:
    """The same of m rows whose groups are told of some at a time."""
    whole = weights is None or weights.dtype == bool
    total = np.zeros(count, np.int64 if whole else np.float64)
    for rows in some_rows(m):
        some = groups(rows)
        if weights is not None and not whole:
            np.add.at(total, some, weights[rows])
        else:
            total += np.bincount(some if weights is None else some[weights[rows]], minlength=count)
    return total


def log_loss(
    Z: np.ndarray, labels: np.ndarray, head: Head, weights: np.ndarray | None = None
) -> float:
    """Mean L of the examples; without weights every example counts the same."""
    losses = made_of_rows(len(Z), lambda rows: head.loss(Z[rows], labels[rows])[:, 0])
    return float(np.average(losses, weights=weights))


def area_under_curve(
    Z: np.ndarray, labels: np.ndarray, head: Head, weights: np.ndarray | None = None
) -> float | None:
    """AUC of the true class against the rest, averaged over the classes that are present."""
    present = np.unique(labels)
    if len(present) < 2:
        return None
    if head.name == "binary":
        return auc_of(Z[:, 0], labels == present[1], weights)
    A = made_of_rows(len(Z), lambda rows: head.activation(Z[rows]))
    return float(np.mean([auc_of(A[:, k], labels == k, weights) for k in present]))


def auc_of(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray | None) -> float:
    """The share of pairs of a positive and a negative example that scores (m,) order, ties half.

    U / (n+ n-) of Mann and Whitney 1947: of each positive the negatives below it, counted in their
    order. Weights count pairs by their product. NaN where a score is.
    """
    if np.isnan(scores).any():
        return math.nan
    mine, others = scores[positive], scores[~positive]
    if weights is None:
        others.sort()
        mine.sort()  # places of neighbours are found near one another, in a tenth of the time
        below = sum(
            int(np.searchsorted(others, mine[rows], side).sum())
            for rows in some_rows(len(mine))
            for side in SIDES
        )
        return below / (2 * len(mine) * len(others))
    order = np.argsort(others)
    mass = np.concatenate([[0.0], np.cumsum(weights[~positive][order])])
    own, others = weights[positive], others[order]
    twice = sum(float(own @ mass[np.searchsorted(others, mine, side)]) for side in SIDES)
    total = 2 * float(own.sum()) * float(mass[-1])
    return twice / total if total > 0 else math.nan


@dataclass(frozen=True)
class Rate:
    """A share, hits of n, with its 95 % interval.

    Both are sums of weights where there are any: the interval takes weights for numbers of
    examples, whether they are whole or not.
    """

    hits: float
    n: float

    @classmethod
    def of(cls, hit: np.ndarray, weights: np.ndarray | None = None) -> Rate:
        """Of examples (m,), each a hit or not, by their weights (m,)."""
        if weights is None:
            return cls(int(np.count_nonzero(hit)), len(hit))
        return cls(counted(weights @ hit), counted(weights.sum()))

    @property
    def value(self) -> float:
        """Hits over n."""
        return self.hits / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """See `wilson_interval`."""
        return wilson_interval(self.hits, self.n)


def wilson_interval(correct: float, n: float) -> tuple[float, float]:
    """95 % interval of a rate: (p + z2/2n +- z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n), z = 1.96.

    It stays within [0, 1] and is right for small n, where p +- z sqrt(p(1-p)/n) is not.
    Source: Wilson 1927; Brown, Cai and DasGupta 2001.
    """
    z2, p = 1.959963984540054**2, correct / n
    middle = p + z2 / (2 * n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
    return max(0.0, low), min(1.0, high)


def in_top(k: int, Z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether fewer than k classes lie above the true one, bool (m,), of Z (m, K)."""

    def among(rows: slice) -> np.ndarray:
        true = np.take_along_axis(Z[rows], labels[rows, None], axis=1)
        return np.asarray((true < Z[rows]).sum(axis=1) < k)

    return made_of_rows(len(Z), among)


def mean_recall(hit: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """The mean recall of the classes that are present, and its standard error.

    mean over classes of the mean of hit (m,) in the class; the error is that of independent
    classes, the root of the sum of var_c / n_c over K. hit may be differences of two models' hits.
    """
    counts = np.bincount(labels)
    here = counts > 0
    n = counts[here]
    means = np.bincount(labels, hit)[here] / n
    squares = np.bincount(labels, np.square(hit, dtype=np.float64))[here] / n
    # n - 1 of n are free; of a class with one example nothing is known of its spread.
    variances = np.maximum(squares - means**2, 0) / np.maximum(n - 1, 1)
    return float(means.mean()), float(np.sqrt(variances.sum()) / len(n))


def paired_interval(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """95 % interval of the difference of two rates of hits (m,) on the same examples.

    Only the examples where one hits and the other misses tell: with a and b of these, each one
    more than counted, d +- z sqrt((a + b) / (n + 2) - d^2) / sqrt(n + 2), d = (a - b) / (n + 2).
    It holds its level at few such examples too, where the plain one does not.
    Source: Bonett and Price 2012, of Agresti and Min 2005.
    """
    n = len(first) + 2
    a, b = int((first & ~second).sum()) + 1, int((second & ~first).sum()) + 1
    d = (a - b) / n
    half = 1.959963984540054 * math.sqrt(((a + b) / n - d * d) / n)
    return max(-1.0, d - half), min(1.0, d + half)
