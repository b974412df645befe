"""LIBSVM's text that is larger than memory: read once, and kept as compressed rows in the cache.

Numbers are kept in 32 bits where these hold all of them exactly, else in 64, and indices as the
text has them. What is written so far is noted at intervals: who was killed goes on from there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, final

import numpy as np

from onelayer.designs import csr_in_files, digest_of
from onelayer.errors import DataError
from onelayer.kept_folders import KeptFolders, require_room
from onelayer.memory_limits import memory_budget
from onelayer.readers.arrays.libsvm_text import (
    RowsRead,
    TextPiece,
    TextPlace,
    bytes_of_text,
    pieces,
)
from onelayer.readers.seen_files import SeenFiles

KIND = "sparse"
RESIDENT = (
    0.25  # guard: of the memory that may be used, for rows; a sample and copies lie there too
)
NOTED = 1 << 26  # guard: bytes of text after which what was written is noted
TOGETHER = 1 << 20  # guard: numbers that are widened at a time
_COLUMNS, _ENDS, _LABELS, _STATE = "columns", "ends", "labels", "rows.json"
_TYPES = ("float32", "float64")

Tell = Callable[[int, int], None]
"""Called as tell(done, total), in bytes of the file."""


def _silent(done: int, total: int) -> None:
    del done, total


def kept_rows(path: Path, memory: float | str | None, tell: Tell | None) -> RowsRead:
    """Rows of a file that stay on disk.

    Raises
    ------
    DataError
        Where a line is none, the file changes while it is read, or the disk has no room.
    """
    seen = SeenFiles.of([path])
    name = digest_of((KIND, str(path.resolve()), *seen.stamps[0][1]))
    make = partial(_make, path, seen, tell or _silent)
    folder = KeptFolders(KIND).get(name, make, lambda: None).folder
    there = Written.read(folder)
    there.require_whole(folder)
    ends = np.zeros(there.rows + 1, np.int64)
    ends[1:] = np.fromfile(folder / _ENDS, np.int64)

    def counted_from(base: int, n: int) -> Any:
        return csr_in_files(
            (folder / there.values, folder / _COLUMNS),
            (np.dtype(there.values), np.dtype(np.int32)),
            ends,
            n,
            base=base,
            budget=int(RESIDENT * memory_budget(memory)),
            held_as=np.dtype(np.float64),
            told_by=(name,),
            ascending=True,
        )

    labels = np.fromfile(folder / _LABELS, np.float64)
    return RowsRead(there.smallest, there.largest, labels, counted_from)


@final
@dataclass(frozen=True)
class Written:
    """What stands in a folder, and how much of the text it was made of.

    Attributes
    ----------
    at, lines
        Of the text, bytes and lines.
    rows, entries
        Of X.
    smallest, largest
        Of the indices.
    values
        The type of the numbers, and the name of their file.
    """

    at: int = 0
    lines: int = 0
    rows: int = 0
    entries: int = 0
    smallest: int = 1
    largest: int = -1
    values: str = "float32"

    @classmethod
    def read(cls, folder: Path) -> Written:
        """As it was noted last; nothing, where it never was."""
        try:
            return cls(**json.loads((folder / _STATE).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return cls()

    def note(self, folder: Path) -> None:
        """Write it down, whole or not at all."""
        part = folder / f"{_STATE}.part"
        with part.open("w") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / _STATE)

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each file."""
        return {
            self.values: self.entries * np.dtype(self.values).itemsize,
            _COLUMNS: 4 * self.entries,
            _ENDS: 8 * self.rows,
            _LABELS: 8 * self.rows,
        }

    def followed_by(self, piece: TextPiece) -> Written:
        """With a piece more."""
        indices = piece.X.indices
        return replace(
            self,
            at=piece.end.at,
            lines=piece.end.lines,
            rows=self.rows + len(piece.y),
            entries=self.entries + len(indices),
            smallest=min(self.smallest, int(indices.min(initial=1))),
            largest=max(self.largest, int(indices.max(initial=-1))),
        )

    def require_whole(self, folder: Path) -> None:
        """Refuse files that are not as long as they were written; DataError."""
        for name, size in self.sizes.items():
            found = (folder / name).stat().st_size
            if found != size:
                raise DataError(
                    f"{folder / name} has {found} bytes, and {size} were written: remove {folder} "
                    "and start again"
                )


def _make(path: Path, seen: SeenFiles, tell: Tell, folder: Path) -> None:
    try:
        _write(path, tell, folder)
        seen.require_unchanged()
    except DataError:  # of this text nothing is of use
        for name in (*_TYPES, _COLUMNS, _ENDS, _LABELS, _STATE):
            (folder / name).unlink(missing_ok=True)
        raise


def _write(path: Path, tell: Tell, folder: Path) -> None:
    written, size = Written.read(folder), path.stat().st_size
    begun = noted = written.at
    with _Files.opened(folder, written) as files:
        for piece in pieces(path, TextPlace(written.at, written.lines)):
            if written.at == begun:
                _require_room(path, folder, written, piece)
            written = files.add(piece, written)
            tell(min(piece.taken, size), size)
            if written.at - noted >= NOTED:
                files.note(written)
                noted = written.at
        files.note(written)


def _require_room(path: Path, folder: Path, written: Written, piece: TextPiece) -> None:
    """That of all that is still to be written: as much for a byte of text as its first piece."""
    read = piece.end.at - written.at
    size = 12 * len(piece.X.indices) + 16 * len(piece.y)
    left = max(bytes_of_text(path) - written.at, read)
    require_room(folder, int(size / read * left), f"the rows of {path}")


@final
class _Files:
    """Files that rows are added to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, dict[str, BinaryIO]()

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, written: Written) -> Iterator[_Files]:
        """Those of a folder; what was written after it was noted is cut off."""
        for name in _TYPES:
            if name != written.values:
                (folder / name).unlink(missing_ok=True)
        found = cls(folder)
        try:
            for name, size in written.sizes.items():
                found.files[name] = (folder / name).open("ab")
                found.files[name].truncate(size)
            yield found
        finally:
            for file in found.files.values():
                file.close()

    def add(self, piece: TextPiece, written: Written) -> Written:
        """Write a piece's rows, and return what is written now."""
        X = piece.X
        if written.values == "float32" and not _is_exact(X.data):
            written = self._widened(written)
        self.files[written.values].write(X.data.astype(written.values).data)
        self.files[_COLUMNS].write(X.indices.astype(np.int32).data)
        self.files[_ENDS].write((X.indptr[1:].astype(np.int64) + written.entries).data)
        self.files[_LABELS].write(piece.y.astype(np.float64).data)
        return written.followed_by(piece)

    def note(self, written: Written) -> None:
        """Note what is written, once it is on the disk."""
        for file in self.files.values():
            file.flush()
            os.fsync(file.fileno())
        written.note(self.folder)

    def _widened(self, written: Written) -> Written:
        """The same with numbers in 64 bits."""
        wide = replace(written, values="float64")
        narrow = self.files.pop(written.values)
        narrow.flush()
        file = self.files[wide.values] = (self.folder / wide.values).open("wb")
        with (self.folder / written.values).open("rb") as before:
            while len(some := np.fromfile(before, np.float32, TOGETHER)):
                file.write(some.astype(np.float64).data)
        self.note(wide)
        narrow.close()
        (self.folder / written.values).unlink()
        return wide


def _is_exact(values: np.ndarray) -> bool:
    """Whether 32 bits hold these numbers."""
    with np.errstate(over="ignore"):
        return bool(np.array_equal(values.astype(np.float32), values, equal_nan=True))
