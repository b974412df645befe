"""What lies where a file of data should be: a page of the web, a pointer to the file."""

from __future__ import annotations

import re
from pathlib import Path

from onelayer.errors import DataError

_FIRST = 200  # bytes that are looked at
_STAND_INS = {
    re.compile(rb"version https://git-lfs"): (
        "is a pointer of Git LFS, not the file that it stands for: fetch that with git lfs pull"
    ),
    re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html)\b", re.IGNORECASE): (
        "is a web page, not a file of data: its address asks for a login, or leads to a page about "
        "the file; of a table in a page make CSV"
    ),
    re.compile(rb"(\xef\xbb\xbf)?\s*<\?xml\b"): (
        "is XML, and nothing that is read: make CSV or Parquet of it"
    ),
}


def stand_in(begins: bytes) -> str | None:
    """What a file is by its first bytes, where that is no data, and what to do."""
    return next((said for pattern, said in _STAND_INS.items() if pattern.match(begins)), None)


def require_itself(path: Path) -> None:
    """Refuse what is there in a file's stead, whatever its name says; DataError."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        said = stand_in(file.read(_FIRST))
    if said is not None:
        raise DataError(f"{path} {said}")
