"""Where labels and weights have no value, and the error that says so."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.designs import not_finite
from onelayer.errors import DataError


def require_finite_vector(values: np.ndarray, name: str) -> None:
    """As for X; in a column of objects too."""
    bad = not_there(values)
    if bad.any():
        row = int(np.argmax(bad))
        value = float(values[row]) if values.dtype.kind == "f" else np.nan
        raise DataError(not_finite(name, value, values.dtype, f"row {row}"))


def not_there(values: np.ndarray) -> np.ndarray:
    """Where no value is: NaN, infinity, None, and whatever else is not equal to itself."""
    if values.dtype.kind == "f":
        return ~np.isfinite(values)
    if values.dtype.kind == "O":
        return np.array([_is_missing(one) for one in values], bool)
    return np.not_equal(values, values).astype(bool)


def _is_missing(label: Any) -> bool:
    same = label == label  # noqa: PLR0124 - NaN is not, and pandas' NA does not say
    return label is None or not isinstance(same, (bool, np.bool_)) or not same
