"""Decoded pictures that are kept: a file that is as it was is not decoded again.

The pixels of a folder's pictures lie in one file, a row a picture, in the order in which they are
read, and an index beside it says which file each row is of, or why it has none. A file is known by
its size, its time and its place on the disk. Where any of them has changed, was added or removed,
the rows of the others are copied and the new ones decoded; a reading that was stopped goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.designs import map_of_file
from onelayer.file_stamps import FileStamp
from onelayer.kept_folders import KeptFolders, require_room
from onelayer.readers.pictures.picture_files import Progress, read_files
from onelayer.readers.pictures.preprocessing import Preprocessing

KIND = "pictures"
FEWEST = 1 << 24
"""Bytes of pixels from which on they are kept. *Guard*: 1365 pictures of 64 x 64 pixels, which take
some seconds to decode."""

_TOGETHER = 1 << 24  # bytes of pixels that are in memory at a time
_PIXELS, _INDEX = "pixels", "index"


def read_kept(
    files: Sequence[Path], to: Preprocessing, progress: Progress | None = None
) -> tuple[np.ndarray, dict[int, str]]:
    """Read pictures as `read_files` does, and keep them; many map the file that they are kept in.

    Raises
    ------
    DataError
        Where the disk has no room for them.
    """
    if len(files) * int(np.prod(to.shape)) < FEWEST:
        return read_files(files, to, progress)
    told = progress or (lambda _done, _total: None)
    folders = KeptFolders(KIND)
    making = _Making([_seen(file) for file in files], list(files), to, told)
    prefix = _digest(version("onelayer"), os.path.commonpath(files), astuple(to))
    name = f"{prefix}-{_digest(making.seen)}"
    older = [folder for *_, folder in folders.folders() if folder.name.startswith(prefix)]
    found = folders.get(name, partial(making.fill, older), partial(told, 0, len(files)))
    if not found.reused:
        for folder in older:
            folders.remove(folder)
    told(len(files), len(files))
    rows = _rows_of(found.folder)
    failures = {at: why for at, (_, why) in enumerate(rows) if why is not None}
    shape = (len(rows) - len(failures), *to.shape)
    if 0 in shape:
        return np.empty(shape, np.uint8), failures
    return map_of_file(found.folder / _PIXELS, np.uint8, shape), failures


Seen = tuple[str, FileStamp]
"""A file's path and stamp as it was; of size -1 where it could not be looked at."""

Row = tuple[Seen, str | None]
"""A file as it was, and why it has no row; None: it has one."""


@dataclass(frozen=True)
class _Making:
    """What is to be read: files as they are now, in order."""

    seen: list[Seen]
    files: list[Path]
    to: Preprocessing
    told: Progress

    @property
    def size(self) -> int:
        """Bytes of a picture."""
        return int(np.prod(self.to.shape))

    def fill(self, older: list[Path], folder: Path) -> None:
        """Write the pixels and the index, from where a stopped reading has left them."""
        done = self._done(folder)
        known = _Known(older, self.size)
        needed = (len(self.files) - done) * self.size
        require_room(folder, needed, f"the pixels of {len(self.files):,} pictures")
        with (folder / _PIXELS).open("ab") as pixels, (folder / _INDEX).open("a") as index:
            while done < len(self.files):
                some = slice(done, done + max(1, _TOGETHER // self.size))
                images, failures = self._some(known, some)
                pixels.write(np.ascontiguousarray(images).data)  # `tofile` hides a full disk
                pixels.flush()
                os.fsync(pixels.fileno())
                now = enumerate(self.seen[some])
                index.writelines(_line(seen, failures.get(at)) for at, seen in now)
                index.flush()
                done = min(some.stop, len(self.files))
                self.told(done, len(self.files))

    def _done(self, folder: Path) -> int:
        """How many files a stopped reading has dealt with; what it wrote beyond is cut off."""
        rows = _rows_of(folder)
        same = [row[0] for row in rows] == self.seen[: len(rows)]
        kept = rows if same else []
        (folder / _INDEX).write_text("".join(_line(*row) for row in kept))
        written = sum(why is None for _, why in kept) * self.size
        with (folder / _PIXELS).open("ab") as pixels:
            pixels.truncate(written)
        return len(kept)

    def _some(self, known: _Known, some: slice) -> tuple[np.ndarray, dict[int, str]]:
        """Pixels of some files, those that are known not decoded, and why others have none."""
        seen, files = self.seen[some], self.files[some]
        unknown = [at for at, one in enumerate(seen) if one not in known]
        fresh, failed = read_files([files[at] for at in unknown], self.to)
        failures = {unknown[at]: why for at, why in failed.items()}
        of_fresh = iter(fresh)
        read = [
            known[one] if one in known else next(of_fresh)
            for at, one in enumerate(seen)
            if at not in failures
        ]
        images = np.array([one.ravel() for one in read], np.uint8)
        return images.reshape(len(read), self.size), failures


class _Known:
    """The rows of earlier readings, by the files that they are of."""

    def __init__(self, folders: list[Path], size: int) -> None:
        self.size, self._places = size, {}
        for folder in folders:
            with_pixels = (seen for seen, why in _rows_of(folder) if why is None)
            for at, seen in enumerate(with_pixels):
                self._places[seen] = folder / _PIXELS, at

    def __contains__(self, seen: Seen) -> bool:
        _, stamp = seen
        return stamp.size >= 0 and seen in self._places

    def __getitem__(self, seen: Seen) -> np.ndarray:
        path, at = self._places[seen]
        return np.fromfile(path, np.uint8, self.size, offset=at * self.size)


def _rows_of(folder: Path) -> list[Row]:
    """What an index says, as far as it was written."""
    return list(_read(folder / _INDEX))


def _read(index: Path) -> Iterator[Row]:
    try:
        lines = index.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            (path, *stamp), why = json.loads(line)
            yield (path, FileStamp(*stamp)), why
        except (ValueError, TypeError):
            return


def _line(seen: Seen, why: str | None) -> str:
    path, stamp = seen
    return json.dumps([[path, *stamp], why]) + "\n"


def _seen(file: Path) -> Seen:
    try:
        return str(file.resolve()), FileStamp.of(file.stat())
    except OSError:
        return str(file), FileStamp(-1, 0, 0)


def _digest(*things: Any) -> str:
    return blake2b(repr(things).encode(), digest_size=8).hexdigest()
