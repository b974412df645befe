"""A CSV or Parquet table as a pandas data frame, missing values as they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onelayer.errors import DataError

MISSING = ("", " ", "?", "NA", "N/A", "nan", "null")
"""What stands for a missing value in a text file."""

DELIMITERS = (",", ";", "\t", "|")
HEAD = 1 << 16  # bytes in which the first line ends


def read_frame(path: Path | str) -> Any:
    """A pandas DataFrame of a .parquet file, or of a text with a line of names, gzipped or not.

    In a text the delimiter is the one of `DELIMITERS` that its first line has most of, and
    `MISSING` are missing, quoted too. A Parquet file says itself what is missing.

    Raises
    ------
    DataError
        When it cannot be read; the message says where.
    OSError
        When it cannot be opened.
    """
    import pyarrow as pa

    path = Path(path)
    try:
        table = _parquet(path) if ".parquet" in path.suffixes else _text(path)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from None
    if not table.num_rows:
        raise DataError(f"{path} has names of columns, but no rows")
    return table.to_pandas()


def _parquet(path: Path) -> Any:
    from pyarrow import parquet

    with path.open("rb") as file:
        return parquet.read_table(file)


def _text(path: Path) -> Any:
    from pyarrow import csv

    with path.open("rb"):
        pass  # Python's error for a missing file is the clearer one
    convert = csv.ConvertOptions(null_values=list(MISSING), strings_can_be_null=True)
    parse = csv.ParseOptions(delimiter=_delimiter(path))
    return csv.read_csv(path, parse_options=parse, convert_options=convert)


def _delimiter(path: Path) -> str:
    import pyarrow as pa

    with pa.input_stream(str(path), compression="detect") as stream:
        first = stream.read(HEAD).split(b"\n", 1)[0].decode("utf-8", "replace")
    counts = [first.count(delimiter) for delimiter in DELIMITERS]
    return DELIMITERS[counts.index(max(counts))]
