"""Judgements in more detail than one accuracy: by class, by threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from onelayer.logistic import Head

Z95 = 1.959963984540054  # of the normal distribution


@dataclass(frozen=True)
class Mean:
    """A mean with its 95 % interval, mean +- 1.96 s / sqrt(n)."""

    value: float
    interval: tuple[float, float] | None

    @classmethod
    def of(cls, values: np.ndarray) -> Mean:
        """Of these values; no interval for a single one, or where the squares overflow."""
        mean, n = float(values.mean()), len(values)
        if n < 2:
            return cls(mean, None)
        with np.errstate(over="ignore", invalid="ignore"):  # a descent that overshot
            half = Z95 * float(values.std(ddof=1)) / math.sqrt(n)
        return cls(mean, (mean - half, mean + half) if math.isfinite(half) else None)


@dataclass(frozen=True)
class ClassJudgement:
    """How one class fared; a figure that has no meaning (nothing to divide by) is None."""

    name: str
    n: int
    said: int
    right: int
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


def confusion(labels: np.ndarray, answers: np.ndarray, K: int) -> np.ndarray:
    """Counts (K, K): row the true class, column the answer."""
    return np.bincount(labels * K + answers, minlength=K * K).reshape(K, K)


def by_class(
    counts: np.ndarray, A: np.ndarray, labels: np.ndarray, names: list[str]
) -> tuple[ClassJudgement, ...]:
    """Judge each class from the confusion (K, K) and the probabilities (m, K)."""
    return tuple(
        ClassJudgement(
            name=name,
            n=int(counts[k].sum()),
            said=int(counts[:, k].sum()),
            right=int(counts[k, k]),
            auc=_auc(labels == k, A[:, k]),
        )
        for k, name in enumerate(names)
    )


def _auc(of_class: np.ndarray, scores: np.ndarray) -> float | None:
    """The chance that an example of the class scores above one of the rest; ties count half."""
    from scipy.stats import rankdata

    n, others = int(of_class.sum()), int((~of_class).sum())
    if n == 0 or others == 0:
        return None
    ranks = rankdata(scores)[of_class].sum()
    return float((ranks - n * (n + 1) / 2) / (n * others))


def roc(labels: np.ndarray, z: np.ndarray) -> Roc | None:
    """Return the curve over all thresholds on z (m,); None where one of the classes is absent."""
    from sklearn.metrics import roc_curve

    if len(np.unique(labels)) < 2:
        return None
    false_alarms, hits, _ = roc_curve(labels, z)
    return Roc(false_alarms, hits)


def base_losses(labels: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """L of always answering the shares of training: -log share of the true class, (m,)."""
    with np.errstate(divide="ignore"):
        return -np.log(shares[labels])


def losses(Z: np.ndarray, labels: np.ndarray, head: Head) -> np.ndarray:
    """L of each example, (m,)."""
    return head.loss(Z, labels)[:, 0]
