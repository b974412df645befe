"""Results go to stdout, everything else to stderr; colours and bars for terminals alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from onelayer.model.sources import Progress

UNLIMITED = 10_000  # columns: what goes into a file or a pipe is not wrapped


def warn(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(f"{text}\n")


def print_json(value: Any) -> None:
    """Write one JSON object to stdout, NaN and infinities as null."""
    from onelayer.model.json_values import plain

    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def results() -> Console:
    """Return the console for results, as wide as the terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else UNLIMITED
    return Console(width=width, highlight=False, emoji=False, markup=False)


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
