"""The folds of a cross-validation: rows that are trained on, rows that judge, at one penalty."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from onelayer.designs import Scaling
from onelayer.objective import Objective

FORWARD_BYTES = 1 << 28  # guard: of z; as many folds are shown the data together as fit


@dataclass(frozen=True)
class Folds:
    """Problems that differ from the whole in their weights, and perhaps in their scaling.

    weights (m, folds) are the whole's, zero where a row is not trained on. Where a column sums to
    S_f / S instead of 1, lambda stands for lambda S / S_f of that fold's own mean loss: the same C.

    Attributes
    ----------
    weights
        (m, folds).
    judged
        The rows that each fold judges, or nothing.
    scalings
        What takes the variables of the whole to those of each fold, where it is scaled by its own
        moments; or nothing.
    """

    weights: np.ndarray
    judged: tuple[np.ndarray, ...] = ()
    scalings: tuple[Scaling | None, ...] = ()

    def and_whole(self, objective: Objective) -> Folds:
        """The whole as one problem more, the first; for solving, not for judging."""
        return Folds(
            weights=np.column_stack([objective.weights, self.weights]),
            scalings=(None, *self.scalings) if self.scalings else (),
        )

    def __len__(self) -> int:
        return self.weights.shape[1]

    def scaling(self, number: int) -> Scaling | None:
        """A fold's own; None where it has the whole's."""
        return self.scalings[number] if self.scalings else None

    def alone(self, objective: Objective, number: int) -> Objective:
        """One fold as a problem by itself."""
        loss, scaling = objective.loss, self.scaling(number)
        if scaling is not None:
            loss = loss.rescaled(scaling)
        weights = np.ascontiguousarray(self.weights[:, number])
        return replace(objective, loss=loss.weighted(weights))

    def apart(self, objective: Objective) -> list[tuple[Objective, float]]:
        """Each fold as a problem by itself, whose loss is a mean, and its share of the weight."""
        numbers = range(len(self))
        shares = self.weights.sum(axis=0).tolist()
        return [(self.alone(objective, number), shares[number]) for number in numbers]

    def forward(self, objective: Objective, thetas: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        """z of the rows that each fold judges, (rows, k): one read of the data, or a few."""
        if not self.judged:
            return ()
        k, m = objective.head.width, objective.loss.traits.m
        together = max(1, FORWARD_BYTES // (8 * k * m))
        found = [np.empty((len(rows), k)) for rows in self.judged]
        for first in range(0, len(thetas), together):
            numbers = range(first, min(first + together, len(thetas)))
            parts = [self._shared(number, *objective.split(thetas[number])) for number in numbers]
            W, b = np.hstack([W for W, _ in parts]), np.concatenate([b for _, b in parts])
            for rows, Z in objective.loss.forward_parts(W, b):
                for place, number in enumerate(numbers):
                    here = np.flatnonzero(_within(self.judged[number], rows))
                    columns = slice(place * k, (place + 1) * k)
                    found[number][here] = Z[self.judged[number][here] - rows.start, columns]
        return tuple(found)

    def _shared(self, number: int, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The fold's parameters in the variables of the shared design."""
        scaling = self.scaling(number)
        return (W, b) if scaling is None else scaling.fold(W, b)


def _within(numbers: np.ndarray, rows: slice) -> np.ndarray:
    """Which of the row numbers are among these rows."""
    found: np.ndarray = (numbers >= rows.start) & (numbers < rows.stop)
    return found


@dataclass(frozen=True)
class FoldsThere:
    """The folds of rows on a cluster, where each row's fold lies with it; they are judged there.

    shares: of each fold's rows for training in the weight of all, S_f / S; scalings as in `Folds`.
    """

    shares: tuple[float, ...]
    scalings: tuple[Scaling | None, ...] = ()

    def apart(self, objective: Objective) -> list[tuple[Objective, float]]:
        """Each fold as a problem by itself, whose loss is a mean, and its share of the weight."""
        found = []
        for number, share in enumerate(self.shares):
            loss = objective.loss.of_fold(number)
            scaling = self.scalings[number] if self.scalings else None
            loss = loss if scaling is None else loss.rescaled(scaling)
            found.append((replace(objective, loss=loss), share))
        return found

    def forward(self, objective: Objective, thetas: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        """Nothing: z of rows stays with them."""
        del objective, thetas
        return ()
