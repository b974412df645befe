"""Results go to stdout, everything else to stderr; colours and bars for terminals alone.

All text leaves through this module, which makes control characters visible: names come from data.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from onelayer.cli.streams import told_of_stdout
from onelayer.words import in_one_line, visible, visible_in_json

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.table import Table
    from rich.text import Text

    from onelayer.sources import Progress

UNLIMITED = 10_000  # columns: what goes into a file or a pipe is not wrapped


def warn(text: str) -> None:
    """Write one line to stderr; where nobody can take it, the command goes on."""
    warn_in_lines(in_one_line(text))


def warn_in_lines(text: str) -> None:
    """The same with a text that may have several."""
    with suppress(OSError):
        sys.stderr.write(_sayable(f"{visible(text)}\n", sys.stderr))


def put(text: str) -> None:
    """Write text for people to stdout."""
    put_data(text if sys.stdout.isatty() else visible(text))


def put_sheet(text: str) -> None:
    """Write a table of results to stdout; where it has no letters for a line, with hyphens."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = text.replace("\u2500", "-")
    put(text)


def terminal_columns() -> int:
    """Of the terminal, at most what numbers need; 80 in a file or pipe."""
    return min(shutil.get_terminal_size().columns, 100) if sys.stdout.isatty() else 80


def put_data(text: str) -> None:
    """Write text for a program to stdout: as it is, but where a terminal shows it."""
    with told_of_stdout():
        shown = visible(text) if sys.stdout.isatty() else text
        sys.stdout.write(_sayable(shown, sys.stdout))


def print_json(value: Any) -> None:
    """Write one JSON object to stdout, NaN and infinities as null."""
    from onelayer.card.json_values import plain

    kept = plain(value)
    text = visible_in_json(json.dumps(kept, indent=2, ensure_ascii=False, allow_nan=False))
    if _sayable(text, sys.stdout) != text:
        text = json.dumps(kept, indent=2, allow_nan=False)
    put_data(f"{text}\n")


def add_row(table: Table, *cells: str | Text) -> None:
    """Add cells to a table, each in one line, whatever the names in it hold."""
    table.add_row(*(in_one_line(cell) if isinstance(cell, str) else cell for cell in cells))


def show(*given: str | Text | Table) -> None:
    """Write results to stdout: wrapped to a terminal, as plain lines into a file or a pipe."""
    lines = [in_one_line(line) if isinstance(line, str) else line for line in given]
    if sys.stdout.isatty():
        console = _console(sys.stdout)
        for line in lines:
            console.print(_Visible(line))
        return
    console = _console(StringIO(), width=UNLIMITED, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(*lines, sep="\n")
    put("".join(f"{line.rstrip()}\n" for line in capture.get().split("\n")[:-1]))


def _console(file: TextIO, **options: Any) -> Console:
    from rich.console import Console

    return Console(file=file, highlight=False, emoji=False, markup=False, **options)


class _Visible:
    """Something for rich to draw, of whose text control characters are made visible."""

    def __init__(self, drawn: RenderableType) -> None:
        self.drawn = drawn

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """See rich: what is drawn, piece by piece."""
        from rich.segment import Segment

        for text, style, control in console.render(self.drawn, options):
            yield Segment(text if control else visible(text), style, control)


def _sayable(text: str, stream: TextIO) -> str:
    """The text, with escapes for the letters that the stream's encoding does not have."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _rate(done: int, since: float) -> str:
    """How many a second, once that can be said."""
    seconds = monotonic() - since
    return f", {done / seconds:,.0f} a second" if seconds > 1 and done / seconds >= 1 else ""


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """Yield a `progress(stage, done, total)` that draws a bar on stderr if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        console=_console(sys.stderr),
        transient=True,
    )
    with bar:
        task = bar.add_task("", count="", total=None)
        under_way, since = "", monotonic()

        def show(stage: str, done: int, total: int) -> None:
            nonlocal under_way, since
            if stage != under_way:
                under_way, since = stage, monotonic()
            count = f"{done:,} of {total:,}{_rate(done, since)}" if total > 1 else ""
            bar.update(task, description=in_one_line(stage), completed=done, count=count)
            bar.update(task, total=total if total > 1 else None)

        yield show
