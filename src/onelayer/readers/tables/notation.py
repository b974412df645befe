"""How the numbers of a column are written: decimal point or comma, thousands, a unit.

The notation is found once, in training, kept with the column and obeyed in prediction: a cell that
is a number in the one is the same number in the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from onelayer.readers.tables.text_counts import TextCounts

MOSTLY = 0.9
"""A column is one of numbers where this share of its cells are; the others count as missing."""

CURRENCIES = ("$", "€", "£", "¥", "₹", "EUR", "USD", "GBP", "CHF")
_UNITS = ("%", *CURRENCIES)
_SIGNS = ((".", ""), (".", ","), (",", ""), (",", "."), (".", "'"), (",", "'"))
_SPACED = ((".", " "), (",", " "), (".", "\u00a0"), (",", "\u00a0"), (",", "\u202f"))

NOTHING = r"(?i)^(\?|na|n/a|n\.a\.?|nan|nat|null|none|nil|missing|unknown|-|--|\.|\.\.|#na|<na>)$"
"""Words that stand for no value among numbers, in any case; among words they are levels."""

_BROKEN = r"(?i)^#(div/0!|value!|ref!|name\?|num!|null!|n/a)$"  # what Excel writes for an error

_NUMERAL = r"^[+-]?\W{0,2}\d[\d.,' ]*\W{0,2}$"
_COMMA = (
    r"^[+-]?(\d*|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})$|^[+-]?0?,\d+$|^[+-]?\d{1,3}(\.\d{3})+,\d+$"
)
_POINT = (
    r"^[+-]?(\d*|\d{1,3}(,\d{3})+)\.(\d{1,2}|\d{4,})$|^[+-]?0?\.\d+$|^[+-]?\d{1,3}(,\d{3})+\.\d+$"
)


@dataclass(frozen=True)
class Notation:
    """One way to write numbers.

    Attributes
    ----------
    decimal
        "." or ",".
    thousands
        What may stand between groups of three digits; "" for nothing.
    unit
        A per cent sign, or a currency before or after the number, which every cell but zero has;
        the number is what is left without it.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""

    def __str__(self) -> str:
        """An example: 1.234,5%."""
        return f"1{self.thousands}234{self.decimal}5{self.unit}"

    @classmethod
    def parse(cls, example: str) -> Notation:
        """Return the notation that an example of it, see `__str__`, stands for.

        Raises
        ------
        ValueError
            Where there is none such.
        """
        found = re.fullmatch(r"1(\D?)234([.,])5(\D*)", example)
        signs = found and (found[2], found[1]) in {*_SIGNS, *_SPACED}
        if not found or not signs or found[3] not in {"", *_UNITS}:
            raise ValueError(f"{example!r} is no way to write numbers")
        return cls(found[2], found[1], found[3])

    def written(self, number: float) -> str:
        """Write a number, shortest, so that it is read again as it was: 3.0 is 3."""
        return repr(number).removesuffix(".0").replace(".", self.decimal) + self.unit

    def read(self, texts: Any) -> Any:
        """Return texts as Arrow's float64, null where they are none of these numbers."""
        bare = self._without_unit(texts) if self.unit else texts
        fits = pc.match_substring_regex(bare, self._pattern)
        if self.thousands:
            bare = pc.replace_substring(bare, self.thousands, "")
        if self.decimal != ".":
            bare = pc.replace_substring(bare, self.decimal, ".")
        if not pc.all(fits).as_py():
            bare = pc.if_else(fits, bare, pa.nulls(len(bare), pa.large_string()))
        return pc.replace_substring(bare, "\u2212", "-").cast(pa.float64())

    @cached_property
    def _pattern(self) -> str:
        group = f"|\\d{{1,3}}({re.escape(self.thousands)}\\d{{3}})+" * bool(self.thousands)
        point = re.escape(self.decimal)
        number = rf"((\d+{group})({point}\d*)?|{point}\d+)(e[+-]?\d+)?"
        return rf"(?i)^[+\-\x{{2212}}]?({number}|inf(inity)?)$"

    def _without_unit(self, texts: Any) -> Any:
        """Return texts without their unit, null where they have none and are not zero."""
        unit = re.escape(self.unit)
        ends = rf"^([+-]?)\s*{unit}\s*|\s*{unit}$"
        bare = pc.replace_substring_regex(texts, rf"^\((.*{unit}.*)\)$", r"-\1")
        bare = pc.replace_substring_regex(bare, ends, r"\1")
        zero = pc.match_substring_regex(texts, r"^[+-]?0+([.,]0*)?$")
        kept = pc.or_(pc.match_substring(texts, self.unit), zero)
        return pc.if_else(kept, bare, pa.nulls(len(bare), pa.large_string()))


PLAIN = Notation()


def find_notation(texts: TextCounts, decimal: str) -> tuple[Notation, int] | None:
    """Return how the numbers of a column of text are written, and how many cells are odd.

    None where they are no numbers.

    Nine in ten must be numbers, beside those that stand for nothing; of two ways to write as many
    of them, the one with this decimal sign. Words for nothing match none of the patterns below.
    """
    known = texts.known - texts.matching(NOTHING)
    if known == 0:
        return None
    if decimal == "." and texts.read_by(PLAIN.read) == known:
        return PLAIN, 0
    least = MOSTLY * (known - texts.matching(_BROKEN))
    if texts.matching(r"\d") < max(1.0, least):
        return None
    counts = {
        notation: texts.read_by(notation.read)
        for notation in _candidates(texts, decimal)
        if not notation.thousands or _groups(texts, notation)
    }
    best = max(counts, key=lambda notation: counts[notation])
    return (best, known - counts[best]) if counts[best] >= max(1.0, least) else None


def signs_in(texts: TextCounts) -> tuple[int, int]:
    """How many texts of a column of numbers have a decimal comma for sure, and a decimal point.

    1,5 and 0,125 have a decimal comma for sure, and 1,234 may have thousands.
    """
    known = texts.known
    if not known or texts.matching(_NUMERAL) < MOSTLY * known:
        return 0, 0
    return texts.matching(_COMMA), texts.matching(_POINT)


def sign_of(counts: Iterable[tuple[int, int]]) -> str | None:
    """Return the decimal sign from the commas and points of columns; None where there are none."""
    commas, points = map(sum, zip((0, 0), *counts, strict=True))
    if commas == points == 0:
        return None
    return "," if commas > points else "."


def _candidates(texts: TextCounts, decimal: str) -> list[Notation]:
    units = ["", *filter(texts.any_with, _UNITS)]
    signs = sorted((*_SIGNS, *_SPACED), key=lambda pair: pair[0] != decimal)
    return [Notation(point, group, unit) for point, group in signs for unit in units]


def _groups(texts: TextCounts, notation: Notation) -> bool:
    """Whether cells may be read as groups of three: 2,345 alone among 1.5 and 2.5 may be 2.345."""
    point, group = re.escape(notation.decimal), re.escape(notation.thousands)
    if not texts.matching(group):
        return False
    sure = rf"\d{group}\d{{3}}({point}|{group}\d{{3}})"
    return texts.matching(rf"\d{point}\d|^\W*{point}\d") == 0 or texts.matching(sure) > 0
