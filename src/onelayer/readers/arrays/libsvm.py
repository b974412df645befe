"""LIBSVM's text files, `label index:value ...` a line: sparse rows, packed or not."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from onelayer.errors import DataError
from onelayer.memory_limits import free_memory, memory_budget
from onelayer.readers.arrays.numpy_files import DAMAGE, damage_named
from onelayer.words import size_in_words, spelt

SUFFIXES = (".svm", ".libsvm", ".svmlight")
_OPENERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
IN_MEMORY, PACKED = 1.5, 5.0
"""Bytes in memory of a byte of text, and bytes of text of a packed one, about. An entry of CSR
takes 12, and "123:0.25 " takes 9; scikit-learn's reader has some more while it reads. *Guard*."""
_LINE = re.compile(rb"[-+]?[\d.]+([eE][-+]?\d+)?(\s+qid:\d+)?(\s+\d+:[-+.\deE]+)*\s*(#.*)?")
_ENTRY = re.compile(rb"\s\d+:[-+.\d]")
_SNIFFED = 1 << 16


def looks_like_libsvm(path: Path) -> bool:
    """Tell by the first lines: labels with entries, `index:value`, in one of them at least."""
    try:
        with _unpacked(path) as file:
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


def read_libsvm(
    path: Path,
    n_features: int | None,
    base: int | None = None,
    memory: float | str | None = None,
) -> tuple[Any, np.ndarray, int]:
    """Return X (m, n) as CSR, y (m,), and whether indices count from 0 or from 1.

    They count from 1, LIBSVM's convention, unless one of them is 0, or `base` says so.
    `n_features` is n; without it, the largest index.

    Raises
    ------
    DataError
        Where a line is none, an index is out of range, or an index is 0 and `base` is 1; before
        anything is read, where the rows would not fit into memory.
    """
    _require_memory(path, memory)
    from sklearn.datasets import load_svmlight_file

    with damage_named(path):
        with _unpacked(path) as file:
            X, y = load_svmlight_file(file, zero_based=True)
        smallest = int(X.indices.min(initial=1))
        if base == 1 and smallest == 0:
            raise DataError(f"{path} has the index 0, and the model's features count from 1")
        base = min(smallest, 1) if base is None else base
        return _resized(X, base, n_features, path), y, base


def _require_memory(path: Path, memory: float | str | None) -> None:
    """Refuse what does not fit: of sparse rows on disk there are none."""
    with path.open("rb") as file:
        packed = any(file.read(6).startswith(magic) for magic in _OPENERS)
        file.seek(0)
    needed = int(IN_MEMORY * (PACKED if packed else 1) * path.stat().st_size)
    room = free_memory() if memory is None else memory_budget(memory)
    if needed > room:
        raise DataError(
            f"{path} would take about {size_in_words(needed)} in memory, of {size_in_words(room)} "
            f"that may be used, and sparse rows are held in memory alone: give more with "
            f"{spelt('memory')} where there is more, or a part of its lines; rows that are mostly "
            "not zero may stay on disk as a .npy"
        )


def _resized(X: Any, base: int, n_features: int | None, path: Path) -> Any:
    largest = int(X.indices.max(initial=-1)) - base + 1
    n = max(largest, 1) if n_features is None else n_features
    if largest > n:
        raise DataError(
            f"{path} has a feature {largest}, beyond the {n} of {spelt('n_features')} or a model"
        )
    moved = type(X)((X.data, X.indices - base, X.indptr), shape=(X.shape[0], n))
    moved.check_format(full_check=True)
    return moved


@contextmanager
def _unpacked(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        opener = next((open_ for magic, open_ in _OPENERS.items() if head.startswith(magic)), None)
        if opener is None:
            yield file
            return
        with opener(file) as unpacked:
            yield unpacked
