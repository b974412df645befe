"""Products of rows that no other row changes: what a prediction is made of.

BLAS takes other kernels for other shapes and splits a large product among its threads, so that a
row's last bit depends on how many rows are asked for with it. Here every product has one shape:
64 rows, filled up with zeros, by 256 features and 16 columns at most. SciPy's sparse products go
row by row of themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from onelayer.designs.disk_rows import DiskRows
from onelayer.designs.remote_rows import RemoteRows
from onelayer.designs.scaling import Scaling

ROWS, FEATURES, COLUMNS = 64, 256, 16
"""The shape of one product. *Measured* under OpenBLAS's Haswell and SkylakeX kernels: every row
came out alike wherever it stood, with one thread and with several, as 64 x 256 x 16 is the most
that OpenBLAS leaves to one thread. tests/test_layer.py measures it again."""
LANES = 8
"""Columns are filled up to a multiple of it. *Measured*, as above: other widths did not hold."""
BLOCK = 1 << 17
"""Numbers that are converted at a time: 1 MB in float64, which a core's cache holds. *Guard*."""
TOGETHER = 16384
"""Rows, at most, whose z is made at a time, and of a sparse X whose values are in float64. *Guard*
for memory."""


Parameters: TypeAlias = tuple[np.ndarray, np.ndarray]

OfZ: TypeAlias = Callable[[slice, np.ndarray], np.ndarray]
"""What is made of some rows, and of their z (rows, k): (rows, ...)."""


def forward_in_blocks(
    X: Any,
    rows: np.ndarray | None,
    given: Parameters,
    inner: Parameters,
    scaling: Scaling | None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Some rows at a time, in order, and their z = X W + b in float64, (rows, k); one read.

    Each row's bytes depend on that row alone. X is (m, n), dense or CSR, of any dtype of numbers,
    or rows on disk; `rows` (j,) are those of it that are meant, None: all. `given` are W (n, k) and
    b (k,) for X, `inner` those for x' = (x - centre) * scale: a dense row is centred before it is
    multiplied, so that a far mean costs no digits; a sparse one stays sparse. Of no rows there is
    one block, without any.
    """
    if isinstance(X, RemoteRows):
        yield from _forward_there(X, rows, given, inner, scaling)
        return
    for first, group in _groups(X, rows):
        for start in range(0, max(1, group.shape[0]), TOGETHER):
            some = group[start : start + TOGETHER]
            Z = (
                _forward_sparse(some, *given)
                if sparse.issparse(some)
                else _forward_dense(some, inner, scaling)
            )
            yield slice(first + start, first + start + len(Z)), Z


def _forward_there(
    X: RemoteRows,
    rows: np.ndarray | None,
    given: Parameters,
    inner: Parameters,
    scaling: Scaling | None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """The same of rows on workers, where they lie: z is all that comes here."""

    def forward(group: Any) -> np.ndarray:
        blocks = forward_in_blocks(group, None, given, inner, scaling)
        return joined_blocks(group.shape[0], blocks)

    Z = X.each(forward, rows)
    for start in range(0, max(1, len(Z)), TOGETHER):
        some = Z[start : start + TOGETHER]
        yield slice(start, start + len(some)), some


def joined_blocks(m: int, blocks: Iterator[tuple[slice, np.ndarray]]) -> np.ndarray:
    """Blocks of m rows, each with the rows that it is of, as one array (m, ...)."""
    found: np.ndarray | None = None
    for rows, block in blocks:
        if found is None:
            found = np.empty((m, *block.shape[1:]), block.dtype)
        found[rows] = block
    return np.empty(0) if found is None else found


def _groups(X: Any, rows: np.ndarray | None) -> Iterator[tuple[int, Any]]:
    """Rows that are in memory together, and the place of the first of them among all."""
    if rows is not None:
        for start in range(0, max(1, len(rows)), TOGETHER):
            yield start, X[rows[start : start + TOGETHER]]
    elif isinstance(X, DiskRows):
        for _, some, group in X.visit():
            yield some.start, group
    else:
        yield 0, X


def _forward_dense(X: np.ndarray, inner: Parameters, scaling: Scaling | None) -> np.ndarray:
    W, b = inner
    (m, n), k = X.shape, W.shape[1]
    Z = np.empty((m, k))
    step = ROWS * max(1, BLOCK // (ROWS * max(1, min(n, FEATURES))))
    wide = np.pad(W, [(0, 0), (0, -k % LANES)]) if k > 1 else np.ascontiguousarray(W)
    for start in range(0, m, step):
        rows = slice(start, min(start + step, m))
        Z[rows] = _products(X[rows], wide, scaling)[: rows.stop - start, :k] + b
    return Z


def seen_rows(X: Any, scaling: Scaling | None) -> np.ndarray:
    """X' = (X - centre) * scale as a dense float64 array (m, n): what the layer sees."""
    x = np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float64)
    return x if scaling is None else (x - scaling.centre) * scaling.scale


def _products(block: np.ndarray, W: np.ndarray, scaling: Scaling | None) -> np.ndarray:
    """X' W of some rows, filled up to a multiple of `ROWS`; features in turn, in order."""
    filled = len(block) + -len(block) % ROWS
    Z = np.zeros((filled // ROWS, ROWS, W.shape[1]))
    for features in _slices(block.shape[1], FEATURES):
        seen = np.zeros((filled, features.stop - features.start))
        seen[: len(block)] = block[:, features]
        if scaling is not None:
            seen[: len(block)] -= scaling.centre[features]
            seen *= scaling.scale[features]
        _add(Z, seen.reshape(-1, ROWS, seen.shape[1]), W[features])
    return Z.reshape(filled, -1)


def _add(Z: np.ndarray, seen: np.ndarray, W: np.ndarray) -> None:
    if W.shape[1] == 1:
        Z[:, :, 0] += np.einsum("bij,j->bi", seen, W[:, 0])
        return
    for columns in _slices(W.shape[1], COLUMNS):
        Z[:, :, columns] += seen @ W[:, columns]


def _slices(n: int, step: int) -> Iterator[slice]:
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))


def _forward_sparse(X: Any, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(X.astype(np.float64, copy=False) @ W + b)
