"""How a text file's rows are written: where they begin, and what stands between their cells."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.tables.cells import NUMBER
from onelayer.readers.tables.table_options import TableOptions
from onelayer.readers.tables.text import TextFile, no_utf8
from onelayer.words import spelt

HEADLESS = "The first row looks like data"
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
_NO_TEXT = {
    b"\xfd7zX": "packed with xz: unpack it, or pack it with gzip",
    b"7z\xbc\xaf": "packed with 7-Zip: unpack it, or pack it as .zip",
    b"Rar!": "packed with RAR: unpack it, or pack it as .zip",
    b"PK\3\4": "a .zip archive, or a workbook: name it .zip or .xlsx",
    b"ARRO": "Arrow's own format, Feather: save it as .parquet",
    b"\xd0\xcf\x11\xe0": "an old workbook, .xls: save it as .xlsx or CSV",
    b"SQLi": "a database of SQLite: write the table into a CSV file",
    b"%PDF": "a PDF: save the table in it as CSV",
}
"""What the first bytes of files say that are called .csv and are none."""

_TAR = slice(257, 262)  # where a tar archive says that it is one
_FIRST, _MOST = 1 << 16, 1 << 26  # bytes that are looked at
_ROWS, _CELLS = 50, 200_000  # that are compared, at most
_BLOCK = 1 << 20  # bytes that are searched for quotation marks at a time
_STEADY = 0.9  # of the rows have as many cells
_DOUBT = 0.1  # of cells that spaces set apart may have other delimiters in them
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # what Excel writes, and obeys, in line one
_WITH_COMMA = re.compile(r"\s*[+-]?[\d.' ]*,\d+\s*%?")


@dataclass(frozen=True)
class FirstRows:
    """The first rows of a file, as one delimiter sets their cells apart.

    Attributes
    ----------
    delimiter
        It.
    first
        The cells of the first row.
    rest
        Those of some rows after it.
    skip
        Bytes of UTF-8 before the first row.
    taken
        Bytes of the first row.
    """

    delimiter: str
    first: list[str]
    rest: list[list[str]]
    skip: int
    taken: int

    @property
    def size(self) -> int:
        """How many cells most rows after the first have."""
        sizes = Counter(map(len, self.rest))
        return sizes.most_common(1)[0][0] if sizes else len(self.first)

    @property
    def extra(self) -> str:
        """What rows have more than the first: "first" or "last", a cell there; "" for nothing."""
        if not self.size == len(self.first) + 1 > 2 or not self._steady:
            return ""
        return "last" if all(not row[-1] for row in self.rest if len(row) == self.size) else "first"

    @property
    def _steady(self) -> bool:
        often = sum(len(row) == self.size for row in self.rest)
        return often >= _STEADY * len(self.rest)

    @property
    def rank(self) -> tuple[bool, bool, int, float, int]:
        """The larger the better: several cells, as many in all rows, few that were cut in two."""
        several = len(self.first) > 1
        cells = [cell for row in [self.first, *self.rest] for cell in row]
        others = [sign for sign in DELIMITERS if sign not in (" ", self.delimiter)]
        doubtful = sum(
            any(sign in cell for sign in others) and not _WITH_COMMA.fullmatch(cell)
            for cell in cells
        )
        even = self._steady and self.size == len(self.first)
        clean = -round(doubtful / max(1, len(cells)), 2)
        agree = even if several else self.size
        return several and (even or bool(self.extra)), several, agree, clean, len(self.first)


def first_rows(file: TextFile, options: TableOptions) -> FirstRows:
    """Return the first rows of a text file by the delimiter asked for, or the one that fits best.

    It must set the first row's cells apart as it does the others'. Blank lines before the first
    row are passed over, and a line `sep=;` is obeyed.

    Raises
    ------
    DataError
        Where the file is empty, or no text of its encoding.
    """
    for text, whole in _heads(file):
        start, told = _begin(text)
        if start == len(text) and whole:
            raise DataError(f"{file.path} is empty: expected CSV, a header and a row an example")
        asked = options.sign or told
        signs = [asked] if asked else list(DELIMITERS)
        found = [rows for sign in signs if (rows := _rows(text, start, sign, whole=whole))]
        if found and (whole or all(rows.rest for rows in found)):
            return _best(found)
    raise DataError(f"{file.path} has a first row of more than {_MOST >> 20} MB: is it a table?")


def quotes_are_text(file: TextFile, rows: FirstRows) -> bool:
    """Whether quotation marks are part of the text: a row that one opens is whole without it.

    That is so where some line has an odd number of them, one of which begins a cell that does not
    end in one, every line that has any has as many cells as the others, counted without regard to
    quotes, and a quote that would close a cell is followed by more of it; or tabs stand between
    cells, for a quoted cell that has a tab and the end of a line in it is hardly ever written. Read
    as quotes they would swallow the lines up to the next one.
    """
    sign = rows.delimiter.encode()
    odd = (line.split(sign) for lines in _blocks(file, rows.skip) for line in _odd(lines))
    if not any(cell[:1] == b'"' and not cell[1:].endswith(b'"') for row in odd for cell in row):
        return False
    every = (line for lines in _blocks(file, rows.skip) for line in lines.split(b"\n"))
    even = all(line.count(sign) + 1 == rows.size for line in every if b'"' in line)
    return even and (sign == b"\t" or not _are_quotes(file, rows))


def _are_quotes(file: TextFile, rows: FirstRows) -> bool:
    """Whether every quote that opens a cell is closed where the cell ends."""
    with file.utf8(rows.skip) as stream:
        lines = io.TextIOWrapper(io.BufferedReader(stream), "utf-8", "replace", newline="")
        try:
            for _ in csv.reader(lines, delimiter=rows.delimiter, strict=True):
                pass
        except csv.Error:
            return False
    return True


def _odd(lines: bytes) -> list[bytes]:
    """Return the lines that have an odd number of quotation marks."""
    signs = np.frombuffer(lines, np.uint8)
    ends = np.append(np.flatnonzero(signs == ord("\n")), len(signs))
    until = np.searchsorted(np.flatnonzero(signs == ord('"')), ends)
    odd = np.flatnonzero(np.diff(until, prepend=0) % 2)
    starts = np.concatenate([[0], ends + 1])
    return [lines[starts[at] : ends[at]] for at in odd.tolist()]


def _blocks(file: TextFile, skip: int) -> Iterator[bytes]:
    """Yield whole lines, many at a time, of which some have quotation marks."""
    rest = b""
    with file.utf8(skip) as stream:
        while block := stream.read(_BLOCK):
            lines = rest + block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            cut = lines.rfind(b"\n") + 1
            lines, rest = lines[:cut], lines[cut:]
            if b'"' in lines:
                yield lines
    yield rest


def _best(found: list[FirstRows]) -> FirstRows:
    """The best one; spaces are taken where nothing else sets cells apart."""
    others = [rows for rows in found if rows.delimiter != " "] or found
    best = max(others, key=lambda rows: rows.rank)
    spaced = [rows for rows in found if rows.delimiter == " " and rows.rank[0]]
    return best if best.rank[0] or not spaced or spaced[0].rank[3] < -_DOUBT else spaced[0]


def _heads(file: TextFile) -> Iterator[tuple[str, bool]]:
    """Yield more and more of a file's beginning, and whether it is all of it."""
    size = _FIRST
    while size <= _MOST:
        with file.utf8() as stream:
            head = stream.read(size)
            whole = not stream.read(2)
        if b"\0" in head:
            raise DataError(f"{file.path} {_no_text(file, head)}")
        yield _text(file, head, whole=whole), whole
        if whole:
            return
        size *= 8


