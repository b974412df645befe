"""X on a cluster: groups of a fixed number of rows, with labels and weights beside them.

Partitions are cut and joined, in the order of the collection, into groups whose number follows from
the size of X alone. So sums depend on no partition, no place and no number of workers. Groups stay
where they are made; nothing of size m comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, final

import numpy as np
from scipy import sparse

from onelayer.designs.dask_workers import Workers
from onelayer.designs.fixed_tree import Join
from onelayer.designs.row_labels import LabelTotals

GROUP_BYTES = 1 << 24  # guard: of rows, at least; a pass over them is long beside a task's 1 ms
MOST_GROUPS = 256  # guard: tasks of a pass, and the sums that they may answer with


class RowGroup(NamedTuple):
    """Rows of X, their targets 0..K-1 and weights: relative ones, Booleans, or None: all alike.

    folds: the number of the fold that each row is in, if they are in any.
    """

    X: Any
    targets: np.ndarray
    weights: np.ndarray | None
    folds: np.ndarray | None = None

    def aligned(self) -> RowGroup:
        """Itself, or copies of arrays that came from elsewhere and lie at odd bytes.

        NumPy does not give such arrays to BLAS, and its own products round otherwise.
        """
        weights = None if self.weights is None else aligned(self.weights)
        return RowGroup(aligned(self.X), aligned(self.targets), weights, self.folds)

    def of_fold(self, number: int) -> RowGroup:
        """The rows of a fold: those that it judges."""
        return _picked(self, np.flatnonzero(self._in(number)))

    def trained_on(self, number: int) -> RowGroup:
        """The labels and weights of the other rows, without X."""
        rows = np.flatnonzero(~self._in(number))
        return _picked(self._replace(X=None), rows)

    def shares(self, factors: np.ndarray, fold: int | None) -> np.ndarray:
        """Weights (rows,) in float64, those of all groups summing to 1; 0 of the rows of a fold."""
        of_class = factors[self.targets]
        v = of_class if self.weights is None else self.weights * of_class
        return v if fold is None else v * ~self._in(fold)

    def _in(self, fold: int) -> np.ndarray:
        return np.asarray(self.folds) == fold


def _picked(group: RowGroup, rows: np.ndarray) -> RowGroup:
    X, targets, weights, _ = group
    picked = [None if one is None else one[rows] for one in (X, weights)]
    return RowGroup(picked[0], targets[rows], picked[1])


class Cut(NamedTuple):
    """Rows start to stop of a part."""

    part: int
    start: int
    stop: int


class InParts(NamedTuple):
    """A collection in parts, whose handles and lengths these are."""

    handles: list[Any]
    lengths: list[int]


class ClassSums(NamedTuple):
    """Of the relative weights of each class, (K,): sums, sums of squares, least above 0."""

    sums: np.ndarray
    squares: np.ndarray
    least: np.ndarray

    @classmethod
    def of(cls, group: RowGroup, classes: int) -> ClassSums:
        """Of a group."""
        y = group.targets
        v = np.ones(len(y)) if group.weights is None else group.weights.astype(np.float64)
        least = np.full(classes, np.inf)
        np.minimum.at(least, y[v > 0], v[v > 0])
        return cls(np.bincount(y, v, classes), np.bincount(y, v * v, classes), least)

    def join(self, other: ClassSums) -> ClassSums:
        """Of both."""
        least = np.minimum(self.least, other.least)
        return ClassSums(self.sums + other.sums, self.squares + other.squares, least)


@final
@dataclass(frozen=True, eq=False)
class RowsOnCluster:
    """X (m, n) as handles of groups, and what is known of their weights.

    Attributes
    ----------
    groups, starts
        Handles in order, and the number of each one's first row.
    dense, density
        Whether groups are arrays, else CSR; the part of the numbers that is stored.
    class_sums
        Of the relative weights.
    factors
        (K,): relative weights times their class's factor sum to 1.
    fold
        The rows of this fold weigh nothing; None: of no fold.
    by_fold
        `class_sums` without the rows of each fold.
    """

    workers: Workers
    groups: list[Any]
    starts: list[int]
    shape: tuple[int, int]
    dtype: np.dtype
    nbytes: int
    dense: bool
    density: float
    class_sums: ClassSums
    factors: np.ndarray
    fold: int | None = None
    by_fold: tuple[ClassSums, ...] = ()
    ndim = 2

    def __len__(self) -> int:
        """Rows."""
        return self.shape[0]

    @property
    def totals(self) -> LabelTotals:
        """Of weights that sum to 1."""
        (sums, squares, least), f = self.class_sums, self.factors
        carried = (sums > 0) & (f > 0)
        smallest = float((least[carried] * f[carried]).min())
        return LabelTotals(sums * f, 1 / float(squares @ f**2), smallest)

    def weighed(self, of_class: np.ndarray) -> RowsOnCluster:
        """The same rows, each class's weights times a factor (K,)."""
        return replace(self, factors=of_class / float(self.class_sums.sums @ of_class))

    @property
    def shares_of_folds(self) -> np.ndarray:
        """What the rows that each fold is trained on have of all weight, (folds,)."""
        return np.array([sums.sums @ self.factors for sums in self.by_fold])

    def without(self, fold: int) -> RowsOnCluster:
        """The rows that a fold is trained on: its own weigh nothing."""
        return replace(self, fold=fold, class_sums=self.by_fold[fold]).weighed(self.factors)

    def visit(self, ask: Callable[[int, RowGroup], Any], join: Join) -> Any:
        """What all groups answer, joined in a fixed tree; one read where they look at X."""
        return self.workers.visit(self.groups, lambda i, group: ask(i, group.aligned()), join)


