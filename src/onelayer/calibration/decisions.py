"""Which class is answered, given the probabilities: by a threshold, or by what mistakes cost."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onelayer.calibration.tolerance import Promise, promise
from onelayer.errors import DataError
from onelayer.measures import Rate
from onelayer.words import percent

ROUNDING = 1e-12  # a sum of weights may miss the share that it stands for by as much

NO_EXAMPLE = "no example of that class is among those that choose a threshold"


class Decision(ABC):
    """A rule that answers with one class, 0..K-1, for each row of probabilities a (m, K)."""

    @abstractmethod
    def answers(self, A: np.ndarray) -> np.ndarray:
        """The class answered: int64 (m,)."""

    @abstractmethod
    def in_words(self, names: Sequence[str]) -> str:
        """The rule for people; `names` are those of the classes."""


@dataclass(frozen=True)
class Threshold(Decision):
    """Class `position` where its a > `value`; else the likeliest of the others."""

    position: int
    value: float

    def answers(self, A: np.ndarray) -> np.ndarray:
        """See `Decision`; at the threshold exactly it is one of the others."""
        others = A.copy()
        others[:, self.position] = -1
        above = A[:, self.position] > self.value
        return np.where(above, self.position, others.argmax(axis=1)).astype(np.int64)

    def in_words(self, names: Sequence[str]) -> str:
        """See `Decision`."""
        rest = names[1 - self.position] if len(names) == 2 else "the likeliest of the others"
        return (
            f"{names[self.position]} where its probability is above {self.value:.3g}, else {rest}"
        )


@dataclass(frozen=True, eq=False)
class Costs(Decision):
    """argmin_j sum_k a_k c_kj: the answer j that costs least on average.

    matrix
        c (K, K), what it costs to answer column j where row k is true.

    Of equally cheap answers it is the first. For two classes that is the second where

        a > (c_01 - c_00) / ((c_01 - c_00) + (c_10 - c_11)).

    Source: Elkan 2001.
    """

    matrix: np.ndarray

    def answers(self, A: np.ndarray) -> np.ndarray:
        """See `Decision`."""
        # Not BLAS, whose rounding depends on how many rows come together.
        return np.einsum("ik,kj->ij", A, self.matrix).argmin(axis=1).astype(np.int64)

    def mean_cost(
        self, labels: np.ndarray, answers: np.ndarray, weights: np.ndarray | None = None
    ) -> float:
        """What these answers (m,) cost on average, the true classes being `labels` (m,)."""
        return float(np.average(self.matrix[labels, answers], weights=weights))

    @property
    def threshold(self) -> float:
        """Of two classes, the probability of the second above which it is answered."""
        (right_0, wrong_0), (wrong_1, right_1) = self.matrix.tolist()
        return (wrong_0 - right_0) / ((wrong_0 - right_0) + (wrong_1 - right_1))

    def in_words(self, names: Sequence[str]) -> str:
        """See `Decision`."""
        if len(names) > 2:
            return "what costs least on average"
        return f"what costs least on average: {Threshold(1, self.threshold).in_words(names)}"


@dataclass(frozen=True)
class Chosen:
    """A threshold, what it comes to on the examples that chose it, and what it promises.

    A precision promises nothing of new examples.
    """

    rule: Threshold
    recall: Rate
    precision: Rate
    promise: Promise | None = None

    def in_words(self, names: Sequence[str], unit: str) -> str:
        """What the rule is, and what it found."""
        name = names[self.rule.position]
        promised = "" if self.promise is None else f"; {self.promise.in_words(name)}"
        return (
            f"{self.rule.in_words(names)}{promised}; on {unit} that finds "
            f"{share_in_words(self.recall)} of {name}, and {share_in_words(self.precision)} of "
            f"what it calls {name} is right"
        )


def share_in_words(rate: Rate) -> str:
    """A rate and its interval."""
    low, high = rate.interval
    return f"{percent(rate.value)} ({100 * low:.0f} to {100 * high:.0f} %)"


def threshold_for_recall(
    scores: np.ndarray, of_class: np.ndarray, wanted: float, weights: np.ndarray | None = None
) -> tuple[float, Rate, Rate]:
    """The highest threshold on `scores` that finds the share `wanted` of new ones of the class.

    With the confidence and for the reason that `tolerance.py` gives; where the examples are too few
    for that it lies below all scores of the class, and `promise` says what then holds.

    Parameters
    ----------
    scores
        (m,), the probability of the class, of examples that the layer was not trained on.
    of_class
        bool (m,), whether they are of it.
    wanted
        Above 0, at most 1.
    weights
        (m,), what each example counts.

    Returns
    -------
    The threshold, half-way between two scores; the recall; the precision.

    Raises
    ------
    DataError
        Where no example is of the class.
    """
    if weights is None:
        return _of_equal_examples(scores, of_class, wanted)
    steps = _Steps.of(scores, of_class, weights)
    missed = promise(steps.total, wanted).missed
    enough = steps.hits >= steps.total * (1 - ROUNDING) - missed
    return steps.below(int(np.argmax(enough)))


def threshold_for_precision(
    scores: np.ndarray, of_class: np.ndarray, wanted: float, weights: np.ndarray | None = None
) -> tuple[float, Rate, Rate]:
    """The lowest threshold above which at least the share `wanted` is of the class.

    So it finds as much of the class as that precision allows. As `threshold_for_recall`.

    Raises
    ------
    DataError
        Where no threshold has that precision, or no example is of the class.
    """
    steps = _Steps.of(scores, of_class, weights)
    enough = np.flatnonzero(steps.hits >= (wanted - ROUNDING) * steps.said)
    if len(enough) == 0:
        most = float((steps.hits / steps.said).max())
        raise DataError(f"no threshold has a precision of {wanted:g}: the highest is {most:.3g}")
    return steps.below(int(enough[-1]))


def _of_equal_examples(
    scores: np.ndarray, of_class: np.ndarray, wanted: float
) -> tuple[float, Rate, Rate]:
    """The same of examples that count the same: those of the class alone are put in order."""
    mine = np.sort(scores[of_class])
    total = float(len(mine))
    if not total:
        raise DataError(NO_EXAMPLE)
    least = math.ceil(total * (1 - ROUNDING) - promise(total, wanted).missed)
    score = mine[-least] if least > 0 else scores.max()
    hits = float(total - np.searchsorted(mine, score))
    following = float(np.max(scores, where=scores < score, initial=-math.inf))
    threshold = (float(score) + (following if following > -math.inf else 0.0)) / 2
    return threshold, Rate(hits, total), Rate(hits, float(np.count_nonzero(scores >= score)))


@dataclass(frozen=True)
class _Steps:
    """What a falling threshold lets in: after each distinct score, highest first.

    hits and said are the mass of the class and of all examples so far.
    """

    scores: np.ndarray
    hits: np.ndarray
    said: np.ndarray
    total: float

    @classmethod
    def of(cls, scores: np.ndarray, of_class: np.ndarray, weights: np.ndarray | None) -> _Steps:
        s = np.ones(len(scores)) if weights is None else np.asarray(weights, float)
        values, group = np.unique(-scores[s > 0], return_inverse=True)
        said = np.cumsum(np.bincount(group, weights=s[s > 0]))
        hits = np.cumsum(np.bincount(group, weights=(s * of_class)[s > 0]))
        if len(hits) == 0 or hits[-1] <= 0:
            raise DataError(NO_EXAMPLE)
        return cls(-values, hits, said, float(hits[-1]))

    def below(self, step: int) -> tuple[float, Rate, Rate]:
        """The threshold just below this score, half-way to the next, and what it lets in."""
        following = self.scores[step + 1] if step + 1 < len(self.scores) else 0.0
        threshold = float((self.scores[step] + following) / 2)
        hits, said = float(self.hits[step]), float(self.said[step])
        return threshold, Rate(hits, self.total), Rate(hits, said)