def _no_text(file: TextFile, head: bytes) -> str:
    """Say what a file is that is no text, and what to do."""
    known = next((said for mark, said in _NO_TEXT.items() if file.begins.startswith(mark)), None)
    if head[_TAR] == b"ustar":
        known = "a tar archive: unpack it, and give what is in it"
    if known is not None:
        return f"is no text, but {known}"
    as_utf_16 = spelt("encoding='utf-16-le'", "--encoding utf-16-le")
    return (
        "is no text: expected CSV in UTF-8, or name it .parquet; UTF-16 without a byte order mark "
        f"is read with {as_utf_16}"
    )


def _text(file: TextFile, head: bytes, *, whole: bool) -> str:
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        if file.begins.startswith(tuple(_NO_TEXT)):
            raise DataError(f"{file.path} {_no_text(file, head)}") from error
        if not whole and error.start > len(head) - 4:  # a character that the end has cut
            return head[: error.start].decode()
        raise DataError(no_utf8(file.path)) from error


def _begin(text: str) -> tuple[int, str | None]:
    """Return where the first row begins, and the delimiter that a line of Excel's tells."""
    start, told = 0, None
    for line in io.StringIO(text, newline=""):
        sep = _SEP.fullmatch(line) if told is None else None
        if sep:
            told = sep[1]
        elif line.strip(' \r\n\t,;|"'):
            break
        start += len(line)
    return start, told


