"""Arrow's arrays and scalars of Python's values, by their buffers.

`pa.array` and `pa.scalar` load pandas, to see whether it made what they are given, which takes
longer than reading a small table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def array_of_texts(values: Sequence[str | None]) -> Any:
    """What `pa.array(values, pa.large_string())` is."""
    written = [(text or "").encode() for text in values]
    ends = np.cumsum([0, *map(len, written)], dtype=np.int64)
    known = np.packbits(np.array([text is not None for text in values], bool), bitorder="little")
    buffers = [pa.py_buffer(part) for part in (known, ends, b"".join(written))]
    return pa.Array.from_buffers(pa.large_string(), len(values), buffers)


def scalar_of(value: str | float) -> Any:
    """What `pa.scalar` makes of a text, as large string, or of a number, as float64."""
    if isinstance(value, str):
        return array_of_texts([value])[0]
    buffers = [None, pa.py_buffer(np.float64(value).tobytes())]
    return pa.Array.from_buffers(pa.float64(), 1, buffers)[0]


def mask_of(kept: np.ndarray) -> Any:
    """What `pa.array` makes of Booleans (m,)."""
    bits = np.packbits(kept, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(kept), [None, pa.py_buffer(bits)])
