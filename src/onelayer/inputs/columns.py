"""What a table's columns hold, and its cells as numbers together with the columns they are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from onelayer.designs import by_column, column_of
from onelayer.readers.tables.dates import NOTATIONS

Kind: TypeAlias = Literal["number", "category", "text", "date"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column that a model looks at.

    Attributes
    ----------
    name
        As in the file.
    kind
        "number", "category", "text", which is looked at word by word, or "date", by its parts.
    levels
        Of a category: the texts that were seen in training, in order. Of a text that is being
        read: all texts of the column, which a model does not keep.
    boolean
        Whether these are true and false, in any case.
    median, low, high
        Of a number: its median, and the hundredth and ninety-ninth of a hundred of its values in
        training; 0 where nobody knows. Of a date the same in seconds since 1970.
    least, most
        Of a number or a date: its smallest and largest value in training; None where nobody knows.
    usual
        Of a category: the level that most rows of training have; None where nobody knows.
    fresh
        Of a category: the share of rows of training whose level no other row has, which is about
        the share of new rows with a level that was not seen; None where nobody knows. Source: the
        estimate of Good and Turing (Good 1953).
    notation
        Of a number or a date: how it is written, by an example; see `readers.tables`.
    missing
        Words that stand for no value in the table, beside those that always do.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    boolean: bool = False
    median: float = 0.0
    low: float = 0.0
    high: float = 0.0
    notation: str = "1234.5"
    missing: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    usual: str | None = None
    fresh: float | None = None

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Column:
        """Return a column from JSON, whose lists are tuples here."""
        of_texts = {name: tuple(fields[name]) for name in ("levels", "missing")}
        return cls(**{**fields, **of_texts})

    def require_sound(self) -> None:
        """Raise ValueError for what no column has: another kind, a level twice, no number."""
        if not isinstance(self.name, str) or self.kind not in get_args(Kind):
            raise ValueError(f"column {self.name!r} is of kind {self.kind!r}")
        different = len(set(self.levels)) == len(self.levels)
        if not different or not all(isinstance(level, str) for level in self.levels):
            raise ValueError(f"the levels of column {self.name!r} are not as many texts")
        if not all(isinstance(word, str) for word in self.missing):
            raise ValueError(f"column {self.name!r} has missing words that are no texts")
        known = [one for one in (self.least, self.most, self.fresh) if one is not None]
        for value in (self.median, self.low, self.high, *known):
            require_number(value, f"column {self.name!r}")
        if self.usual is not None and self.usual not in self.levels:
            raise ValueError(f"the usual level of column {self.name!r} is none of its levels")
        if self.kind == "date":
            if self.notation not in NOTATIONS:
                raise ValueError(f"the dates of {self.name!r} are written as {self.notation!r}")
        elif self.notation != Column.notation:
            from onelayer.readers.tables.notation import Notation

            Notation.parse(self.notation)


def number_notations(columns: Sequence[Column]) -> dict[str, str]:
    """Return how columns are written, by name; all others as the usual number."""
    return {
        column.name: column.notation if column.kind == "number" else Column.notation
        for column in columns
    }


@dataclass(frozen=True, eq=False)
class Codes:
    """The cells of a table as numbers, together with the columns that they are cells of.

    What a number means depends on its column. So the two are never handed over separately, and a
    column is always asked for by its name.

    Attributes
    ----------
    columns
        What the codes stand for.
    values
        (m, columns): a number itself, or the place of a level among the column's levels, one
        beyond the last where training has not seen it; NaN where the cell is missing. They may
        stay on disk, where a column at a time is read.
    rows
        (m,), which rows of `values` are meant; None: all.
    """

    columns: tuple[Column, ...]
    values: Any
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values if self.rows is None else self.rows)

    def of(self, column: Column) -> np.ndarray:
        """Return the codes of one column, (m,).

        Raises
        ------
        ValueError
            Where there are none, or where their numbers stand for other levels.
        """
        own = self._own(column)
        if column.kind != "text" and (own.kind, own.levels) != (column.kind, column.levels):
            raise ValueError(f"the codes of {column.name!r} stand for other levels")
        return column_of(self.values, self._places[column.name], self.rows)

    def texts(self, column: Column) -> tuple[str, ...]:
        """Return the texts that the codes of a column of text or categories stand for."""
        return self._own(column).levels

    def compared(self, columns: Sequence[Column]) -> np.ndarray:
        """Return numbers that are equal where rows are the same, in whatever file: (m, columns).

        Rows that have texts are the same where these are, blanks and capitals apart: an answer to
        a message is to be judged on other messages, whenever the same one was sent again.
        """
        same = np.column_stack([self._same(column) for column in columns])
        of_text = np.array([column.kind == "text" for column in columns])
        written = ~np.isnan(same[:, of_text]).all(axis=1)
        same[np.ix_(written, ~of_text)] = 0
        return same

    def _own(self, column: Column) -> Column:
        at = self._places.get(column.name)
        if at is None:
            raise ValueError(f"there are no codes of {column.name!r}")
        return self.columns[at]

    def _same(self, column: Column) -> np.ndarray:
        codes = self.of(column)
        if column.kind != "text":
            return codes
        texts, known, found = self.texts(column), ~np.isnan(codes), np.full(len(codes), np.nan)
        used, places = np.unique(codes[known].astype(np.int64), return_inverse=True)
        digests = np.array([_digest(texts[at]) for at in used.tolist()], np.float64)
        found[known] = digests[places]
        return found

    def unseen(self) -> dict[str, int]:
        """Count the cells, by column, whose level was not seen in training."""
        found = dict(self.by_column(_unseen))
        return {name: count for name, count in found.items() if count}

    def by_column(self, ask: Callable[[Column, np.ndarray], Any]) -> list[Any]:
        """Return what `ask` says of each column and its codes (m,), where these lie."""
        columns = self.columns
        return by_column(self.values, lambda j, codes: ask(columns[j], codes), self.rows)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {column.name: at for at, column in enumerate(self.columns)}


def _unseen(column: Column, codes: np.ndarray) -> tuple[str, int]:
    """How many cells have a level that training has not seen."""
    return column.name, int((codes == len(column.levels)).sum() * (column.kind == "category"))


def _digest(text: str) -> float:
    """Return a whole number below 2^53 that tells texts apart, but for blanks and capitals."""
    plain = " ".join(text.split()).casefold().encode("utf-8", "surrogatepass")
    return float(int.from_bytes(blake2b(plain, digest_size=8).digest()) >> 11)


def require_number(value: Any, what: str) -> None:
    """Refuse what is no number; TypeError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} is {value!r}, which is no number")
