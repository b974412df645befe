"""Text files as the rows of a table: a file a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from onelayer.errors import DataError
from onelayer.readers.pictures.folders import files_below
from onelayer.readers.tables.arrow_arrays import array_of_texts
from onelayer.readers.tables.suffixes import is_text_file
from onelayer.readers.tables.table_files import ArrowTable
from onelayer.readers.tables.table_options import AS_USUAL, TableOptions
from onelayer.readers.tables.text import TextFile
from onelayer.words import in_one_line

LARGEST = 1 << 24
"""Bytes of a text that is read. *Guard*: of a message or an article a thousandth is usual."""


@dataclass(frozen=True)
class Texts:
    """Text files that were read, what each holds, and why others were left out."""

    files: list[Path]
    texts: list[str]
    left_out: list[tuple[Path, str]]


def read_texts(files: Sequence[Path], options: TableOptions = AS_USUAL) -> Texts:
    """Read each file whole, in UTF-8, by its byte order mark, or as `options` say."""
    found = Texts([], [], [])
    for file in files:
        try:
            text = _read(file, options)
        except (OSError, DataError, UnicodeDecodeError) as error:
            found.left_out.append((file, _why(file, error)))
            continue
        found.files.append(file)
        found.texts.append(text)
    return found


def texts_table(path: Path, column: str, options: TableOptions = AS_USUAL) -> ArrowTable:
    """Return a text file, or those of a folder, as a table of one column.

    Raises
    ------
    DataError
        Where one of them cannot be read, naming it.
    """
    files = [file for file in files_below(path) if is_text_file(file)] if path.is_dir() else [path]
    found = read_texts(files, options)
    if found.left_out:
        file, why = found.left_out[0]
        raise DataError(f"{file} {why}")
    table = pa.table({column: array_of_texts(found.texts)})
    return ArrowTable.of(path, table, options)


def _read(file: Path, options: TableOptions) -> str:
    if file.stat().st_size > LARGEST:
        raise DataError(f"{file} has more than {LARGEST >> 20} MB: is it a text?")
    with TextFile.at(file, options.encoding).utf8() as stream:
        content: bytes = stream.read()
    if b"\0" in content:
        raise DataError(f"{file} is no text")
    return content.decode()


def _why(file: Path, error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8"
    if isinstance(error, OSError):
        return f"cannot be opened: {error.strerror or error}"
    return str(error).removeprefix(in_one_line(f"{file} "))
