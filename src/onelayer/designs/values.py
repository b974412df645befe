"""What X may hold: the dtypes that designs read as they are, how large its values are, and NaN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

DTYPES = (np.float64, np.float32, np.float16, np.uint8)
"""What designs read as it is; anything else becomes float64."""

BLOCK_BYTES = 1 << 19  # guard: read at a time

_EXACT_IN_FLOAT32 = (np.int8, np.int16, np.uint16)


def storable(X: Any) -> Any:
    """X in a dtype that designs hold, where a smaller one than float64 is exact.

    Booleans are read as bytes (a view), integers of 8 and 16 bits become float32, half precision
    in a sparse matrix too (SciPy has no products for it). Anything else comes back as it is.
    """
    if sparse.issparse(X):
        X = _without_spare(X)
        halves = X.dtype == np.float16 or X.dtype in _EXACT_IN_FLOAT32
        return X.astype(np.float32 if halves else np.uint8) if halves or X.dtype == bool else X
    if not isinstance(X, np.ndarray):
        return X
    if X.dtype == bool:
        return X.view(np.uint8)
    return X.astype(np.float32) if X.dtype in _EXACT_IN_FLOAT32 else X


def _without_spare(X: Any) -> Any:
    """Compressed rows or columns without what lies behind their last entry, nothing copied.

    SciPy allows capacity to spare, whose contents are anybody's.
    """
    if X.format not in {"csr", "csc"} or len(X.data) == len(X.indices) == X.indptr[-1]:
        return X
    end = int(X.indptr[-1])
    return type(X)((X.data[:end], X.indices[:end], X.indptr), shape=X.shape, copy=False)


def held(X: Any) -> Any:
    """X as designs hold it: as `storable` has it, and in float64 where no smaller type is exact.

    Whoever reads X in integers of 64 bits gets the same answers as from float64.
    """
    X = storable(X)
    return X if X.dtype in DTYPES else X.astype(np.float64)


def column_of(X: Any, j: int, rows: np.ndarray | None = None) -> np.ndarray:
    """Column j of a dense X, of these rows or of all: read where X lies on disk, else a view."""
    if not isinstance(X, np.ndarray):
        return np.asarray(X.column(j, rows))
    return X[:, j] if rows is None else X[rows, j]


def map_of_file(path: Path, dtype: Any, shape: tuple[int, ...], offset: int = 0) -> np.ndarray:
    """A map of numbers in a file, row by row from a byte on: nothing of them is read yet."""
    return np.memmap(path, dtype, "r", offset, shape)


def mapped_file(X: Any) -> Any:
    """The memory map of a file that X is a view of; None where it is none.

    One whose changes are private counts as none, for the file does not hold them.
    """
    root = X
    while isinstance(root, np.ndarray) and isinstance(root.base, np.ndarray):
        root = root.base
    whole = isinstance(root, np.memmap) and root.mode != "c" and root.filename is not None
    return root if whole else None


def largest(X: Any) -> float:
    """max |x|; NaN or infinity where X, in memory or on disk, holds one. One pass."""
    if X.dtype == np.uint8:
        return 255.0
    if not _lies_in_memory(X):
        return float(np.max([largest(group) for _, _, group in X.visit()], initial=0.0))
    values = X.data[: X.nnz] if sparse.issparse(X) else X
    if isinstance(values, np.ndarray) and values.ndim == 2 and values.flags.f_contiguous:
        values = values.T
    return float(np.max([_largest(block) for block in blocks_of(values)], initial=0.0))


def extent(X: Any) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value of each column: (n,) each."""
    lowest, highest = X.min(axis=0), X.max(axis=0)
    if sparse.issparse(X):
        return np.asarray(lowest.todense()).ravel(), np.asarray(highest.todense()).ravel()
    return lowest, highest


def arrays_of(X: Any) -> tuple[np.ndarray, ...]:
    """The arrays that X in memory is made of."""
    return (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)


def first_not_finite(X: Any) -> tuple[int, int, float] | None:
    """Row, column and value of the first NaN or infinity in X; None where there is none."""
    if not _lies_in_memory(X):
        found = ((rows, first_not_finite(group)) for _, rows, group in X.visit())
        bad_rows = ((rows.start + bad[0], *bad[1:]) for rows, bad in found if bad is not None)
        return next(bad_rows, None)
    values = X.data[: X.nnz] if sparse.issparse(X) else X
    start = 0
    for block in blocks_of(values):
        bad = np.argwhere(~np.isfinite(block))
        if len(bad):
            at = (start + bad[0][0], *bad[0][1:])
            row, column = _position(X, int(at[0])) if sparse.issparse(X) else at
            return int(row), int(column), float(block[tuple(bad[0])])
        start += len(block)
    return None


def not_finite(name: str, value: float, dtype: np.dtype, where: str) -> str:
    """What is said of NaN or infinity."""
    what = "NaN" if np.isnan(value) else f"infinity or a value too large for {dtype!r}"
    return f"Input {name} contains {what}. The first is at {where}, counted from 0."


def blocks_of(values: Any) -> Iterator[np.ndarray]:
    """Some rows of an array at a time; rows on disk as they are visited, in one read."""
    if not isinstance(values, np.ndarray):
        for _, _, group in values.visit():
            yield from blocks_of(group)
        return
    step = max(1, BLOCK_BYTES // max(1, values[:1].nbytes))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def _lies_in_memory(X: Any) -> bool:
    return isinstance(X, np.ndarray) or bool(sparse.issparse(X))


def _largest(block: np.ndarray) -> float:
    if block.dtype == np.float16:  # as integers: arithmetic on halves is twenty times slower
        bits = block.view(np.uint16) & np.uint16(0x7FFF)
        return float(bits.max().view(np.float16))
    return float(np.maximum(block.max(), -block.min()))


def _position(X: Any, entry: int) -> tuple[int, int]:
    """Row and column of a stored entry."""
    return int(np.searchsorted(X.indptr, entry, side="right")) - 1, int(X.indices[entry])
