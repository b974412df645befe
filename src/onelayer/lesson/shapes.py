"""Shapes, asserted: examples are columns, and no array is ever broadcast by accident.

X is (n_x, m), Y is (1, m), w is (n_x, 1), b is a number. A rank-1 array of shape (5,) is neither a
row nor a column; NumPy would let it meet a (5, 1) and answer with (5, 5). Here it is an error that
shows both shapes and the reshape that mends it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from onelayer.errors import DataError, ShapeError

_RANK_1 = (
    "A rank-1 array is neither a row nor a column, and NumPy would broadcast it without a word."
)


def as_numbers(name: str, value: Any) -> np.ndarray:
    """Return `value` as float64 (no copy if it is), so that uint8 pixels cannot overflow."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array.astype(np.float64, copy=False)


def require_finite(name: str, array: np.ndarray) -> None:
    """Raise `DataError` (a ValueError) that names the first NaN or infinity of a 2-d array."""
    if np.isfinite(array).all():
        return
    row, column = np.argwhere(~np.isfinite(array))[0]
    raise DataError(
        f"{name} holds {array[row, column]} in row {row}, column {column} (counted from 0): "
        "replace it or leave that example (its column) out"
    )


def require_shape(
    name: str, array: np.ndarray, expected: tuple[int, int], because: str = ""
) -> None:
    """Raise `ShapeError` unless `array` has the `expected` shape, which is a row or a column."""
    if array.shape == expected:
        return
    parts = [f"{name} has shape {array.shape}, expected {expected}.", because]
    if array.ndim == 1:
        parts.append(_RANK_1)
    if array.size == prod(expected):
        rows, columns = (1, -1) if expected[0] == 1 else (-1, 1)
        parts.append(f"Mend it: {name} = {name}.reshape({rows}, {columns})")
    raise ShapeError(" ".join(part for part in parts if part))


def examples(X: Any, name: str = "X") -> np.ndarray:
    """Return X as float64 `(n_x, m)`, finite, with at least one feature and one example."""
    X = as_numbers(name, X)
    if X.ndim != 2:
        raise ShapeError(
            f"{name} has shape {X.shape}, expected (n_x, m). {_mend_examples(X, name)}"
        )
    if X.size == 0:
        raise ShapeError(
            f"{name} has shape {X.shape}, expected (n_x, m) with at least one feature (row) and "
            "one example (column)"
        )
    require_finite(name, X)
    return X


def _mend_examples(X: np.ndarray, name: str) -> str:
    if X.ndim == 1:
        return f"{_RANK_1} One example is one column. Mend it: {name} = {name}.reshape(-1, 1)"
    if X.ndim == 4:
        return f"Pictures become columns first. Mend it: {name} = images_to_columns({name})"
    return f"An example is one column. Mend it: {name} = {name}.reshape({name}.shape[0], -1).T"


def targets(Y: Any, X: np.ndarray, name: str = "Y") -> np.ndarray:
    """Return Y as float64 `(1, m)` with every entry from 0 to 1 (between them: soft targets)."""
    Y = as_numbers(name, Y)
    m = X.shape[1]
    require_shape(name, Y, (1, m), f"X has {m} columns, one an example{_turned(Y, X)}.")
    require_finite(name, Y)
    outside = np.flatnonzero((Y < 0) | (Y > 1))
    if outside.size:
        column = outside[0]
        raise DataError(
            f"{name} holds {Y[0, column]:g} in row 0, column {column} (counted from 0): a target "
            f"lies from 0 to 1. Mend it, if your classes are two: {name} = ({name} == the_one)"
        )
    return Y


def _turned(Y: np.ndarray, X: np.ndarray) -> str:
    """Say what to do if Y counts the rows of X, not its columns."""
    n_x, m = X.shape
    return ", but Y has an entry a row: if your examples are rows, X = X.T" * (Y.size == n_x != m)


def labels(Y: Any, X: np.ndarray, name: str) -> np.ndarray:
    """Return Y as float64 `(1, m)` of zeros and ones: what an accuracy is counted against."""
    Y = targets(Y, X, name)
    soft = np.flatnonzero((Y != 0) & (Y != 1))
    if soft.size:
        column = soft[0]
        raise DataError(
            f"{name} holds {Y[0, column]:g} in row 0, column {column} (counted from 0): "
            "a label is 0 or 1"
        )
    return Y


def parameters(w: Any, b: Any, X: np.ndarray) -> tuple[np.ndarray, float]:
    """Return w as float64 `(n_x, 1)` and b as a number, both finite and fitting X."""
    w, b = as_numbers("w", w), as_numbers("b", b)
    n_x, m = X.shape
    turned = ", but w has an entry a column: if your examples are rows, X = X.T"
    because = f"X has {n_x} rows, one a feature{turned * (w.size == m != n_x)}."
    require_shape("w", w, (n_x, 1), because)
    require_finite("w", w)
    if b.ndim:
        mend = " Mend it: b = b.item()" if b.size == 1 else ""
        raise ShapeError(f"b has shape {b.shape}, expected () as b is one number.{mend}")
    if not np.isfinite(b):
        raise DataError(f"b is {b}: expected a finite number")
    return w, float(b)


def require_same_features(X_train: np.ndarray, X_test: np.ndarray) -> None:
    """Raise `ShapeError` if the two sets do not have the same n_x."""
    n_x = X_train.shape[0]
    if X_test.shape[0] != n_x:
        raise ShapeError(
            f"X_test has shape {X_test.shape}, expected ({n_x}, {X_test.shape[1]}): "
            f"X_train has {n_x} rows, one a feature"
        )
