"""What the columns of a table hold, and what to say of it: the first part of its audit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from onelayer.errors import DataError
from onelayer.inputs.encoding import Column
from onelayer.readers.tables.cells import Cells, Nature, levels_of, nature_of, texts_of

_SHOWN = 8

REFUSALS = {
    "dates": (
        "holds dates or times, which are neither numbers nor categories: make of them what "
        "matters, as an age in days, a month or a weekday, or leave them out"
    ),
    "decimal comma": (
        "holds numbers with a decimal comma: write them with a point, or leave them out"
    ),
    "thousands": (
        "holds numbers with commas between the thousands: write them without, or leave them out"
    ),
}


def inferred(source: str, cells: list[Cells]) -> tuple[tuple[Column, ...], list[str]]:
    """Return what columns hold, numbers or categories, and what to say of them.

    Raises
    ------
    DataError
        For columns of dates, and of numbers with commas; the message names all of them.
    """
    natures = require_usable(source, cells, _dropped)
    columns = []
    for one in cells:
        if natures[one.name].kind == "number":
            columns.append(Column(name=one.name, kind="number"))
        else:
            levels, boolean = levels_of(texts_of(one))
            columns.append(Column(name=one.name, kind="category", levels=levels, boolean=boolean))
    notes = [
        f"{name}: {nature.note}; taken as categories"
        for name, nature in natures.items()
        if nature.note
    ]
    return tuple(columns), [*_on_missing(source, cells), *notes]


def require_usable(
    source: str, cells: list[Cells], left_out: Callable[[list[str]], str]
) -> dict[str, Nature]:
    """Return what columns are taken for, by name, if all of them can be used.

    Raises
    ------
    DataError
        As `inferred`; `left_out` says how columns of these names are left out.
    """
    natures = {one.name: nature_of(one) for one in cells}
    for reason, advice in REFUSALS.items():
        names = [name for name, nature in natures.items() if nature.refusal == reason]
        if names:
            raise DataError(f"{source}: {_columns_named(names)} {advice}: {left_out(names)}")
    return natures


def _dropped(names: list[str]) -> str:
    return " ".join(f"--drop {name!r}" for name in names)


def _on_missing(source: str, cells: list[Cells]) -> list[str]:
    counts = {one.name: int(one.missing.sum()) for one in cells}
    found = [f"{name} {count:,}" for name, count in counts.items() if count]
    if not found:
        return [f"nothing is missing in {source}"]
    tokens = sorted({token for one in cells for token in one.tokens})
    written = f" (written {', '.join(repr(token) for token in tokens)})" if tokens else ""
    return [f"missing in {source}{written}: {_some(found)}"]


def _columns_named(names: list[str]) -> str:
    return ("column " if len(names) == 1 else "each of the columns ") + ", ".join(map(repr, names))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
