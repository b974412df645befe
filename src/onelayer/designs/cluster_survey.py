"""The first read of rows on a cluster: whether all is finite, moments, a sample that comes here.

As `disk_survey.py`, group by group where they lie; what they find is joined in a fixed tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy import sparse

from onelayer.designs.disk_survey import as_all, draw_group, drawing_rates, sample_size
from onelayer.designs.rows_on_cluster import RowGroup, RowsOnCluster
from onelayer.designs.scaling import ColumnMoments
from onelayer.designs.survey import SampledRows, Survey
from onelayer.designs.tallies import ExactTally, RoughTally
from onelayer.designs.values import first_not_finite, largest, not_finite
from onelayer.errors import DataError

SAMPLE_BYTES = 1 << 26  # guard: of the sample, which comes here in parts and is put together


@final
@dataclass(eq=False)
class FoundThere:
    """What some groups hold.

    Attributes
    ----------
    largest
        max |x|; NaN or infinity where they hold one.
    bad
        Row, column and value of the first that is not finite.
    tally
        Of the columns' moments.
    sample
        Rows, targets and weights, group by group.
    """

    largest: float
    bad: tuple[int, int, float] | None
    tally: Any
    sample: list[tuple[Any, np.ndarray, np.ndarray]]

    def join(self, after: FoundThere) -> FoundThere:
        """Of both, in their order."""
        return FoundThere(
            float(np.maximum(self.largest, after.largest)),
            self.bad or after.bad,
            self.tally.join(after.tally),
            self.sample + after.sample,
        )


def survey_on_cluster(X: RowsOnCluster, *, moments: bool) -> Survey:
    """Read X once. With `moments` those of the columns are exact to float64's digits.

    Raises
    ------
    DataError
        NaN or infinity in X, naming the first row and column.
    """
    found = _found(X, moments=moments)
    return Survey(found.largest, X.nbytes, _sample(found, X.totals.shares))


def sample_on_cluster(X: RowsOnCluster) -> SampledRows:
    """The sample of such a survey."""
    return _sample(_found(X, moments=False), X.totals.shares)


def moments_on_cluster(views: Sequence[RowsOnCluster]) -> list[ColumnMoments]:
    """Moments of the same rows under each view's weights, exact to float64's digits; two reads."""
    origin, weighing = _origin(views[0]), [(X.factors, X.fold) for X in views]

    def ask(_: int, group: RowGroup) -> list[ExactTally]:
        tallies = [ExactTally(group.X.shape[1], origin) for _ in weighing]
        for tally, how in zip(tallies, weighing, strict=True):
            tally.add(group.X, group.shares(*how))
        return tallies

    def join(some: list[ExactTally], others: list[ExactTally]) -> list[ExactTally]:
        return [one.join(other) for one, other in zip(some, others, strict=True)]

    return [tally.found() for tally in views[0].visit(ask, join)]


def _found(X: RowsOnCluster, *, moments: bool) -> FoundThere:
    found: FoundThere = X.visit(_asked(X, moments=moments), FoundThere.join)
    if found.bad is not None:
        row, column, value = found.bad
        raise DataError(not_finite("X", value, X.dtype, f"row {row}, column {column}"))
    return found


def _asked(X: RowsOnCluster, *, moments: bool) -> Callable[[int, RowGroup], FoundThere]:
    """What a group is asked; nothing of X but small arrays goes with it."""
    starts, factors, fold, shares = X.starts, X.factors, X.fold, X.totals.shares
    by_row = X.nbytes / len(X)
    size = sample_size(X.shape, len(shares), SAMPLE_BYTES / max(1.0, by_row))
    rates, origin = drawing_rates(size, shares), _origin(X) if moments else None

    def ask(number: int, group: RowGroup) -> FoundThere:
        v, top, n = group.shares(factors, fold), largest(group.X), group.X.shape[1]
        tally = RoughTally(n) if origin is None else ExactTally(n, origin)
        if not np.isfinite(top):
            row, column, value = first_not_finite(group.X) or (0, 0, top)
            return FoundThere(top, (starts[number] + row, column, value), tally, [])
        with np.errstate(over="ignore", invalid="ignore"):  # X that large is refused in words
            tally.add(group.X, v)
        targets = group.targets.astype(np.int32)
        picked, weights = draw_group(number, targets, v, rates)
        drawn = (group.X[picked], targets[picked], weights)
        return FoundThere(top, None, tally, [drawn])

    return ask


def _origin(X: RowsOnCluster) -> np.ndarray:
    """What an exact tally is counted from: the first row of dense X that has weight."""
    factors, fold = X.factors, X.fold

    def ask(_: int, group: RowGroup) -> np.ndarray | None:
        v = group.shares(factors, fold)
        if not v.any():
            return None
        if sparse.issparse(group.X):  # a row of a sparse array is no array in SciPy 1.13
            return np.zeros(group.X.shape[1])
        return group.X[np.argmax(v > 0)].astype(np.float64)

    def first_of(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
        return other if one is None else one

    return np.asarray(X.visit(ask, first_of))


def _sample(found: FoundThere, shares: np.ndarray) -> SampledRows:
    rows, targets, weights = zip(*found.sample, strict=True)
    stacked = sparse.vstack(rows, format="csr") if sparse.issparse(rows[0]) else np.vstack(rows)
    y, v = np.concatenate(targets), np.concatenate(weights)
    with np.errstate(over="ignore", invalid="ignore"):
        moments = found.tally.found()
    return SampledRows(stacked, y, as_all(y, v, shares), moments)
