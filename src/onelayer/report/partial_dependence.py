"""What the probabilities come to where one column moves and all others stay as they are.

The partial dependence of Friedman 2001 (Annals of Statistics 29, section 8.2): for each value v of
column j the mean over examples of a(z - share_j + share_j(v)). z is a sum over columns, so it takes
no further pass, and is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from onelayer.inputs.moving import ColumnMoves
from onelayer.report.by_column import Looked, shares_of
from onelayer.report.judging import rarer_of_two
from onelayer.report.material import Reported, Seen

COLUMNS_SHOWN = 6
CLASSES_SHOWN = 3  # curves that can be told apart without a colour
LEVELS_SHOWN = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Effect:
    """What the probabilities come to at each value of one column.

    Attributes
    ----------
    name
        The column.
    moves
        Its values.
    classes
        The positions of the classes that it moves most, in order: of two the rarer.
    probabilities
        (g, classes), the mean over the examples looked at.
    """

    name: str
    moves: ColumnMoves
    classes: tuple[int, ...]
    probabilities: np.ndarray

    @property
    def levels(self) -> list[tuple[str, int, list[float]]]:
        """Of a category the most frequent levels: name, examples, probabilities; the most first."""
        if not self.moves.levels:
            return []
        counts = np.bincount(self.moves.held[~np.isnan(self.moves.held)].astype(int))
        often = np.argsort(-counts, kind="stable")[:LEVELS_SHOWN].tolist()
        found = [
            (self.moves.levels[j], int(counts[j]), self.probabilities[j].tolist())
            for j in often
            if counts[j]
        ]
        return sorted(found, key=lambda one: -one[2][0])


def effects_of(
    looked: Looked, layer: Reported, seen: Seen, names: tuple[str, ...]
) -> tuple[Effect, ...]:
    """Return the effects of the first of these columns that can move.

    Cost: a head for every example and value.
    """
    found: list[Effect] = []
    for name in names:
        place = seen.names.index(name)
        moves = seen.moves(place, looked.X)
        if moves is not None and len(found) < COLUMNS_SHOWN:
            found.append(_effect(looked, layer, seen, (name, place, moves)))
    return tuple(found)


def _effect(
    looked: Looked, layer: Reported, seen: Seen, moved: tuple[str, int, ColumnMoves]
) -> Effect:
    name, place, moves = moved
    at = shares_of(seen, moves.X, looked.Z.shape[1])[:, place]
    rest = looked.Z - looked.shares[:, place]
    A = np.array(
        [
            np.average(layer.readout.probabilities(rest + share), axis=0, weights=looked.weights)
            for share in at
        ]
    )
    classes = (rarer_of_two(looked.labels, looked.weights),) if A.shape[1] == 2 else _moved_most(A)
    return Effect(name=name, moves=moves, classes=classes, probabilities=A[:, classes])


def _moved_most(A: np.ndarray) -> tuple[int, ...]:
    most = np.argsort(-np.ptp(A, axis=0), kind="stable")[:CLASSES_SHOWN]
    return tuple(np.sort(most).tolist())
