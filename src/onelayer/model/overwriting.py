"""Where a training writes, and what it must not overwrite."""

from __future__ import annotations

import os
import re
from pathlib import Path

from onelayer.errors import UsageError
from onelayer.model.fitted import load
from onelayer.report import mistakes
from onelayer.sources.opening import Source, identity

_HEAD = 4096  # bytes of a report in which its mark stands
_MARK = re.compile(rb'<meta name="onelayer-source" content="([0-9a-f]*)">')


def check_output(path: str | Path, source: Source, *, overwrite: bool = False) -> None:
    """Refuse an output that cannot be written, or that holds what came from elsewhere.

    A file is overwritten only where it is a model of the same source, or where `overwrite` says so.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    path = Path(path)
    _require_place(path, f"the model file, for example {path}/m.safetensors", "elsewhere with -o")
    if path.exists() and not overwrite and _source_of(path) != identity(source):
        raise UsageError(
            f"{path} exists and did not come from {source}: "
            "give another name with -o, or --overwrite"
        )


def _require_place(path: Path, file: str, elsewhere: str) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name {file}")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder: make it first, or write {elsewhere}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent} cannot be written to: write {elsewhere}")


def _source_of(path: Path) -> str | None:
    try:
        return load(path).card.source_id
    except (OSError, ValueError):
        return None  # no model of ours, whatever it is


def check_report(path: str | Path, source: Source, *, overwrite: bool = False) -> None:
    """Refuse a report that cannot be written, or that would replace what came from elsewhere.

    A page is overwritten only where it is a report on the same source, `mistakes.csv` beside it
    only where a report wrote it, or where `overwrite` says so.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    path = Path(path)
    _require_place(path, f"the report, for example {path}/report.html", "the report elsewhere")
    if overwrite:
        return
    if path.exists() and _reported_on(path) != identity(source):
        raise UsageError(
            f"{path} exists and is no report on {source}: give another name with --report, "
            "or --overwrite, or --no-report"
        )
    table = path.with_name(mistakes.NAME)
    if table.exists() and not _is_ours(table):
        raise UsageError(
            f"{table} exists and no report wrote it: move it, or give --report in another folder, "
            "or --overwrite"
        )


def _reported_on(path: Path) -> str | None:
    with path.open("rb") as file:
        found = _MARK.search(file.read(_HEAD))
    return found.group(1).decode() if found else None


def _is_ours(table: Path) -> bool:
    with table.open("rb") as file:
        return file.readline(_HEAD).rstrip() == ",".join(mistakes.HEADER).encode()


def partial_path(path: str | Path) -> Path:
    """Where an interrupted training leaves its model: m.safetensors is m.partial.safetensors."""
    path = Path(path)
    return path.with_name(f"{path.stem}.partial{path.suffix or '.safetensors'}")
