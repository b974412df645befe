"""What is said of each example: its class, how sure, of every class if asked, or `unsure`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import UsageError
from onelayer.words import spelt

if TYPE_CHECKING:
    from onelayer.model.fitted import Model

UNSURE = "unsure"
"""The answer where no class is likely enough."""


@dataclass(frozen=True)
class Answering:
    """How examples are answered.

    Attributes
    ----------
    model
        It answers by its own rule.
    every
        Whether the probability of every class is said, too.
    abstain
        Where the probability of the answer is below this, the answer is `UNSURE`.
    """

    model: Model
    every: bool = False
    abstain: float = 0.0

    def __post_init__(self) -> None:
        if self.abstain and UNSURE in self._names:
            raise UsageError(
                f"a class is called {UNSURE!r}, so {spelt('abstain')} could not be told from it"
            )

    @property
    def titles(self) -> list[str]:
        """What the probabilities of the classes are called."""
        return [f"P({name})" for name in self._names] if self.every else []

    def labels(self, answers: np.ndarray, A: np.ndarray) -> np.ndarray:
        """The labels of answers (m,), with their dtype; as text where some are unsure.

        A is (m, K).
        """
        labels = self.model.classes[answers]
        if not self.abstain:
            return labels
        unsure = np.take_along_axis(A, answers[:, None], axis=1)[:, 0] < self.abstain
        return np.where(unsure, UNSURE, labels.astype(str))

    def rows(self, answers: np.ndarray, A: np.ndarray) -> list[dict[str, Any]]:
        """One dictionary an example: class, probability, and that of each class."""
        labels = self.labels(answers, A).tolist()
        return [
            {
                "class": label,
                "probability": float(a[k]),
                **dict(zip(self.titles, a.tolist(), strict=False)),
            }
            for label, k, a in zip(labels, answers.tolist(), A, strict=True)
        ]

    @property
    def _names(self) -> list[str]:
        return [str(label) for label in self.model.classes.tolist()]
