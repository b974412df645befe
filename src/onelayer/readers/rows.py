"""Rows, dense or sparse: what is given as an array, rows put together, and which are the same."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs import first_not_finite
from onelayer.errors import DataError

_DIGEST_BYTES = 16  # two different rows in a billion collide with probability 1e-21
_NUMBERS = "biuf"


def given_rows(X: Any) -> Any | None:
    """Return an array as it is and a sparse matrix as CSR; None for what is neither."""
    if sparse.issparse(X):
        return X.tocsr()
    return X if isinstance(X, np.ndarray) else None


def is_sparse(X: Any) -> bool:
    """Tell a sparse matrix from an array."""
    return bool(sparse.issparse(X))


def require_numbers(X: Any, source: object) -> None:
    """Refuse what no layer can take: text, objects, complex or missing numbers, no rows at all.

    Raises
    ------
    DataError
        Naming the dtype, the shape, or the first row and column.
    """
    if X.dtype.kind not in _NUMBERS or X.dtype.itemsize > 8:
        raise DataError(f"{source} has X of dtype {X.dtype}: give numbers of at most 64 bits")
    if X.ndim < 2 or 0 in X.shape:
        raise DataError(f"{source} has X of shape {X.shape}: give (m, n), a row an example")
    if X.dtype.kind != "f":
        return
    found = first_not_finite(X if sparse.issparse(X) else X.reshape(len(X), -1))
    if found is not None:
        row, column, value = found
        raise DataError(
            f"{source} has {value} in row {row}, column {column} of X, counted from 0: "
            "leave the row out, or fill the value in"
        )


def stacked(parts: list[Any]) -> Any:
    """Return the rows of several arrays, or of several sparse matrices, as one."""
    if any(sparse.issparse(X) for X in parts):
        return sparse.vstack(parts, format="csr")
    return np.concatenate(parts)


def content_groups(*parts: Any) -> np.ndarray:
    """Number the rows of all parts by their content: equal bytes, equal number; int64 (m,).

    Numbers run 0, 1, ... in the order in which contents first appear.
    """
    numbers: dict[bytes, int] = {}
    return np.array(
        [
            numbers.setdefault(blake2b(row, digest_size=_DIGEST_BYTES).digest(), len(numbers))
            for X in parts
            for row in _bytes_of_rows(X)
        ],
        dtype=np.int64,
    )


def _bytes_of_rows(X: Any) -> Iterator[Any]:
    if not sparse.issparse(X):
        for row in X:
            yield np.ascontiguousarray(row).data
        return
    if not X.has_canonical_format:  # the same entries in another order are the same row
        X = X.copy()
        X.sum_duplicates()
    for start, end in zip(X.indptr[:-1].tolist(), X.indptr[1:].tolist(), strict=True):
        entries = slice(start, end)
        yield X.indices[entries].astype(np.int64).tobytes() + X.data[entries].tobytes()