def _rows(text: str, start: int, delimiter: str, *, whole: bool) -> FirstRows | None:
    taken: list[int] = []
    lines = _counted(text[start:], taken)
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[list[str]] = []
    end = start
    try:
        for row in reader:
            rows += [row] * bool(row)
            if len(rows) == 1 and row:
                end = start + sum(taken)
            if len(rows) > _ROWS or len(rows) * len(row) > _CELLS:
                break
        else:
            rows = rows if whole else rows[:-1]
    except csv.Error:
        return None
    if not rows:
        return None
    skip = len(text[:start].encode())
    return FirstRows(delimiter, rows[0], rows[1:], skip, len(text[start:end].encode()))


def _counted(text: str, taken: list[int]) -> Iterator[str]:
    for line in io.StringIO(text, newline=""):
        taken.append(len(line))
        yield line


def written_notes(text: TextFile, rows: FirstRows, options: TableOptions) -> Iterator[str]:
    """What was found out about how a text is written, where it is not the usual."""
    if text.written_in != "utf-8":
        yield f"read as {text.written_in}"
    if rows.delimiter != ",":
        sign = DELIMITERS.get(rows.delimiter)
        yield f"the cells are set apart by {f'{sign}s' if sign else repr(rows.delimiter)}"
    if options.header and rows.extra == "last":
        yield "each row but the header ends in a delimiter, which is passed over"
    if options.header and _like_data(rows.first, rows.rest):
        shown = ", ".join(rows.first[:3])
        how = spelt("header=False", "--no-header")
        yield (
            f"{HEADLESS} ({shown}, ...): if it is, name the columns above it, or train with {how}, "
            "which calls them column 0, column 1 and so on"
        )


def _like_data(header: list[str], rows: list[list[str]]) -> bool:
    """Whether a header has numbers over columns of numbers, or a word that is in its column too.

    A word alone says it where there are no numbers at all, as over classes and messages: a word
    over a column of numbers is its name.
    """
    number = re.compile(NUMBER)
    columns = list(zip(*(row for row in rows if len(row) == len(header)), strict=True))
    if not columns:
        return False
    pairs = [
        (cell.strip(), {c.strip() for c in column})
        for cell, column in zip(header, columns, strict=True)
    ]
    numbers = [bool(number.match(cell)) for cell, _ in pairs]
    if not any(numbers):
        named = any(cell and all(map(number.match, column)) for cell, column in pairs)
        return not named and any(cell in column for cell, column in pairs if cell)
    over_numbers = all(
        any(number.match(c) for c in column)
        for (_, column), is_number in zip(pairs, numbers, strict=True)
        if is_number
    )
    return over_numbers and (all(numbers) or any(cell in column for cell, column in pairs))
