"""One column moves over what it holds, and the others stay: the rows of X that this makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from onelayer.designs.row_products import seen_rows
from onelayer.inputs.columns import Codes
from onelayer.inputs.encoding import Encoding, Piece
from onelayer.readers.tables.dates import DAY

STEPS, DAYS = 41, 241
"""Values of a number, and of a date, which may go up and down with each month."""

INNER = (0.01, 0.99)
"""The quantiles between which a number moves: beyond them lies little, however far it reaches."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ColumnMoves:
    """The values of one column, and a row of X for each.

    Attributes
    ----------
    values
        (g,), rising numbers, of a date seconds since 1970; of levels their places.
    levels
        What the levels are called, (g,); empty for a number or a date.
    notation
        How dates are written; None for anything else.
    X
        (g, n): the column's features are those of its value, the others are of no account.
    held
        (m,), what the column holds in the rows that were asked about, as in `values`; NaN where
        that is none of them.
    """

    values: np.ndarray
    levels: tuple[str, ...] = ()
    notation: str | None = None
    X: Any
    held: np.ndarray


def moves_of_number(j: int, X: Any) -> ColumnMoves | None:
    """Feature j of rows X (m, n) moves; None where it is always the same."""
    held = seen_rows(X[:, [j]], None)[:, 0]
    values = _between(held, STEPS)
    if values is None:
        return None
    moved = np.zeros((len(values), X.shape[1]))
    moved[:, j] = values
    return ColumnMoves(values=values, X=moved, held=held)


def moves_of_column(table: Encoding, place: int, X: Any) -> ColumnMoves | None:
    """A column of a table moves over what it holds in rows X (m, n), which the table has made.

    None for a text, and for a column that is always the same.
    """
    for start, piece in table.placed:
        own = slice(start, start + piece.width)
        if piece.column != place or piece.make not in {"value", "levels"}:
            continue
        raw = seen_rows(X[:, own], None) / table.scale[own] + table.centre[own]
        if piece.make == "levels" and not piece.of:
            return _levels(table, piece, raw)
        if piece.of in {"", "days"}:
            return _values(table, piece, raw[:, 0])
    return None


def _values(table: Encoding, piece: Piece, raw: np.ndarray) -> ColumnMoves | None:
    """A number, or a moment: what the whole column says follows from it."""
    column = table.columns[piece.column]
    held = raw * DAY if piece.of else raw
    values = _between(held, DAYS if piece.of else STEPS)
    if values is None:
        return None
    X = _rows(table, piece.column, values)
    return ColumnMoves(
        values=values, notation=column.notation if piece.of else None, X=X, held=held
    )


def _levels(table: Encoding, piece: Piece, raw: np.ndarray) -> ColumnMoves:
    """Levels; those that share a feature, being rare, are one."""
    codes = np.array([piece.places.index(place) for place in range(piece.width)], float)
    codes[codes == len(piece.places) - 1] = np.nan  # a missing cell
    names = tuple(name.removeprefix("= ") for name in piece.names)
    held = np.where(raw.max(axis=1) > 0.5, raw.argmax(axis=1), np.nan)
    X = _rows(table, piece.column, codes)
    return ColumnMoves(values=np.arange(float(piece.width)), levels=names, X=X, held=held)


def _rows(table: Encoding, place: int, codes: np.ndarray) -> Any:
    """Rows of X whose column has these codes, and every other the first level or its median."""
    usual = [np.nan if column.kind == "text" else column.median for column in table.columns]
    rows = np.tile(np.array(usual, float), (len(codes), 1))
    rows[:, place] = codes
    return table.features_of(Codes(table.columns, rows))


def _between(held: np.ndarray, steps: int) -> np.ndarray | None:
    """Evenly over what most of these values cover; over all of them where most are one value."""
    low, high = np.quantile(held, INNER)
    if low == high:
        low, high = held.min(), held.max()
    return np.linspace(low, high, steps) if low < high else None
