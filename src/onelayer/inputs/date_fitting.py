"""What a column of dates becomes: numbers and levels of the parts that are not always the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from onelayer.inputs.columns import Column
from onelayer.inputs.date_parts import NAMES, Part, part_of
from onelayer.inputs.encoding import NONE, Piece
from onelayer.inputs.made import RANGE, Made, spread_of, weighted_quantiles
from onelayer.readers.tables.dates import written


def date_made(column: Column, codes: np.ndarray, weights: np.ndarray) -> Made:
    """Years and days as numbers, months, weekdays and hours as levels, unless always the same."""
    missing = np.isnan(codes)
    if missing.all():
        return Made(column, why="no value at all")
    present = codes[~missing]
    low, median, high = weighted_quantiles(present, weights[~missing], RANGE)
    least, most = float(present.min()), float(present.max())
    known = replace(column, low=low, median=median, high=high, least=least, most=most)
    pieces = [Piece(column=0, make="missing")] if missing.any() else []
    if present.min() == present.max() and not pieces:
        return Made(column, why=f"always {written(present[0], column.notation)}")
    spreads: dict[Part, tuple[float, float]] = {}
    for part in ("year", "month", "weekday", "hour", "days"):
        found = part_of(codes, part)
        values = np.unique(found[~missing])
        if len(values) < 2:
            continue
        if part in NAMES:
            pieces.append(_date_levels(part, values.astype(int)))
            continue
        fill = float(part_of(np.array([median]), part)[0])
        spreads[part] = spread_of(np.where(missing, fill, found), weights, column.name)
        pieces.append(Piece(column=0, make="value", fill=fill, of=part))
    return Made(known, tuple(pieces), spreads, remark=_ondate_made(pieces, present, column))


def _date_levels(part: Part, present: np.ndarray) -> Piece:
    """One feature for each of these; a level that was not seen, or is missing, has none."""
    places = np.full(len(NAMES[part]) + 2, NONE)
    places[present] = np.arange(len(present))
    names = tuple(f"= {NAMES[part][at]}" for at in present)
    return Piece(column=0, make="levels", places=tuple(places.tolist()), names=names, of=part)


def _ondate_made(pieces: list[Piece], present: np.ndarray, column: Column) -> str:
    first, last = (written(moment, column.notation) for moment in (present.min(), present.max()))
    parts = [piece.of for piece in pieces if piece.of and piece.of != "days"]
    days = [f"days since {first}, the first (the last is {last})"]
    return f"a date, of which count {', '.join([*parts, *days])}"
