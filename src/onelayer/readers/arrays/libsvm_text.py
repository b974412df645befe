"""LIBSVM's text, `label index:value ...` a line: how it is told, and its rows piece by piece."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.arrays.numpy_files import DAMAGE

SUFFIXES = (".svm", ".libsvm", ".svmlight")
PACKED = 5.0  # guard: bytes of text of a packed one, about
PIECE = 1 << 22  # guard: bytes of text that are read at a time, to the end of their last line
SHOWN = 40  # characters of a line that are shown
_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_LINE = re.compile(rb"[-+]?[\d.]+([eE][-+]?\d+)?(\s+qid:\d+)?(\s+\d+:[-+.\deE]+)*\s*(#.*)?")
_ENTRY = re.compile(rb"\s\d+:[-+.\d]")
_SNIFFED = 1 << 16


@dataclass(frozen=True)
class RowsRead:
    """Rows of a file, whose indices still count as they do there.

    Attributes
    ----------
    smallest, largest
        Of the indices; 1 and -1 where there are none.
    labels
        (m,).
    counted_from
        X (m, n), given the index of its first column, and n.
    """

    smallest: int
    largest: int
    labels: np.ndarray
    counted_from: Callable[[int, int], Any]


class TextPlace(NamedTuple):
    """How far a text was read: bytes of it, unpacked, and lines."""

    at: int = 0
    lines: int = 0


class TextPiece(NamedTuple):
    """Rows of some lines, as CSR with indices as they are, and labels; where their text ends.

    taken: bytes of the file that were read so far, as it lies on the disk.
    """

    X: Any
    y: np.ndarray
    end: TextPlace
    taken: int


def looks_like_libsvm(path: Path) -> bool:
    """Tell by the first lines: labels with entries, `index:value`, in one of them at least."""
    try:
        with _unpacked(path) as (_, file):
            text = file.read(_SNIFFED)
    except DAMAGE:
        return False
    lines = text.split(b"\n")[:20]
    whole = lines if len(text) < _SNIFFED else lines[:-1] or lines
    written = [line for line in whole if line.strip() and not line.startswith(b"#")]
    return (
        bool(written)
        and all(_LINE.fullmatch(line.rstrip()) for line in written)
        and any(_ENTRY.search(line) for line in written)
    )


def bytes_of_text(path: Path) -> int:
    """Bytes of a file's text; about, where it is packed."""
    with path.open("rb") as file:
        head = file.read(6)
    packed = any(head.startswith(magic) for magic in _OPENERS)
    return int((PACKED if packed else 1) * path.stat().st_size)


def parsed(file: BinaryIO) -> tuple[Any, np.ndarray]:
    """X (m, n) as CSR and y (m,) of lines, by scikit-learn; its errors."""
    from sklearn.datasets import load_svmlight_file

    X, y = load_svmlight_file(file, zero_based=True)
    return X, y


def whole_text(path: Path) -> tuple[Any, np.ndarray]:
    """X and y of a file; a DataError names the line that is none."""
    try:
        with _unpacked(path) as (_, file):
            return parsed(file)
    except DAMAGE:
        for _ in pieces(path):  # the same error, with its line
            pass
        raise


BEGIN = TextPlace()


def pieces(path: Path, start: TextPlace = BEGIN) -> Iterator[TextPiece]:
    """The rows of a file, some lines at a time, from a place on.

    Raises
    ------
    DataError
        Where a line is none, or the file is damaged; it names the line.
    """
    with _unpacked(path) as (raw, file):
        at, lines = start
        if at:
            file.seek(at)
        while text := _whole_lines(file, path, lines):
            X, y = _rows_of(text, path, lines)
            at, lines = at + len(text), lines + text.count(b"\n")
            yield TextPiece(X, y, TextPlace(at, lines), raw.tell())


def line_with(path: Path, index: int) -> int | None:
    """The number of the first line with an entry of this index, from 1; None where none has it."""
    entry = re.compile(rb"\s0*%d:" % index)
    with _unpacked(path) as (_, file):
        return next((number for number, line in enumerate(file, 1) if entry.search(line)), None)


def _whole_lines(file: BinaryIO, path: Path, lines: int) -> bytes:
    try:
        return file.read(PIECE) + file.readline()
    except DAMAGE as error:
        raise DataError(
            f"{path} cannot be read after line {lines}: {_in_words(error)}; it was cut short or "
            "is damaged: make it anew"
        ) from error


def _rows_of(text: bytes, path: Path, lines: int) -> tuple[Any, np.ndarray]:
    try:
        return parsed(BytesIO(text))
    except DAMAGE as error:
        for number, line in enumerate(text.split(b"\n"), start=lines + 1):
            try:
                parsed(BytesIO(line))
            except DAMAGE as of_line:
                raise DataError(
                    f"{path} cannot be read at line {number}, {_shown(line)}: {_in_words(of_line)}"
                    "; a line is a label and entries, as in 1 3:0.5 7:2"
                ) from error
        raise DataError(f"{path} cannot be read after line {lines}: {_in_words(error)}") from error


def _shown(line: bytes) -> str:
    text = line.decode("ascii", "replace").strip()
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def _in_words(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


@contextmanager
def _unpacked(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """A file as it lies on the disk, and its text."""
    with path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        opener = next((open_ for magic, open_ in _OPENERS.items() if head.startswith(magic)), None)
        if opener is None:
            yield file, file
            return
        with opener(file) as unpacked:
            yield file, unpacked
