"""What the columns of a table hold, and what to say of it: the first part of its audit."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onelayer.errors import DataError, DataWarning
from onelayer.inputs.columns import Column
from onelayer.readers.tables.cells import (
    Cells,
    Nature,
    levels_of,
    nature_of,
    nothings,
    texts_of,
)
from onelayer.readers.tables.dates import are_dates, order_of
from onelayer.readers.tables.notation import (
    MOSTLY,
    NOTHING,
    PLAIN,
    Notation,
    decimal_sign,
    matching,
)
from onelayer.words import spelt, to_drop

_SHOWN = 8
_WORDS_SHOWN = 6

REFUSALS = {
    "dates": (
        "holds dates or times, which are neither numbers nor categories: make of them what "
        "matters, as an age in days, a month or a weekday, or leave them out"
    ),
}


@dataclass(frozen=True)
class ReadTable:
    """A table's columns as they were read, and how its cells are written where they do not say.

    Attributes
    ----------
    source
        What the table is called.
    cells
        Its columns.
    decimal
        The decimal sign that was asked for; None: what the columns show, else `usual`.
    missing
        Words that stand for no value, beside those that always do.
    usual
        A table with semicolons has decimal commas where its columns do not show another sign.
    texts
        The columns that are free text, by name.
    """

    source: str
    cells: list[Cells]
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    usual: str = "."
    texts: frozenset[str] = frozenset()

    @property
    def sign(self) -> str:
        """The decimal sign of the numbers that may have either, as 1,234."""
        if self.decimal is not None:
            return self.decimal
        texts = [one.values.drop_null() for one in self.cells if one.is_text and not one.dates]
        return decimal_sign(texts) or self.usual


def inferred(table: ReadTable) -> tuple[tuple[Column, ...], list[str]]:
    """Return what columns hold, numbers or categories, and what to say of them.

    Raises
    ------
    DataError
        For columns that look like dates and are none; the message names all of them.
    """
    natures = _natures(table)
    _require_known_dates(table, natures)
    columns = [_column(one, natures[one.name], table) for one in table.cells]
    notes = [
        f"{name}: {nature.note}; taken as categories"
        for name, nature in natures.items()
        if nature.note
    ]
    missing = [*_on_missing(table, columns, natures), *_on_levels(columns)]
    return tuple(columns), [*missing, *_on_notation(natures), *_on_dates(table, columns), *notes]


def _column(cells: Cells, nature: Nature, table: ReadTable) -> Column:
    missing = table.missing
    if cells.name in table.texts:
        levels, _ = levels_of(texts_of(cells))
        return Column(name=cells.name, kind="text", levels=levels, missing=missing)
    if nature.refusal == "dates":
        order = order_of(texts_of(cells))
        return Column(name=cells.name, kind="date", notation=order.notation, missing=missing)
    if nature.kind == "number":
        return Column(
            name=cells.name, kind="number", notation=str(nature.notation), missing=missing
        )
    levels, boolean = levels_of(texts_of(cells))
    return Column(name=cells.name, kind="category", levels=levels, boolean=boolean, missing=missing)


def require_usable(table: ReadTable) -> dict[str, Nature]:
    """Return what columns are taken for, by name, if all are numbers or categories.

    Raises
    ------
    DataError
        For columns of dates; the message names all of them.
    """
    natures = _natures(table)
    _refuse(table, [name for name, nature in natures.items() if nature.refusal])
    return natures


def _natures(table: ReadTable) -> dict[str, Nature]:
    sign = table.sign
    return {
        one.name: Nature("category") if one.name in table.texts else nature_of(one, sign)
        for one in table.cells
    }


def _require_known_dates(table: ReadTable, natures: dict[str, Nature]) -> None:
    """Refuse columns of what looks like dates, and is written as no calendar has it."""
    unknown = []
    for one in table.cells:
        if natures[one.name].refusal:
            texts = texts_of(one)
            known = len(texts.drop_null()) - matching(texts.drop_null(), NOTHING)
            unknown += [one.name] * bool(are_dates(texts).sum() < MOSTLY * known)
    _refuse(table, unknown)


def _refuse(table: ReadTable, names: list[str]) -> None:
    if names:
        advice = f"{REFUSALS['dates']}: {to_drop(names)}"
        raise DataError(f"{table.source}: {_columns_named(names)} {advice}")


def _on_dates(table: ReadTable, columns: list[Column]) -> list[str]:
    """Say how dates are read; where day and month are a guess, it is a warning."""
    dates = [column for column in columns if column.kind == "date"]
    cells = {one.name: one for one in table.cells}
    guessed = [c.name for c in dates if order_of(texts_of(cells[c.name])).guessed]
    if guessed:
        warnings.warn(
            f"{table.source}: {_columns_named(guessed)} may have the day or the month first, as no "
            "number is above 12; taken for the month: write dates as 2024-12-31 where it is not",
            DataWarning,
            stacklevel=2,
        )
    return [f"{column.name}: dates, written as {column.notation}" for column in dates]


def _on_missing(table: ReadTable, columns: list[Column], natures: dict[str, Nature]) -> list[str]:
    """Count the missing cells of each column by what is written there; odd ones are named apart."""
    found = [
        f"{one.name} {count:,}{written_as(words)}"
        for one, column in zip(table.cells, columns, strict=True)
        for words in [nothings(one, plain=column.kind == "number" or column.boolean)]
        for count in [sum(words.values())]
        if count
    ]
    if not found:
        whole = not any(nature.odd for nature in natures.values())
        return [f"nothing is missing in {table.source}"] * whole
    return [f"missing in {table.source}: {_some(found)}"]


def written_as(words: Mapping[str, int]) -> str:
    """Name words for nothing in brackets; where cells are only empty that is what people expect."""
    if not any(words):
        return ""
    most = Counter(words).most_common(_WORDS_SHOWN)
    named = [f"{word!r} {count:,}" for word, count in most if word]
    empty = [f"empty {words['']:,}"] if words.get("") else []
    return f" ({', '.join([*named, *empty])})"


def _on_levels(columns: list[Column]) -> list[str]:
    """Name the levels that would stand for nothing among numbers."""
    found = [
        f"{column.name} {', '.join(map(repr, words))}"
        for column in columns
        if column.kind == "category"
        for words in [[level for level in column.levels if re.match(NOTHING, level)]]
        if words
    ]
    missing = spelt("missing=['WORD']", "--missing WORD")
    hint = f"{missing} makes one missing"
    return [f"words for nothing among words are levels: {_some(found)}; {hint}"] if found else []


def _on_notation(natures: dict[str, Nature]) -> list[str]:
    """Say which columns have numbers that are not written as 1234.5."""
    by_notation: dict[Notation, list[str]] = {}
    for name, nature in natures.items():
        by_notation.setdefault(nature.notation, []).append(name)
    return [
        f"numbers written as {notation}: {_some(names)}"
        for notation, names in by_notation.items()
        if notation != PLAIN
    ]


def _columns_named(names: list[str]) -> str:
    return ("column " if len(names) == 1 else "each of the columns ") + ", ".join(map(repr, names))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
