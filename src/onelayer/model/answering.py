"""What is said of each example: its class, how sure, of every class if asked, or `unsure`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.designs import where_it_lies
from onelayer.errors import ShapeError, UsageError
from onelayer.words import spelt

if TYPE_CHECKING:
    from onelayer.layer import Layer
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


def said_of(model: Model, given: Any, of_z: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What `of_z` makes of z (rows, k) of what `predict` takes, (m, ...): of some rows at a time.

    Beside the answers some rows are held; an array that maps a file larger than half of the memory
    that is free is read from it. Errors are those of `Model.predict`.
    """
    parts = [
        model.layer.answers(require_rows(model.layer, X), lambda _, Z: of_z(Z))
        for X in (where_it_lies(some, None) for some in model.inputs.in_turn(given))
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def require_rows(layer: Layer, X: Any) -> Any:
    """X, where its rows are as long as the layer's; else ShapeError."""
    if X.ndim != 2 or X.shape[1] != layer.n:
        raise ShapeError(
            f"X has the shape {X.shape}: the model takes (m, {layer.n}), a row an example"
        )
    return X
