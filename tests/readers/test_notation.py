"""Numbers as people write them: decimal commas, thousands, per cents, currencies, and odd cells."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.errors import DataError, DataWarning
from onelayer.inputs.codes import codes_of
from onelayer.inputs.column_kinds import ReadTable, inferred
from onelayer.readers.tables.cells import as_classes, nature_of, read_cells, read_numbers
from onelayer.readers.tables.notation import CURRENCIES, Notation


def text(values):
    return read_cells("c", pa.array(values, pa.large_string()))


def values_of(values, decimal="."):
    cells = text(values)
    nature = nature_of(cells, decimal)
    assert nature.kind == "number"
    return read_numbers(cells, nature.notation).values


def as_pandas(values, **how):
    """What pandas.read_csv makes of the column when it is told how it is written."""
    quoted = "c\n" + "".join(f'"{value}"\n' for value in values)
    return pd.read_csv(io.StringIO(quoted), **how).c.to_numpy(float)


WRITTEN = {
    "decimal comma": (["1,23", "-0,50", "7", "1e3", ",5"], {"decimal": ","}),
    "dots between thousands": (["1.234,5", "12", "1.234.567"], {"decimal": ",", "thousands": "."}),
    "commas between thousands": (["1,234.5", "12", "1,234,567"], {"thousands": ","}),
    "thousands without decimals": (["1,234", "12", "56"], {"thousands": ","}),
    "apostrophes": (["1'234.5", "12"], {"thousands": "'"}),
    "spaces": (["1 234,5", "12"], {"decimal": ",", "thousands": " "}),
    "as usual": (["1.5", "-2e-3", "+.5", "5.", "7"], {}),
}


@pytest.mark.parametrize(("values", "how"), WRITTEN.values(), ids=WRITTEN)
def test_numbers_are_those_that_pandas_reads_when_told_how(values, how):
    np.testing.assert_array_equal(values_of(values), as_pandas(values, **how))


UNITS = {
    "per cent": (["12%", "5.5 %", "0", "-3%"], [12, 5.5, 0, -3]),
    "dollars": (["$14,006.50", "-$5", "$ 7", "($3.20)"], [14006.5, -5, 7, -3.2]),
    "euros": (["1.234,50 €", "3 €", "-0,5€"], [1234.5, 3, -0.5]),
    "francs": (["CHF 1'234.50", "CHF 3"], [1234.5, 3]),
    "a minus of typographers": (["\u22125", "3", "2"], [-5, 3, 2]),
    "a space that does not break": (["1\u00a0234,5", "2"], [1234.5, 2]),
}


@pytest.mark.parametrize(("values", "expected"), UNITS.values(), ids=UNITS)
def test_units_and_signs(values, expected):
    np.testing.assert_array_equal(values_of(values), expected)


def test_what_is_ambiguous_follows_the_table():
    np.testing.assert_array_equal(values_of(["1,234", "5"], "."), [1234, 5])
    np.testing.assert_array_equal(values_of(["1,234", "5"], ","), [1.234, 5])
    np.testing.assert_array_equal(values_of(["1.500", "2.750"], ","), [1500, 2750])
    np.testing.assert_array_equal(values_of(["1.500", "2.750"], "."), [1.5, 2.75])
    np.testing.assert_array_equal(values_of(["1.5", "2.750"], ","), [1.5, 2.75])


NUMBERS = [f"{value / 4}" for value in range(399)]
ODD = ["12%", "#DIV/0!", "N.A", ">5", "$14,006.50", "1,234", "see below", "1.2.3", "5-", "0x1A"]


@pytest.mark.parametrize("odd", ODD)
def test_one_odd_cell_among_numbers_is_missing_and_named(odd):
    table = pa.table({"c": [*NUMBERS[:200], odd, *NUMBERS[200:]]})
    columns, _ = inferred(ReadTable("t.csv", [read_cells("c", table["c"])]))
    message = f"column 'c': 1 cell is no number, and counts as missing: {odd!r} [(]row 200[)]"
    if odd == "N.A":
        codes = codes_of(columns, table, "t.csv").values[:, 0]
    else:
        with pytest.warns(DataWarning) as caught:
            codes = codes_of(columns, table, "t.csv").values[:, 0]
        assert message.replace("[(]", "(").replace("[)]", ")") in str(caught[0].message)
    expected = pd.to_numeric(table["c"].to_pandas(), errors="coerce").to_numpy()
    np.testing.assert_array_equal(codes, expected)


def test_odd_cells_are_counted_and_the_first_rows_named():
    values = [*NUMBERS[:300], *["n.b."] * 5, "x", *NUMBERS[300:]]
    columns, _ = inferred(ReadTable("t", [text(values)]))
    with pytest.warns(DataWarning, match=r"6 cells are no numbers, and count as missing: 'n.b.' "):
        codes_of(columns, pa.table({"c": values}), "t")


def test_a_column_of_which_no_cell_is_a_number_is_another_one():
    columns, _ = inferred(ReadTable("t", [text(NUMBERS)]))
    with pytest.raises(
        DataError,
        match=r"column 'c' is one of numbers, written as 1234[.]5, and has '1,5' in row 0",
    ):
        codes_of(columns, pa.table({"c": ["1,5", "2,5"]}), "t")


def test_a_word_for_nothing_is_a_level_among_words_and_missing_among_numbers():
    words = ["none", "good", "none", "bad", "NA", ""]
    columns, notes = inferred(ReadTable("t", [text(words)]))
    assert columns[0].levels == ("bad", "good", "none")
    levels = (
        "words for nothing among words are levels: c 'none'; missing=['WORD'] makes one missing"
    )
    assert notes == ["missing in t: c 2 ('NA' 1, empty 1)", levels]
    numbers = ["none", "1", "NIL", "2", "NA", "", "?", "-", "NaT", "n/a"]
    columns, notes = inferred(ReadTable("t", [text(numbers)]))
    codes = codes_of(columns, pa.table({"c": numbers}), "t").values[:, 0]
    np.testing.assert_array_equal(np.isnan(codes), [word not in {"1", "2"} for word in numbers])
    assert notes[0].startswith("missing in t: c 8 (")


def test_words_that_were_asked_for_are_missing_everywhere():
    cells = read_cells("c", pa.array(["x", "none", "-9", "y"]), missing=("none", "-9"))
    assert cells.words == {"none": 1, "-9": 1}
    assert cells.missing.tolist() == [False, True, True, False]
    for kind in (pa.float64(), pa.int64(), pa.decimal128(25, 2)):
        typed = read_cells("c", pa.array([1, -9, None, 0]).cast(kind), missing=("none", "-9"))
        assert typed.missing.tolist() == [False, True, True, False]


TARGETS = {
    "words": (["yes", "no", "none", "?"], ["yes", "no", "none", "?"]),
    "numbers and a word": (["0", "1", "none", "1"], ["0", "1", "none", "1"]),
    "numbers and a question mark": (["0", "1", "?", "1"], ["0", "1", None, "1"]),
    "booleans and a question mark": (["TRUE", "False", "?"], ["TRUE", "False", None]),
    "nothing": (["a", "", "NA", "b"], ["a", None, None, "b"]),
}


@pytest.mark.parametrize(("values", "expected"), TARGETS.values(), ids=TARGETS)
def test_no_word_but_a_question_mark_among_numbers_is_missing_in_a_target(values, expected):
    assert as_classes(text(values)).values.to_pylist() == expected


NOTATIONS = [
    Notation(decimal, thousands, unit)
    for decimal, thousands in [(".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", "'")]
    for unit in ("", "%", *CURRENCIES)
]


@pytest.mark.parametrize("notation", NOTATIONS, ids=str)
@settings(max_examples=5, derandomize=True)
@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_number_is_read_as_it_was_written(notation, numbers):
    written = [notation.written(number) for number in numbers]
    cells = text(written)
    found = read_numbers(cells, notation)
    assert not found.odd.any()
    np.testing.assert_array_equal(found.values, numbers)
    assert Notation.parse(str(notation)) == notation


@pytest.mark.parametrize("example", ["", "1234", "1;234.5", "1.234.5", "1234.5 bananas", "x"])
def test_a_notation_that_no_training_writes_is_refused(example):
    with pytest.raises(ValueError, match="is no way to write numbers"):
        Notation.parse(example)
