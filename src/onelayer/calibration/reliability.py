"""How far probabilities can be believed: reliability, Brier score, expected calibration error.

Weights count examples: weight 2 is an example given twice, and weight 0 one left out.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from onelayer.measures import Rate, some_rows

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Examples of about one probability: what was said, and how often it was so.

    Attributes
    ----------
    confidence
        The mean probability.
    rate
        How often it was so, with its 95 % interval (Wilson).
    """

    confidence: float
    rate: Rate


def confidences(A: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is said of each example and whether it is so, both (m,), from a (m, K).

    Of two classes the probability of the second, and whether it is that; of more, the largest
    probability, and whether the example is of that class ("top-label").
    """
    if A.shape[1] == 2:
        return A[:, 1], labels == 1
    top = A.argmax(axis=1)
    return np.take_along_axis(A, top[:, None], axis=1)[:, 0], top == labels


def reliability(
    said: np.ndarray, so: np.ndarray, weights: np.ndarray | None = None, bins: int = BINS
) -> tuple[Bin, ...]:
    """Bins of equal mass over the probabilities `said` (m,); `so` (m,) is whether it was.

    Equal probabilities lie in one bin, so there may be fewer bins than asked for. Equal mass, not
    equal width: no bin is left to a handful of examples, and the error below is less biased
    (Roelofs, Cain, Shlens and Mozer 2022).
    """
    if weights is None:
        return _of_equal_rows(said, so, bins)
    counts = np.asarray(weights, float) > 0
    said, so, weights = said[counts], so[counts], np.asarray(weights, float)[counts]
    order = np.argsort(said, kind="stable")
    said, so, weights = said[order], so[order], weights[order]
    return tuple(
        Bin(float(np.average(said[rows], weights=weights[rows])), Rate.of(so[rows], weights[rows]))
        for rows in _between(_cuts(said, weights, bins), len(said))
    )


def _of_equal_rows(said: np.ndarray, so: np.ndarray, bins: int) -> tuple[Bin, ...]:
    """The bins of rows that count the same: no order of (m,) rows is made, `so` is counted."""
    ascending = np.sort(said)
    within = _between(_cuts(ascending, None, bins), len(said))
    first, hits = ascending[[rows.start for rows in within]], np.zeros(len(within), np.int64)
    for rows in some_rows(len(said)):
        places = np.searchsorted(first, said[rows][so[rows]], "right") - 1
        hits += np.bincount(places, minlength=len(within))
    return tuple(
        Bin(float(np.average(ascending[rows])), Rate(hit, rows.stop - rows.start))
        for rows, hit in zip(within, hits.tolist(), strict=True)
    )


def _between(cuts: list[int], m: int) -> list[slice]:
    return [slice(*ends) for ends in pairwise([0, *cuts, m]) if ends[0] < ends[1]]


def _cuts(said: np.ndarray, weights: np.ndarray | None, bins: int) -> list[int]:
    """Where each bin but the first begins in `said`, ascending.

    Equal probabilities lie where the middle of their mass lies among all.
    """
    # Of rows that count the same nothing of their number is made.
    before: Any = range(len(said) + 1) if weights is None else np.append(0, np.cumsum(weights))
    cuts = []
    for bound in before[-1] * np.arange(1, bins) / bins:
        value = said[min(bisect_right(before, bound), len(said)) - 1]
        first, end = int(np.searchsorted(said, value)), int(np.searchsorted(said, value, "right"))
        cuts.append(end if (before[first] + before[end]) / 2 < bound else first)
    return cuts


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """ECE = sum over the bins of n_bin / n |how often - mean probability|.

    Of `reliability`'s ten bins of equal mass and of `confidences`: the second class of two, the
    likeliest of more. Source: Naeini, Cooper and Hauskrecht 2015.
    """
    n = sum(found.rate.n for found in bins)
    return sum(found.rate.n * abs(found.rate.value - found.confidence) for found in bins) / n


def chance_error(bins: tuple[Bin, ...]) -> float:
    """The ECE that a layer of perfect probabilities shows on as many examples, on average.

    The mean distance of a binomial rate from its p = mean probability is, with k = floor(n p),

        2 (k + 1) C(n, k + 1) p^(k + 1) (1 - p)^(n - k) / n,

    so an ECE below that is no sign of anything. Source: de Moivre 1730 (Diaconis and Zabell 1991).
    """
    n, _, distances = _by_chance(bins)
    return float((n * distances).sum() / n.sum())


def chance_limit(bins: tuple[Bin, ...]) -> float:
    """The ECE that perfect probabilities stay below in 39 of 40 sets of as many examples.

    It is 1.96 standard deviations above `chance_error`. The bins are independent, so variances add
    up: that of a bin's distance d is p (1 - p) / n - (mean d)^2.
    """
    n, p, distances = _by_chance(bins)
    variances = np.maximum(p * (1 - p) / n - distances**2, 0)
    return chance_error(bins) + 1.96 * float(np.sqrt((n**2 * variances).sum()) / n.sum())


def _by_chance(bins: tuple[Bin, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each bin n, p, and the mean distance of a binomial rate from p."""
    from scipy.special import gammaln

    n = np.array([found.rate.n for found in bins], float)
    p = np.clip([found.confidence for found in bins], 1e-300, 1 - 1e-16)
    k = np.floor(n * p)
    choices = gammaln(n + 1) - gammaln(k + 2) - gammaln(n - k)
    powers = (k + 1) * np.log(p) + (n - k) * np.log1p(-p)
    return n, p, 2 * (k + 1) * np.exp(choices + powers) / n


def brier_score(A: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean of sum_k (a_k - y_k)^2; of two classes half of it, the square of the second's error.

    0 is best; of two classes 1 is worst, of more 2: scikit-learn's `brier_score_loss`.
    Source: Brier 1950.
    """
    return float(np.average(brier_of_rows(A, labels), weights=weights))


def brier_of_rows(A: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What each example adds to `brier_score`, (m,)."""
    squares = np.zeros(len(A))
    for k in range(A.shape[1]):  # column by column, as nothing of (m, K) is needed
        squares += (A[:, k] - (labels == k)) ** 2
    return squares * 0.5 if A.shape[1] == 2 else squares
