"""Rows of a table unlike any trained on: numbers far outside their range, levels never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from onelayer.inputs.columns import Codes, Column
    from onelayer.inputs.encoding import Encoding

Unlike: TypeAlias = dict[int, dict[str, str]]
"""By row, of those that are unlike any trained on alone: what is odd by name, and why."""

BEYOND = 0.5
"""How far outside its range a number is odd, as a share of the range. *Measured*: of 10,000 and
more held-out rows of ten tables 0.1 % had such a number; of those outside the range at all, 2 %."""

FRESH = 0.001
"""The share of new rows with an unseen level, as training foretells it, up to which one is odd."""

_YEAR = 365 * 86_400.0
"""Seconds. A date is odd where it is further from training's than these lie apart, and than this:
tomorrow's rows are to be predicted, too."""


def can_tell(columns: tuple[Column, ...]) -> bool:
    """Whether these know what was trained on; those of files of older versions do not."""
    return any(
        column.least is not None or column.fresh is not None or column.kind == "text"
        for column in columns
    )


def unlike_cells(encoding: Encoding, codes: Codes, X: Any) -> Unlike:
    """Find rows of codes, which X (m, n) was made of, that are unlike any trained on.

    A row's answer does not depend on the others. The cost is two comparisons a cell.
    """
    found: Unlike = {}
    for place, column in enumerate(encoding.columns):
        values = codes.of(column)
        odd = _wordless(encoding, place, values, X) if column.kind == "text" else None
        for row in np.flatnonzero(_odd(column, values) if odd is None else odd).tolist():
            found.setdefault(row, {})[column.name] = _why(column, float(values[row]))
    return dict(sorted(found.items()))


def _odd(column: Column, values: np.ndarray) -> np.ndarray:
    """Mark the codes (m,) that training has seen nothing like; a missing one is none of them."""
    if column.kind == "category":
        known = column.fresh is None or column.fresh > FRESH
        return np.zeros(len(values), bool) if known else values == len(column.levels)
    if column.least is None or column.most is None or column.least == column.most:
        return np.zeros(len(values), bool)
    room = BEYOND * (column.most - column.least)
    if column.kind == "date":
        room = max(column.most - column.least, _YEAR)
    return (values < column.least - room) | (values > column.most + room)


def _wordless(encoding: Encoding, place: int, values: np.ndarray, X: Any) -> np.ndarray:
    """Mark the rows whose text has no word that is looked at."""
    words = np.zeros(X.shape[0], np.int64)
    for start, piece in encoding.placed:
        if piece.make == "terms" and piece.column == place:
            inside = (X.indices >= start) & (X.indices < start + piece.width)
            words += np.diff(np.concatenate([[0], np.cumsum(inside)])[X.indptr])
    return (words == 0) & ~np.isnan(values)


def _why(column: Column, value: float) -> str:
    if column.kind == "category":
        return f"{column.name} has a level that was not seen in training"
    if column.kind == "text":
        return f"{column.name} has no word that training had often enough"
    shown = [_shown(column, one) for one in (value, column.least, column.most)]
    return f"{column.name} is {shown[0]}, and was {shown[1]} to {shown[2]} in training"


def _shown(column: Column, value: float | None) -> str:
    if value is None:
        return "unknown"
    if column.kind == "date":
        from onelayer.readers.tables.dates import written

        return written(value, column.notation)
    return f"{value:.6g}"
