"""What pictures looked like, once they are features: small ones, and the way back to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

SIDE = 64
"""Pixels a side that are kept of a picture, for people and to find near-duplicates by."""


@dataclass(frozen=True)
class Shown:
    """Pictures beside the features that an encoder made of them.

    Attributes
    ----------
    small
        uint8 (M, 64, 64, 3).
    again
        Reads one of them again, by its row, as the encoder takes it: uint8 (height, width, 3).
    """

    small: np.ndarray
    again: Callable[[int], np.ndarray]


def joined_shown(parts: Sequence[tuple[Shown | None, np.ndarray]]) -> Shown | None:
    """Return the rows of several as one, each (pictures, which of its rows)."""
    found = [(shown, rows) for shown, rows in parts if shown is not None]
    if not found or len(found) < len(parts):
        return None
    again = _Joined(tuple((shown.again, rows) for shown, rows in found))
    return Shown(np.concatenate([shown.small[rows] for shown, rows in found]), again)


@dataclass(frozen=True)
class _Joined:
    """Reads a row of several, one after the other."""

    parts: tuple[tuple[Callable[[int], np.ndarray], np.ndarray], ...]

    def __call__(self, row: int) -> np.ndarray:
        starts = [0, *accumulate(len(rows) for _, rows in self.parts)]
        part = int(np.searchsorted(starts, row, side="right")) - 1
        again, rows = self.parts[part]
        return again(int(rows[row - starts[part]]))
