"""Judgements in more detail than one accuracy: by class, by threshold."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from onelayer.calibration.threshold_curves import MANY, ThresholdCurves
from onelayer.logistic import Head
from onelayer.measures import auc_of, made_of_rows, some_rows, sums_by_rows
from onelayer.words import counted

Z95 = 1.959963984540054  # of the normal distribution


@dataclass(frozen=True)
class Mean:
    """A mean with its 95 % interval, mean +- 1.96 s / sqrt(n); s is the standard deviation."""

    value: float
    interval: tuple[float, float] | None

    @classmethod
    def of(cls, values: np.ndarray, weights: np.ndarray | None = None) -> Mean:
        """Of these values (m,): n = sum_i w_i, s^2 = sum_i w_i (v_i - mean)^2 / (n - 1).

        No interval for a single one, or where the squares overflow.
        """
        return means_of(len(values), lambda rows: [values[rows]], weights)[0]

    def below(self, limit: float, z: float) -> bool:
        """Whether the mean is surely below a limit, by z standard errors of it."""
        if self.interval is None:
            return False
        return self.value + (self.interval[1] - self.value) * z / Z95 < limit


@dataclass(frozen=True)
class _Moments:
    """Of some values: n = sum_i w_i, their mean, and sum_i w_i (v_i - mean)^2."""

    n: float
    mean: float
    squares: float

    @classmethod
    def of(cls, values: np.ndarray, weights: np.ndarray | None) -> _Moments:
        w = np.ones(len(values)) if weights is None else weights
        mean = float(np.average(values, weights=w))
        with np.errstate(over="ignore", invalid="ignore"):  # a descent that overshot
            return cls(float(w.sum()), mean, float(w @ (values - mean) ** 2))

    def __add__(self, other: _Moments) -> _Moments:
        """Of both together. Source: Chan, Golub and LeVeque 1979."""
        n, apart = self.n + other.n, other.mean - self.mean
        mean = self.mean + apart * other.n / n
        between = apart * apart * (self.n * other.n / n)
        return _Moments(n, mean, self.squares + other.squares + between)

    def told(self) -> Mean:
        if self.n < 2:
            return Mean(self.mean, None)
        half = Z95 * math.sqrt(self.squares / (self.n - 1) / self.n)
        within = self.mean - half, self.mean + half
        return Mean(self.mean, within if math.isfinite(half) else None)


def means_of(
    m: int, values: Callable[[slice], Sequence[np.ndarray]], weights: np.ndarray | None
) -> tuple[Mean, ...]:
    """The means of several numbers a row, of m rows: `values` makes them of some rows at a time."""
    total: list[_Moments] = []
    for start in range(0, m, MANY):
        rows = slice(start, min(start + MANY, m))
        some = None if weights is None else weights[rows]
        if some is not None and not some.any():
            continue  # of no examples there is no mean
        found = [_Moments.of(one, some) for one in values(rows)]
        total = [*map(operator.add, total, found)] if total else found
    return tuple(one.told() for one in total)


@dataclass(frozen=True)
class ClassJudgement:
    """How one class fared; a figure that has no meaning (nothing to divide by) is None.

    n, said and right are sums of weights.
    """

    name: str
    n: float
    said: float
    right: float
    auc: float | None

    @property
    def recall(self) -> float | None:
        """Of the examples of the class, the share that was recognised."""
        return self.right / self.n if self.n else None

    @property
    def precision(self) -> float | None:
        """Of the examples said to be of the class, the share that was."""
        return self.right / self.said if self.said else None

    @property
    def f1(self) -> float | None:
        """2 right / (n + said): the harmonic mean of the two."""
        return 2 * self.right / (self.n + self.said) if self.n + self.said else None


@dataclass(frozen=True)
class Roc:
    """The curve of a binary layer: shares of false alarms and of hits as the threshold falls."""

    false_alarms: np.ndarray
    hits: np.ndarray


def confusion(
    labels: np.ndarray, answers: np.ndarray, K: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """Counts, or sums of weights, (K, K): row the true class, column the answer."""

    def pairs(rows: slice) -> np.ndarray:
        return labels[rows].astype(np.int64) * K + answers[rows]

    return sums_by_rows(pairs, len(labels), K * K, weights).reshape(K, K)


def by_class(
    counts: np.ndarray,
    probabilities: Callable[[int], np.ndarray],
    labels: np.ndarray,
    names: list[str],
    weights: np.ndarray | None = None,
) -> tuple[ClassJudgement, ...]:
    """Judge each class from the confusion (K, K) and the probabilities of a class, (m,)."""
    return tuple(
        ClassJudgement(
            name=name,
            n=counted(counts[k].sum()),
            said=counted(counts[:, k].sum()),
            right=counted(counts[k, k]),
            auc=_of_class(labels == k, probabilities(k), weights),
        )
        for k, name in enumerate(names)
    )


def _of_class(of_class: np.ndarray, scores: np.ndarray, weights: np.ndarray | None) -> float | None:
    """The chance that an example of the class scores above one of the rest; ties count half."""
    if of_class.all() or not of_class.any():
        return None
    return auc_of(scores, of_class, weights)


def roc(labels: np.ndarray, z: np.ndarray, weights: np.ndarray | None = None) -> Roc | None:
    """Return the curve over all thresholds on z (m,); None where one of the classes is absent.

    Its points are those of scikit-learn's `roc_curve`: one for each value of z, without those
    between others on a line. Examples of weight 0 are as if they were not there. Of very many
    examples the curve goes through some of its points alone.
    """
    if len(np.unique(labels)) < 2:
        return None
    if weights is None and len(z) > MANY:
        curves = ThresholdCurves.of(z, labels == 1)
        sums = curves.alarms, curves.hits
        return Roc(*[np.append(0.0, counts / counts[-1]) for counts in sums])
    counted = slice(None) if weights is None else weights != 0
    order = np.argsort(z[counted], kind="stable")[::-1]
    z, true = z[counted][order], labels[counted][order] == 1
    w = np.ones(1) if weights is None else weights[counted][order]
    last = np.append(np.flatnonzero(np.diff(z)), len(z) - 1)  # of the examples with each value
    hits, false_alarms = np.cumsum(true * w)[last], np.cumsum(~true * w)[last]
    bends = (np.diff(hits, 2) != 0) | (np.diff(false_alarms, 2) != 0)
    kept = np.flatnonzero(np.concatenate([[True], bends, [True]])[: len(hits)])
    shares = [np.append(0.0, sums[kept]) / sums[-1] for sums in (false_alarms, hits)]
    return Roc(*shares)


def rarer_of_two(labels: np.ndarray, weights: np.ndarray | None) -> int:
    """The one of two classes that people look for."""
    mass = np.bincount(labels, weights, 2)
    return int(mass[1] <= mass[0])


def first_of(rows: np.ndarray, key: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
    """The rows (j,) whose keys (j,) are the least, so many; of equal ones those that come first.

    Some are looked at at a time: no order of all is made.
    """
    first, keys = rows[:0], np.empty(0)
    for some in some_rows(len(rows)):
        first, keys = np.append(first, rows[some]), np.append(keys, key(rows[some]))
        order = np.argsort(keys, kind="stable")[:count]
        first, keys = first[order], keys[order]
    return first


def base_losses(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """L of always answering the shares of training: -log share of the true class, (m,)."""
    with np.errstate(divide="ignore"):
        return -np.log(shares)[labels]


def losses(Z: np.ndarray, labels: np.ndarray, head: Head) -> np.ndarray:
    """L of each example, (m,)."""
    return made_of_rows(len(Z), lambda rows: head.loss(Z[rows], labels[rows])[:, 0])
