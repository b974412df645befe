"""HDF5 files, an optional part: h5py is imported here alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import DataError, MissingExtraError
from onelayer.readers.arrays.numpy_files import damage_named, require_possible

MAGIC = b"\x89HDF\r\n\x1a\n"


def hdf5_names(path: Path) -> list[str]:
    """Return the paths of the data sets in a file; links to other files are not followed."""
    names: list[str] = []
    with damage_named(path), _h5py().File(path, "r") as file:
        _collect(file, "", names)
    return names


def read_hdf5(path: Path, name: str) -> np.ndarray:
    """Return one data set, as it is; text as str."""
    with damage_named(path), _h5py().File(path, "r") as file:
        found = file[name]
        if found.external is not None:
            raise DataError(f"{path}: {name} lies in another file, which is not opened")
        require_possible(found.nbytes, path)
        if found.dtype.kind == "O":
            return np.asarray(found.asstr()[()])
        return np.asarray(found[()])


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
