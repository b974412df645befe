"""Collections of Dask: what they are, what they consist of, and arrays still to be computed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def is_collection(given: Any) -> bool:
    """Whether this is a collection of Dask: an array, a frame or a column of one."""
    dask = sys.modules.get("dask")  # else there are none
    return dask is not None and bool(dask.is_dask_collection(given))


def is_delayed(given: Any) -> bool:
    """Whether this is a delayed value, of which nothing is known before it is computed."""
    from dask.delayed import Delayed

    return isinstance(given, Delayed)


def is_bag(given: Any) -> bool:
    """Whether this is a collection of Python's own values, whose rows have no columns."""
    return is_collection(given) and hasattr(given, "to_dataframe")


def parts_of(collection: Any) -> list[Any]:
    """The partitions of a collection in order, rows whole, as delayed values."""
    if hasattr(collection, "rechunk"):
        collection = collection.rechunk(dict.fromkeys(range(1, collection.ndim), -1))
        return list(collection.to_delayed(optimize_graph=False).ravel())
    return list(collection.to_delayed())


def columns_of(collection: Any) -> Any:
    """What tells the names and types of columns: an empty frame, or an empty array."""
    return getattr(collection, "_meta", collection)


def mapped(
    collection: Any, function: Callable[[Any], np.ndarray], width: int | None, dtype: np.dtype
) -> Any:
    """A Dask array, still to be computed: what `function` makes of each partition.

    It has a row for each row, and `width` columns; None: it is a vector.
    """
    import dask.array as da
    from dask import delayed

    parts, made = parts_of(collection), delayed(function, pure=False)
    known = hasattr(collection, "rechunk")
    lengths = collection.chunks[0] if known else [np.nan] * len(parts)
    beyond = () if width is None else (width,)
    arrays = [
        da.from_delayed(made(part), shape=(length, *beyond), dtype=dtype)
        for part, length in zip(parts, lengths, strict=True)
    ]
    return da.concatenate(arrays, axis=0, allow_unknown_chunksizes=True)
