"""Folders of large files that took long to make, in the user's cache: made once, used by many.

A folder is locked while it is made, and shared while a process uses it: of two trainings that need
the same, one makes it and the other waits. The system takes a lock back from a process that died;
what that one left is gone on with, or made again. What is in use is never removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from onelayer.cache import BOUND, user_cache
from onelayer.errors import DataError
from onelayer.words import size_in_words

SPARE = 1 << 28  # guard: bytes that are left free on the disk
_WHOLE, _LOCK = "whole", "lock"  # the first stands in a folder that was made to its end

_IN_USE: dict[Path, int] = {}
"""The locks that this process holds until it ends, by folder."""


@dataclass(frozen=True)
class KeptFolder:
    """A folder, and whether it was there already."""

    folder: Path
    reused: bool


class KeptFolders:
    """Folders by name, of one kind."""

    def __init__(self, kind: str) -> None:
        try:
            self.place: Path | None = user_cache() / "onelayer" / kind
        except RuntimeError:
            self.place = None

    def get(self, name: str, make: Callable[[Path], None], wait: Callable[[], None]) -> KeptFolder:
        """Return the folder of a name, which `make` fills where it is not there.

        `make` finds in it what a process that died has left. `wait` is called where another
        process is making it.

        Raises
        ------
        DataError
            Where the cache cannot be written to.
        """
        if self.place is None:
            raise DataError("there is no home folder for the cache: set XDG_CACHE_HOME to a folder")
        folder = self.place / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            reused = self._locked(folder, make, wait)
        except OSError as error:
            if not str(error.filename or folder).startswith(str(folder)):
                raise  # of what it is made of
            raise DataError(
                f"the cache {folder} cannot be written: {error.strerror}; set XDG_CACHE_HOME to a "
                "folder on a disk that has room"
            ) from error
        if not reused:
            self.prune(BOUND)
        return KeptFolder(folder, reused)

    def _locked(self, folder: Path, make: Callable[[Path], None], wait: Callable[[], None]) -> bool:
        whole = folder / _WHOLE
        if folder not in _IN_USE:
            lock = _lock_of(folder, wait)
            try:
                reused = whole.exists()
                if not reused:
                    make(folder)
                    whole.touch()
            except BaseException:
                os.close(lock)
                raise
            fcntl.flock(lock, fcntl.LOCK_SH)
            _IN_USE[folder] = lock
            if not reused:
                return False
        os.utime(whole)
        return True

    def folders(self) -> Iterator[tuple[float, int, Path]]:
        """When each was used last, its bytes and its place, unfinished ones too."""
        if self.place is None or not self.place.is_dir():
            return
        for folder in self.place.iterdir():
            with suppress(OSError):
                files = [file.stat() for file in folder.rglob("*") if file.is_file()]
                used = max([one.st_mtime for one in files], default=0.0)
                yield used, sum(one.st_size for one in files), folder

    def __len__(self) -> int:
        return sum(1 for _ in self.folders())

    @property
    def size(self) -> int:
        """Bytes of all folders."""
        return sum(size for _, size, _ in self.folders())

    def prune(self, bound: int) -> None:
        """Remove what was used longest ago and is not in use, until the rest is of `bound` bytes.

        What was used last stays whatever its size, unless the bound is negative.
        """
        held = 0
        for place, (_, size, folder) in enumerate(sorted(self.folders(), reverse=True)):
            held += size
            if held > bound and (place or bound < 0):
                self.remove(folder)

    def empty(self) -> None:
        """Remove all that is not in use."""
        self.prune(-1)

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove a folder that no process uses."""
        if folder in _IN_USE:
            return
        with suppress(OSError):
            lock = _open_lock(folder)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def require_room(folder: Path, needed: int, what: str) -> None:
    """Refuse to begin what the disk has no room for; DataError that says how much, and where."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise DataError(
            f"{what} would take {size_in_words(needed)} in {folder}, and the disk has "
            f"{size_in_words(free)} left: make room (onelayer cache shows what is kept), or set "
            "XDG_CACHE_HOME to a folder on a larger disk"
        )


def _open_lock(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)


def _lock_of(folder: Path, wait: Callable[[], None]) -> int:
    """Lock a folder: alone, or with others where it is whole; it may be removed meanwhile."""
    whole = folder / _WHOLE
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _open_lock(folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except OSError:
            if not whole.exists():
                wait()
            fcntl.flock(lock, fcntl.LOCK_SH)  # until who makes it is done, or has died
            alone = False
        with suppress(OSError):
            same = os.fstat(lock).st_ino == (folder / _LOCK).stat().st_ino
            if same and (alone or whole.exists()):
                return lock
        os.close(lock)
