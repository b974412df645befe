"""What answering a class from each probability upward finds, and how much of it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
        """Of probabilities (m,), which examples are of the class (m,), and their weights (m,)."""
        s = np.ones(len(p)) if weights is None else weights
        order = np.argsort(-p, kind="stable")
        said, hits = np.cumsum(s[order]), np.cumsum((s * of_class)[order])
        kept = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
        return cls(p[order][kept], said[kept], hits[kept])

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
