"""NumPy's files, .npy and .npz, and SciPy's sparse .npz: arrays by name, and never a pickle."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from scipy import sparse

from onelayer.errors import DataError

DEFLATE = 1032
"""Bytes that one byte of deflate can stand for, at most (zlib's documentation)."""

_SPARSE = {"format", "shape", "data"}
_KINDS = ("csr", "csc", "bsr", "coo", "dia")
_INDEXED = ("csr", "csc", "bsr")
# What NumPy, SciPy and zipfile were seen to raise on damaged files.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zlib.error,
)


def read_npy(path: Path) -> np.ndarray:
    """Return the array of a .npy file, mapped into memory: rows are read when they are used."""
    with damage_named(path):
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A .npz file on a handle of ours: NumPy leaves its own open where the file is damaged."""
    with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
        yield file


def npz_names(path: Path) -> list[str]:
    """Return the names of the arrays in a .npz file; one, `X`, where it is a sparse matrix."""
    with damage_named(path), _opened(path) as file:
        names = list(file.files)
    return ["X"] if set(names) >= _SPARSE else names


def read_npz(path: Path, name: str) -> Any:
    """Return one array of a .npz file, or the sparse matrix that it is, as CSR."""
    with damage_named(path), _opened(path) as file:
        if set(file.files) >= _SPARSE:
            return _sparse(path, file)
        claimed = sum(item.file_size for item in file.zip.infolist())
        require_possible(claimed, path)
        return np.asarray(file[name])


def require_possible(claimed: int, path: Path) -> None:
    """Refuse a file that claims more than its bytes can hold, before memory is asked for."""
    size = path.stat().st_size
    if claimed > DEFLATE * size + 2**20:
        raise DataError(f"{path} is damaged: it claims {claimed} bytes, and has {size}")


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn what the libraries raise on a damaged file into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise
    except DAMAGE as error:
        if "pickled (object) data" in str(error):  # as NumPy takes all that it does not know
            what = f"{path} is no {path.suffix} file, and holds no array that numpy.save writes"
            raise DataError(what) from error
        if "allow_pickle" in str(error) or "Python objects" in str(error):
            raise DataError(
                f"{path} holds Python objects, which could run code when read: "
                "save numbers or text, as in np.savez(path, X=X, y=y.astype(str))"
            ) from error
        said = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path} cannot be read: {said}") from error


def _sparse(path: Path, file: Any) -> Any:
    kind = file["format"].item()
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else kind
    if kind not in _KINDS:
        raise DataError(f"{path} holds a sparse matrix of format {kind!r}: save X.tocsr()")
    X = sparse.load_npz(path)
    if kind in _INDEXED:
        X.check_format(full_check=True)  # SciPy's products trust the indices
    return X.tocsr()
