"""One column of a table: which cells are missing, and whether it holds numbers or categories.

The rules are the same for training and for prediction, so that a file is read the same way twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from onelayer.errors import DataError
from onelayer.readers.tables.arrow_arrays import array_of_texts, scalar_of
from onelayer.readers.tables.arrow_values import (
    by_chunk,
    floats_of,
    looked_up,
    nulls_of,
    where_matching,
)
from onelayer.readers.tables.notation import (
    MOSTLY,
    NOTHING,
    PLAIN,
    Notation,
    find_notation,
)
from onelayer.readers.tables.text_counts import TextCounts
from onelayer.words import spelt

Kind: TypeAlias = Literal["number", "category"]

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "#NA", "NaN", "nan", "-NaN", "null", "NULL", "<NA>")
"""Cells that stand for no value in every column: written so by R, pandas, Excel and databases."""

BOOLEANS = ("false", "true")

_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIME = r"([ T]\d{1,2}:\d{2}.*)?"
_DATE = (
    rf"(?i)^(\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}{_TIME}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}{_TIME}"
    rf"|\d{{1,2}}/\d{{1,2}}/\d{{2}}{_TIME}|(0[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])\.\d{{2}}{_TIME}"
    rf"|\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?"
    rf"|\d{{1,2}}[ -]{_MONTH}[ ,-]+\d{{2,4}}{_TIME}|{_MONTH} \d{{1,2}},? \d{{4}}{_TIME})$"
)
NUMBER = r"(?i)^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?inf(inity)?$"
_NUMBER_OR_TRUTH = f"{NUMBER}|^(true|false)$"
_CODE = r"^0\d+$"
_NUMERIC = (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
_TEXT = (types.is_string, types.is_large_string, types.is_string_view)


@dataclass(frozen=True)
class Cells:
    """A column as it was read: `values` is an Arrow array of float64 or of text, null for missing.

    `declared` says that the file itself calls the column categorical or boolean; `words` counts
    the cells that stand for no value, by what is written there.
    """

    name: str
    values: Any
    declared: bool = False
    dates: bool = False
    words: dict[str, int] = field(default_factory=dict)

    @property
    def is_text(self) -> bool:
        """Whether the cells are text, and not numbers."""
        return bool(types.is_large_string(self.values.type))

    @property
    def missing(self) -> np.ndarray:
        """Mark the missing cells: bool (m,)."""
        return by_chunk(self.values, nulls_of, bool)

    @property
    def known(self) -> int:
        """How many cells are not missing."""
        return len(self.values) - int(self.values.null_count)


@dataclass(frozen=True)
class Nature:
    """What a column is taken for, and what to say of it; `refusal` says why it cannot be used.

    Of numbers: how they are written, and how many cells are `odd`.
    """

    kind: Kind
    note: str = ""
    refusal: str = ""
    notation: Notation = PLAIN
    odd: int = 0


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: float64 (m,), NaN where a cell is missing, and which cells are odd.

    An odd cell, bool (m,), is neither a number nor a word for nothing; it counts as missing.
    """

    values: np.ndarray
    odd: np.ndarray
    cells: Cells = field(repr=False)

    def text(self, row: int) -> str:
        """What is written in a row."""
        return str(self.cells.values[row].as_py())


def read_cells(name: str, array: Any, missing: Collection[str] = ()) -> Cells:
    """Return a column of any Arrow type as numbers or text, cells without a value as null.

    `missing` are words that stand for no value, beside `MISSING`.

    Raises
    ------
    DataError
        For lists, structures and bytes that are no text, by the column's name.
    """
    array = pa.chunked_array([array]) if isinstance(array, pa.Array) else array
    declared = types.is_dictionary(array.type) or types.is_boolean(array.type)
    if types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    kind = array.type
    if types.is_temporal(kind) and not types.is_duration(kind):
        return Cells(name, _as_dates(array), dates=True)
    if types.is_boolean(kind):
        return Cells(name, array.cast(pa.large_string()), declared)
    if any(test(kind) for test in _TEXT) or _are_texts(array):
        text, words = _clean_text(array, missing)
        return Cells(name, text, declared, words=words)
    if not any(numeric(kind) for numeric in _NUMERIC):
        raise DataError(f"column {name!r} holds {kind}: {_instead(name, kind)}")
    if types.is_decimal(kind):  # by its text: Arrow's own cast may be off in the last bit
        array = array.cast(pa.large_string())
    numbers = array.cast(pa.float64(), safe=not types.is_integer(kind))
    numbers = _without(numbers, pc.is_nan(numbers))
    for value in [float(word) for word in missing if re.match(NUMBER, word)]:
        numbers = _without(numbers, pc.equal(numbers, scalar_of(value)))
    return Cells(name, _as_text(numbers) if declared else numbers, declared)


