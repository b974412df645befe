"""Results go to stdout, everything else to stderr; colours and bars for terminals alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from onelayer.sources.opening import Progress

UNLIMITED = 10_000  # columns: what goes into a file or a pipe is not wrapped


def warn(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"{text}\n")


def print_json(value: Any) -> None:
    """Write one JSON object to stdout, NaN and infinities as null."""
    from onelayer.model.json_values import plain

    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def show(*lines: str | Text | Table) -> None:
    """Write results to stdout: wrapped to a terminal, as plain lines into a file or a pipe."""
    from rich.console import Console

    if sys.stdout.isatty():
        console = Console(highlight=False, emoji=False, markup=False)
        for line in lines:
            console.print(line)
        return
    console = Console(width=UNLIMITED, file=StringIO(), highlight=False, emoji=False, markup=False)
    with console.capture() as capture:
        console.print(*lines, sep="\n")
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in capture.get().splitlines())


@contextmanager
def progress_shown() -> Iterator[Progress]:
    """Yield a `progress(stage, done, total)` that draws a bar on stderr if it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True, emoji=False),
        transient=True,
    )
    with bar:
        task = bar.add_task("", count="", total=None)

        def show(stage: str, done: int, total: int) -> None:
            count = f"{done:,} of {total:,}" if total > 1 else ""
            bar.update(task, description=stage, completed=done, count=count)
            bar.update(task, total=total if total > 1 else None)

        yield show
