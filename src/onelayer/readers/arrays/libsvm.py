"""LIBSVM's text files as X and y: in memory, or where that does not hold them, in the cache."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import DataError
from onelayer.memory_limits import free_memory, memory_budget
from onelayer.readers.arrays.kept_libsvm import Tell, kept_rows
from onelayer.readers.arrays.libsvm_text import RowsRead, bytes_of_text, line_with, whole_text
from onelayer.readers.arrays.numpy_files import DAMAGE, damage_named
from onelayer.words import spelt

IN_MEMORY = 1.5
"""Bytes in memory of a byte of text, about. An entry of CSR takes 12, and "123:0.25 " takes 9;
scikit-learn's reader has some more while it reads. *Guard*."""


def read_libsvm(
    path: Path | str, *, n_features: int | None = None, memory: float | str | None = None
) -> tuple[Any, np.ndarray]:
    """Read a file of LIBSVM's text, `label index:value ...` a line, packed or not.

    Parameters
    ----------
    path
        The file. Comments (`#`) and `qid:` are passed over; indices count from 1, unless one is 0.
    n_features
        How many features a row has; None: the largest index.
    memory
        How much may be taken, a number of bytes or "4GB"; None: half of what is free. X that is
        larger is copied into the cache once (`onelayer cache` shows and empties it) and stays
        there: estimators read it in turn.

    Returns
    -------
    X, y
        (m, n), CSR, or rows on disk, which `fit` and `predict` take like it; `X[rows]` is CSR.
        (m,), in float64.

    Raises
    ------
    DataError
        Which names the line that is none; where an index is beyond `n_features`; where the disk
        has no room.
    """
    X, y, _ = rows_of_libsvm(Path(path), n_features, None, memory)
    return X, y


def rows_of_libsvm(
    path: Path,
    n_features: int | None,
    base: int | None = None,
    memory: float | str | None = None,
    tell: Tell | None = None,
) -> tuple[Any, np.ndarray, int]:
    """Return X (m, n) as CSR, y (m,), and whether indices count from 0 or from 1.

    They count from 1, LIBSVM's convention, unless one of them is 0, or `base` says so.
    `n_features` is n; without it, the largest index. Where the rows do not fit into `memory` they
    are copied into the cache once, which `tell` is told of, and X stays there: see `CsrOnDisk`.

    Raises
    ------
    DataError
        Where a line is none, an index is out of range, or an index is 0 and `base` is 1; where the
        disk has no room.
    """
    room = free_memory() if memory is None else memory_budget(memory)
    with damage_named(path):
        larger = IN_MEMORY * bytes_of_text(path) > room
        found = kept_rows(path, memory, tell) if larger else _in_memory(path)
        if base == 1 and found.smallest == 0:
            raise DataError(f"{path} has the index 0, and the model's features count from 1")
        base = min(found.smallest, 1) if base is None else base
        width = _width(path, base, found.largest - base + 1, n_features)
        return found.counted_from(base, width), found.labels, base


def _in_memory(path: Path) -> RowsRead:
    X, y = whole_text(path)

    def counted_from(base: int, n: int) -> Any:
        moved = type(X)((X.data, X.indices - base, X.indptr), shape=(X.shape[0], n))
        moved.check_format(full_check=True)
        return moved

    smallest, largest = int(X.indices.min(initial=1)), int(X.indices.max(initial=-1))
    return RowsRead(smallest, largest, y, counted_from)


def line_of(path: Path, index: int) -> str:
    """Where an index stands, for an error: `, line 3`; nothing where it cannot be said."""
    with suppress(*DAMAGE):
        if (number := line_with(path, index)) is not None:
            return f", line {number},"
    return ""


def _width(path: Path, base: int, largest: int, n_features: int | None) -> int:
    n = max(largest, 1) if n_features is None else n_features
    if largest > n:
        raise DataError(
            f"{path}{line_of(path, largest + base - 1)} has a feature {largest}, beyond the {n} of "
            f"{spelt('n_features')} or a model"
        )
    return n
