"""X on workers as a source has read it: rows in groups, without labels, asked where they lie.

Whoever trains on them keeps labels and weights, a few bytes a row, and sends each group's to it:
see `labelled`. What comes here is an answer a row, a sum, or the few rows that are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pickle import dumps
from typing import Any, NamedTuple, Self, final
from uuid import uuid4

import numpy as np
from scipy import sparse

from onelayer.designs.dask_workers import Workers, unpickled
from onelayer.designs.disk_rows import DiskRows
from onelayer.designs.rows_on_cluster import (
    ClassSums,
    InParts,
    RowGroup,
    RowsOnCluster,
    aligned,
    bytes_of,
    cut,
    group_edges,
    stacked,
    stored,
)
from onelayer.designs.values import DTYPES
from onelayer.errors import DataError

BATCHES = 32
"""Parts of the columns that are gathered apart, each by a task. *Guard*."""


class GroupFacts(NamedTuple):
    """Of a group of X: rows, columns, dtype, and the numbers stored where it is sparse, else -1."""

    length: int
    n: int
    dtype: np.dtype
    stored: int

    @classmethod
    def of(cls, X: Any) -> GroupFacts:
        """Of these rows."""
        m, n = X.shape
        return cls(m, n, X.dtype, X.nnz if sparse.issparse(X) else -1)


@final
@dataclass(eq=False)
class RemoteRows(DiskRows):
    """X (m, n) as handles of groups of rows, all dense or all CSR, in one dtype.

    Attributes
    ----------
    workers
        Where the groups lie; they keep them for as long as these handles are known.
    handles, edges
        Of the groups, in order; the first row of each, and m.
    held_as, size, density
        The dtype, the bytes, and the part of the numbers that is stored.
    dense
        Whether groups are arrays, else CSR.
    """

    workers: Workers
    handles: list[Any]
    edges: list[int]
    shape: tuple[int, int]
    held_as: np.dtype
    size: int
    density: float
    dense: bool
    key: str = field(default_factory=lambda: uuid4().hex)
    _labelled: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, workers: Workers, handles: list[Any]) -> Self:
        """Of groups that are made by now, or on their way: waits for what is known of each.

        Raises
        ------
        DataError
            Where groups differ in their columns, or there are no rows at all.
        """
        found = workers.get(workers.put(GroupFacts.of, [(handle,) for handle in handles]))
        facts = [one for one in found if one.length] or found[:1]
        widths = sorted({one.n for one in facts})
        if len(widths) != 1:
            raise DataError(f"partitions differ: some have {widths} columns; give all rows alike")
        m, n = sum(one.length for one in facts), widths[0]
        if m == 0:
            raise DataError(f"there are no rows: all {len(found)} partitions are empty")
        if len({one.stored < 0 for one in facts}) > 1:
            raise DataError("some partitions are dense and some sparse: give all rows alike")
        dense, dtype = facts[0].stored < 0, np.result_type(*[one.dtype for one in facts])
        stored = m * n if dense else sum(one.stored for one in facts)
        return cls(
            workers=workers,
            handles=handles,
            edges=[0, *np.cumsum([one.length for one in found]).tolist()],
            shape=(m, n),
            held_as=dtype,
            size=bytes_of(m, n, stored, dtype, dense=dense),
            density=stored / max(1, m * n),
            dense=dense,
        )

    @property
    def dtype(self) -> np.dtype:
        """As designs hold it."""
        return self.held_as

    @property
    def nbytes(self) -> int:
        """Of X."""
        return self.size

    @property
    def identity(self) -> tuple[Any, ...]:
        """One that never was before: no read of a cluster is kept."""
        return (self.key,)

    @property
    def groups(self) -> list[slice]:
        """The rows of each group."""
        return [slice(start, stop) for start, stop in pairwise(self.edges)]

    def __getitem__(self, rows: Any) -> Any:
        """These rows, a slice or numbers, here: CSR where groups are."""
        return self.each(_themselves, np.arange(len(self))[rows])

    def column(self, j: int, rows: np.ndarray | None = None) -> np.ndarray:
        """Column j, (m,), or in some rows (j,)."""
        return np.asarray(self.each(lambda X: X[:, j], rows))

    def visit(self) -> Iterator[tuple[int, slice, Any]]:
        """Each group's number, its rows, and X there, brought here one at a time."""
        for number, rows in enumerate(self.groups):
            (found,) = self.workers.get([self.handles[number]])
            yield number, rows, aligned(found)

    def each(self, function: Callable[[Any], Any], rows: np.ndarray | None = None) -> Any:
        """function(X), (m, ...), of all rows or of some, each row of it from that of X alone."""
        if rows is None:
            return self._answers(function, [(handle, None) for handle in self.handles])
        asked, back = self._picked(rows)
        found = self._answers(function, asked)
        return found if back is None else found[back]

    def _picked(self, rows: np.ndarray) -> tuple[list[tuple[Any, Any]], np.ndarray | None]:
        """Groups that have some of these rows and which, and how to order them once together.

        None: they are in their order.
        """
        order = np.argsort(rows, kind="stable")
        ascending = rows[order]
        ends = np.searchsorted(ascending, self.edges)
        asked = [
            (handle, ascending[first:last] - start)
            for handle, start, (first, last) in zip(
                self.handles, self.edges, pairwise(ends), strict=False
            )
            if last > first
        ]
        back = np.empty(len(rows), np.int64)
        back[order] = np.arange(len(rows))
        kept = (back == np.arange(len(rows))).all()
        return asked or [(self.handles[0], np.zeros(0, np.int64))], None if kept else back

    def pieces(self, rows: np.ndarray) -> tuple[list[Any], np.ndarray | None]:
        """Handles of these rows, some in each, and how to order them once they are together."""
        asked, back = self._picked(rows)
        return self.workers.put(_rows_of, asked), back

    @classmethod
    def made_of(cls, workers: Workers, handles: list[Any], make: Callable[[Any], Any]) -> Self:
        """What `make` makes of each of these, where it lies."""
        sent = workers.sent(make)
        return cls.of(workers, workers.put(_made, [(sent, handle) for handle in handles]))

    def made(self, make: Callable[[Any], Any]) -> RemoteRows:
        """What `make` makes of each group: each row of it from one row alone."""
        return RemoteRows.made_of(self.workers, self.handles, make)

    def followed_by(self, other: RemoteRows) -> RemoteRows:
        """These rows and then those of another; nothing moves."""
        return RemoteRows.of(self.workers, [*self.handles, *other.handles])

    def by_column(self, ask: Callable[[int, np.ndarray], Any]) -> list[Any]:
        """What `ask` says of each column as a whole: its number and its values (m,).

        A task gathers some columns, of all groups: memory there must hold these.
        """
        return whole_columns(
            self.workers, self.handles, range(self.shape[1]), (_some_columns, _in_columns), ask
        )

    def labelled(self, targets: np.ndarray, weights: np.ndarray, classes: int) -> RowsOnCluster:
        """The same groups, each with its part of the targets and of the weights, (m,) both.

        Those that were sent last are kept: they are not sent again.
        """
        kept = self._labelled
        same = kept is not None and kept[2] == classes
        if kept is not None and same and all(map(np.array_equal, kept[:2], (targets, weights))):
            found: RowsOnCluster = kept[3]
            return found
        alike, small = bool((weights == weights[0]).all()), np.min_scalar_type(classes - 1)
        y = targets.astype(small)
        asked = [
            (handle, y[rows], None if alike else np.ascontiguousarray(weights[rows]))
            for handle, rows in zip(self.handles, self.groups, strict=True)
        ]
        groups = self.workers.put(RowGroup, asked)
        made = self._with_labels(groups, classes)
        self._labelled = (targets, weights, classes, made)
        return made

    def _with_labels(self, groups: list[Any], classes: int) -> RowsOnCluster:
        sums = self.workers.visit(
            groups, lambda _, group: ClassSums.of(group, classes), ClassSums.join
        )
        return RowsOnCluster(
            workers=self.workers,
            groups=groups,
            starts=self.edges[:-1],
            shape=self.shape,
            dtype=self.dtype,
            nbytes=self.nbytes,
            dense=self.dense,
            density=self.density,
            class_sums=sums,
            factors=np.full(classes, 1 / float(sums.sums.sum())),
        )

    def _answers(self, function: Callable[[Any], Any], asked: list[tuple[Any, Any]]) -> Any:
        sent = self.workers.sent(function)
        handles = self.workers.put(_answered, [(sent, *one) for one in asked])
        found = [aligned(one) for one in self.workers.get(handles)]
        return found[0] if len(found) == 1 else stacked(found)


