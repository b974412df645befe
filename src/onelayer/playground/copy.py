"""The lesson as one page that nobody answers: a table of answers, and a script that looks them up.

Every position that is kept is answered when the page is written, by the same functions that answer
the served lesson. Answers to neighbouring positions share most of their text, so a table holds each
piece of text once, and each answer as a list of pieces; the whole is compressed.
"""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from itertools import product
from typing import Any

from onelayer.playground import fragments
from onelayer.playground.screen import Control, Entry, OneOf, Part, Slider, Tick, Walk

_CUT = re.compile(r"(?=<(?:p|dt|dd|path|g|text|circle|rect|img|image|figcaption|figure|tr)\b)")


def script() -> str:
    """Return the page's script: what moves every part, and what looks answers up."""
    return moving() + _read("copy.js")


def moving() -> str:
    """Return the script that moves a part, in the page and in the served lesson."""
    return _read("lesson.js")


def hashed(text: str) -> str:
    """Return what a page's policy calls this script by, so that it runs no other."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def controls(part: Part) -> tuple[Control, ...]:
    """Return what can be moved in the page: nothing that only Python could answer."""
    return tuple(own for control in part.controls if (own := _kept(control)) is not None)


def written(part: Part) -> bool:
    """Whether the part asks for code of the reader's own, which a page cannot run."""
    return any(isinstance(c, Entry) and c.kind == "code" for c in part.controls)


def table(part: Part) -> str:
    """Return the answers to all positions, compressed, in base64."""
    axes = _axes(part)
    pieces: dict[str, int] = {}
    answers = []
    for position in product(*axes.values()):
        html = fragments.shown(part, _chosen(dict(zip(axes, position, strict=True))))
        answers.append([pieces.setdefault(piece, len(pieces)) for piece in _CUT.split(html)])
    whole = {
        "names": list(axes),
        "values": list(axes.values()),
        "pieces": list(pieces),
        "answers": answers,
    }
    packed = gzip.compress(json.dumps(whole, separators=(",", ":")).encode(), 9, mtime=0)
    return b64encode(packed).decode("ascii")


def _kept(control: Control) -> Control | None:
    if isinstance(control, Slider) and control.kept:
        return replace(control, values=control.kept) if len(control.kept) > 1 else None
    if isinstance(control, Entry):
        options = {str(value): value for value in control.kept}
        return OneOf(control.name, control.label, options, control.start) if options else None
    return None if isinstance(control, OneOf) and control.local else control


def _axes(part: Part) -> dict[str, list[Any]]:
    """Return the values of everything that can be moved; a walk counts its steps."""
    axes: dict[str, list[Any]] = {}
    for control in controls(part):
        if isinstance(control, Walk):
            axes["steps"] = list(range(control.kept + 1))
        elif isinstance(control, Slider | OneOf | Tick):
            axes[control.name] = list(control.values)
    if part.points:
        axes["pointed"] = [None, *range(part.points)]
    return axes


def _chosen(position: dict[str, Any]) -> dict[str, Any]:
    """Return what a served part would be asked; in the page all steps have one rate."""
    if "alpha" not in position:
        return position
    steps = position.pop("steps")
    return position | {"rates": [position["alpha"]] * steps}


def _read(name: str) -> str:
    return (files("onelayer.playground") / "templates" / name).read_text("utf-8")