@dataclass(frozen=True, eq=False)
class Making:
    """What groups are made of, and how.

    Attributes
    ----------
    columns
        X, y, and weights where there are any, of m rows each.
    n, nbytes, dtype, dense, density
        Of X.
    classes
        (K,), sorted labels.
    top
        Of the weights, which are relative to it.
    zero_or_top
        Whether they are all one or the other.
    """

    columns: Sequence[InParts]
    n: int
    nbytes: int
    dtype: np.dtype
    dense: bool
    density: float
    classes: np.ndarray
    top: float = 1.0
    zero_or_top: bool = True

    def weighed(self, top: float, least: float) -> Making:
        """The same, with weights of these largest and least values above 0."""
        return replace(self, top=top, zero_or_top=top == least)

    def rows(self, workers: Workers) -> RowsOnCluster:
        """Groups, on their way; what they are made of need not be kept."""
        m, K = sum(self.columns[0].lengths), len(self.classes)
        edges = group_edges(m, self.nbytes)
        groups = cut(workers, self.columns, edges, self._make())
        sums = workers.visit(groups, lambda _, group: ClassSums.of(group, K), ClassSums.join)
        return RowsOnCluster(
            workers=workers,
            groups=groups,
            starts=edges[:-1],
            shape=(m, self.n),
            dtype=self.dtype,
            nbytes=self.nbytes,
            dense=self.dense,
            density=self.density,
            class_sums=sums,
            factors=np.full(K, 1 / float(sums.sums.sum())),
        )

    def _make(self) -> Callable[..., RowGroup]:
        """A function of a group's columns, without the handles."""
        dtype, classes, top, zero_or_top = self.dtype, self.classes, self.top, self.zero_or_top

        def make(X: Any, y: np.ndarray, w: np.ndarray | None = None) -> RowGroup:
            small = np.min_scalar_type(len(classes) - 1)
            if w is not None:
                w = w > 0 if zero_or_top else w / top
                w = None if w.all() and zero_or_top else w
            return RowGroup(stored(X, dtype), np.searchsorted(classes, y).astype(small), w)

        return make


