"""A .zip file of what is otherwise a folder or a file, unpacked for as long as it is used.

What is larger than memory is unpacked once, into the cache: what is kept of its files knows them by
their places, and another training finds both.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, final
from zipfile import BadZipFile, ZipFile

from onelayer.designs import digest_of
from onelayer.errors import DataError, UsageError
from onelayer.file_stamps import FileStamp
from onelayer.inputs.base import is_path
from onelayer.inputs.examples import Examples
from onelayer.kept_folders import KeptFolders
from onelayer.memory_limits import memory_budget
from onelayer.readers.pictures.folders import class_folders, files_below, loose_files
from onelayer.readers.tables.suffixes import tables_in
from onelayer.settings import Settings
from onelayer.sources.source import Like, Progress, Source, digest

KIND = "archives"
MOST_FILES = 10_000_000
"""*Guard*: a larger number of entries is no set of pictures."""


@final
class ZippedSource(Source):
    """What lies in a .zip file, whatever kind of source that is."""

    def __init__(
        self,
        given: Any,
        settings: Settings,
        progress: Progress,
        opener: Callable[[Path, Settings, Progress], Source],
    ) -> None:
        super().__init__(given, settings, progress)
        self._opener = opener

    @classmethod
    def takes(cls, given: Any, settings: Settings) -> bool:
        """A file called .zip."""
        del settings
        return is_path(given) and Path(given).suffix.lower() == ".zip" and Path(given).is_file()

    @property
    def identity(self) -> str:
        """By the archive's place."""
        return digest(f"path:{Path(self.given).resolve()}".encode())

    @cached_property
    def inner(self) -> Source:
        """The source that was packed; it is unpacked now."""
        place = self._place
        with self._named():
            return self._opener(_only(place), self.settings, self.progress)

    @cached_property
    def _place(self) -> Path:
        """The folder that it is unpacked into, called as the archive."""
        from onelayer.readers.tables.several import TIMES

        archive = Path(self.given)
        larger = TIMES * _size(archive) > memory_budget(self.settings.memory)
        folder = self._in_cache(archive) if larger else self._for_now(archive)
        return folder / archive.stem

    def _for_now(self, archive: Path) -> Path:
        """A folder that goes with the source."""
        folder = Path(tempfile.mkdtemp(prefix="onelayer-zip-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._unpack(archive, folder)
        return folder

    def _in_cache(self, archive: Path) -> Path:
        """A folder that stays, for the archive as it is now."""
        stamp = FileStamp.of(archive.stat())
        name = digest_of((str(archive.resolve()), *stamp))
        kept = KeptFolders(KIND).get(name, lambda folder: self._unpack(archive, folder), self._wait)
        return kept.folder

    def _wait(self) -> None:
        self.progress("waiting for another training, which unpacks the same archive", 0, 1)

    def _unpack(self, archive: Path, folder: Path) -> None:
        place = folder / archive.stem
        place.mkdir(exist_ok=True)
        _unpack(archive, place, lambda done, m: self.progress("unpacking", done, m))

    def parts(self) -> tuple[str, ...]:
        """Those of what was packed."""
        with self._named():
            return self.inner.parts()

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of what was packed."""
        return self.inner.notes

    def read(self, part: str | None, like: Like | None = None) -> Examples:
        """Read a part of what was packed."""
        inner = self.inner
        with self._named():
            return inner.read(part, like)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Call it as the archive in errors, not as the folder where it was unpacked."""
        try:
            yield
        except (DataError, UsageError) as error:
            place = vars(self).get("_place")  # not there where it could not be unpacked
            if place is None:
                raise
            lines = (str(line).replace(str(place), str(self.given)) for line in error.args)
            raise type(error)(*lines) from error


def _size(archive: Path) -> int:
    """Bytes of all that an archive says it holds; 0 of what is none, which is said later."""
    with suppress(BadZipFile, OSError, ValueError, NotImplementedError), ZipFile(archive) as packed:
        return sum(one.file_size for one in packed.infolist())
    return 0


def _unpack(archive: Path, place: Path, tell: Callable[[int, int], None]) -> None:
    """Unpack into a folder; names that would lie outside it are made to lie inside.

    Raises
    ------
    DataError
        Where it is damaged or locked by a password, or there is no room for what it holds.
    """
    try:
        with ZipFile(archive) as packed:
            entries = packed.infolist()
            size, room = sum(one.file_size for one in entries), shutil.disk_usage(place).free
            if size > room or len(entries) > MOST_FILES:
                raise DataError(
                    f"{archive} holds {len(entries):,} files of {size:,} bytes, and {place.parent} "
                    f"has room for {room:,}: unpack it elsewhere, and give the folder"
                )
            for done, entry in enumerate(entries, 1):
                packed.extract(entry, place)
                tell(done, len(entries))
    except RuntimeError as error:
        raise DataError(f"{archive} is locked by a password: unpack it, give the folder") from error
    except (BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise DataError(f"{archive} is damaged, or no .zip file: {error}") from error


def _only(place: Path) -> Path:
    """Return what an archive holds: the only file; the only folder, whatever is said beside it."""
    files = list(files_below(place))
    if not files:
        raise DataError(f"{place} holds no files")
    if len(files) == 1:
        return files[0]
    inner = class_folders(place)
    alone = len(inner) == 1 and (
        class_folders(inner[0]) or tables_in(inner[0]) or not loose_files(place)
    )
    return inner[0] if alone else place
