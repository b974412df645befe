"""What the file of a sheet says beside its values: formulas without one, and merged cells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

_UNCOMPUTED = re.compile(rb"(?:<f[^>]*/>|</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_MERGED = re.compile(rb'<mergeCell [^>]*?ref="([^"]*)"')
_PIECE = 1 << 22  # guard: bytes of XML that are looked at together
_LONGEST = 1 << 10  # of what is looked for, with blanks


class SheetMarks(NamedTuple):
    """Formulas without a value, how many; cells that were merged, as B2:B4."""

    formulas: int
    merged: list[str]


def marks_of(path: Path, sheet: str) -> SheetMarks:
    """Look through the XML of a sheet, some of it at a time; nothing where it is not there."""
    with ZipFile(path) as book:
        if sheet not in book.namelist():
            return SheetMarks(0, [])
        formulas, merged, rest = 0, list[str](), b""
        with book.open(sheet) as file:
            while piece := file.read(_PIECE):
                text, whole = rest + piece, max(0, len(rest) + len(piece) - _LONGEST)
                ends = [0]
                for found in _UNCOMPUTED.finditer(text):
                    formulas += 1
                    ends.append(found.end())
                for found in _MERGED.finditer(text):
                    merged.append(found[1].decode())
                    ends.append(found.end())
                rest = text[max(whole, *ends) :]
        return SheetMarks(formulas, merged)