def group_edges(m: int, nbytes: int) -> list[int]:
    """The first row of each group of X, and m: by its size alone."""
    count = max(1, min(m, MOST_GROUPS, -(-nbytes // GROUP_BYTES)))
    return [m * i // count for i in range(count + 1)]


def stacked(some: list[Any]) -> Any:
    """Rows of several arrays, or of several CSR, as one."""
    return sparse.vstack(some, format="csr") if sparse.issparse(some[0]) else np.concatenate(some)


def cut(
    workers: Workers,
    columns: Sequence[InParts],
    edges: Sequence[int],
    make: Callable[..., Any],
    join: Callable[[list[Any]], Any] = stacked,
) -> list[Any]:
    """Handles of what `make` makes of the rows between two edges each; `join` joins parts of it."""
    of_columns = [_cut_small(workers, column, _pieces(column.lengths, edges)) for column in columns]
    asked = []
    for of_group in zip(*of_columns, strict=True):
        spans = [[(start, stop) for _, start, stop in some] for some in of_group]
        asked.append((make, join, spans, *([handle for handle, _, _ in some] for some in of_group)))
    return workers.put(_group, asked)


def _cut_small(
    workers: Workers, column: InParts, pieces: list[list[Cut]]
) -> list[list[tuple[Any, int, int]]]:
    """Handles, and which of their rows; what is joined with rows of other parts is cut out first.

    Where its part lies, for no other worker needs the whole of it: of parts of 100 MB in turn on
    two workers, all others would travel for the few groups that lie across their ends.
    """
    cuts = [cut for some in pieces if len(some) > 1 for cut in some]
    small = iter(
        workers.put(_rows, [(column.handles[part], start, stop) for part, start, stop in cuts])
    )
    return [
        [(next(small), 0, stop - start) for _, start, stop in some]
        if len(some) > 1
        else [(column.handles[part], start, stop) for part, start, stop in some]
        for some in pieces
    ]


def _rows(part: Any, start: int, stop: int) -> Any:
    return part[start:stop]


def _group(
    make: Callable[..., Any],
    join: Callable[[list[Any]], Any],
    spans: list[list[tuple[int, int]]],
    *parts: list[Any],
) -> Any:
    return make(*(_joined(join, *one) for one in zip(spans, parts, strict=True)))


def _pieces(lengths: Sequence[int], edges: Sequence[int]) -> list[list[Cut]]:
    """Of which parts the rows between each two edges are; one empty piece where there are none."""
    ends = np.cumsum(lengths)
    found = []
    for start, stop in pairwise(edges):
        first, last = np.searchsorted(ends, [start, stop - 1], side="right")
        some = [
            Cut(int(part), max(0, start - begin), min(lengths[part], stop - begin))
            for part in range(first, min(last + 1, len(lengths)))
            if (begin := int(ends[part]) - lengths[part]) < stop and lengths[part]
        ]
        found.append(some)
    return found


def _joined(
    join: Callable[[list[Any]], Any], spans: list[tuple[int, int]], parts: list[Any]
) -> Any:
    some = [part[start:stop] for (start, stop), part in zip(spans, parts, strict=True)]
    return some[0] if len(some) == 1 else join(some)


def stored(X: Any, dtype: np.dtype) -> Any:
    """Rows as kernels read them: by row, in one type; a view where they are that already."""
    if not sparse.issparse(X):
        return np.ascontiguousarray(X, dtype)
    X = X.tocsr().astype(dtype, copy=False)
    if max(X.nnz, X.shape[1]) < np.iinfo(np.int32).max and X.indices.dtype != np.int32:
        narrow = X.indices.astype(np.int32), X.indptr.astype(np.int32)
        X = type(X)((X.data, *narrow), shape=X.shape)
    return X


def aligned(X: Any) -> Any:
    """X, dense or CSR, with numbers where the processor expects them; a copy where they are not."""
    if not sparse.issparse(X):
        return np.require(X, requirements="A")
    arrays = X.data, X.indices, X.indptr
    if all(one.flags.aligned for one in arrays):
        return X
    return type(X)(tuple(map(aligned, arrays)), shape=X.shape)


def bytes_of(m: int, n: int, stored: int, dtype: np.dtype, *, dense: bool) -> int:
    """Bytes of X in whatever parts: `stored` numbers, with their columns where it is sparse."""
    if dense:
        return m * n * dtype.itemsize
    narrow = np.dtype(np.int32).itemsize
    return stored * (dtype.itemsize + narrow) + (m + 1) * narrow
