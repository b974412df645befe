"""Cells of a column of numbers that are none: they count as missing, and are named."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import DataError, DataWarning

if TYPE_CHECKING:
    from onelayer.readers.tables.cells import Numbers

_WORDS_SHOWN, _ROWS_SHOWN = 5, 3


@dataclass
class Oddities:
    """What was found in one source, batch by batch: by column, and by word the rows that have it.

    Of a word that is in many rows the first are kept.
    """

    source: object
    rows: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    with_more: set[str] = field(default_factory=set)
    due: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, numbers: Numbers, rows: np.ndarray, *, what: str = "number") -> None:
        """Keep the odd cells of a column; `rows` (m,) are the places of its cells.

        `what` they should be.
        """
        if not numbers.odd.any():
            return
        words = self.rows.setdefault(name, {})
        self.due[name] = what
        self.counts[name] = self.counts.get(name, 0) + int(numbers.odd.sum())
        for place in np.flatnonzero(numbers.odd).tolist():
            word = numbers.text(place)
            if word in words or len(words) < _WORDS_SHOWN:
                kept = words.setdefault(word, [])
                kept += [int(rows[place])] * (len(kept) <= _ROWS_SHOWN)
            else:
                self.with_more.add(name)

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold, but for the source."""
        kept = {"rows": self.rows, "counts": self.counts, "due": self.due}
        return {**kept, "with_more": sorted(self.with_more)}

    def take(self, fields: dict[str, Any]) -> None:
        """Add what `to_dict` described of other columns."""
        self.rows |= fields["rows"]
        self.counts |= fields["counts"]
        self.due |= fields["due"]
        self.with_more |= set(fields["with_more"])

    @classmethod
    def from_dict(cls, source: object, fields: dict[str, Any]) -> Oddities:
        """Return what `to_dict` described."""
        return cls(source, **{**fields, "with_more": set(fields["with_more"])})

    def tell(self, *, strict: bool = False) -> None:
        """Warn of them, once a column; `strict` makes it an error.

        Raises
        ------
        DataError
            Where there are any, and `strict`.
        """
        for sentence in self.notes:
            said = f"{self.source}: {sentence}"
            if strict:
                raise DataError(f"{said} (strict)")
            warnings.warn(said, DataWarning, stacklevel=2)

    @property
    def notes(self) -> list[str]:
        """One sentence a column."""
        return [self._sentence(name) for name in self.rows]

    def _sentence(self, name: str) -> str:
        count, words = self.counts[name], self.rows[name]
        what = (
            f"1 cell is no {self.due[name]}, and counts"
            if count == 1
            else f"{count:,} cells are no {self.due[name]}s, and count"
        )
        shown = ", ".join(f"{word!r} ({_places(rows)})" for word, rows in words.items())
        more = " and more" * (name in self.with_more)
        return f"column {name!r}: {what} as missing: {shown}{more}; rows counted from 0"


def _places(rows: list[int]) -> str:
    named = ", ".join(map(str, rows[:_ROWS_SHOWN]))
    return (
        f"row {named}" if len(rows) == 1 else f"rows {named}" + ", ..." * (len(rows) > _ROWS_SHOWN)
    )
