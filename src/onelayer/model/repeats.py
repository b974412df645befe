"""Rows of numbers that a source holds more than once, which chance cannot have made."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.designs.row_products import seen_rows
from onelayer.inputs import Inputs
from onelayer.model.parts import Parts
from onelayer.report.material import Repeats

LEAST = 0.01
"""Repeats as a share of the rows, below which they change no figure that is shown: at 1 % an
accuracy by at most one point."""

DIFFERENT = 0.9
"""The share of different rows that a column must tell apart, so that no two of them agree by
chance: a measurement does, levels and counts do not."""

MOST_NUMBERS = 50_000_000  # of X that are looked at for such a column: 400 MB
MOST_COLUMNS = 300


def repeats_of(parts: Parts) -> Repeats | None:
    """Count rows that repeat an earlier one; None where they are few, or may agree by chance."""
    everything, train, test = parts.everything, parts.train, parts.test
    names = everything.inputs.parts
    if not 0 < len(names) <= MOST_COLUMNS or train.content is None:
        return None
    if len(everything) * everything.n > MOST_NUMBERS:
        return None
    contents = [part.content for part in (train, parts.val, test) if part is not None]
    if any(content is None for content in contents):
        return None
    content = np.concatenate([one for one in contents if one is not None])
    _, first = np.unique(content, return_index=True)
    repeated = len(content) - len(first)
    if repeated < LEAST * len(content):
        return None
    witness = _witness(everything.matrix, everything.inputs, first)
    if witness is None:
        return None
    judging = 0 if test is None else len(test)
    both = 0 if test is None else int(np.isin(test.contents(), train.content).sum())
    return Repeats(repeated, len(content), both, judging, witness)


def _witness(X: Any, inputs: Inputs, first: np.ndarray) -> str | None:
    """The column of numbers that tells most of the different rows apart; None where none does."""
    names, values = inputs.numbers(seen_rows(X[first], None))
    for name, column in zip(names, values.T, strict=True):
        if len(np.unique(column)) > DIFFERENT * len(column):
            return name
    return None
