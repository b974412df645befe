"""From the features of a table back to the cells that they were made of, for people to read."""

from __future__ import annotations

import numpy as np

from onelayer.inputs.encoding import Encoding, Piece

UNKNOWN = "not seen in training"


def numbers_of(table: Encoding, rows: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the numbers of features (m, n), (m, numbers), and the columns that they stood in.

    Where a cell was missing it is what stands for it. Rounding may show in the last digits.
    """
    at = [(start, piece.column) for start, piece in _placed(table) if piece.make == "value"]
    places = [start for start, _ in at]
    values = rows[:, places] / table.scale[places] + table.centre[places]
    return tuple(table.columns[column].name for _, column in at), values


def cells_of(table: Encoding, rows: np.ndarray) -> list[tuple[str, ...]]:
    """Return what stood in each column, as text, of features (m, n): the inverse of encoding.

    A rare level is called by the name under which it was pooled with others.
    """
    raw = rows / table.scale + table.centre
    found = [[""] * len(table.columns) for _ in raw]
    for start, piece in _placed(table):
        for line, row in zip(found, raw, strict=True):
            said = _cell(piece, row[start : start + piece.width])
            line[piece.column] = said or line[piece.column]
    return [tuple(line) for line in found]


def _placed(table: Encoding) -> list[tuple[int, Piece]]:
    """Each piece with the place of its first feature."""
    starts = np.cumsum([0, *(piece.width for piece in table.pieces)])[:-1]
    return list(zip(starts.tolist(), table.pieces, strict=True))


def _cell(piece: Piece, values: np.ndarray) -> str:
    """What these features say stood in the cell; nothing where another piece of it says."""
    if piece.make == "value":
        return f"{values[0]:.6g}"
    if piece.make == "missing":
        return "missing" if values[0] > 0.5 else ""
    if values.max(initial=0.0) <= 0.5:
        return UNKNOWN
    return piece.names[int(values.argmax())].removeprefix("= ")