def read_in_turn(name: str, pieces: Iterable[Any], missing: Collection[str] = ()) -> Cells:
    """Return what `read_cells` does of a column in pieces, one at least; each is let go once read.

    So what was read and the cells made of it are never there together. Errors as `read_cells`.
    """
    found = [read_cells(name, piece, missing) for piece in pieces]
    words: Counter[str] = Counter()
    for one in found:
        words.update(one.words)
    chunks = [chunk for one in found for chunk in one.values.chunks]
    values = pa.chunked_array(chunks, found[0].values.type)
    return replace(found[0], values=values, words=dict(words))


def nature_of(cells: Cells, decimal: str = ".") -> Nature:
    """Take a column for numbers or categories, by all of its cells that are not missing.

    `decimal` is the sign that the table's numbers have, where a column by itself may have either.
    Digits with leading zeros are codes, as of post offices, and so categories, where they are all
    of one length, or many.
    """
    if cells.dates:
        return Nature("category", refusal="dates")
    if not cells.is_text:
        return Nature("number")
    texts = TextCounts.of(cells.values)
    found = None if cells.declared else find_notation(texts, decimal)
    if found is not None:
        return _codes_or_numbers(cells, texts, *found)
    known = texts.known - texts.matching(NOTHING)
    dated = known > 0 and texts.matching(_DATE) >= MOSTLY * known
    return Nature("category", refusal="dates" if dated and not cells.declared else "")


def read_numbers(cells: Cells, notation: Notation = PLAIN) -> Numbers:
    """Return a column of numbers that are written so; numbers by their type are taken as they are.

    Among numbers the words of `NOTHING` are missing too.
    """
    if not cells.is_text:
        values = by_chunk(cells.values, floats_of, float)
        return Numbers(values, np.zeros(len(values), bool), cells)
    values = by_chunk(cells.values, lambda texts: floats_of(notation.read(texts)), float)
    odd = np.isnan(values)
    if np.count_nonzero(odd) > cells.values.null_count:
        odd &= ~cells.missing & ~where_matching(cells.values, NOTHING)
    else:
        odd[:] = False
    return Numbers(values, odd, cells)


def nothings(cells: Cells, *, plain: bool) -> Counter[str]:
    """Count the cells of a column that are missing, by what is written there; "" where nothing is.

    In a `plain` column, of numbers or booleans, the words of `NOTHING` are missing too.
    """
    words = Counter(cells.words)
    words[""] = int(cells.missing.sum()) - sum(count for word, count in words.items() if word)
    if cells.is_text and plain:
        found = cells.values.filter(pc.match_substring_regex(cells.values, NOTHING))
        words.update({one["values"]: one["counts"] for one in found.value_counts().to_pylist()})
    return +words


def as_classes(cells: Cells) -> Cells:
    """Return a target: a question mark among numbers, or true and false, is missing and no class.

    Any other word is a class, as "none" is.
    """
    if not cells.is_text:
        return cells
    asked = pc.equal(cells.values, scalar_of("?"))
    count = int(pc.sum(asked).as_py() or 0)
    rest = cells.known - count
    if count == 0 or TextCounts.of(cells.values).matching(_NUMBER_OR_TRUTH) < max(1, rest):
        return cells
    values = pc.if_else(asked, pa.nulls(len(asked), pa.large_string()), cells.values)
    return replace(cells, values=values, words={**cells.words, "?": count})


def numbers_of(cells: Cells, source: object, notation: Notation = PLAIN) -> np.ndarray:
    """Return a column that must be of numbers as float64 (m,), NaN where a cell is missing.

    Raises
    ------
    DataError
        For a cell that is no number, or infinite, naming its row counted from 0.
    """
    found = read_numbers(cells, notation)
    rows = np.arange(len(found.values))
    if found.odd.any():
        raise no_number(found, rows, source, notation)
    require_finite(cells.name, found.values, rows, source)
    return found.values


def no_number(found: Numbers, rows: np.ndarray, source: object, notation: Notation) -> DataError:
    """Return the error that names the first odd cell, by its row."""
    row = int(found.odd.argmax())
    return DataError(
        f"{source}: column {found.cells.name!r} is one of numbers, written as {notation}, and has "
        f"{found.text(row)!r} in row {rows[row]}, counted from 0"
    )


def require_finite(name: str, values: np.ndarray, rows: np.ndarray, source: object) -> None:
    """Refuse infinite numbers; `rows` (m,) are the places of the cells.

    Raises
    ------
    DataError
        Naming the first one's row.
    """
    if np.isinf(values).any():
        row = int(np.isinf(values).argmax())
        raise DataError(
            f"{source}: column {name!r} has {values[row]} in row {rows[row]}, counted from "
            "0: leave the row out, or give a number"
        )


