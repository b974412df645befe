"""The cells of a table's target become classes, where they are some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import DataError

if TYPE_CHECKING:
    from onelayer.readers.tables.cells import Cells

MOST_NUMBERS = 20
"""A target of numbers with more different values than this is a measurement."""

_MOST_TEXTS = 0.5  # of the rows; with more values than that, and than MOST_NUMBERS, it is no class


def class_labels(cells: Cells, source: object, *, booleans: bool) -> np.ndarray:
    """Return a target without missing cells as whole numbers, booleans or text, (m,).

    Parameters
    ----------
    cells
        The target.
    source
        What errors call its table.
    booleans
        Whether the texts true and false, in any case, are Booleans.

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
    numbers = read_numbers(cells).values if nature.kind == "number" else np.full(m, np.nan)
    if np.isfinite(numbers).all():
        _require_classes(np.unique(numbers).astype(str), m, MOST_NUMBERS, cells.name, source)
        if (numbers == np.rint(numbers)).all() and (np.abs(numbers) < 2**53).all():
            return numbers.astype(np.int64)
    found = np.unique(texts_of(cells).unique().to_pylist())
    most = max(MOST_NUMBERS, int(_MOST_TEXTS * m))
    _require_classes(found, m, most, cells.name, source)
    levels = {text: at for at, text in enumerate(found.tolist())}
    texts = found[level_codes(texts_of(cells), levels).astype(np.intp)]
    if booleans and {*map(str.lower, levels)} <= set(BOOLEANS):
        return np.char.lower(texts) == "true"
    return texts


def _require_classes(found: np.ndarray, m: int, most: int, name: str, source: object) -> None:
    if len(found) > most:
        raise DataError(
            f"{source}: the target {name!r} has {len(found):,} different values in {m:,} rows, as "
            f"{', '.join(found[:3].tolist())}: this is a classifier, and needs classes. Make some "
            "of it, as above and below a value, or name another column"
        )


def without_dots(labels: np.ndarray, classes: Sequence[Any]) -> tuple[np.ndarray, bool]:
    """Return labels as `classes` has them where all others end in a dot, as UCI's test sets do."""
    known = {str(label) for label in classes}
    unknown = {str(label) for label in np.unique(labels).tolist()} - known
    if not unknown or not all(label[-1:] == "." and label[:-1] in known for label in unknown):
        return labels, False
    return np.char.rstrip(labels, "."), True