def on_one_worker(parts: Sequence[tuple[RemoteRows, np.ndarray]], ask: Callable[..., Any]) -> Any:
    """ask(*X) of some rows of each part, (j, n), put together on one worker.

    Its answer alone comes here, as bytes: arrays then lie where products want them.
    """
    workers = parts[0][0].workers
    pieces, orders = zip(*[X.pieces(rows) for X, rows in parts], strict=True)
    sent = workers.sent(ask)
    (answer,) = workers.get(workers.put(_asked_together, [(sent, list(orders), *pieces)]))
    return unpickled(answer)


def regrouped(X: RemoteRows) -> RemoteRows:
    """The same rows in groups whose number follows from the size of X alone, all in one dtype."""
    lengths = [rows.stop - rows.start for rows in X.groups]
    dtype = X.dtype if X.dtype in DTYPES else np.dtype(np.float64)
    edges = group_edges(len(X), X.nbytes)
    make = partial(stored, dtype=dtype)
    return RemoteRows.of(X.workers, cut(X.workers, [InParts(X.handles, lengths)], edges, make))


def whole_columns(
    workers: Workers,
    handles: Sequence[Any],
    columns: Sequence[Any],
    how: tuple[Callable[..., Any], Callable[..., Any]],
    ask: Callable[..., Any],
) -> list[Any]:
    """What `ask(column, values)` says of each column of some parts, whole, in one place.

    Parameters
    ----------
    handles
        Of the parts, in order.
    columns
        What the columns are called.
    how
        take(part, columns) is what is sent of a part; together(pieces, columns) gives the values of
        each of the columns in turn.
    """
    take, together = how
    batches = [list(some) for some in np.array_split(list(columns), min(len(columns), BATCHES))]
    sent = workers.sent(ask)
    asked = [
        (sent, together, batch, workers.put(take, [(handle, batch) for handle in handles]))
        for batch in (_plain(some) for some in batches)
    ]
    return [one for found in workers.get(workers.put(_asked, asked)) for one in found]


