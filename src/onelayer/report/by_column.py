"""Some of the examples that judge, column by column: what each adds to z."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.report.material import Judged, Seen

MOST_ROWS = 2000
"""Examples looked at, evenly among those that judge: the interval of a mean is then a fiftieth of
its spread, and 100 columns of ten classes take a second."""

MOST_COLUMNS = 300
"""With more columns nobody reads a list of them, and no single one is worth much."""

NUMBERS = 2_000_000
"""Shares computed at a time: 16 MB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Looked:
    """Examples, and what each column adds to their z.

    Attributes
    ----------
    names
        The columns.
    X
        (m, n), the rows.
    Z
        (m, k), the forward pass.
    labels, weights
        (m,), positions in the classes; how many examples each row counts for, None for one.
    shares
        (m, columns, k): with the intercept they add up to Z.
    """

    names: tuple[str, ...]
    X: Any
    Z: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    shares: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def looked_at(judged: Judged, seen: Seen) -> Looked | None:
    """Return `MOST_ROWS` examples at most; None where there are too many columns to look at."""
    if len(seen.names) > MOST_COLUMNS:
        return None
    sample = judged.sample
    at = np.unique(np.linspace(0, len(sample) - 1, min(MOST_ROWS, len(sample))).astype(int))
    X, Z = sample.X[sample.places[at]], judged.Z[at]
    return Looked(
        names=seen.names,
        X=X,
        Z=Z,
        labels=sample.labels[at],
        weights=None if sample.weights is None else sample.weights[at],
        shares=shares_of(seen, X, Z.shape[1]),
    )


def shares_of(seen: Seen, X: Any, k: int) -> np.ndarray:
    """What each column adds to z, (m, columns, k), of some rows at a time."""
    step = max(1, NUMBERS // (X.shape[1] * k))
    pieces = [seen.shares(X[i : i + step]) for i in range(0, X.shape[0], step)]
    return np.concatenate(pieces)
