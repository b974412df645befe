"""What a chapter is made of: its words and formula, and what it answers to the reader's choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """One number: what it is called, its value, how it is written; `label` may hold a formula."""

    name: str
    value: float
    shown: str
    label: str = ""


@dataclass(frozen=True)
class Drawing:
    """A figure as SVG text in the page's colours, in words for who cannot see it.

    `width` is the largest that it is shown at, in rem; one that `scrolls` is never shown smaller
    than can be read.
    """

    svg: str
    alt: str
    caption: str
    width: float = 30.0
    scrolls: bool = False


@dataclass(frozen=True)
class Thumbnail:
    """A small picture with its pixels to be seen."""

    uri: str
    caption: str


@dataclass(frozen=True)
class Table:
    """Rows of text under a heading, the first column naming each."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Answer:
    """What a chapter says to one choice of the reader; `says` and `warns` are marked-up words.

    `told` is text as it is, line by line: an error's message, or a name that a user gave.
    """

    says: str
    numbers: tuple[Number, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    thumbnails: tuple[Thumbnail, ...] = ()
    table: Table | None = None
    told: str = ""
    warns: str = ""

    def __getitem__(self, name: str) -> float:
        for number in self.numbers:
            if number.name == name:
                return number.value
        raise KeyError(f"no {name!r} here: {', '.join(number.name for number in self.numbers)}")


@dataclass(frozen=True)
class Part:
    """Something to move within a chapter: the function that answers, and choices for paper.

    `stills` are the choices that a copy without a server shows, each with its name.
    """

    name: str
    answer: Callable[..., Answer]
    stills: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class Chapter:
    """One screen: title, words, formula, three lines of code, and what there is to move.

    In `words` and `after` a formula stands between dollars and code between backticks; each
    entry of `formulas` is a line of its own.
    """

    name: str
    title: str
    words: tuple[str, ...]
    formulas: tuple[str, ...]
    code: str
    parts: tuple[Part, ...]
    after: tuple[str, ...] = ()


_RAISED = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(value: float, digits: int = 4) -> str:
    """Write a number with `digits` significant digits, a true minus, powers of ten as such."""
    mantissa, _, power = f"{value:.{digits}g}".partition("e")
    raised = (
        f"\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{str(int(power)).translate(_RAISED)}"
        if power
        else ""
    )
    return mantissa.replace("-", "\N{MINUS SIGN}") + raised


def number(name: str, value: float, digits: int = 4) -> Number:
    """Return the number with its usual writing."""
    return Number(name, float(value), plain(float(value), digits))


def symbol(tex: str, value: float, digits: int = 4) -> Number:
    """Return a number that is called by a formula."""
    return Number(tex, float(value), plain(float(value), digits), f"${tex}$")


def whole(name: str, value: int) -> Number:
    """Return a count, with commas between thousands."""
    return Number(name, float(value), f"{value:,}")
