"""Tensors in a file of PyTorch (.pth, .pt), read without PyTorch; no code of a file is ever run.

Such a file is a pickle, which may name any function of Python and have it called. This reader lets
a pickle use the steps that build dictionaries, lists and tensors, and the names of tensors alone.
It refuses every other before anything is built. Two layouts exist: since PyTorch 1.6 a zip archive
with `data.pkl` and a file a storage; before, pickles in a row, and the storages behind them.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from onelayer.errors import DataError

_LEGACY = 0x1950A86A20F9469CFC6C  # torch/serialization.py, MAGIC_NUMBER
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_STEPS = frozenset(
    {
        "PROTO",
        "FRAME",
        "STOP",
        "MARK",
        "NONE",
        "NEWTRUE",
        "NEWFALSE",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "BINFLOAT",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINPUT",
        "LONG_BINPUT",
        "MEMOIZE",
        "BINGET",
        "LONG_BINGET",
        "EMPTY_DICT",
        "EMPTY_LIST",
        "EMPTY_TUPLE",
        "TUPLE",
        "TUPLE1",
        "TUPLE2",
        "TUPLE3",
        "APPEND",
        "APPENDS",
        "SETITEM",
        "SETITEMS",
        "GLOBAL",
        "STACK_GLOBAL",
        "BINPERSID",
        "REDUCE",
        "BUILD",
    }
)
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)


class _Storage(NamedTuple):
    """Numbers in a row, by the name under which the file has them; no state that a pickle sets."""

    dtype: str
    key: str
    size: int


class _Tensor(NamedTuple):
    """A view of a storage: where it begins, its sizes and strides, in numbers."""

    storage: _Storage
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]


class _Rebuild:
    """Stands for `torch._utils._rebuild_tensor_v2`."""

    __slots__ = ()

    def __call__(self, storage: Any, offset: Any, sizes: Any, strides: Any, *rest: Any) -> _Tensor:
        del rest  # whether gradients are kept, and hooks
        if type(storage) is not _Storage:
            raise DataError("a tensor without a storage")
        return _Tensor(storage, offset, sizes, strides)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Rebuild()
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise DataError(f"it asks for {module}.{name}, which is no tensor: refused, and not run")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _, size, *_ = pid
        if kind != "storage" or dtype not in _DTYPES.values():
            raise DataError(f"it has a {kind!r} of {dtype!r}, which is no storage of numbers")
        return _Storage(dtype, str(key), int(size))


def read_tensors(path: str | Path) -> Any:
    """Return what a .pth or .pt file holds, its tensors as arrays.

    Raises
    ------
    DataError
        Where it is damaged, or holds anything but tensors, numbers and text in dictionaries, lists
        and tuples. Nothing that a file names is run.
    FileNotFoundError
        Where there is none.
    """
    content = Path(path).read_bytes()
    try:
        zipped = content.startswith(b"PK")
        found, storages = _of_archive(content) if zipped else _of_pickles(content)
        return _with_arrays(found, storages)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except _DAMAGE as error:
        raise DataError(f"{path} is damaged, or no file of PyTorch: {error!r}") from error


def _of_archive(content: bytes) -> tuple[Any, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = {name.partition("/")[2]: name for name in archive.namelist()}
        if any(archive.getinfo(name).compress_type for name in names.values()):
            raise DataError("it is compressed, as files of PyTorch are not")
        found = _unpickled(archive.read(names["data.pkl"]))
        stored = {key[5:]: archive.read(name) for key, name in names.items() if key[:5] == "data/"}
    return found, stored


def _of_pickles(content: bytes) -> tuple[Any, dict[str, bytes]]:
    """Three pickles say how it was written, the fourth holds it, the fifth the storages' order."""
    ends = [0]
    for _ in range(5):
        ends.append(ends[-1] + _checked(content[ends[-1] :]))
        if len(ends) == 2 and _unpickled(content[: ends[1]]) != _LEGACY:
            raise DataError("it is no file of PyTorch")
    found, keys = _unpickled(content[ends[3] : ends[4]]), _unpickled(content[ends[4] : ends[5]])
    at, storages, sizes = ends[5], {}, _sizes(found)
    for key in keys:
        dtype, size = sizes[key]
        if int.from_bytes(content[at : at + 8], "little") != size:
            raise DataError(f"the storage {key} is not of {size} numbers: the file is damaged")
        end = at + 8 + size * np.dtype(dtype).itemsize
        storages[key], at = content[at + 8 : end], end
    return found, storages


def _unpickled(content: bytes) -> Any:
    _checked(content)
    return _Unpickler(io.BytesIO(content), encoding="utf-8").load()


def _checked(content: bytes) -> int:
    """Return where the pickle ends; refuse its steps before any of them is taken."""
    for step, argument, place in pickletools.genops(content):
        if step.name not in _STEPS:
            raise DataError(f"it has the step {step.name}, which no tensor needs: refused")
        # A place in the memo beyond all bytes would take memory alone.
        if step.name == "LONG_BINPUT" and (argument or 0) > len(content):
            raise DataError("it is damaged: a memo longer than the file")
        if step.name == "STOP":
            return int(place or 0) + 1
    raise DataError("it has no end")


def _sizes(found: Any) -> dict[str, tuple[str, int]]:
    """Type and numbers of every storage, by its key."""
    if isinstance(found, _Tensor):
        return {found.storage.key: (found.storage.dtype, found.storage.size)}
    inner = found.values() if isinstance(found, dict) else found
    sizes: dict[str, tuple[str, int]] = {}
    if isinstance(found, (dict, list, tuple)):
        for one in inner:
            sizes |= _sizes(one)
    return sizes


def _with_arrays(found: Any, storages: dict[str, bytes]) -> Any:
    if isinstance(found, _Tensor):
        return _array(found, storages[found.storage.key])
    if isinstance(found, dict):
        return {key: _with_arrays(one, storages) for key, one in found.items()}
    if isinstance(found, (list, tuple)):
        return type(found)(_with_arrays(one, storages) for one in found)
    return found


def _array(tensor: _Tensor, stored: bytes) -> np.ndarray:
    """Return the view that it is, once it is sure to lie inside its storage."""
    numbers = np.frombuffer(stored, tensor.storage.dtype)
    sizes, strides = tuple(map(int, tensor.sizes)), tuple(map(int, tensor.strides))
    spans = [(size - 1) * stride for size, stride in zip(sizes, strides, strict=True)]
    empty = 0 in sizes
    last = tensor.offset + (0 if empty else sum(spans))
    inside = min((tensor.offset, *sizes, *strides), default=0) >= 0 and last < len(numbers) + empty
    if not inside or math.prod(sizes) > max(len(numbers), 1):
        raise DataError(f"it is damaged: a tensor {sizes} in a storage of {len(numbers)}")
    steps = [stride * numbers.itemsize for stride in strides]
    return as_strided(numbers[tensor.offset :], sizes, steps, writeable=False)
