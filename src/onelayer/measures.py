"""How well a model does on examples whose labels are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.logistic import Binary, Head, Softmax

INTERVAL_BELOW = 500
"""With more examples than this the 95 % interval is narrower than +-4.4 points: rounding's size."""

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


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Measures of one model on one set; rates are fractions.

    Attributes
    ----------
    n
        Examples judged.
    accuracy, interval
        The share labelled right; its 95 % interval below 500 examples, else None.
    balanced_accuracy
        The mean recall of the classes that are present.
    log_loss
        Mean L, in nats, from z: exact where a rounds to 0 or 1.
    auc
        Area under the ROC curve; with more than two classes the mean of each class against the
        rest. None with a single class.
    recall
        By class, the share of its examples labelled right; None where it has none.
    top_5
        The share with the true class among the five likeliest; None with five classes or fewer.
    """

    n: int
    accuracy: float
    interval: tuple[float, float] | None
    balanced_accuracy: float
    log_loss: float
    auc: float | None
    recall: dict[str, float | None]
    top_5: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold; `top_5` only where it says something."""
        named = {
            "n": self.n,
            "accuracy": self.accuracy,
            "interval": None if self.interval is None else list(self.interval),
            "balanced_accuracy": self.balanced_accuracy,
            "log_loss": self.log_loss,
            "auc": self.auc,
            "recall": self.recall,
        }
        return named if self.top_5 is None else {**named, "top_5": self.top_5}

    @property
    def worst(self) -> tuple[str, float]:
        """The class with the lowest recall, and that recall."""
        present = {name: value for name, value in self.recall.items() if value is not None}
        return min(present.items(), key=lambda pair: pair[1])


def evaluate(
    Z: np.ndarray, labels: np.ndarray, classes: np.ndarray, weights: np.ndarray | None = None
) -> Evaluation:
    """Measure the forward pass Z (m, 1) or (m, K) against labels (m,), positions in `classes`.

    With weights (m,) an example of weight 2 counts as two; the interval is that of as many
    examples as are worth the weights, (sum s)^2 / sum s^2 (Kish 1965).
    """
    head = head_of(classes)
    shares = np.ones(len(labels)) if weights is None else weights
    right = decide(Z, head) == labels
    hits = np.bincount(labels, weights=right * shares, minlength=len(classes))
    counts = np.bincount(labels, weights=shares, minlength=len(classes))
    recalls = [
        hit / n if n else None for hit, n in zip(hits.tolist(), counts.tolist(), strict=True)
    ]
    accuracy = float(right @ shares / shares.sum())
    worth = float(shares.sum() ** 2 / (shares**2).sum())
    return Evaluation(
        n=len(labels),
        accuracy=accuracy,
        interval=wilson_interval(accuracy * worth, worth) if worth < INTERVAL_BELOW else None,
        balanced_accuracy=float(np.mean([recall for recall in recalls if recall is not None])),
        log_loss=log_loss(Z, labels, head, weights),
        auc=area_under_curve(Z, labels, head, weights),
        recall=dict(zip(map(str, classes.tolist()), recalls, strict=True)),
        top_5=_top(5, Z, labels, weights) if len(classes) > 5 else None,
    )


def log_loss(
    Z: np.ndarray, labels: np.ndarray, head: Head, weights: np.ndarray | None = None
) -> float:
    """Mean L of the examples; without weights every example counts the same."""
    return float(np.average(head.loss(Z, labels), weights=weights))


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


def _top(k: int, Z: np.ndarray, labels: np.ndarray, weights: np.ndarray | None) -> float:
    """The share of examples with fewer than k classes above the true one."""
    true = np.take_along_axis(Z, labels[:, None], axis=1)
    above = (true < Z).sum(axis=1)
    return float(np.average(above < k, weights=weights))
