"""IDX files, in which MNIST and its fellows come: train-images-idx3-ubyte.gz and its labels.

The format is Yann LeCun's: two zero bytes, a type, the number of dimensions, the dimensions as
big-endian 32-bit numbers, then the values.
"""

from __future__ import annotations

import gzip
import math
import re
from pathlib import Path
from typing import BinaryIO

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.arrays.numpy_files import damage_named, require_possible

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(
    r"(?P<set>.*?)(?P<part>train|test|t10k|valid|val)-(?P<role>images|labels)"
    r"[-.]idx\d-[a-z]+(\.gz)?"
)
_GZIP = b"\x1f\x8b"


def idx_name(path: Path) -> re.Match[str] | None:
    """Parse a file name as MNIST's are: groups `set`, `part` and `role`."""
    return _NAME.fullmatch(path.name)


def idx_files(folder: Path, prefix: str | None = None) -> dict[tuple[str, str], Path]:
    """Return the IDX files of a folder by part and role; an unpacked file goes before a packed one.

    Raises
    ------
    DataError
        Where the folder holds several sets, EMNIST's say, and `prefix` names none.
    """
    named = [(match, path) for path in sorted(folder.iterdir()) if (match := idx_name(path))]
    sets = sorted({match["set"] for match, _ in named})
    if prefix is None and len(sets) > 1:
        raise DataError(
            f"{folder} holds several sets of IDX files, {', '.join(sets)}: name one of the files"
        )
    return {
        (match["part"], match["role"]): path
        for match, path in reversed(named)
        if prefix is None or match["set"] == prefix
    }


def read_idx(path: Path) -> np.ndarray:
    """Return the array of an IDX file, packed by gzip or not; bytes stay bytes."""
    with damage_named(path), path.open("rb") as file:
        packed = file.read(2) == _GZIP
        file.seek(0)
        if not packed:
            return _read(file, path)
        with gzip.open(file) as unpacked:
            return _read(unpacked, path)


def _read(file: BinaryIO | gzip.GzipFile, path: Path) -> np.ndarray:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or head[3] == 0:
        raise DataError(f"{path} is no IDX file: it does not begin as one")
    sides = file.read(4 * head[3])
    if len(sides) < 4 * head[3]:
        raise DataError(f"{path} is truncated: it ends before its {head[3]} dimensions")
    shape = tuple(np.frombuffer(sides, ">u4").tolist())
    dtype = np.dtype(_TYPES[head[2]])
    claimed = math.prod(shape) * dtype.itemsize
    require_possible(claimed, path)
    data = file.read(claimed + 1)  # one more: so the end is read, and with it gzip's checksum
    if len(data) < claimed:
        raise DataError(
            f"{path} is truncated: {claimed} bytes of values claimed, {len(data)} there"
        )
    if len(data) > claimed:
        raise DataError(f"{path} is damaged: more than the {claimed} bytes of values claimed")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
