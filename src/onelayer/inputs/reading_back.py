"""From the features of a table back to the cells that they were made of, for people to read."""

from __future__ import annotations

import numpy as np

from onelayer.inputs.columns import Column
from onelayer.inputs.encoding import Encoding, Piece
from onelayer.readers.tables.dates import DAY, written

WORDS = 8
"""Of a text, that are shown."""

UNKNOWN = "not seen in training"


def numbers_of(table: Encoding, rows: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the numbers of features (m, n), (m, numbers), and the columns that they stood in.

    Where a cell was missing it is what stands for it. Rounding may show in the last digits.
    """
    pieces = [(start, piece) for start, piece in table.placed if not piece.of]
    at = [(start, piece.column) for start, piece in pieces if piece.make == "value"]
    places = [start for start, _ in at]
    values = rows[:, places] / table.scale[places] + table.centre[places]
    return tuple(table.columns[column].name for _, column in at), values


def cells_of(table: Encoding, rows: np.ndarray) -> list[tuple[str, ...]]:
    """Return what stood in each column, as text, of features (m, n): the inverse of encoding.

    A rare level is called by the name under which it was pooled with others; of a text there are
    the words that count for most in it.
    """
    raw = rows / table.scale + table.centre
    found = [[""] * len(table.columns) for _ in raw]
    for start, piece in table.placed:
        for line, row in zip(found, raw, strict=True):
            said = _cell(piece, row[start : start + piece.width], table.columns[piece.column])
            line[piece.column] = said or line[piece.column]
    return [tuple(line) for line in found]


def _cell(piece: Piece, values: np.ndarray, column: Column) -> str:
    """What these features say stood in the cell; nothing where another piece of it says."""
    if piece.make == "terms":
        return _words(piece, values)
    if piece.of:
        moment = round(float(values[0]) * DAY / 60) * 60  # to the minute: rounding shows in seconds
        return written(moment, column.notation) if piece.of == "days" else ""
    if piece.make == "value":
        return f"{values[0]:.6g}"
    if piece.make == "missing":
        return "missing" if values[0] > 0.5 else ""
    if values.max(initial=0.0) <= 0.5:
        return UNKNOWN
    return piece.names[int(values.argmax())].removeprefix("= ")


def _words(piece: Piece, values: np.ndarray) -> str:
    """The words of a text that are rare elsewhere or frequent in it, pairs left out."""
    order = np.argsort(-values, kind="stable")
    found = [piece.names[at] for at in order[: 4 * WORDS].tolist() if values[at] > 0]
    words = [one for one in found if " " not in one]
    return ", ".join(words[:WORDS]) + ", ..." * (len(words) > WORDS)
