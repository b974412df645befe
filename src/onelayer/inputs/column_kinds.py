"""What the columns of a table hold, and what to say of it: the first part of its audit."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from onelayer.errors import DataError, DataWarning
from onelayer.inputs.columns import Column
from onelayer.readers.tables.arrow_values import where_matching
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
    sign_of,
    signs_in,
)
from onelayer.readers.tables.text_counts import TextCounts
from onelayer.words import in_shell, spelt, to_drop

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
        Its columns; they may be read whenever they are looked at, one at a time.
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
    cells: Iterable[Cells]
    decimal: str | None = None
    missing: tuple[str, ...] = ()
    usual: str = "."
    texts: frozenset[str] = frozenset()

    @property
    def sign(self) -> str:
        """The decimal sign of the numbers that may have either, as 1,234."""
        if self.decimal is not None:
            return self.decimal
        return self.sign_from(map(signs_of, self.cells))

    def sign_from(self, counts: Iterable[tuple[int, int]]) -> str:
        """The same from what `signs_of` says of each column."""
        return self.decimal or sign_of(counts) or self.usual


@dataclass(frozen=True)
class ColumnLook:
    """What a look at all cells of a column has found.

    Attributes
    ----------
    column, nature
        What it holds.
    words
        How many cells are missing, by what is written there.
    unknown
        Of a column that looks like dates and holds too many that are none, the first; else "".
    guessed
        Whether the day of its dates may be first as well as the month.
    """

    column: Column
    nature: Nature
    words: dict[str, int]
    unknown: str = ""
    guessed: bool = False

    @property
    def name(self) -> str:
        """The column's."""
        return self.column.name

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> ColumnLook:
        """Return what `to_dict` described."""
        nature = {**fields["nature"], "notation": Notation(**fields["nature"]["notation"])}
        parts = {"column": Column.from_dict(fields["column"]), "nature": Nature(**nature)}
        return cls(**{**fields, **parts})


def signs_of(cells: Cells) -> tuple[int, int]:
    """The decimal commas and points of a column of texts; none of another."""
    return signs_in(TextCounts.of(cells.values)) if cells.is_text and not cells.dates else (0, 0)


def inferred(table: ReadTable) -> tuple[tuple[Column, ...], list[str]]:
    """Return what columns hold, numbers or categories, and what to say of them.

    Raises
    ------
    DataError
        For columns that look like dates and are none; the message names all of them.
    """
    sign = table.sign
    looked = [look(one, sign, table) for one in table.cells]
    return tuple(one.column for one in looked), described(looked, table.source)


def look(cells: Cells, sign: str, table: ReadTable) -> ColumnLook:
    """Look at one column of a table; `sign` is the table's."""
    nature = _nature(cells, sign, table)
    order = order_of(texts_of(cells)) if nature.refusal else None
    column = _column(cells, nature, table, "" if order is None else order.notation)
    return ColumnLook(
        column,
        nature,
        dict(nothings(cells, plain=column.kind == "number" or column.boolean)),
        unknown=_no_date(cells) if nature.refusal else "",
        guessed=order is not None and order.guessed,
    )


def described(looked: Sequence[ColumnLook], source: str) -> list[str]:
    """Return what to say of columns; errors as `inferred`. Where dates are a guess, it warns."""
    _refuse_dates(source, {one.name: one.unknown for one in looked if one.unknown})
    notes = [
        f"{one.name}: {one.nature.note}" + "; taken as categories" * (one.column.kind != "text")
        for one in looked
        if one.nature.note
    ]
    missing = [*_on_missing(looked, source), *_on_levels([one.column for one in looked])]
    return [*missing, *_on_notation(looked), *_on_dates(looked, source), *notes]


def _column(cells: Cells, nature: Nature, table: ReadTable, dates: str) -> Column:
    missing = table.missing
    if cells.name in table.texts:
        levels, _ = levels_of(texts_of(cells))
        return Column(name=cells.name, kind="text", levels=levels, missing=missing)
    if dates:
        return Column(name=cells.name, kind="date", notation=dates, missing=missing)
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
    sign = table.sign
    natures = {one.name: _nature(one, sign, table) for one in table.cells}
    _refuse(table.source, [name for name, nature in natures.items() if nature.refusal])
    return natures


def _nature(cells: Cells, sign: str, table: ReadTable) -> Nature:
    nature = nature_of(cells, sign)
    if cells.name not in table.texts:
        return nature
    held = "dates" if nature.refusal else {"number": "numbers"}.get(nature.kind)
    said = f"holds {held}, and is read as text, as asked: their order counts for nothing"
    return Nature("category", note=said if held else "")


def _no_date(cells: Cells) -> str:
    """The first cell that is no date as its column writes them, if they are many; else ""."""
    texts = texts_of(cells)
    known = cells.known - TextCounts.of(texts).matching(NOTHING)
    dates = are_dates(texts)
    if dates.sum() >= MOSTLY * known:
        return ""
    first = np.flatnonzero(~dates & ~cells.missing & ~where_matching(texts, NOTHING))[0]
    return str(texts[int(first)].as_py())


def _refuse_dates(source: str, found: Mapping[str, str]) -> None:
    """Refuse columns by name, each with a cell that is no date."""
    if not found:
        return
    first = next(iter(found.values()))
    missing = spelt(f"missing=[{first!r}]", f"--missing {in_shell(first)}")
    raise DataError(
        f"{source}: {_columns_named([*found])} holds dates, and too many that are written in "
        f"another way or that no calendar has, as {first!r}: write all as 2024-12-31, say which "
        f"stand for nothing ({missing}), or leave them out: {to_drop([*found])}"
    )


def _refuse(source: str, names: list[str]) -> None:
    if names:
        advice = f"{REFUSALS['dates']}: {to_drop(names)}"
        raise DataError(f"{source}: {_columns_named(names)} {advice}")


def _on_dates(looked: Sequence[ColumnLook], source: str) -> list[str]:
    """Say how dates are read; where day and month are a guess, it is a warning."""
    guessed = [one.name for one in looked if one.guessed]
    if guessed:
        warnings.warn(
            f"{source}: {_columns_named(guessed)} may have the day or the month first, as no "
            "number is above 12; taken for the month: write dates as 2024-12-31 where it is not",
            DataWarning,
            stacklevel=2,
        )
    dates = [one.column for one in looked if one.column.kind == "date"]
    return [f"{column.name}: dates, written as {column.notation}" for column in dates]


def _on_missing(looked: Sequence[ColumnLook], source: str) -> list[str]:
    """Count the missing cells of each column by what is written there; odd ones are named apart."""
    counts = {one.name: sum(one.words.values()) for one in looked}
    found = [
        f"{one.name} {counts[one.name]:,}{written_as(one.words)}"
        for one in looked
        if counts[one.name]
    ]
    if not found:
        whole = not any(one.nature.odd for one in looked)
        return [f"nothing is missing in {source}"] * whole
    return [f"missing in {source}: {_some(found)}"]


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


def _on_notation(looked: Sequence[ColumnLook]) -> list[str]:
    """Say which columns have numbers that are not written as 1234.5."""
    by_notation: dict[Notation, list[str]] = {}
    for one in looked:
        by_notation.setdefault(one.nature.notation, []).append(one.name)
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
