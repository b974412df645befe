"""Where a command may write: a regular file that it does not read, and nobody else's.

Everything is refused before anything is read, so that no result is lost at the end.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from onelayer.errors import UsageError
from onelayer.sources import open_source

_HEAD = 4096  # bytes of a report in which its mark stands
_MARK = re.compile(rb'<meta name="onelayer-source" content="([0-9a-f]*)">')
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
Inputs = Iterable[object]
"""What a command reads: paths, and what else stands for a source, such as an embedded set's name;
None for what was not given."""


def require_place(path: Path, example: str, inputs: Inputs = ()) -> None:
    """Refuse an output that is no place for a file, or that the command reads or prints to.

    Parameters
    ----------
    path
        Where the command would write.
    example
        A name for the file, for one who named a folder.
    inputs
        What it reads; of a folder, the files in it are read too.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the file, for example {path / example}")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder: make it first, or write elsewhere")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path.parent} cannot be written to: write elsewhere")
    if path.exists():
        _require_file(path)
        for given in inputs:
            for read in _files_of(given):
                _require_unread(path, read)


def _require_file(path: Path) -> None:
    status = path.stat()
    for is_kind, name in _KINDS:
        if is_kind(status.st_mode):
            raise UsageError(
                f"{path} is {name}, and a file is written beside its name and then moved there: "
                "name a file"
            )
    for stream in (1, 2):
        with suppress(OSError):
            if os.path.samestat(status, os.fstat(stream)):
                raise UsageError(f"{path} is where the command prints: give another name")


def _files_of(given: object) -> list[Path]:
    """What is given, and the files beside it that are read with it: labels, other parts."""
    from onelayer.readers.arrays.idx import idx_name
    from onelayer.readers.arrays.layout import beside, other_parts

    if not isinstance(given, (str, Path)):
        return []
    path = Path(given)
    of_a_set = path.exists() and idx_name(path) is not None
    parts = [one for one in path.parent.iterdir() if idx_name(one)] if of_a_set else []
    return [path, *beside(path), *other_parts(path).values(), *parts]


def _require_unread(path: Path, given: Path) -> None:
    """Refuse a file that is read: under any name, by a link, or in a folder that is read."""
    try:
        same = given.exists() and path.samefile(given)
        below = given.is_dir() and path.resolve().is_relative_to(given.resolve())
    except OSError:  # a name too long for a file, of a set or an array perhaps
        return
    if same or (below and not _is_ours(path)):
        raise UsageError(f"{path} cannot be both read and written: give another name")


def _is_ours(path: Path) -> bool:
    """Whether the software wrote it, so that it is no part of the data that it lies among."""
    return _source_of(path) is not None or _reported_on(path) is not None or _is_mistakes(path)


def check_output(
    path: str | Path, source: Any, *, inputs: Inputs = (), overwrite: bool = False
) -> None:
    """Refuse a place for a model, as `require_place` does, or one that holds another's.

    A file is overwritten only where it is a model of the same source, or where `overwrite` says so.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    path = Path(path)
    for place in (path, partial_path(path)):
        require_place(place, "m.safetensors", inputs)
    if path.exists() and not overwrite and _source_of(path) != open_source(source).identity:
        raise UsageError(
            f"{path} exists and did not come from {open_source(source).described}: "
            "give another name with -o, or --overwrite"
        )


def check_report(
    path: str | Path, source: Any, *, inputs: Inputs = (), overwrite: bool = False
) -> None:
    """Refuse a place for a report, as `require_place` does, or one that holds another's.

    A page is overwritten only where it is a report on the same source, `mistakes.csv` beside it
    only where a report wrote it, or where `overwrite` says so.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    from onelayer.report import mistakes

    path = Path(path)
    table = path.parent / mistakes.NAME
    if path.name == table.name:
        raise UsageError(f"{path} is where a report's mistakes are written: give it another name")
    for place in (path, table):
        require_place(place, "report.html", inputs)
    if overwrite:
        return
    if path.exists() and _reported_on(path) != open_source(source).identity:
        raise UsageError(
            f"{path} exists and is no report on {open_source(source).described}: give another "
            "name with --report, or --overwrite, or --no-report"
        )
    if table.exists() and not _is_mistakes(table):
        raise UsageError(
            f"{table} exists and no report wrote it: move it, or give --report in another folder, "
            "or --overwrite"
        )


def partial_path(path: str | Path) -> Path:
    """Where an interrupted training leaves its model: m.safetensors is m.partial.safetensors."""
    path = Path(path)
    return path.parent / f"{path.stem}.partial{path.suffix or '.safetensors'}"


def reads_path(path: str | Path) -> Path:
    """The folder where a training keeps what long reads of its source have found."""
    path = Path(path)
    return path.parent / f"{path.stem}.reads"


def _source_of(path: Path) -> str | None:
    from onelayer.model.loading import load

    try:
        return load(path).card.source_id
    except (OSError, ValueError):
        return None  # no model of ours, whatever it is


def _reported_on(path: Path) -> str | None:
    with path.open("rb") as file:
        found = _MARK.search(file.read(_HEAD))
    return found.group(1).decode() if found else None


def _is_mistakes(table: Path) -> bool:
    from onelayer.report import mistakes

    with table.open("rb") as file:
        return file.readline(_HEAD).rstrip() == ",".join(mistakes.HEADER).encode()
