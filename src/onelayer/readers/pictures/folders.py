"""Folders of pictures: which files they hold, and which classes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from onelayer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LITTER = {"thumbs.db", "desktop.ini", "__macosx"}
LAYOUT = (
    "Expected one sub-folder a class:",
    "    photos/",
    "        cat/  1.jpg  2.jpg",
    "        dog/  3.jpg  4.jpg",
    "or the same below photos/train/, photos/val/ and photos/test/.",
)


@dataclass
class PassedBy:
    """What a walk through folders did not take: hidden entries, and links that lead back."""

    hidden: list[Path] = field(default_factory=list)
    loops: list[Path] = field(default_factory=list)


def class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders that are classes, sorted by name, code point by code point."""
    if not folder.exists():
        raise FileNotFoundError(f"no such folder: {folder}")
    if not folder.is_dir():
        raise DataError(f"{folder} is a file, not a folder of pictures.", *LAYOUT)
    return [entry for entry in _visible(folder) if entry.is_dir()]


def composed(name: str) -> str:
    """Return a name with accents as parts of letters: macOS has them as letters of their own."""
    return unicodedata.normalize("NFC", name)


def class_name(path: Path) -> str:
    """Return what the class of a folder is called."""
    return composed(path.name)


def loose_files(folder: Path) -> int:
    """Count the visible files that lie beside the class folders."""
    return sum(not entry.is_dir() for entry in _visible(folder))


def find_pictures(paths: Iterable[Path | str]) -> list[Path]:
    """Return files as they are and the files of folders, all the way down, in order.

    Raises
    ------
    FileNotFoundError
        Where there is no such file or folder.
    DataError
        Where a folder holds no file.
    """
    return [file for path in paths for file in _expanded(Path(path))]


def files_below(
    folder: Path,
    passed: PassedBy | None = None,
    above: frozenset[tuple[int, int]] | None = None,
) -> Iterator[Path]:
    """Yield the visible files of a folder and its sub-folders, sorted; links are followed.

    A link to a folder that it lies in is passed by: `above` knows the folders on the way, from the
    root of the file system, for a link from one class up to all of them would make the pictures of
    all classes its own. `passed` is told of it, and of hidden files and folders.
    """
    identity = _identity(folder)
    passed = passed or PassedBy()
    if above is None:
        on_the_way = {*folder.absolute().parents, *folder.resolve().parents}
        above = frozenset(map(_identity, on_the_way))
    if identity in above:
        passed.loops.append(folder)
        return
    visible, hidden = _entries(folder)
    passed.hidden.extend(hidden)
    for entry in visible:
        if entry.is_dir():
            yield from files_below(entry, passed, above | {identity})
        else:
            yield entry


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def hidden_beside(folder: Path) -> list[Path]:
    """Return the hidden files and folders that lie beside the class folders."""
    return _entries(folder)[1]


def _expanded(path: Path) -> list[Path]:
    if not path.is_dir():
        path.stat()
        return [path]
    files = list(files_below(path))
    if not files:
        raise DataError(f"{path} holds no files: name a picture, or a folder with pictures")
    return files


def _visible(folder: Path) -> list[Path]:
    return _entries(folder)[0]


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """What is to be seen, and what is hidden: a name with a dot, or what systems leave behind."""
    # Sorted as plain strings: paths themselves compare without case on Windows.
    names = sorted(entry.name for entry in folder.iterdir())
    visible = [folder / name for name in names if not _hidden(name)]
    return visible, [folder / name for name in names if _hidden(name)]


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _LITTER
