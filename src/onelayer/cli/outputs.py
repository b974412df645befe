"""Where a command may write: a regular file that it does not read, and nobody else's.

Everything is refused before anything is read, so that no result is lost at the end.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onelayer.errors import UsageError
from onelayer.sources import open_source
from onelayer.words import count_of, in_shell

if TYPE_CHECKING:
    from onelayer.card import Card

_HEAD = 4096  # bytes of a report in which its mark stands
_MARK = re.compile(rb'<meta name="onelayer-source" content="([0-9a-f]*)">')
_OF_OLD = 4  # columns of a table of mistakes that every version has written
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
    return _card_of(path) is not None or _reported_on(path) is not None or _is_mistakes(path)


def require_apart(outputs: Mapping[str, Path | None]) -> None:
    """Refuse one name for two outputs, which are called what they are; UsageError."""
    known: dict[Path, str] = {}
    for what, path in outputs.items():
        if path is None:
            continue
        if (other := known.setdefault(path.absolute(), what)) != what:
            raise UsageError(f"{path} cannot be both the {other} and the {what}: give two names")


def check_output(
    path: str | Path, source: Any, *, inputs: Inputs = (), overwrite: bool = False
) -> Card | None:
    """Refuse a place for a model, as `require_place` does, or one that holds another's.

    A file is overwritten only where it is a model of the same source, or where `overwrite` says so.
    Return the card of the model that will be replaced, None where there is none.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    path = Path(path)
    for place in (path, partial_path(path)):
        require_place(place, "m.safetensors", inputs)
    before = _card_of(path) if path.exists() else None
    source_id = None if before is None else before.source_id
    if path.exists() and not overwrite and source_id != open_source(source).identity:
        raise UsageError(
            f"{path} exists and did not come from {open_source(source).described}: "
            "give another name with -o, or --overwrite"
        )
    return before


def check_report(
    path: str | Path, source: Any, *, inputs: Inputs = (), overwrite: bool = False
) -> None:
    """Refuse a place for a report, as `require_place` does, or one that holds another's.

    A page is overwritten only where it is a report on the same source, or `overwrite` says so.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    path = Path(path)
    require_place(path, "report.html", inputs)
    if path.exists() and not overwrite and _reported_on(path) != open_source(source).identity:
        raise UsageError(
            f"{path} exists and is no report on {open_source(source).described}: give another "
            "name with --report, or --overwrite, or --no-report"
        )


def check_mistakes(
    path: Path, *, read: object, inputs: Inputs = (), overwrite: bool = False
) -> None:
    """Refuse a place for a table of mistakes, or one that holds anything else.

    What a person has written into one is lost only where `overwrite` says so. The one that is
    `read` may be written over: the new one keeps that.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    if isinstance(read, (str, Path)) and path.exists() and path.samefile(read):
        return
    require_place(path, "mistakes.csv", inputs)
    if not path.exists() or overwrite:
        return
    if not _is_mistakes(path):
        raise UsageError(
            f"{path} exists and no report wrote it: move it, or name another with --mistakes, "
            "or --overwrite"
        )
    if filled := _filled(path):
        raise UsageError(
            f"{path} has {count_of(filled, 'rows')} in which a person has filled in relabel, which "
            f"would be lost: train with --relabel {in_shell(str(path))}, or move it, or "
            "--overwrite"
        )


def check_pages(
    report: Path | None,
    mistakes: Path | None,
    source: Any,
    *,
    inputs: Inputs,
    overwrite: bool,
    read: object = None,
) -> None:
    """`check_report` and `check_mistakes` of what will be written, None for nothing."""
    if report is not None:
        check_report(report, source, inputs=inputs, overwrite=overwrite)
    if mistakes is not None:
        check_mistakes(mistakes, read=read, inputs=inputs, overwrite=overwrite)


def mistakes_beside(report: Path | None, asked: Path | None) -> Path | None:
    """Where the table of mistakes goes: where asked, else beside the report, None for nowhere."""
    from onelayer.report.mistakes import mistakes_path

    return mistakes_path(report) if asked is None and report is not None else asked


def partial_path(path: str | Path) -> Path:
    """Where an interrupted training leaves its model: m.safetensors is m.partial.safetensors."""
    path = Path(path)
    return path.parent / f"{path.stem}.partial{path.suffix or '.safetensors'}"


def reads_path(path: str | Path) -> Path:
    """The folder where a training keeps what long reads of its source have found."""
    path = Path(path)
    return path.parent / f"{path.stem}.reads"


def _card_of(path: Path) -> Card | None:
    from onelayer.model.loading import load

    try:
        return load(path).card
    except (OSError, ValueError):
        return None  # no model of ours, whatever it is


def _reported_on(path: Path) -> str | None:
    with path.open("rb") as file:
        found = _MARK.search(file.read(_HEAD))
    return found.group(1).decode() if found else None


def _is_mistakes(table: Path) -> bool:
    """Whether a report wrote it, or a spreadsheet since."""
    from onelayer.report.mistakes import MistakeRow

    with table.open("rb") as file:
        header = re.split(rb"[,;\t]", file.readline(_HEAD).strip().removeprefix(b"\xef\xbb\xbf"))
    names = [cell.strip(b'"').decode(errors="replace") for cell in header]
    return names[:_OF_OLD] == list(MistakeRow._fields)[:_OF_OLD]


def _filled(table: Path) -> int:
    """How many rows a person has filled in."""
    from onelayer.errors import DataError
    from onelayer.report.mistakes import read_mistakes

    try:
        return sum(bool(row.relabel) for row in read_mistakes(table))
    except DataError:  # of an older report, without the column, or of no rows
        return 0
