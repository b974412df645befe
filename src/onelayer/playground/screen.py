"""What a chapter is made of: its words and formula, and what it answers to the reader's choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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

    `width` is the largest that it is shown at, in rem.
    """

    svg: str
    alt: str
    caption: str
    width: float = 30.0


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
class Slider:
    """A row of values; `kept` are those that the exported page has (all, if empty)."""

    name: str
    label: str
    values: tuple[Any, ...]
    start: Any
    kept: tuple[Any, ...] = ()
    kind = "slider"

    @property
    def shown(self) -> list[str]:
        """Each value as it stands beside the slider."""
        return [plain(value) for value in self.values]


@dataclass(frozen=True)
class OneOf:
    """One of several, by its name.

    A `local` one is for the hand alone and is not answered; one that `renews` brings examples of
    its own, in the place of those that were moved.
    """

    name: str
    label: str
    options: dict[str, Any]
    start: Any
    local: bool = False
    renews: bool = False
    kind = "choice"

    @property
    def values(self) -> tuple[Any, ...]:
        """What can be chosen."""
        return tuple(self.options.values())


@dataclass(frozen=True)
class Tick:
    """A box to tick."""

    name: str
    label: str
    start: bool = False
    kind = "tick"
    values = (False, True)


@dataclass(frozen=True)
class Entry:
    """Something typed, given or pressed: its `kind` is words, path, file, code or press.

    The exported page, which nobody answers, offers what is `kept`, or does without.
    """

    kind: str
    name: str
    label: str
    start: Any = ""
    hint: str = ""
    kept: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Walk:
    """Steps taken one by one, each with the rate that the slider `alpha` shows just then.

    The answer gets the rates of all steps, `rates`; the exported page keeps so many, of one rate.
    """

    most: int
    kept: int
    name: str = "rates"
    start: tuple[float, ...] = ()
    kind = "walk"


Control = Slider | OneOf | Tick | Entry | Walk


@dataclass(frozen=True)
class Part:
    """Something to move within a chapter: what there is to move, and the function that answers.

    `points` is how many examples can be pointed at where the figure has such; they are also
    dragged, and reach the answer as `points`, rows of x_1, x_2 and y. What it `shares` is chosen in
    the chapter's first part; here stands what that starts with. One that `gathers` is told what was
    `written` in the exercises before it.
    """

    name: str
    answer: Callable[..., Answer]
    controls: tuple[Control, ...] = ()
    points: int = 0
    shares: dict[str, Any] = field(default_factory=dict)
    gathers: bool = False

    def starts(self) -> dict[str, Any]:
        """Return what is chosen before anything is moved."""
        own = {c.name: c.start for c in self.controls if not (isinstance(c, OneOf) and c.local)}
        own |= {"written": {}} if self.gathers else {}
        return own | self.shares | ({"points": None, "pointed": None} if self.points else {})

    def shown(self, chosen: dict[str, Any]) -> Answer:
        """Answer what is chosen; the rest is as at the start, and names unknown here are refused.

        Raises
        ------
        KeyError
            If something is chosen that this part does not have.
        """
        unknown = chosen.keys() - self.starts().keys()
        if unknown:
            raise KeyError(f"{self.name} has no {', '.join(sorted(unknown))}")
        return self.answer(**(self.starts() | chosen))


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


RAISED = str.maketrans("-0123456789", "\N{SUPERSCRIPT MINUS}⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(value: float, digits: int = 4) -> str:
    """Write a number with `digits` significant digits, a true minus, powers of ten as such."""
    mantissa, _, power = f"{value:.{digits}g}".partition("e")
    raised = (
        f"\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}10{str(int(power)).translate(RAISED)}"
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


def evenly(start: float, stop: float, step: float) -> tuple[float, ...]:
    """Return the values from `start` to `stop`, both among them, as a person would write them."""
    count = round((stop - start) / step)
    return tuple(round(start + k * step, 9) for k in range(count + 1))