def texts_of(cells: Cells, *, boolean: bool = False) -> Any:
    """Return a column of categories as an Arrow array of text; a number is written shortest.

    Of booleans the text is in lower case, and words of `NOTHING` are missing.
    """
    texts = cells.values if cells.is_text else _as_text(cells.values)
    if not boolean:
        return texts

    def lowered(chunk: Any) -> Any:
        nothing = pc.match_substring_regex(chunk, NOTHING)
        return pc.if_else(nothing, pa.nulls(len(chunk), pa.large_string()), pc.utf8_lower(chunk))

    return pa.chunked_array([lowered(chunk) for chunk in texts.chunks], pa.large_string())


def level_codes(texts: Any, levels: dict[str, int]) -> np.ndarray:
    """Return the number of each cell's level, float64 (m,): `len(levels)` where it is not known.

    NaN where a cell is missing.
    """
    return looked_up(texts, levels, len(levels))


def levels_of(texts: Any) -> tuple[tuple[str, ...], bool]:
    """Return the levels in order of their text, and whether they are booleans, any case."""
    found = sorted(set(texts.unique().drop_null().to_pylist()))
    lowered = {level.lower() for level in found if not re.match(NOTHING, level)}
    if lowered and lowered <= set(BOOLEANS):
        return tuple(sorted(lowered)), True
    return tuple(found), False


def _codes_or_numbers(cells: Cells, texts: TextCounts, notation: Notation, odd: int) -> Nature:
    """Numbers, but for digits of which some have leading zeros: 02139; 00 among 1.5 is zero."""
    values = cells.values
    codes = texts.matching(_CODE)
    if codes == 0 or texts.matching(r"^\d+$") < cells.known:
        return Nature("number", notation=notation, odd=odd)
    lengths = pc.min_max(pc.utf8_length(values)).as_py()
    if lengths["min"] < lengths["max"] and codes <= (1 - MOSTLY) * cells.known:
        return Nature("number", notation=notation, odd=odd)
    first = values.filter(pc.match_substring_regex(values, _CODE))[0].as_py()
    return Nature("category", note=f"digits with leading zeros, as {first}, are codes")


def _instead(name: str, kind: Any) -> str:
    """What to do about a column that is no column of a table; a Parquet file's lists are X."""
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        named = spelt(f"x={name!r}", f"--x {name}")
        labels = spelt("y='label'", "--y label")
        return (
            f"where it is X, as an embedding is, name it with {named} and the labels with "
            f"{labels}; else leave it out"
        )
    if types.is_duration(kind):
        return "make a number of it, as of seconds or days, or leave it out"
    return "give numbers or text, or leave it out"


def _are_texts(array: Any) -> bool:
    """Whether bytes are text, as some writers of Parquet leave them."""
    if not (types.is_binary(array.type) or types.is_large_binary(array.type)):
        return False
    try:
        array.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _as_dates(array: Any) -> Any:
    """Return dates as text; that they are dates is all that is asked of them."""
    return array.cast(pa.large_string())


def _clean_text(array: Any, missing: Collection[str]) -> tuple[Any, dict[str, int]]:
    """Return trimmed text, cells that stand for no value as null, and how many there are."""
    # A pattern and nulls of Arrow's own: an array or a scalar made from Python would load pandas.
    pattern = f"^({'|'.join(map(re.escape, sorted({*MISSING, *missing})))})$"
    words: Counter[str] = Counter()

    def clean(chunk: Any) -> Any:
        trimmed = pc.utf8_trim_whitespace(chunk.cast(pa.large_string()))
        absent = pc.match_substring_regex(trimmed, pattern)
        if not pc.any(absent).as_py():
            return trimmed
        found = trimmed.filter(absent).value_counts().to_pylist()
        words.update({one["values"]: one["counts"] for one in found})
        return pc.if_else(absent, pa.nulls(len(trimmed), pa.large_string()), trimmed)

    text = pa.chunked_array([clean(chunk) for chunk in array.chunks], pa.large_string())
    return text, dict(words)


def _as_text(numbers: Any) -> Any:
    """Numbers as their shortest text: 3.0 is 3."""

    def written(value: float | None) -> str | None:
        return None if value is None else repr(value).removesuffix(".0")

    texts = ([*map(written, chunk.to_pylist())] for chunk in numbers.chunks)
    return pa.chunked_array([array_of_texts(some) for some in texts], pa.large_string())


def _without(numbers: Any, gone: Any) -> Any:
    return pc.if_else(gone, pa.nulls(len(numbers), pa.float64()), numbers)
