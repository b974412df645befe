"""What a column of dates becomes: numbers and levels of the parts that are not always the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from onelayer.inputs.columns import Column
from onelayer.inputs.date_parts import NAMES, Part, part_of
from onelayer.inputs.encoding import NONE, Piece
from onelayer.inputs.made import (
    RANGE,
    Made,
    level_sizes,
    of_rows,
    pieces_of,
    spread_of,
    weighted_quantiles,
)
from onelayer.readers.tables.dates import written

PARTS: tuple[Part, ...] = ("year", "month", "weekday", "hour", "days")
"""Of which features may be made, in this order."""


def date_made(column: Column, codes: np.ndarray, weights: np.ndarray | None) -> Made:
    """Years and days as numbers, months, weekdays and hours as levels, unless always the same."""
    missing = np.isnan(codes)
    if missing.all():
        return Made(column, why="no value at all")
    least, most = float(np.nanmin(codes)), float(np.nanmax(codes))
    low, median, high = weighted_quantiles(codes[~missing], of_rows(weights, ~missing), RANGE)
    known = replace(column, low=low, median=median, high=high, least=least, most=most)
    pieces = [Piece(column=0, make="missing")] if missing.any() else []
    if least == most and not pieces:
        return Made(column, why=f"always {written(least, column.notation)}")
    spreads: dict[Part, tuple[float, float]] = {}
    for part in PARTS:
        piece, spread = _part_made(known, codes, weights, part)
        pieces += [] if piece is None else [piece]
        spreads |= {} if spread is None else {part: spread}
    return Made(known, tuple(pieces), spreads, remark=_on_date_made(pieces, known))


def _part_made(
    column: Column, codes: np.ndarray, weights: np.ndarray | None, part: Part
) -> tuple[Piece | None, tuple[float, float] | None]:
    """What is made of one part, none where it is always the same, and the spread of a number."""
    found = _parts_of(codes, part)
    if np.nanmin(found) == np.nanmax(found):
        return None, None
    if part in NAMES:
        here = np.flatnonzero(level_sizes(found, len(NAMES[part]))[:-1])
        return _date_levels(part, here), None
    fill = float(part_of(np.array([column.median]), part)[0])
    np.nan_to_num(found, copy=False, nan=fill)
    piece = Piece(column=0, make="value", fill=fill, of=part)
    return piece, spread_of(found, weights, column.name)


def _parts_of(codes: np.ndarray, part: Part) -> np.ndarray:
    """What `part_of` makes of moments (m,), which is made of some at a time."""
    found, start = np.empty(len(codes)), 0
    for some, _ in pieces_of(codes):
        found[start : start + len(some)] = part_of(some, part)
        start += len(some)
    return found


def _date_levels(part: Part, present: np.ndarray) -> Piece:
    """One feature for each of these; a level that was not seen, or is missing, has none."""
    places = np.full(len(NAMES[part]) + 2, NONE)
    places[present] = np.arange(len(present))
    names = tuple(f"= {NAMES[part][at]}" for at in present)
    return Piece(column=0, make="levels", places=tuple(places.tolist()), names=names, of=part)


def _on_date_made(pieces: list[Piece], column: Column) -> str:
    ends = (column.least or 0.0, column.most or 0.0)
    first, last = (written(moment, column.notation) for moment in ends)
    parts = [piece.of for piece in pieces if piece.of and piece.of != "days"]
    days = [f"days since {first}, the first (the last is {last})"]
    return f"a date, of which count {', '.join([*parts, *days])}"
