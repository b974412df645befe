"""One column of a table: which cells are missing, and whether it holds numbers or categories.

The rules are the same for training and for prediction, so that a file is read the same way twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from onelayer.errors import DataError

Kind: TypeAlias = Literal["number", "category"]

MISSING = frozenset(
    {"", "?", "na", "n/a", "#n/a", "#na", "nan", "-nan", "null", "none", "nil", "<na>", "nat", "-"}
)
"""Cells that stand for no value, in lower case: pandas' list, and the question mark of UCI."""

_ABSENT = f"(?i)^({'|'.join(map(re.escape, sorted(MISSING)))})$"

BOOLEANS = ("false", "true")

_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIME = r"([ T]\d{1,2}:\d{2}.*)?"
_DATE = (
    rf"(?i)^(\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_TIME}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}{_TIME}"
    rf"|\d{{1,2}}/\d{{1,2}}/\d{{2}}{_TIME}|\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?"
    rf"|\d{{1,2}}[ -]{_MONTH}[ ,-]+\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}})$"
)
NUMBER = r"(?i)^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?inf(inity)?$"
_WITH_COMMA = r"^[+-]?\d{1,3}([. ']?\d{3})*,\d+$|^[+-]?\d*,\d+$"
_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_CODE = r"^0\d+$"
_NUMERIC = (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
_MOSTLY = 0.9
"""A column of text with this share of numbers was probably meant to be one of numbers."""


@dataclass(frozen=True)
class Cells:
    """A column as it was read: `values` is an Arrow array of float64 or of text, null for missing.

    `declared` says that the file itself calls the column categorical or boolean.
    """

    name: str
    values: Any
    declared: bool = False
    dates: bool = False
    tokens: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the cells are text, and not numbers."""
        return bool(types.is_large_string(self.values.type))

    @property
    def missing(self) -> np.ndarray:
        """Mark the missing cells: bool (m,)."""
        return np.concatenate([np.zeros(0, bool), *map(_nulls, self.values.chunks)])


@dataclass(frozen=True)
class Nature:
    """What a column is taken for, and what to say of it; `refusal` says why it cannot be used."""

    kind: Kind
    note: str = ""
    refusal: str = ""


def read_cells(name: str, array: Any) -> Cells:
    """Return a column of any Arrow type as numbers or text, cells without a value as null.

    Raises
    ------
    DataError
        For lists, structures and bytes, by the column's name.
    """
    array = pa.chunked_array([array]) if isinstance(array, pa.Array) else array
    declared = types.is_dictionary(array.type) or types.is_boolean(array.type)
    if types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    kind = array.type
    if types.is_temporal(kind) or types.is_boolean(kind):
        text = array.cast(pa.large_string())
        return Cells(name, text, declared, dates=not types.is_boolean(kind))
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        text, tokens = _clean_text(array)
        return Cells(name, text, declared, tokens=tokens)
    if not any(numeric(kind) for numeric in _NUMERIC):
        raise DataError(f"column {name!r} holds {kind}: give numbers or text, or leave it out")
    numbers = _without_nan(array.cast(pa.float64(), safe=False))
    return Cells(name, _as_text(numbers) if declared else numbers, declared)


def nature_of(cells: Cells) -> Nature:
    """Take a column for numbers or categories, by all of its cells that are not missing.

    Digits with leading zeros are codes, as of post offices, and so categories.
    """
    values = cells.values.drop_null()
    if cells.dates or not cells.is_text:
        return Nature("category", refusal="dates") if cells.dates else Nature("number")
    if cells.declared or len(values) == 0:
        return Nature("category")
    if _share(values, NUMBER) == 1:
        return _codes_or_numbers(values)
    return Nature("category", note=_doubt(values), refusal=_refusal(values))


def _refusal(values: Any) -> str:
    """Say what texts are that are neither numbers nor categories, if they are."""
    if _share(values, _DATE) == 1:
        return "dates"
    if _share(values, f"{NUMBER}|{_THOUSANDS}") == 1:
        return "thousands"
    return "decimal comma" if _share(values, f"{NUMBER}|{_WITH_COMMA}") == 1 else ""


def _doubt(values: Any) -> str:
    """Say what keeps texts that are mostly numbers from being numbers."""
    numeric = _share(values, NUMBER)
    if numeric < _MOSTLY:
        return ""
    return f"{100 * numeric:.3g} % numbers, but also {_first_without(values, NUMBER)!r}"


def numbers_of(cells: Cells, source: object, start: int = 0) -> np.ndarray:
    """Return a column of numbers as float64 (m,), NaN where a cell is missing.

    Raises
    ------
    DataError
        For a cell that is no number, or infinite, naming its row counted from 0.
    """
    if cells.is_text:
        try:
            values = cells.values.cast(pa.float64())
        except pa.ArrowInvalid:
            row = _first_odd_row(cells.values)
            raise DataError(
                f"{source}: column {cells.name!r} is one of numbers, and has "
                f"{cells.values[row].as_py()!r} in row {start + row}, counted from 0"
            ) from None
    else:
        values = cells.values
    found = np.concatenate([np.zeros(0), *(_floats(chunk) for chunk in values.chunks)])
    if np.isinf(found).any():
        row = int(np.isinf(found).argmax())
        raise DataError(
            f"{source}: column {cells.name!r} has {found[row]} in row {start + row}, counted from "
            "0: leave the row out, or give a number"
        )
    return found


def texts_of(cells: Cells) -> Any:
    """Return a column of categories as an Arrow array of text; a number is written shortest."""
    return cells.values if cells.is_text else _as_text(cells.values)


def level_codes(texts: Any, levels: dict[str, int], *, boolean: bool) -> np.ndarray:
    """Return the number of each cell's level, float64 (m,): `len(levels)` where it is not known.

    NaN where a cell is missing. Booleans are compared in lower case.
    """
    encoded = texts.dictionary_encode()
    codes = [np.zeros(0)]
    for chunk in encoded.chunks:
        names = chunk.dictionary.to_pylist()
        known = [levels.get(name.lower() if boolean else name, len(levels)) for name in names]
        table = np.array([*known, np.nan], dtype=np.float64)
        codes.append(table[np.where(_nulls(chunk), len(names), _data(chunk.indices, np.int32))])
    return np.concatenate(codes)


def levels_of(texts: Any) -> tuple[tuple[str, ...], bool]:
    """Return the levels in order of their text, and whether they are booleans, any case."""
    found = sorted(set(texts.unique().drop_null().to_pylist()))
    lowered = {level.lower() for level in found}
    if len(found) > 0 and lowered <= set(BOOLEANS):
        return tuple(sorted(lowered)), True
    return tuple(found), False


def _codes_or_numbers(values: Any) -> Nature:
    codes = pc.match_substring_regex(values, _CODE)
    if not pc.any(codes).as_py():
        return Nature("number")
    first = values[pc.index(codes, value=True).as_py()].as_py()
    return Nature("category", note=f"digits with leading zeros, as {first}, are codes")


def _clean_text(array: Any) -> tuple[Any, tuple[str, ...]]:
    """Return trimmed text, cells that stand for no value as null, and which these were."""
    trimmed = pc.utf8_trim_whitespace(array.cast(pa.large_string()))
    # A pattern and nulls of Arrow's own: an array or a scalar made from Python would load pandas.
    absent = pc.match_substring_regex(trimmed, _ABSENT)
    if not pc.any(absent).as_py():
        return trimmed, ()
    tokens = trimmed.filter(absent).unique().to_pylist()
    text = pc.if_else(absent, pa.nulls(len(trimmed), pa.large_string()), trimmed)
    return text, tuple(sorted(tokens))


def _as_text(numbers: Any) -> Any:
    """Numbers as their shortest text: 3.0 is 3."""
    values = numbers.to_pylist()
    texts = [None if value is None else repr(value).removesuffix(".0") for value in values]
    return pa.chunked_array([pa.array(texts, pa.large_string())])


def _floats(chunk: Any) -> np.ndarray:
    """Return float64 in NumPy's memory, null as NaN."""
    return np.where(_nulls(chunk), np.nan, _data(chunk, np.float64))


def _data(chunk: Any, dtype: type) -> np.ndarray:
    """Look at an array's numbers, whatever stands where they are null.

    By its buffers: `to_numpy` would load pandas, which takes longer than scoring a small table.
    """
    buffer = chunk.buffers()[1]
    if buffer is None or len(chunk) == 0:
        return np.zeros(len(chunk), dtype)
    return np.frombuffer(buffer, dtype)[chunk.offset : chunk.offset + len(chunk)]


def _nulls(chunk: Any) -> np.ndarray:
    bits = chunk.buffers()[0] if chunk.null_count else None
    if bits is None:
        return np.full(len(chunk), chunk.null_count > 0)
    end = chunk.offset + len(chunk)
    known = np.unpackbits(np.frombuffer(bits, np.uint8), count=end, bitorder="little")
    return known[chunk.offset :] == 0


def _without_nan(numbers: Any) -> Any:
    return pc.if_else(pc.is_nan(numbers), pa.nulls(len(numbers), pa.float64()), numbers)


def _share(values: Any, pattern: str) -> float:
    return float(pc.mean(pc.match_substring_regex(values, pattern)).as_py())


def _first_without(values: Any, pattern: str) -> str:
    fits = pc.match_substring_regex(values, pattern)
    return str(values[pc.index(fits, value=False).as_py()].as_py())


def _first_odd_row(values: Any) -> int:
    fits = pc.match_substring_regex(values, NUMBER)
    return int(pc.index(fits, value=False).as_py())
