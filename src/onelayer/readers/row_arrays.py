"""Rows, dense or sparse: what is given as an array, rows put together, and which are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from onelayer.designs import (
    Survey,
    blocks_of,
    first_not_finite,
    is_sparse,
    largest,
    row_by_row,
    size_of,
    stays_on_disk,
    survey,
)
from onelayer.errors import DataError

_BLOCK_BYTES = 1 << 20  # of rows that are hashed together
_TOGETHER = 1 << 20  # guard: rows that are numbered at a time
_NUMBERS = "biuf"


def given_rows(X: Any) -> Any | None:
    """Return an array and rows on disk as they are, a sparse matrix as CSR; None for all else.

    Raises
    ------
    DataError
        For an array that masks values: what lies under a mask is no number; for a sparse matrix
        whose indices lead outside it.
    """
    if sparse.issparse(X):
        require_sound(X)
        return X.tocsr()
    if stays_on_disk(X):
        return X
    if isinstance(X, (np.matrix, np.ma.MaskedArray)):
        require_unmasked(X, "X")
        return np.asarray(X)
    return X if isinstance(X, np.ndarray) else None


def as_rows(X: Any) -> np.ndarray:
    """Return a list of rows as an array.

    Raises
    ------
    DataError
        Where they differ in length.
    """
    try:
        return np.asarray(X)
    except ValueError as error:
        raise DataError(f"X is no array, as its rows differ in length: {error}") from error


def require_unmasked(values: Any, called: str) -> None:
    """Refuse an array of which something is masked; DataError that names the first place."""
    if not np.ma.isMaskedArray(values) or not np.ma.getmaskarray(values).any():
        return
    first = tuple(np.argwhere(np.ma.getmaskarray(values))[0].tolist())
    raise DataError(
        f"{called} is masked at {first[0] if len(first) == 1 else first}, counted from 0, and what "
        "lies under a mask is no value: leave the row out, or fill the value in, as with .filled(0)"
    )


def require_sound(X: Any) -> None:
    """Refuse compressed rows or columns whose indices lead outside: products trust them.

    SciPy looks at some of them when a matrix is made, and at none when they are changed.

    Raises
    ------
    DataError
        Naming the first index outside, or that the bounds of rows are none.
    """
    if not sparse.issparse(X) or X.format not in {"csr", "csc"}:
        return
    held = min(len(X.data), len(X.indices))
    if X.indptr[0] != 0 or (X.indptr[1:] < X.indptr[:-1]).any() or X.indptr[-1] > held:
        raise DataError(
            "the sparse matrix is damaged: its indptr has to begin at 0, never to fall, and to end "
            f"at {held:,} or below, as many entries as there are; make it anew"
        )
    found, n = X.indices[: X.indptr[-1]], X.shape[X.format == "csr"]
    if len(found) and (found.min() < 0 or found.max() >= n):
        first = int(np.argmax((found < 0) | (found >= n)))
        raise DataError(
            f"the sparse matrix is damaged: entry {first:,} of its indices is {found[first]}, and "
            f"they have to be from 0 to {n - 1}; make it anew"
        )


def require_numbers(X: Any, source: object) -> None:
    """Refuse what no layer can take: text, objects, complex or missing numbers, no rows at all.

    Raises
    ------
    DataError
        Naming the dtype, the shape, or the first row and column.
    """
    require_array(X, source)
    if X.dtype.kind == "f":
        require_finite(X, source)


def require_array(X: Any, source: object) -> None:
    """Refuse text, objects, complex numbers and no rows at all: nothing of X is read.

    Raises
    ------
    DataError
        Naming the dtype or the shape.
    """
    if X.dtype.kind not in _NUMBERS or X.dtype.itemsize > 8:
        raise DataError(f"{source} has X of dtype {X.dtype}: give numbers of at most 64 bits")
    if X.ndim < 2 or 0 in X.shape:
        raise DataError(f"{source} has X of shape {X.shape}: give (m, n), a row an example")


def require_finite(X: Any, source: object) -> None:
    """Refuse a missing or infinite number, naming the first row and column.

    Raises
    ------
    DataError
        If there is one.
    """
    found = first_not_finite(X if X.ndim == 2 else X.reshape(len(X), -1))
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
    return numbers_of([digests_of(X) for X in parts])


def surveyed(X: Any, source: object) -> tuple[Survey, np.ndarray]:
    """What is found in X (m, n) and the digest of each row, see `digests_of`: one read if dense.

    Raises
    ------
    DataError
        For a number that is missing or infinite.
    """
    if is_sparse(X):
        found, digests = _surveyed_sparse(X)
    else:
        hashing = _Hashing(X)
        found = survey(X, hashing.look)
        digests = hashing.digests
    if not np.isfinite(found.largest):
        require_finite(X, source)
    return found, digests


def _surveyed_sparse(X: Any) -> tuple[Survey, np.ndarray]:
    """The same of sparse X: two reads in memory, and one of rows on disk."""
    if not stays_on_disk(X):
        digests, found = digests_of(X), survey(X)
        return Survey(found.largest, found.bytes_read + size_of(X)), digests
    hashing, top = _SparseHashing(X), 0.0
    for _, _, group in X.visit():
        top = float(np.maximum(top, largest(group)))
        hashing.look(group)
    return Survey(top, X.nbytes), hashing.digests


def numbers_of(parts: list[np.ndarray]) -> np.ndarray:
    """Number rows by their digests, part after part: int32 (m,), as contents first appear."""
    digests = np.concatenate(parts) if len(parts) > 1 else parts[0]
    order = np.argsort(digests, kind="stable").astype(np.int32)  # of equal ones the first is first
    begins = _begins(digests, order)
    first = np.zeros(len(order), bool)
    first[order[begins]] = True
    numbers = np.cumsum(first, dtype=np.int32)
    numbers -= 1
    last = 0
    for start in range(0, len(order), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        places = np.arange(start, start + len(order[some]))
        begun = np.maximum.accumulate(np.where(begins[some], places, last))
        numbers[order[some]] = numbers[order[begun]]
        last = int(begun[-1])
    return numbers


def _begins(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Where another value begins than the one before it in this order: bool (m,)."""
    found = np.ones(len(order), bool)
    for start in range(1, len(order), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        ends = start - 1 + len(order[some])
        found[some] = values[order[some]] != values[order[start - 1 : ends]]
    return found


def digests_of(X: Any) -> np.ndarray:
    """64 bits a row, uint64 (m,), that equal rows share.

    Multilinear hashing: h = sum_j r_j x_j modulo 2^64 over the row's words x_j of 32 bits, with
    random multipliers r_j, of which the upper half is as good as random (Dietzfelbinger 1996); two
    such halves. Any two different rows collide with a probability of 2^-62.
    """
    found: np.ndarray = row_by_row(X, _digests)
    return found


def _digests(X: Any) -> np.ndarray:
    hashing: Any = _SparseHashing(X) if is_sparse(X) else _Hashing(X)
    for block in _pieces(X):
        hashing.look(block)
    return hashing.digests


def _pieces(X: Any) -> Iterator[Any]:
    """Some rows at a time; sparse ones in memory all together."""
    if not is_sparse(X):
        yield from blocks_of(X)
    elif stays_on_disk(X):
        yield from (group for _, _, group in X.visit())
    else:
        yield X


class _Hashing:
    """The digests of the rows of X, block by block."""

    def __init__(self, X: np.ndarray) -> None:
        self.digests, self._seen = np.empty(len(X), np.uint64), 0
        self._multipliers = _multipliers(-(-X[:1].nbytes // 4) if len(X) else 0)

    def look(self, block: np.ndarray) -> None:
        """The next rows."""
        end = self._seen + len(block)
        self.digests[self._seen : end] = _hashed(_words(block), self._multipliers)
        self._seen = end


class _SparseHashing:
    """The same, of the entries of each row, (column, value): a column has its own multipliers."""

    def __init__(self, X: Any) -> None:
        self.dtype, self._seen = X.dtype, 0
        self._words = 1 + -(-X.dtype.itemsize // 4)
        self._multipliers = _multipliers(self._words * X.shape[1]).reshape(
            X.shape[1], self._words, 2
        )
        self.digests = np.zeros(X.shape[0], np.uint64)

    def look(self, X: Any) -> None:
        """The next rows."""
        if not X.has_canonical_format:  # the same entries in another order are the same row
            X = X.copy()
            X.sum_duplicates()
        step = max(1, _BLOCK_BYTES * X.shape[0] // max(1, 16 * self._words * X.nnz))
        for start in range(0, X.shape[0], step):
            some = self._hashed(X, X.indptr[start : start + step + 1])
            self.digests[self._seen : self._seen + len(some)] = some
            self._seen += len(some)

    def _hashed(self, X: Any, bounds: np.ndarray) -> np.ndarray:
        """Of the rows that begin and end there."""
        found = np.zeros((len(bounds) - 1, 2), np.uint64)
        entries = slice(bounds[0], bounds[-1])
        data = _words(X.data[entries].astype(self.dtype, copy=False))
        word = np.column_stack([np.ones(len(data), np.uint64), data])
        terms = np.einsum("ij,ijc->ic", word, self._multipliers[X.indices[entries]])
        filled = np.flatnonzero(np.diff(bounds))
        if len(filled):
            found[filled] = np.add.reduceat(terms, bounds[filled] - bounds[0], axis=0)
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
