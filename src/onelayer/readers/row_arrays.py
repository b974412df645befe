"""Rows, dense or sparse: what is given as an array, rows put together, and which are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs import first_not_finite
from onelayer.errors import DataError

_BLOCK_BYTES = 1 << 20  # of rows that are hashed together
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
    """Number the rows of all parts by their content: equal bytes, equal number; int32 (m,).

    Numbers run 0, 1, ... in the order in which contents first appear. One read of each part.
    """
    digests = np.concatenate([_digests(X) for X in parts])
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    del digests  # each is as long as there are rows
    number = np.empty(len(first), np.int32)
    number[np.argsort(first)] = np.arange(len(first))
    return number[group]


def _digests(X: Any) -> np.ndarray:
    """64 bits a row, uint64 (m,), that equal rows share.

    Multilinear hashing: h = sum_j r_j x_j modulo 2^64 over the row's words x_j of 32 bits, with
    random multipliers r_j, of which the upper half is as good as random (Dietzfelbinger 1996); two
    such halves. Any two different rows collide with a probability of 2^-62.
    """
    if sparse.issparse(X):
        return _sparse_digests(X)
    step = max(1, _BLOCK_BYTES // max(1, X[:1].nbytes))
    blocks = [X[start : start + step] for start in range(0, len(X), step)]
    words = -(-X[:1].nbytes // 4) if len(X) else 0
    multipliers = _multipliers(words)
    return np.concatenate(
        [np.empty(0, np.uint64), *(_hashed(_words(block), multipliers) for block in blocks)]
    )


def _sparse_digests(X: Any) -> np.ndarray:
    """Of the entries of each row, (column, value): each column has multipliers of its own."""
    if not X.has_canonical_format:  # the same entries in another order are the same row
        X = X.copy()
        X.sum_duplicates()
    found = np.zeros((X.shape[0], 2), np.uint64)
    words = 1 + -(-X.data.dtype.itemsize // 4)
    multipliers = _multipliers(words * X.shape[1]).reshape(X.shape[1], words, 2)
    step = max(1, _BLOCK_BYTES * X.shape[0] // max(1, 16 * words * X.nnz))
    for start in range(0, X.shape[0], step):
        bounds = X.indptr[start : start + step + 1]
        entries = slice(bounds[0], bounds[-1])
        data = _words(X.data[entries])
        word = np.column_stack([np.ones(len(data), np.uint64), data])
        terms = np.einsum("ij,ijc->ic", word, multipliers[X.indices[entries]])
        filled = np.flatnonzero(np.diff(bounds))
        if len(filled):
            found[start + filled] = np.add.reduceat(terms, bounds[filled] - bounds[0], axis=0)
    return _halves(found)


def _multipliers(words: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2**64, (words, 2), np.uint64)


def _words(rows: np.ndarray) -> np.ndarray:
    """The bytes of each row as words of 32 bits, the last filled up with zeros: uint64."""
    m = len(rows)
    given = np.ascontiguousarray(rows).reshape(m, -1).view(np.uint8)
    missing = -given.shape[1] % 4
    if missing:
        given = np.pad(given, ((0, 0), (0, missing)))
    return given.view(np.uint32).astype(np.uint64)


def _hashed(words: np.ndarray, multipliers: np.ndarray) -> np.ndarray:
    return _halves(np.column_stack([words @ column for column in multipliers.T]))


def _halves(sums: np.ndarray) -> np.ndarray:
    """The upper halves of two sums (m, 2), as one number."""
    upper = np.uint64(32)
    return (sums[:, 0] >> upper << upper) | (sums[:, 1] >> upper)
