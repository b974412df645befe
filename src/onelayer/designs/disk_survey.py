"""The first read of rows on disk: whether all is finite, moments, and a sample that stays.

The sample is drawn by class, in proportion to the weights, and its size follows from the shape of X
and the number of classes alone. It is solved in memory for the start, and its curvature stands in
for that of all rows in the metrics of solvers: both save reads of everything.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from onelayer.designs.disk_rows import DiskRows
from onelayer.designs.kept_reads import Answer, read_once
from onelayer.designs.row_labels import RowLabels
from onelayer.designs.scaling import ColumnMoments
from onelayer.designs.survey import SampledRows
from onelayer.designs.tallies import ExactTally, RoughTally
from onelayer.designs.values import first_not_finite, largest, not_finite
from onelayer.errors import DataError

ROWS_PER_UNKNOWN = 100  # theory: the sample's curvature is then within a fifth of that of all rows
PART = 32  # guard: of all rows at least one in so many, where that is more
SAMPLE_BYTES = 1 << 28  # guard: of the sample
PARTS_BYTES = 1 << 26  # guard: of one that comes in parts, which are there twice when put together
FEWEST = 50  # guard: rows of each class, where there are as many


class Found(NamedTuple):
    """max |x|, and the sample with the moments of all rows."""

    largest: float
    sample: SampledRows


def survey_on_disk(X: DiskRows, labels: RowLabels, *, moments: bool) -> Found:
    """Read X once. With `moments` those of the columns are exact to float64's digits.

    Raises
    ------
    DataError
        NaN or infinity in X, naming the first row and column; a file that changed.
    """

    def depends_on() -> tuple[Any, ...]:
        return "survey", X.identity, moments, labels.classes, labels.targets, labels.weights

    found = read_once(depends_on, lambda: _surveyed(X, labels, moments=moments))
    largest, *rows, targets, weights, mean, variance = found
    drawn = rows[0] if X.dense else sparse.csr_matrix(tuple(rows), (len(targets), X.shape[1]))
    moments_of_all = ColumnMoments(mean, variance)
    return Found(float(largest), SampledRows(drawn, targets, weights, moments_of_all))


def _surveyed(X: DiskRows, labels: RowLabels, *, moments: bool) -> Answer:
    """max |x|, the sample's rows, targets and weights, and all rows' means and variances.

    Sparse rows as three arrays, for an answer may be kept in a file.
    """
    top, drawing = 0.0, _Drawing(X, labels)
    tally = ExactTally(X.shape[1]) if moments else RoughTally(X.shape[1])
    for number, rows, block in X.visit():
        size = largest(block)
        if not np.isfinite(size):
            _refuse(block, rows.start)
        top = max(top, size)
        targets, shares = labels.of(rows)
        tally.add(block, shares)
        drawing.draw(number, block, targets, shares)
    of_all, (drawn, *of_drawn) = tally.found(), drawing.sample()
    arrays = (drawn,) if X.dense else (drawn.data, drawn.indices, drawn.indptr)
    return top, *arrays, *of_drawn, of_all.mean, of_all.variance


def sample_size(shape: tuple[int, int], classes: int, most: float) -> int:
    """Rows to be drawn, at most so many."""
    m, n = shape
    wanted = max(ROWS_PER_UNKNOWN * (n + 1) * (classes if classes > 2 else 1), m // PART)
    return int(max(1, min(wanted, m // 2, most)))


def drawing_rates(size: int, shares: np.ndarray) -> np.ndarray:
    """Rows of each class to be drawn for its weight, (classes,): so many rows of all together."""
    carried = shares > 0
    of_class = np.maximum(size * shares, FEWEST) * carried
    return np.divide(of_class, shares, out=np.zeros(len(shares)), where=carried)


def draw_group(
    number: int, targets: np.ndarray, shares: np.ndarray, rates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a group, drawn in proportion to their weight, and what each of them stands for.

    A group has random numbers of its own.
    """
    probability = np.minimum(1, rates[targets] * shares)
    random = np.random.default_rng((0, number)).random(len(targets))
    picked = np.flatnonzero(random < probability)
    return picked, shares[picked] / probability[picked]


def as_all(targets: np.ndarray, weights: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Weights of drawn rows by which each class together has the share that it has of all."""
    sums = np.bincount(targets, weights, minlength=len(shares))
    weights = weights * (shares / np.where(sums > 0, sums, 1))[targets]
    return np.asarray(weights / weights.sum())


class _Drawing:
    """Rows drawn group by group."""

    def __init__(self, X: DiskRows, labels: RowLabels) -> None:
        most = SAMPLE_BYTES if X.dense else PARTS_BYTES
        by_row = X.nbytes / len(X) if not X.dense else X.shape[1] * X.dtype.itemsize
        size = sample_size(X.shape, labels.classes, most // max(1, by_row))
        self.shares, self.rates = labels.shares, drawing_rates(size, labels.shares)
        # As many as will come, but for chance.
        self.room = int(size + 8 * size**0.5) + FEWEST * labels.classes
        self.rows = _DrawnArray(self.room, X) if X.dense else _DrawnCsr()
        self.targets: list[np.ndarray] = []
        self.weights: list[np.ndarray] = []

    def draw(self, number: int, X: Any, targets: np.ndarray, shares: np.ndarray) -> None:
        """Of a group."""
        picked, weights = draw_group(number, targets, shares, self.rates)
        picked = picked[: self.room]
        self.room -= len(picked)
        self.rows.add(X[picked])
        self.targets.append(targets[picked])
        self.weights.append(weights[: len(picked)])

    def sample(self) -> tuple[Any, np.ndarray, np.ndarray]:
        """Rows, targets and weights."""
        targets, weights = np.concatenate(self.targets), np.concatenate(self.weights)
        return self.rows.together(), targets, as_all(targets, weights, self.shares)


class _DrawnArray:
    """Rows in an array that has room for all: put together from parts they would be there twice."""

    def __init__(self, room: int, X: DiskRows) -> None:
        self.rows, self.count = np.empty((room, X.shape[1]), X.dtype), 0

    def add(self, rows: np.ndarray) -> None:
        """Some more."""
        self.rows[self.count : self.count + len(rows)] = rows
        self.count += len(rows)

    def together(self) -> np.ndarray:
        """All of them."""
        return self.rows[: self.count]


class _DrawnCsr:
    """Sparse rows."""

    def __init__(self) -> None:
        self.parts: list[Any] = []

    def add(self, rows: Any) -> None:
        """Some more."""
        self.parts.append(rows)

    def together(self) -> Any:
        """All of them."""
        return sparse.vstack(self.parts, format="csr")


def _refuse(block: np.ndarray, start: int) -> None:
    bad = first_not_finite(block)
    if bad is not None:
        row, column, value = bad
        where = f"row {start + row}, column {column}"
        raise DataError(not_finite("X", value, block.dtype, where))
