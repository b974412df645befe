"""What is said of a training that was killed: that it goes on, or why it reads anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from onelayer.cli.output import warn
from onelayer.designs.kept_reads import KeptReads
from onelayer.words import spelt

WITHOUT_PART = {"memory"}
"""Settings that change no answer."""

_FILE = "file "


def kept_reads(folder: Path, inputs: Iterable[Any], settings: Mapping[str, Any]) -> KeptReads:
    """Return the reads that are kept in a folder for a training, and say what is there of another.

    `inputs` are the sources, of which those that are paths may have changed since.
    """
    about = {spelt(name): repr(settings[name]) for name in settings if name not in WITHOUT_PART}
    about |= {f"{_FILE}{path}": _stamp(path) for path in _paths(inputs)}
    kept = KeptReads(folder, tell=_going_on, about={**about, "onelayer": version("onelayer")})
    others = [_in_words(name, *values) for name, values in kept.of_another().items()]
    if others:
        warn(
            f"{folder} holds reads of an earlier training that differs ({'; '.join(others)}): what "
            "depends on that is read anew"
        )
    return kept


def _going_on(found: int) -> None:
    """Say once that a training which was killed goes on."""
    if found == 1:
        warn("going on where an earlier training of the same was stopped: its reads were kept")


def _paths(inputs: Iterable[Any]) -> list[Path]:
    given = [one for one in inputs if isinstance(one, (str, Path))]
    return [Path(one).resolve() for one in given if Path(one).exists()]


def _stamp(path: Path) -> str:
    """What changes with a file, or with one of a folder; links that lead nowhere are none."""
    files = [file for file in sorted(path.rglob("*")) if file.exists()] if path.is_dir() else [path]
    told = [file.stat() for file in files]
    size, newest = (
        sum(one.st_size for one in told),
        max((one.st_mtime_ns for one in told), default=0),
    )
    return f"{len(files)} of {size} bytes at {newest}"


def _in_words(name: str, before: str | None, now: str | None) -> str:
    if name.startswith(_FILE):
        path = name.removeprefix(_FILE)
        if before is None:
            return f"{path} had no part in it"
        return f"it read {path}" if now is None else f"{path} was changed since"
    return f"{name} was {before}, and is {now}"
