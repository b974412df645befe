"""Single measures of a forward pass against labels; `evaluation.py` has them together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from onelayer.logistic import Binary, Head, Softmax
from onelayer.words import counted

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


def log_loss(
    Z: np.ndarray, labels: np.ndarray, head: Head, weights: np.ndarray | None = None
) -> float:
    """Mean L of the examples; without weights every example counts the same."""
    return float(np.average(head.loss(Z, labels)[:, 0], weights=weights))


def area_under_curve(
    Z: np.ndarray, labels: np.ndarray, head: Head, weights: np.ndarray | None = None
) -> float | None:
    """AUC of the true class against the rest, averaged over the classes that are present."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(labels)) < 2:
        return None
    if head.name == "binary":
        return float(roc_auc_score(labels, Z[:, 0], sample_weight=weights))
    A = head.activation(Z)
    aucs = [roc_auc_score(labels == k, A[:, k], sample_weight=weights) for k in np.unique(labels)]
    return float(np.mean(aucs))


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
        s = np.ones(len(hit)) if weights is None else weights
        return cls(counted(s @ hit), counted(s.sum()))

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
