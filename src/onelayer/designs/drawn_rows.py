"""Rows drawn to stand for all: in proportion to what they weigh, with weights that make up for it.

Sums over the drawn rows are on average those over all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

BLOCK = 1024  # guard: drawn rows that are held at a time


@dataclass(frozen=True)
class Drawn:
    """s rows [x' 1], read some at a time, and what each of them stands for.

    Attributes
    ----------
    h, v
        (s,): sums of h, or v, over the drawn rows are about those of the curvature that they were
        drawn by, or of the examples' own weights, over all rows.
    activations
        (s, k): their activations, in float32; (s, 0) where they were not drawn by curvature.
    total
        (k,): sum v a (1 - a) over all rows, or of the weights.
    whole
        Whether these are all rows that have weight.
    """

    h: np.ndarray
    v: np.ndarray
    activations: np.ndarray
    total: np.ndarray
    whole: bool
    read: Callable[[slice], np.ndarray]

    def blocks(self, n: int, rows: int = BLOCK) -> Iterator[tuple[slice, np.ndarray]]:
        """The rows [x' 1][:n] in float32, some at a time, in an array of one's own."""
        for start in range(0, len(self.h), rows):
            part = slice(start, start + rows)
            yield part, self.read(part)[:, :n]


def mean_curvature(A: np.ndarray) -> np.ndarray:
    """The mean of d2L/dz2 over the directions that leave the sum of z as it is: (rows,).

    a (1 - a), or for softmax (1 - |a|^2) / (K - 1), which is 1/K at theta = 0.
    """
    return np.asarray((A * (1 - A)).sum(axis=1) / max(A.shape[1] - 1, 1))


def draw(weights: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """About `size` rows, drawn in proportion to their weights, and weights that make up for it."""
    m = int((weights > 0).sum())
    if 2 * size >= m:
        rows = np.flatnonzero(weights)
        return rows, weights[rows]
    probability = size * weights
    np.minimum(1, probability, out=probability)
    rows = np.flatnonzero(np.random.default_rng(0).random(len(weights)) < probability)
    return rows, weights[rows] / probability[rows]
