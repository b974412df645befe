"""Columns of a Parquet file as arrays: a column of lists is X, a column of single values is y."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import DataError
from onelayer.readers.arrays.numpy_files import damage_named

PARQUET_SUFFIXES = (".parquet", ".pq")


def parquet_names(path: Path) -> list[str]:
    """Return the names of a file's columns."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return list(parquet.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged, or no Parquet file: {error}") from error


def read_parquet_column(path: Path, name: str) -> np.ndarray:
    """Return lists of numbers as (m, n), in their own type, and single values as (m,).

    One column is read, no other.

    Raises
    ------
    DataError
        Where the file is damaged, a row has no value, lists are of different lengths or do not
        hold numbers.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        column = parquet.read_table(path, columns=[name])[name].combine_chunks()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged, or no Parquet file: {error}") from error
    if isinstance(column, pa.ChunkedArray):  # what pyarrow makes of more than 2 GB, or of no rows
        column = pa.concat_arrays(column.chunks) if column.num_chunks else column.type
    if isinstance(column, pa.DataType) or len(column) == 0:
        raise DataError(f"{path} has no rows")
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.null_count:
        row = column.is_null().to_numpy(zero_copy_only=False).argmax()
        raise DataError(f"{path}: column {name!r} has no value in row {row}: leave that row out")
    with damage_named(path):
        return _rows(column, f"{path}: column {name!r}") if _lists(column.type) else _values(column)


def _lists(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _rows(column: Any, named: str) -> np.ndarray:
    """The lists, all of one length, as rows of their own type."""
    from pyarrow import compute, types

    kind = column.type.value_type
    if not (types.is_floating(kind) or types.is_integer(kind)):
        raise DataError(f"{named} holds lists of {kind}: give lists of numbers")
    lengths = compute.list_value_length(column).to_numpy(zero_copy_only=False)
    odd = np.flatnonzero(lengths != lengths[0])
    if len(odd):
        raise DataError(
            f"{named} has {lengths[0]} numbers in row 0 and {lengths[odd[0]]} in row {odd[0]}: "
            "give lists of one length"
        )
    values = column.flatten()
    if values.null_count:
        place = int(values.is_null().to_numpy(zero_copy_only=False).argmax())
        row, entry = divmod(place, int(lengths[0]))
        raise DataError(f"{named} has no value in row {row}, entry {entry}: fill it in")
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(len(column), -1)


def _values(column: Any) -> np.ndarray:
    """Single values; text as NumPy's own, which the labels are read as."""
    from pyarrow import types

    values = np.asarray(column.to_numpy(zero_copy_only=False))
    if types.is_string(column.type) or types.is_large_string(column.type):
        return values.astype(str)
    return values
