"""The bytes of a text file as UTF-8, whatever it is written in, packed or not."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from onelayer.errors import DataError
from onelayer.readers.tables.suffixes import is_pipe
from onelayer.words import spelt

_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BOM = 4  # bytes of the longest
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd"}
_PIECE = 1 << 22  # bytes
_PLAIN = {"utf-8", "utf8", "ascii", "us-ascii"}


@dataclass(frozen=True)
class TextFile:
    """A text file, which is read as UTF-8 from the beginning, as often as one likes.

    Attributes
    ----------
    path
        The file. What comes through a pipe is kept in memory, for it comes once.
    encoding
        What it is written in, where it has no byte order mark; None for UTF-8.
    """

    path: Path
    encoding: str | None = None
    piped: bytes | None = field(default=None, repr=False)

    @classmethod
    def at(cls, path: Path, encoding: str | None) -> TextFile:
        """Return the file of a path; a pipe is read to its end."""
        return cls(path, encoding, path.read_bytes() if is_pipe(path) else None)

    @cached_property
    def written_in(self) -> str:
        """What the file is written in: what its byte order mark says, else as asked, or UTF-8."""
        head = self._head
        marked = (name for mark, name in _BOMS.items() if head.startswith(mark))
        return next(marked, "utf-8" if self._marked else (self.encoding or "utf-8").lower())

    @property
    def _marked(self) -> bool:
        return self._head.startswith(codecs.BOM_UTF8)

    @property
    def packing(self) -> str | None:
        """How it is packed, known by its first bytes and not by its name; None: it is not."""
        return next((how for mark, how in _PACKED.items() if self.begins.startswith(mark)), None)

    @cached_property
    def _head(self) -> bytes:
        with self._opened() as stream:
            return bytes(stream.read(_BOM))

    @contextmanager
    def utf8(self, skip: int = 0) -> Iterator[Any]:
        """Yield a stream of UTF-8 without a byte order mark, from this byte on.

        A byte that is no UTF-8 is passed on, where nothing else was asked for: Arrow finds it.

        Raises
        ------
        DataError
            While it is read, where the bytes are not of the encoding asked for.
        """
        with self._opened() as stream:
            coded = _Coded(self.path, stream, self.written_in)
            skip += len(codecs.BOM_UTF8) * self._marked
            while skip > 0:
                skip -= len(coded.read(skip)) or skip
            yield coded

    @cached_property
    def begins(self) -> bytes:
        """Its first bytes, as they are."""
        if self.piped is not None:
            return self.piped[:_BOM]
        with self.path.open("rb") as file:
            return file.read(_BOM)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """Yield its bytes, unpacked."""
        source = str(self.path) if self.piped is None else pa.BufferReader(self.piped)
        try:
            with pa.input_stream(source, compression=self.packing) as stream:
                yield stream
        except OSError as error:
            if self.packing is None or error.errno is not None:
                raise
            raise DataError(f"{self.path} is damaged, or cut short: {error}") from error


def no_utf8(path: Path) -> str:
    """Say that a file is none, and what to do."""
    encoding = spelt("encoding='cp1252'", "--encoding cp1252")
    return (
        f"{path} is not UTF-8: say what it is written in, as "
        f"{encoding} (Windows in Western Europe), latin-1 "
        "or shift_jis"
    )


class _Coded(io.RawIOBase):
    """A stream's bytes as UTF-8. No read ends between the two bytes of a line's end.

    Arrow loses the line feed of a quoted line's end that two of its reads share (apache/arrow
    issue 51368).
    """

    def __init__(self, path: Path, stream: Any, encoding: str) -> None:
        self._path, self._stream, self._encoding = path, stream, encoding
        self._decoder = None
        if encoding not in _PLAIN:
            self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready, self._ended = b"", False

    def readable(self) -> bool:
        """Tell Python that it can be read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, or one fewer; none at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_PIECE), b""))
        while len(self._ready) <= size and not self._ended:
            self._more(size)
        cut = size - (self._ready[size - 1 : size + 1] == b"\r\n" and size > 1)
        part, self._ready = self._ready[:cut], self._ready[cut:]
        return part

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer, or some of it; return how many bytes there are."""
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def peek(self) -> bytes:
        """Return what comes next, without taking it; nothing at the end."""
        while not self._ready and not self._ended:
            self._more(_PIECE)
        return self._ready

    def _more(self, size: int) -> None:
        found = self._stream.read(max(size, _BOM))
        self._ended = not found
        if self._decoder is None:
            self._ready += found
            return
        try:
            text = self._decoder.decode(found, final=self._ended)
        except UnicodeDecodeError as error:
            raise DataError(f"{self._path} is not {self._encoding}: {error.reason}") from error
        self._ready += text.encode("utf-8", "surrogatepass")
