"""Chapters as HTML, in fragments.

Formulas are MathML and figures are SVG: both are sharp at any size, and need neither script nor
font nor network.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from onelayer.errors import DataError, MissingExtraError, UsageError
from onelayer.playground import formulas
from onelayer.playground.chapters import CHAPTERS
from onelayer.playground.screen import Answer, Chapter, Control, Part

if TYPE_CHECKING:
    from jinja2 import Environment

_READERS = (DataError, MissingExtraError, UsageError, OSError)
"""What may be wrong with something that the reader gave."""


def opening(chapter: Chapter) -> str:
    """Return a chapter's title, words, formula and code."""
    return _fragment("chapter", "opening", chapter, CHAPTERS.index(chapter) + 1, len(CHAPTERS))


def whole(part: Part, controls: tuple[Control, ...] | None = None) -> str:
    """Return what there is to move (all of it, if None), and the answer to how it starts."""
    own = part.controls if controls is None else controls
    return _fragment("controls", "whole", part, own, Safe(shown(part, {})), controls is None)


def shown(part: Part, chosen: dict[str, Any]) -> str:
    """Return the answer to what is chosen: or what is wrong with it, in its own words."""
    try:
        return answered(part.shown(chosen))
    except _READERS as error:
        return _fragment("chapter", "complained", str(error))


def answered(answer: Answer) -> str:
    """Return what a chapter answers: the remark, the numbers, the figures."""
    return _fragment("chapter", "answered", answer)


def closing(chapter: Chapter) -> str:
    """Return the words that a chapter ends with."""
    return _fragment("chapter", "closing", chapter)


def title() -> str:
    """Return the head of the page, with the list of chapters."""
    return _fragment("chapter", "title", CHAPTERS)


def style() -> str:
    """Return the app's style sheet: the reports' colours, the lesson's rules, those for marimo."""
    return environment().get_template("app.css").render()


def _fragment(template: str, macro: str, *arguments: object) -> str:
    module = environment().get_template(f"{template}.html").module
    return str(getattr(module, macro)(*arguments))


class Safe(str):
    """HTML of our own making, which a template puts in as it stands."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@cache
def environment() -> Environment:
    """Return the templates, with what turns formulas into MathML."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("onelayer.playground"), PackageLoader("onelayer.report")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": formulas.words, "display": formulas.display}
    return environment