def _plain(names: list[Any]) -> list[Any]:
    """Python's own numbers and texts."""
    return [name.item() if isinstance(name, np.generic) else name for name in names]


def _themselves(given: Any) -> Any:
    return given


def _made(function: bytes, part: Any) -> Any:
    rows = sparse.issparse(part) or isinstance(part, np.ndarray)
    return unpickled(function)(aligned(part) if rows else part)


def _answered(function: bytes, X: Any, rows: np.ndarray | None) -> Any:
    return unpickled(function)(aligned(X if rows is None else X[rows]))


def _asked(function: bytes, together: Callable[..., Any], columns: Any, pieces: Any) -> list[Any]:
    ask = unpickled(function)
    values = together(pieces, columns)
    return [ask(column, found) for column, found in zip(columns, values, strict=True)]


def _rows_of(X: Any, rows: np.ndarray) -> Any:
    return X if np.array_equal(rows, np.arange(X.shape[0])) else X[rows]


def _asked_together(
    function: bytes, orders: Sequence[np.ndarray | None], *parts: list[Any]
) -> bytes:
    """On a worker: what is said of these rows, those of each part in its order."""
    wholes = []
    for order, pieces in zip(orders, parts, strict=True):
        whole = aligned(pieces[0]) if len(pieces) == 1 else stacked(pieces)
        wholes.append(whole if order is None else whole[order])
    return dumps(unpickled(function)(*wholes))


def _some_columns(X: np.ndarray, columns: list[int]) -> np.ndarray:
    return np.ascontiguousarray(X[:, columns].T)


def _in_columns(pieces: list[np.ndarray], columns: list[int]) -> Iterator[np.ndarray]:
    for at in range(len(columns)):
        yield np.concatenate([piece[at] for piece in pieces])
