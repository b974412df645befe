"""The cells of a table's target become classes, where they are some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import DataError

if TYPE_CHECKING:
    from onelayer.readers.tables.cells import Cells

MOST_NUMBERS = 20
"""A target of numbers with more different values than this is a measurement, unless they number
classes: from 0 or 1 on, none left out, each of `_ROWS_OF_A_NUMBER` rows or more on average."""

_ROWS_OF_A_NUMBER = 10

RATED = 3  # numbers at least, of which one lies between others

_TOGETHER = 1 << 20  # guard: numbers that are sorted together

_MOST_TEXTS = 0.5  # of the rows; with more values than that, and than MOST_NUMBERS, it is no class


def class_labels(
    cells: Cells, source: object, *, booleans: bool, new: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a target without missing cells holds, and which of it each row has, (m,).

    Whole numbers, Booleans or texts, in order; Booleans may be there in several cases. The rows'
    are places among them, in the smallest type.

    Parameters
    ----------
    cells
        The target.
    source
        What errors call its table.
    booleans
        Whether the texts true and false, in any case, are Booleans.
    new
        Whether the classes are found here; otherwise they are known, and few rows may hold many.

    Raises
    ------
    DataError
        Where it holds dates, or so many different values that they are no classes.
    """
    from onelayer.inputs.column_kinds import REFUSALS
    from onelayer.readers.tables.cells import (
        BOOLEANS,
        level_codes,
        nature_of,
        read_numbers,
        texts_of,
    )

    nature = nature_of(cells)
    if nature.refusal:
        raise DataError(f"{source}: the target {cells.name!r} {REFUSALS[nature.refusal]}")
    m = len(cells.values)
    if nature.kind == "number" and np.isfinite(numbers := read_numbers(cells).values).all():
        values = _different(numbers)
        whole = (values == np.rint(values)).all() and (np.abs(values) < 2**53).all()
        values = values.astype(np.int64) if whole else values
        if new and not (whole and _are_numbers_of_classes(values, m)):
            _require_classes(values.astype(str), m, MOST_NUMBERS, cells.name, source)
        if whole:
            return values, _places(numbers, values)
    found = np.unique(texts_of(cells).unique().to_pylist())
    most = max(MOST_NUMBERS, int(_MOST_TEXTS * m))
    if new:
        _require_classes(found, m, most, cells.name, source)
    levels = {text: at for at, text in enumerate(found.tolist())}
    places = level_codes(texts_of(cells), levels).astype(np.min_scalar_type(len(found) - 1))
    if booleans and {*map(str.lower, levels)} <= set(BOOLEANS):
        return np.char.lower(found) == "true", places
    return found, places


def _different(numbers: np.ndarray) -> np.ndarray:
    """The different numbers among these, in order; some of them are sorted at a time."""
    pieces = np.split(numbers, range(_TOGETHER, len(numbers), _TOGETHER))
    return np.unique(np.concatenate([np.unique(some) for some in pieces]))


def _are_numbers_of_classes(values: np.ndarray, m: int) -> bool:
    """Whether whole numbers, in order, count from 0 or 1 on, as a table numbers its classes."""
    counts = values[0] in (0, 1) and values[-1] - values[0] + 1 == len(values)
    return bool(counts and m >= _ROWS_OF_A_NUMBER * len(values))


def _places(numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The place of each of these numbers among the values, in the smallest type."""
    found = np.empty(len(numbers), np.min_scalar_type(len(values) - 1))
    for start in range(0, len(numbers), _TOGETHER):
        some = slice(start, start + _TOGETHER)
        found[some] = np.searchsorted(values, numbers[some])
    return found


def _require_classes(found: np.ndarray, m: int, most: int, name: str, source: object) -> None:
    if len(found) > most:
        raise DataError(
            f"{source}: the target {name!r} has {len(found):,} different values in {m:,} rows, as "
            f"{', '.join(found[:3].tolist())}: this is a classifier, and needs classes. Make some "
            "of it, as above and below a value, or name another column"
        )


def in_no_order(classes: np.ndarray, name: str) -> list[str]:
    """What is said where classes are numbers that may count or rate; nothing of two, or texts."""
    if classes.dtype.kind not in "iu" or len(classes) < RATED:
        return []
    low, between, high = classes[:3]
    said = f"that {between} lies between {low} and {high} counts for nothing"
    return [f"{name}: {len(classes)} whole numbers, taken as classes: {said}"]


def without_dots(labels: np.ndarray, classes: Sequence[Any]) -> tuple[np.ndarray, bool]:
    """Return labels as `classes` has them where all others end in a dot, as UCI's test sets do."""
    known = {str(label) for label in classes}
    unknown = {str(label) for label in np.unique(labels).tolist()} - known
    if not unknown or not all(label[-1:] == "." and label[:-1] in known for label in unknown):
        return labels, False
    return np.char.rstrip(labels, "."), True
