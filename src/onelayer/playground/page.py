"""Chapters as HTML: fragments for the server, and one whole file that needs none.

Formulas are MathML and figures are SVG, so that both are the same, sharp, and without a script.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from onelayer.model_file import write_atomically
from onelayer.playground import formulas
from onelayer.playground.chapters import CHAPTERS
from onelayer.playground.drawing import with_own_names
from onelayer.playground.screen import Answer, Chapter

if TYPE_CHECKING:
    from jinja2 import Environment


def export(path: str | Path) -> None:
    """Write all chapters, with the stills of each, as one HTML file; whole or not at all."""
    write_atomically(Path(path), render().encode())


def render() -> str:
    """Return the page that `export` writes."""
    return _environment().get_template("lesson.html").render(chapters=CHAPTERS)


def opening(chapter: Chapter) -> str:
    """Return a chapter's title, words, formula and code."""
    return _fragment("opening", chapter, CHAPTERS.index(chapter) + 1, len(CHAPTERS))


def answered(answer: Answer) -> str:
    """Return what a chapter answers: the remark, the numbers, the figures."""
    return _fragment("answered", answer)


def complained(error: str) -> str:
    """Return what went wrong with something that the reader gave, in its own words."""
    return _fragment("complained", error)


def closing(chapter: Chapter) -> str:
    """Return the words that a chapter ends with."""
    return _fragment("closing", chapter)


def title() -> str:
    """Return the head of the page, with the list of chapters."""
    return _fragment("title", CHAPTERS)


def style() -> str:
    """Return the app's style sheet: the reports' colours, the lesson's rules, those for marimo."""
    return _environment().get_template("app.css").render()


def _fragment(macro: str, *arguments: object) -> str:
    module = _environment().get_template("chapter.html").module
    return str(getattr(module, macro)(*arguments))


@cache
def _environment() -> Environment:
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
    environment.filters |= {
        "words": formulas.words,
        "display": formulas.display,
        "own_names": lambda svg, prefix: Markup(with_own_names(svg, prefix)),  # noqa: S704
    }
    return environment
