"""What answering a class from each probability upward finds, and how much of it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MANY = 1 << 20  # guard: examples, more of which have curves of some points alone
POINTS = 10_000  # guard: of these, each hundredth of a per cent of all examples


@dataclass(frozen=True, eq=False)
class ThresholdCurves:
    """The curves of one class, by the probabilities that occur, falling.

    Attributes
    ----------
    thresholds
        (t,), the probabilities; equal ones are answered alike, and are one.
    said, hits
        (t,), how many examples are answered from each of them upward, and how many of these are of
        the class; sums of weights.
    """

    thresholds: np.ndarray
    said: np.ndarray
    hits: np.ndarray

    @classmethod
    def of(
        cls, p: np.ndarray, of_class: np.ndarray, weights: np.ndarray | None = None
    ) -> ThresholdCurves:
        """Of probabilities (m,), which examples are of the class (m,), and their weights (m,).

        Of very many examples that count the same at some of the probabilities alone, exact there.
        """
        if weights is None and len(p) > MANY:
            return cls._of_many(p, of_class)
        s = np.ones(len(p)) if weights is None else weights
        order = np.argsort(-p, kind="stable")
        said, hits = np.cumsum(s[order]), np.cumsum((s * of_class)[order])
        kept = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
        return cls(p[order][kept], said[kept], hits[kept])

    @classmethod
    def _of_many(cls, p: np.ndarray, of_class: np.ndarray) -> ThresholdCurves:
        """At the probability of every so many-th example: no order of examples is made."""
        m, everything, own = len(p), np.sort(p), np.sort(p[of_class])
        last = -(-np.arange(1, POINTS + 1) * m // POINTS)
        thresholds = np.unique(everything[m - last])[::-1]
        said, hits = (len(z) - np.searchsorted(z, thresholds) for z in (everything, own))
        return cls(thresholds, said.astype(float), hits.astype(float))

    @property
    def recall(self) -> np.ndarray:
        """Of the class, the share that is found, (t,)."""
        return self.hits / self.hits[-1]

    @property
    def precision(self) -> np.ndarray:
        """Of what is answered, the share that is of the class, (t,)."""
        return self.hits / self.said

    @property
    def missed(self) -> np.ndarray:
        """Of the class, how many are not found, (t,)."""
        return self.hits[-1] - self.hits

    @property
    def alarms(self) -> np.ndarray:
        """How many are answered and of another class, (t,)."""
        return self.said - self.hits
