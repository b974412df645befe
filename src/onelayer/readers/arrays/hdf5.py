"""HDF5 files, an optional part: h5py is imported here alone."""

from __future__ import annotations

import os
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.designs import map_of_file
from onelayer.errors import DataError, MissingExtraError
from onelayer.file_stamps import FileStamp
from onelayer.kept_folders import KeptFolders, require_room
from onelayer.memory_limits import memory_budget
from onelayer.readers.arrays.numpy_files import damage_named, require_possible

MAGIC = b"\x89HDF\r\n\x1a\n"
KIND = "arrays"
_ROWS = "rows"
_TOGETHER = 1 << 26  # bytes that are copied at a time


def hdf5_names(path: Path) -> list[str]:
    """Return the paths of the data sets in a file; links to other files are not followed."""
    names: list[str] = []
    with damage_named(path), _h5py().File(path, "r") as file:
        _collect(file, "", names)
    return names


def read_hdf5(path: Path, name: str, memory: float | str | None = None) -> np.ndarray:
    """Return one data set, as it is; text as str.

    Rows of numbers that lie one after the other in the file are mapped, and read where they are
    used. What lies in chunks is read, and where it is larger than the memory that may be used, see
    `memory_budget`, copied once into the cache, and mapped there.
    """
    with damage_named(path), _h5py().File(path, "r") as file:
        found = file[name]
        if found.external is not None:
            raise DataError(f"{path}: {name} lies in another file, which is not opened")
        require_possible(found.nbytes, path)
        if found.dtype.kind == "O":
            return np.asarray(found.asstr()[()])
        if found.ndim < 2 or found.dtype.kind not in "biuf" or 0 in found.shape:
            return np.asarray(found[()])
        mapped = _mapped(path, found)
        if mapped is not None:
            return mapped
        if found.nbytes > memory_budget(memory):
            return _kept(path, found)
        return np.asarray(found[()])


def _mapped(path: Path, found: Any) -> np.ndarray | None:
    """A map of a data set whose rows lie one after the other; None for any other."""
    at = found.id.get_offset()
    if at is None or at + found.nbytes > path.stat().st_size:
        return None
    rows = map_of_file(path, found.dtype, found.shape, at)
    ends = [0, len(rows) - 1]  # a block of the user's own may stand before what the file counts
    same = all(rows[row].tobytes() == found[row].tobytes() for row in ends)
    return rows if same else None


def _kept(path: Path, found: Any) -> np.ndarray:
    """A map of a copy in the cache, which is made once, and gone on with where it was stopped."""
    place = path.resolve(), *FileStamp.of(path.stat()), found.name
    name = blake2b(repr((*place, found.shape, found.dtype)).encode(), digest_size=16).hexdigest()
    there = KeptFolders(KIND).get(name, partial(_copy, found, path), lambda: None)
    return map_of_file(there.folder / _ROWS, found.dtype, found.shape)


def _copy(found: Any, path: Path, folder: Path) -> None:
    by_row = found.nbytes // len(found)
    at_once = max(1, _TOGETHER // by_row)
    if found.chunks:  # a chunk is unpacked as a whole
        at_once = found.chunks[0] * max(1, at_once // found.chunks[0])
    with (folder / _ROWS).open("ab") as rows:
        done = rows.tell() // by_row // at_once * at_once
        rows.truncate(done * by_row)
        require_room(folder, found.nbytes - done * by_row, f"a copy of {found.name} of {path}")
        for start in range(done, len(found), at_once):
            rows.write(found[start : start + at_once].data)
            rows.flush()
            os.fsync(rows.fileno())


def _collect(group: Any, prefix: str, names: list[str], depth: int = 0) -> None:
    h5py = _h5py()
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        item = group[name]
        if isinstance(item, h5py.Dataset):
            names.append(f"{prefix}{name}")
        elif isinstance(item, h5py.Group) and depth < 3:
            _collect(item, f"{prefix}{name}/", names, depth + 1)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError("HDF5 files need h5py", "hdf5") from error
    return h5py
