"""What each number, column or word of examples adds to z."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from onelayer.model.fitted import Model

_AT_ONCE = 1 << 24
"""Numbers that are explained at a time. *Guard* for memory, where rows have many words."""


def contributions_of(model: Model, X: Any) -> np.ndarray:
    """Return what each number of rows X (m, n) adds to z; see `Model.contributions`."""
    at_once = max(1, _AT_ONCE // model.layer.W.size)
    parts = [
        model.inputs.explain(model.layer.contributions(X[start : start + at_once]))
        for start in range(0, X.shape[0], at_once)
    ]
    shares = np.concatenate(parts)
    return shares[:, :, 0] if model.head.name == "binary" else shares


def words_of(model: Model, X: Any, k: int | None) -> list[dict[str, list[tuple[str, float]]]]:
    """Return what the words of rows X (m, n) add to class k's score; see `Model.words`."""
    answers = model.readout.answers(model.forward(X))
    places = answers.tolist() if k is None else [k] * len(answers)
    return [
        model.inputs.words(model.layer.score(X[[row]], place).shares[0])
        for row, place in enumerate(places)
    ]
