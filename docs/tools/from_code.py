"""A Sphinx extension: the pages of the reference are made from the code, docstrings read as text.

`made/python/` has a page a public module, `made/commands/` one a command: nothing in them is
written by hand, so that a name or an option that is new is there, and one that is gone is not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from command_pages import command_pages
from python_pages import python_pages

INDENTED = re.compile(r"^ {4}")
ENTRY = re.compile(r"^[\w*, ]+( : .*)?$")
"""The line that opens an entry of a section: a parameter's name and type."""
PROMPT = ">>> "


def setup(app: Any) -> dict[str, bool]:
    """Connect with Sphinx."""
    app.connect("builder-inited", _write_pages)
    app.connect("autodoc-process-docstring", _as_text, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _write_pages(app: Any) -> None:
    made = Path(app.srcdir) / "made"
    for folder, pages in (("python", python_pages()), ("commands", command_pages())):
        (made / folder).mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            _write_if_changed(made / folder / f"{name}.rst", text)


def _write_if_changed(path: Path, text: str) -> None:
    """Write, but leave a file as it is that says the same: Sphinx reads it again otherwise."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _as_text(_app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Make reStructuredText of a docstring: the code's docstrings are plain text with `code`."""
    lines[:] = as_restructured(lines)


def as_restructured(lines: list[str]) -> list[str]:
    """Return the lines with code marked as code, and signs that mean nothing there escaped.

    A paragraph that is indented below plain text is a formula, and is shown as it stands; so is
    what was typed into Python, under a heading of its own.
    """
    made: list[str] = []
    verbatim = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if not line.strip():
            verbatim = verbatim and bool(INDENTED.match(following))
        elif line.startswith(PROMPT) and not verbatim:
            made += ["Examples", "--------"]
            verbatim = True
        elif INDENTED.match(line) and _opens_formula(made):
            made += _double_colon(made)
            verbatim = True
        entry = bool(INDENTED.match(following)) and ENTRY.match(line)
        made.append(line if verbatim or entry else _inline(line))
    return made


def _double_colon(made: list[str]) -> list[str]:
    """Announce what stands as it is, but where the text has done so."""
    text = next(line for line in reversed(made) if line.strip())
    return [] if text.endswith("::") else ["::", ""]


def _opens_formula(made: list[str]) -> bool:
    """Whether an indented line here opens a paragraph of its own below text at the margin."""
    if len(made) < 2 or made[-1].strip():
        return False
    above = [line for line in made if line.strip()]
    return bool(above) and not INDENTED.match(above[-1])


def _inline(line: str) -> str:
    """Mark `code` as such, and escape what reStructuredText would read as markup."""
    parts = re.split(r"(``[^`]+``|`[^`]+`)", line)
    return "".join(
        f"``{part.strip('`')}``"
        if part.startswith("`")
        else re.sub(r"([*|])|_(?=\W|$)", _escaped, part)
        for part in parts
    )


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found.group()}"
