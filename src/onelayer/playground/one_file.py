"""The lesson as one HTML file that needs no server."""

from __future__ import annotations

from pathlib import Path

from onelayer.model_file import write_atomically
from onelayer.playground import copy
from onelayer.playground.chapters import CHAPTERS
from onelayer.playground.fragments import Safe, environment, whole
from onelayer.playground.screen import Part


def export(path: str | Path) -> None:
    """Write all chapters, with the answers to what can be chosen, as one file; or not at all."""
    write_atomically(Path(path), render().encode())


def render() -> str:
    """Return the page that `export` writes."""
    script = copy.script()
    return (
        environment()
        .get_template("lesson.html")
        .render(
            chapters=CHAPTERS,
            script=Safe(script),
            hash=copy.hashed(script),
            copy=copy,
            whole=_copied,
        )
    )


def _copied(part: Part) -> Safe:
    return Safe(whole(part, copy.controls(part)))
