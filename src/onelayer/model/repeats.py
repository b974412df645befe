"""Rows of numbers that a source holds more than once, which chance cannot have made."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from onelayer.designs.row_products import seen_rows
from onelayer.inputs import Inputs
from onelayer.model.parts import Parts
from onelayer.readers.grouped import how_many_different
from onelayer.report.material import Repeats

LEAST = 0.01
"""Repeats as a share of the rows, below which they change no figure that is shown: at 1 % an
accuracy by at most one point."""

DIFFERENT = 0.9
"""The share of different rows that a column must tell apart, so that no two of them agree by
chance: a measurement does, levels and counts do not."""

SURELY = 3
"""How many times as many repeats there must be as rounding alone would make."""

PARTS = 20  # of a column's values, by their quantiles

MOST_NUMBERS = 50_000_000  # of X that are looked at for such a column: 400 MB
MOST_COLUMNS = 300


def repeats_of(parts: Parts) -> Repeats | None:
    """Count rows that repeat an earlier one; None where they are few, or may agree by chance."""
    sets = [part for part in (parts.train, parts.val, parts.test) if part is not None]
    known = [part.content for part in sets if part.content is not None]
    readable = 0 < len(parts.train.inputs.parts) <= MOST_COLUMNS
    numbers = sum(map(len, sets)) * parts.train.n
    if not readable or len(known) < len(sets) or numbers > MOST_NUMBERS:
        return None
    content = np.concatenate(known)
    if len(content) - how_many_different(content) < LEAST * len(content):
        return None
    everything, (_, first) = parts.everything, np.unique(content, return_index=True)
    witness = _witness(everything.matrix, everything.inputs, first)
    return None if witness is None else _counted(parts, first, *witness)


def _counted(parts: Parts, first: np.ndarray, witness: str, values: np.ndarray) -> Repeats | None:
    """Of all rows those that are no first ones, as the witness has it with its values (m,)."""
    told = values != _most_frequent(values)  # rows without a value agree in what stands for it
    again = np.ones(len(values), bool)
    again[first] = False
    rows = int((again & told).sum())
    if rows < max(LEAST * len(values), SURELY * equal_by_chance(values[first])):
        return None
    both, test = 0, parts.test
    if test is not None:
        among = np.isin(test.contents(), parts.train.contents())
        both = int((among & told[-len(test) :]).sum())
    return Repeats(rows, len(values), both, 0 if test is None else len(test), witness)


def equal_by_chance(values: np.ndarray) -> float:
    """How many of these values (m,) would equal an earlier one, if rounding alone had made them so.

    They are taken to be spread evenly between neighbouring twentieths, each rounded to the least
    difference between two of them: m^2 / 2 pairs, of which one in (slots) agrees.
    """
    different = np.unique(values)
    if len(different) < 2:
        return math.inf
    step = float(np.diff(different).min())
    slots = np.maximum(np.diff(np.quantile(values, np.linspace(0, 1, PARTS + 1))) / step, 1)
    return len(values) ** 2 / 2 * float((1 / slots).sum()) / PARTS**2


def _most_frequent(values: np.ndarray) -> float:
    different, counts = np.unique(values, return_counts=True)
    return float(different[counts.argmax()])


def _witness(X: Any, inputs: Inputs, first: np.ndarray) -> tuple[str, np.ndarray] | None:
    """The column of numbers that tells most of the different rows apart, and its values (m,)."""
    names, values = inputs.numbers(seen_rows(X, None))
    for name, column in zip(names, values.T, strict=True):
        if len(np.unique(column[first])) > DIFFERENT * len(first):
            return name, column
    return None
