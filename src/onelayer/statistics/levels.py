"""What a frame's columns are to a formula: numbers, booleans, or categories with ordered levels."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np

from onelayer.errors import DataError, UsageError

CLASSES = 20  # different whole numbers that a response may have; more are a count or a measure


def prepared(rows: Any, reference: dict[str, Any]) -> Any:
    """Plain columns for formulaic: levels that no row has left out, the reference first."""
    import pandas as pd

    made = {}
    for name in rows.columns:
        column = rows[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = made[name] = column.cat.remove_unused_categories()
        elif not isinstance(column.dtype, np.dtype) or column.dtype.kind not in "biuf":
            column = made[name] = _plain(column, name)
        if name in reference:
            made[name] = _referenced(column, name, reference[name])
    return rows.assign(**made)


def _plain(column: Any, name: str) -> Any:
    """Numbers and booleans in NumPy's types, anything else a category."""
    import pandas as pd

    for kind, test in (
        ("dates", pd.api.types.is_datetime64_any_dtype),
        ("durations", pd.api.types.is_timedelta64_dtype),
    ):
        if test(column.dtype):
            raise DataError(
                f"Column {name!r} holds {kind}: make a number or a category of them "
                "(a year, a number of days)"
            )
    if column.dtype == object:
        column = _inferred(column)
    if pd.api.types.is_numeric_dtype(column.dtype):
        kinds: dict[str, Any] = {"b": bool, "i": np.int64, "u": np.int64}
        nullable = pd.api.types.is_extension_array_dtype(column.dtype)
        return column.astype(kinds.get(column.dtype.kind, np.float64)) if nullable else column
    try:
        return column.astype(object).astype("category")
    except TypeError:
        kinds_found = sorted({type(value).__name__ for value in column})
        raise DataError(f"Column {name!r} mixes {' and '.join(kinds_found)}: make it one") from None


def _inferred(column: Any) -> Any:
    """Objects by what they are: decimals and fractions are numbers as well."""
    column = column.infer_objects()
    numeric = column.dtype == object and all(
        isinstance(value, Number) and not isinstance(value, bool | complex) for value in column
    )
    return column.astype(np.float64) if numeric else column


def _referenced(column: Any, name: str, level: Any) -> Any:
    """A factor whose first level is the reference, compared as text where it is not found."""
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = column.cat.categories.tolist()
    else:
        levels = sorted(column.unique().tolist())
    found = [value for value in levels if value == level or _reads(value) == _reads(level)]
    if not found:
        shown = ", ".join(level_name(value) for value in levels[:12])
        raise UsageError(f"{name!r} has no level {level!r}; it has {shown}")
    others = [value for value in levels if value is not found[0]]
    return pd.Series(
        pd.Categorical(column.tolist(), categories=[found[0], *others]), index=column.index
    )


def _reads(value: Any) -> str:
    """A level as a person types it, true for True."""
    text = level_name(value)
    return text.lower() if text.lower() in ("true", "false") else text


def level_name(value: Any) -> str:
    """A level as it is written: 1.0 is 1."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def classes_of(response: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The classes of a response and every row's position (m,) among them.

    In the order of a category's levels, others sorted: each class is against the first.

    Raises
    ------
    DataError
        For more columns than one, a single class, values of several kinds, or numbers that are a
        measure rather than classes.
    """
    y = np.asarray(response)
    if y.ndim != 1:
        raise DataError(f"The response {name} has shape {y.shape}: expected one column")
    try:
        classes, targets = np.unique(y, return_inverse=True)
    except TypeError:
        kinds = sorted({type(value).__name__ for value in y})
        raise DataError(f"The response {name} mixes {' and '.join(kinds)}: make it one") from None
    if len(classes) < 2:
        raise DataError(
            f"The response {name} has one value only in the rows that are used: {classes[0]!s}"
        )
    fractions = classes.dtype.kind == "f" and not (classes == np.round(classes)).all()
    if classes.dtype.kind in "iuf" and len(classes) > (2 if fractions else CLASSES):
        raise DataError(
            f"The response {name} holds {len(classes):,} different numbers: logistic regression "
            f"needs classes. Give a threshold, as in 'I({name} > {np.median(y):.4g}) ~ ...', or "
            "texts where they are names"
        )
    order = _order(response, classes)
    return classes[order], np.argsort(order)[targets]


def _order(response: Any, classes: np.ndarray) -> np.ndarray:
    """Positions of sorted classes in the order of a category's levels."""
    levels = getattr(getattr(response, "dtype", None), "categories", None)
    if levels is None:
        return np.arange(len(classes))
    place = {level: position for position, level in enumerate(levels.tolist())}
    return np.argsort([place[value] for value in classes.tolist()])
