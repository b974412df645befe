"""The examples of the pages: run as they stand, and what they print compared with what is shown.

A block of `python` or `bash` is run; a block of `text` right after it is what it prints. Blocks of
a page share one folder and one Python, as a reader's do. In what is shown `...` stands for anything
on a line, a line of `...` for any lines; a number that is no count may differ by two in its last
digit, or by a millionth, because processors round differently.

`python docs/tools/page_blocks.py docs/index.md` writes into a page what its examples print.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")
SECONDS = re.compile(r"\b\d+\.\d+ s\b")
ANY = "..."
NOT_RUN = ("python3 -m venv ", "source ", "pip ", "git ", "scripts/")
"""Commands that make the installation which runs the others."""


@dataclass(frozen=True)
class Block:
    """An example of a page.

    Attributes
    ----------
    language
        python or bash.
    code
        What is typed.
    shown
        What the page says that it prints; None where it says nothing of it.
    line
        Where it stands in the page, from 1.
    end
        Where its text ends in the page.
    span
        Where what is shown begins and ends in the page; None where nothing is.
    """

    language: str
    code: str
    shown: str | None
    line: int
    end: int
    span: tuple[int, int] | None


def blocks_of(text: str) -> list[Block]:
    """Return the examples of a page."""
    fences = list(FENCE.finditer(text))
    found = []
    for fence, following in zip_longest(fences, fences[1:]):
        if fence[1] not in {"python", "bash"}:
            continue
        shows = (
            following is not None
            and following[1] == "text"
            and not text[fence.end() : following.start()].strip()
        )
        shown, span = (following[2], following.span()) if following and shows else (None, None)
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Block(fence[1], fence[2], shown, line, fence.end(), span))
    return found


def run_page(blocks: list[Block]) -> Iterator[tuple[Block, str]]:
    """Run the examples in the current folder, one after the other; each with what it printed."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.ExitStack() as running:
        for block in blocks:
            if block.language == "python":
                yield block, _python(block.code, names)
            else:
                yield block, _shell(block.code, running)


def _python(code: str, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "example", "exec"), names)  # noqa: S102 - the page's own
    return printed.getvalue()


def _shell(code: str, running: contextlib.ExitStack) -> str:
    from server_of_a_page import ask, serve

    printed = ""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words or line.startswith(NOT_RUN):
            continue
        if words[:2] == ["onelayer", "serve"]:
            running.enter_context(serve(words[2:]))
        elif words[0] == "curl":
            printed += ask(words[1:])
        else:
            printed += _command(words)
    return printed


def _command(words: list[str]) -> str:
    """Run a command of ours in this process: most of one of its own is imports."""
    from typer.testing import CliRunner

    from onelayer.cli.app import app

    if words[0] != "onelayer":
        raise ValueError(f"a page may run onelayer, not {words[0]}")
    done = CliRunner().invoke(app, words[1:], env={"COLUMNS": "80"})
    if done.exit_code != 0:
        raise RuntimeError(f"{shlex.join(words)} ended with {done.exit_code}: {done.output}")
    return done.output


def differences(shown: str, printed: str) -> list[str]:
    """Return the lines that are not as the page shows them; none where it says what is so."""
    want, got = _lines(shown), _lines(printed)
    at = 0
    found = []
    for number, line in enumerate(want):
        if line.strip() == ANY:
            rest = want[number + 1 :]
            at = _next_like(rest[0], got, at) if rest else len(got)
        elif at < len(got) and like(line, got[at]):
            at += 1
        else:
            found.append(f"shown: {line!r}; printed: {got[at] if at < len(got) else 'nothing'!r}")
            at += 1
    return found + [f"not shown: {line!r}" for line in got[at:]]


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _next_like(line: str, got: list[str], start: int) -> int:
    return next((at for at in range(start, len(got)) if like(line, got[at])), len(got))


def like(shown: str, printed: str) -> bool:
    """Whether a line is as shown: words to the letter, numbers but for their rounding."""
    pattern = NUMBER.sub("\0", shown)
    text = re.escape(pattern).replace(re.escape(ANY), ".*").replace("\0", f"({NUMBER.pattern})")
    found = re.fullmatch(re.sub(r"(\\ )+", r"\\s+", text), printed)
    wanted = NUMBER.findall(shown)
    return bool(found) and all(map(_near, wanted, found.groups()))


def _near(shown: str, printed: str) -> bool:
    if shown == printed:
        return True
    if not re.search(r"[.e]", shown):
        return False  # a count is a count
    mantissa, _, power = shown.replace(",", "").partition("e")
    digits = len(mantissa.partition(".")[2])
    last = 2.01 * 10.0 ** (int(power or 0) - digits)
    return abs(_value(shown) - _value(printed)) <= max(last, 1e-6 * abs(_value(shown)))


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def renewed(shown: str, printed: str) -> list[str]:
    """Return what is printed, without the lines that were left out before.

    A line that was shown is found again by its first word.
    """
    want, got = _lines(shown), _lines(printed)
    if ANY not in want:
        return got
    found, at = [], 0
    for line in want:
        if line == ANY:
            found.append(line)
            continue
        same = [place for place in range(at, len(got)) if _first(got[place]) == _first(line)]
        if same:
            at = same[0] + 1
            found.append(line if like(line, got[at - 1]) else got[at - 1])
    return found


def _first(line: str) -> str:
    return (line.split() or [""])[0]


def write_outputs(path: Path) -> int:
    """Write into a page what its examples print, where it shows that; the number of changes."""
    text = path.read_text(encoding="utf-8")
    blocks, changed = blocks_of(text), 0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        printed = [one for _, one in run_page(blocks)]
    for block, output in reversed(list(zip(blocks, printed, strict=True))):
        if block.span is None or block.shown is None or not differences(block.shown, output):
            continue
        start, end = block.span
        lines = SECONDS.sub(f"{ANY} s", "\n".join(renewed(block.shown, output)))
        text, changed = f"{text[:start]}```text\n{lines}\n```\n{text[end:]}", changed + 1
    path.write_text(text, encoding="utf-8")
    return changed


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in sys.argv[1:]:
        print(f"{name}: {write_outputs(Path(name).resolve())} outputs written")
