"""Arrow's columns as NumPy's arrays, by their buffers, one chunk at a time.

`to_numpy` would load pandas, which takes longer than scoring a small table; and whatever is made of
a column between its cells and its numbers is never as long as the column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc


def looked_up(texts: Any, numbers: Mapping[str, float], other: float) -> np.ndarray:
    """Return the number of each text, float64 (m,): `other` where there is none, NaN of no text."""

    def of_chunk(chunk: Any) -> np.ndarray:
        encoded = chunk.dictionary_encode()
        found = [numbers.get(text, other) for text in encoded.dictionary.to_pylist()]
        table = np.array([*found, np.nan], dtype=np.float64)
        return table[np.where(nulls_of(encoded), len(found), numbers_in(encoded.indices, np.int32))]

    return by_chunk(texts, of_chunk, float)


def where_matching(texts: Any, pattern: str) -> np.ndarray:
    """Mark the texts that match: bool (m,), False where missing."""

    def of_chunk(chunk: Any) -> np.ndarray:
        found = pc.match_substring_regex(chunk, pattern)
        return _bits(found, found.buffers()[1]) & ~nulls_of(found)

    return by_chunk(texts, of_chunk, bool)


def by_chunk(values: Any, make: Callable[[Any], np.ndarray], dtype: type) -> np.ndarray:
    """What `make` makes of a column, (m,), which needs memory for one of its chunks at a time."""
    found: np.ndarray = np.empty(len(values), dtype)
    start = 0
    for chunk in filter(len, values.chunks):
        found[start : start + len(chunk)] = make(chunk)
        start += len(chunk)
    return found


def floats_of(chunk: Any) -> np.ndarray:
    """Return float64 in NumPy's memory, null as NaN."""
    return np.where(nulls_of(chunk), np.nan, numbers_in(chunk, np.float64))


def numbers_in(chunk: Any, dtype: type) -> np.ndarray:
    """Look at an array's numbers, whatever stands where they are null.

    By its buffers: `to_numpy` would load pandas, which takes longer than scoring a small table.
    """
    buffer = chunk.buffers()[1]
    if buffer is None or len(chunk) == 0:
        return np.zeros(len(chunk), dtype)
    return np.frombuffer(buffer, dtype)[chunk.offset : chunk.offset + len(chunk)]


def nulls_of(chunk: Any) -> np.ndarray:
    """Mark what is null: bool (m,)."""
    bits = chunk.buffers()[0] if chunk.null_count else None
    if bits is None:
        return np.full(len(chunk), chunk.null_count > 0)
    return ~_bits(chunk, bits)


def _bits(chunk: Any, bits: Any) -> np.ndarray:
    """One bit a cell, of one of an array's buffers: bool (m,)."""
    end = chunk.offset + len(chunk)
    found = np.unpackbits(np.frombuffer(bits, np.uint8), count=end, bitorder="little")
    return found[chunk.offset :].view(bool)
