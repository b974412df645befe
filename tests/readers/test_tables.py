"""Tables: how files are written, what cells mean, what a column is taken for, and its features."""

import gzip
import json
import lzma
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.errors import DataError, UsageError
from onelayer.inputs.codes import codes_of
from onelayer.inputs.column_kinds import ReadTable, inferred, require_usable
from onelayer.inputs.columns import Codes, Column
from onelayer.inputs.encoding import Encoding
from onelayer.inputs.fitting import fit_table, least_rows
from onelayer.inputs.given import given_table
from onelayer.inputs.made import weighted_quantiles
from onelayer.readers.tables.cells import level_codes, nature_of, numbers_of, read_cells, texts_of
from onelayer.readers.tables.table_files import open_table
from onelayer.readers.tables.table_options import TableOptions

NUMBER = Column(name="n", kind="number")


def cells(values, name="c"):
    return read_cells(name, pa.array(values))


def written(folder, text, name="t.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(path, **how):
    file = open_table(path, TableOptions(**how))
    return file.read(file.names).to_pydict()


FILES = {
    "commas": "a,b\n1,x\n2,y\n",
    "semicolons": "a;b\n1;x\n2;y\n",
    "tabs": "a\tb\n1\tx\n2\ty\n",
    "bars": "a|b\n1|x\n2|y\n",
    "a byte order mark": "\ufeffa,b\n1,x\n2,y\n",
    "spaces and quotes": ' a , b\n1,"x"\n"2",y\n',
    "lines that end as on Windows": "a,b\r\n1,x\r\n\r\n2,y\r\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_text_is_read_however_it_is_written(tmp_path, text):
    assert rows(written(tmp_path, text)) == {"a": ["1", "2"], "b": ["x", "y"]}


def test_quotes_hold_delimiters_and_lines(tmp_path):
    assert rows(written(tmp_path, 'a,b\n"x,\ny",1\n"say ""z""",2\n')) == {
        "a": ["x,\ny", 'say "z"'],
        "b": ["1", "2"],
    }


def test_a_packed_file_and_one_without_header(tmp_path):
    packed = written(tmp_path, gzip.compress(b"1,x\n2,y\n"), "t.csv.gz")
    assert rows(packed, header=False) == {"column 0": ["1", "2"], "column 1": ["x", "y"]}


def test_a_delimiter_that_is_no_comma_is_stated(tmp_path):
    notes = open_table(written(tmp_path, FILES["semicolons"])).notes
    assert notes == ("the cells are set apart by semicolons",)


BAD_FILES = {
    "empty": (b"", "t.csv", "t.csv is empty: expected CSV, a header and a row an example"),
    "a header alone": (b"a,b\n", "t.csv", "t.csv has no rows"),
    "uneven": (b"a,b\n1,2\n1,2,3\n", "t.csv", "a row has 3 cells, and the first one 2: '1,2,3'"),
    "latin": (
        "a,b\nü,2\n".encode("latin1"),
        "t.csv",
        "is not UTF-8: say what it is written in, as encoding='cp1252'",
    ),
    "latin, later on": (
        b"a,b\n" + b"x,2\n" * 20000 + "ü,2\n".encode("latin1"),
        "t.csv",
        "is not UTF-8: say what it is",
    ),
    "bytes": (b"\x00\x01", "t.csv", "is no text: expected CSV in UTF-8, or name it .parquet"),
    "twice": (
        b"a,b,a\n1,2,3\n",
        "t.csv",
        "has 2 columns called 'a' (0, 2, counted from 0): rename them",
    ),
    "cut short": (
        gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(999)))[:900],
        "t.csv.gz",
        "t.csv.gz is damaged, or cut short: ",
    ),
    "xz": (
        lzma.compress(b"a,b\n1,2\n"),
        "t.csv.xz",
        "t.csv.xz is no text, but packed with xz: unpack it",
    ),
    "a workbook": (
        b"PK\3\4\0\0",
        "t.csv",
        "is no text, but a .zip archive, or a workbook: name it .zip",
    ),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\0",
        "t.csv",
        "is no text, but an old workbook, .xls: save it",
    ),
    "tar": (
        b"t.csv" + bytes(252) + b"ustar\0" + bytes(250),
        "t.csv",
        "t.csv is no text, but a tar archive: unpack it",
    ),
    "no parquet": (b"PAR1", "t.parquet", "t.parquet is damaged, or not what its name says"),
}


@pytest.mark.parametrize(("content", "name", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_be_read_says_why(tmp_path, content, name, message):
    with pytest.raises(DataError, match=re.escape(message)):
        rows(written(tmp_path, content, name))


def test_a_header_that_looks_like_data_is_hinted_at(tmp_path):
    hint = (
        "The first row looks like data (39, State-gov, 5, ...): if it is, name the columns above "
        "it, or train with header=False, which calls them column 0, column 1 and so on"
    )
    like_data = written(tmp_path, "39,State-gov,5\n50,Private,6\n38,State-gov,7\n")
    assert open_table(like_data).notes == (hint,)
    years = written(tmp_path, "name,2019,2020\nx,1,2\ny,3,4\n", "years.csv")
    assert open_table(years).notes == ()
    level = written(tmp_path, "a,g\n1,g\n2,h\n", "level.csv")  # over numbers a word is a name
    assert open_table(level).notes == ()


def test_a_column_is_found_by_name_before_place(tmp_path):
    file = open_table(written(tmp_path, "2,age,income\n1,2,3\n"))
    places = [file.position(asked) for asked in ("2", "income", 0, "1", -1, "-3")]
    assert places == [0, 2, 0, 1, 2, 0]
    with pytest.raises(UsageError, match=r"has no column 'incme': 'income'[?] It has 2, age, inc"):
        file.position("incme")
    with pytest.raises(UsageError, match=r"has no column 'AGE': 'age'[?]"):
        file.position("AGE")
    with pytest.raises(UsageError, match=r"has no column 3[.] It has"):
        file.position(3)


NATURES = {
    "numbers": (["1", " 2.5", "", "-3e4", "+.5"], "number", ""),
    "words for nothing": (
        ["1", " ", "?", "NA", "n/a", "NaN", "null", "None", "<NA>", "-", "nil", "NaT"],
        "number",
        "",
    ),
    "words": (["a", "b", "?"], "category", ""),
    "a word for nothing among words": (["none", "good", "bad"], "category", ""),
    "codes": (["02139", "10001"], "category", "digits with leading zeros, as 02139, are codes"),
    "whole numbers": ([3, 4, None], "number", ""),
    "booleans": ([True, False, None], "category", ""),
    "numbers, but for one cell": ([*map(str, range(19)), "many"], "number", ""),
    "words among which are numbers": ([*map(str, range(7)), "many", "few"], "category", ""),
    "zeros among fractions": (["00", "0.5", "1.25"], "number", ""),
    "one leading zero": ([*map(str, range(20)), "007"], "number", ""),
    "nothing": (["", "NA"], "category", ""),
}


@pytest.mark.parametrize(("values", "kind", "note"), NATURES.values(), ids=NATURES)
def test_what_a_column_is_taken_for(values, kind, note):
    nature = nature_of(cells(values))
    assert (nature.kind, nature.note, nature.refusal) == (kind, note, "")


def test_a_column_that_is_declared_categorical_is_one():
    declared = cells(pd.Series([3.0, 2.0, None], dtype="category"))
    assert nature_of(declared).kind == "category"
    assert texts_of(declared).to_pylist() == ["3", "2", None]


DATES = {
    "dates": (["2024-01-31", "2024-02-01 12:30", "?"], "2024-12-31"),
    "dates of other countries": (["31.01.2024", "1/2/2024"], "31/12/2024"),
    "dates in words": (["3 May 2024", "Jan 5, 2024"], "2024-12-31"),
    "times": (["12:30", "7:05:09"], "23:59"),
    "dates but for one": ([*["2024-01-31"] * 19, "soon"], "2024-12-31"),
}


@pytest.mark.parametrize("what", DATES)
def test_dates_are_found_and_refused_where_only_numbers_and_categories_are_due(what):
    texts, notation = DATES[what]
    read = ReadTable("t.csv", [cells(texts)])
    assert nature_of(cells(texts)).refusal == "dates"
    columns, notes = inferred(read)
    assert (columns[0].kind, columns[0].notation) == ("date", notation)
    assert f"c: dates, written as {notation}" in notes
    with pytest.raises(
        DataError, match=r"t.csv: column 'c' holds .* leave them out: drop=\['c'\]$"
    ):
        require_usable(read)


def test_what_only_looks_like_dates_is_refused_and_all_are_named():
    days = cells(["99/99/2024", "77/01/2024"])
    with pytest.raises(DataError) as caught:
        inferred(ReadTable("t.csv", [replace(days, name=name) for name in ("born", "died")]))
    assert str(caught.value) == (
        "t.csv: each of the columns 'born', 'died' holds dates, and too many that are written in "
        "another way or that no calendar has, as '99/99/2024': write all as 2024-12-31, say which "
        "stand for nothing (missing=['99/99/2024']), or leave them out: drop=['born', 'died']"
    )


@pytest.mark.parametrize("odd", ["0000-00-00", "31/12/2024", "2024-02-31"])
def test_a_cell_that_is_no_date_among_many_is_named_and_can_be_called_missing(odd):
    days = ["2024-01-05", "2023-11-30", odd, "2024-03-01"]
    with pytest.raises(DataError, match=rf"as '{odd}': .* nothing \(missing=\['{odd}'\]\)"):
        inferred(ReadTable("t.csv", [cells(days)]))
    (column,), _ = inferred(ReadTable("t.csv", [cells([d if d != odd else None for d in days])]))
    assert column.kind == "date"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (["31.12.24", "01.02.99"], "date"),
        (["31.12.24 10:30", "01.02.99 23:59"], "date"),
        (["12.34.56", "40.99.10"], "category"),  # numbers of parts
        (["1.12.24", "10.2.14"], "category"),  # versions
    ],
)
def test_points_between_pairs_of_digits_are_a_date_where_a_calendar_has_it(written, kind):
    (column,), _ = inferred(ReadTable("t.csv", [cells(written)]))
    assert (column.kind, column.notation == "31/12/2024") == (kind, kind == "date")


def test_lists_and_bytes_are_refused_by_name():
    with pytest.raises(DataError, match="column 'c' holds list<item: int64>: where it is X"):
        cells([[1], [2]])


def test_missing_cells_are_counted_with_their_words():
    table = ReadTable("t.csv", [cells(["1", "?", " "]), cells(["x", "NA", "?"], "d")])
    assert inferred(table)[1][0] == "missing in t.csv: c 2 ('?' 1, empty 1), d 1 ('NA' 1)"


def test_a_word_among_numbers_is_named_with_its_row():
    with pytest.raises(
        DataError,
        match=r"s: column 'c' is one of numbers, written as 1234[.]5, and has 'x' in row 1",
    ):
        numbers_of(cells(["1", "x"]), "s")
    with pytest.raises(DataError, match="column 'c' has inf in row 1, counted from 0: leave"):
        numbers_of(cells(["1", "inf"]), "s")


def test_codes_of_levels():
    levels = {"a": 0, "b": 1}
    texts = texts_of(cells(["b", None, "z", "a", "NA"]))
    np.testing.assert_array_equal(level_codes(texts, levels), [1, np.nan, 2, 0, np.nan])
    booleans = texts_of(cells(["TRUE", "false", "True", "?"]), boolean=True)
    codes = level_codes(booleans, {"false": 0, "true": 1})
    np.testing.assert_array_equal(codes, [1, 0, 1, np.nan])


def test_slices_and_chunks_are_read_as_they_are():
    whole = pa.array([0.0, 1.0, None, 3.0, 4.0])
    chunked = pa.chunked_array([whole.slice(1, 3), whole.slice(4), whole.slice(0, 0)])
    found = read_cells("c", chunked)
    np.testing.assert_array_equal(numbers_of(found, "s"), [1, np.nan, 3, 4])
    np.testing.assert_array_equal(found.missing, [False, True, False, False])


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=30))
def test_the_weighted_median_is_that_of_repeated_rows(pairs):
    values, weights = np.array(pairs, float).T
    expected = np.median(np.repeat(values, weights.astype(int)))
    assert weighted_quantiles(values, weights, [0.5]) == [expected]


def fitted(values):
    """The table of one column, and its features of the same values."""
    one = read_cells("c", pa.array(values))
    columns, _ = inferred(ReadTable("t", [one]))
    codes = codes_of(columns, pa.table({"c": one.values}), "t")
    found = fit_table(codes, np.ones(len(codes)))
    return found, found.table.features_of(codes)


def test_numbers_become_a_value_and_whether_it_is_missing():
    found, X = fitted([1.0, None, 3.0, 8.0])
    filled = np.array([1, 3, 3, 8.0])
    np.testing.assert_allclose(X[:, 0], (filled - filled.mean()) / filled.std(), rtol=1e-15)
    np.testing.assert_array_equal(X[:, 1], [0, 1, 0, 0])
    assert found.table.features == ("c", "c missing")
    assert found.notes == (
        "1 number, standardised: c; missing ones count as the median, and have a feature: c",
        "2 features of 1 column, dense",
    )


def test_levels_become_features_and_rare_ones_are_pooled():
    found, X = fitted(["a"] * 5 + ["b"] * 4 + ["rare", None, None])
    assert found.table.features == ("c = a", "c = b", "c missing", "c other")
    np.testing.assert_array_equal(X.sum(axis=0), [5, 4, 2, 1])
    codes = codes_of(found.table.columns, pa.table({"c": ["new", "b", None, "rare"]}), "t")
    np.testing.assert_array_equal(found.table.features_of(codes).argmax(axis=1), [3, 1, 2, 3])
    assert codes.unseen() == {"c": 1}
    assert found.notes[1:3] == (
        "fewer than 2 rows, so pooled as other: c (rare)",
        "a level that was not seen in training counts as other there",
    )


def test_an_unseen_level_is_all_zeros_where_nothing_is_pooled():
    found, _ = fitted(["a", "a", "b", "b"])
    codes = codes_of(found.table.columns, pa.table({"c": ["new", "b", None]}), "t")
    np.testing.assert_array_equal(found.table.features_of(codes), [[0, 0], [0, 1], [0, 0]])
    assert (
        "a level that was not seen in training is all zeros, as none of the others" in found.notes
    )


def test_rare_is_fewer_than_ten_rows_or_one_in_a_hundred_or_two():
    assert [least_rows(m) for m in (50, 300, 1000, 10**6)] == [2, 3, 10, 10]


LEFT_OUT = {
    "constant": ([7.0] * 30, "c (always 7)"),
    "one level": (["x"] * 30, "c (always the same)"),
    "no value": ([None] * 30, "c (no value at all)"),
    "text": ([f"note {j}" for j in range(30)], "c (30 different values, most of them rare)"),
}


@pytest.mark.parametrize(("values", "why"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_column_that_says_nothing_is_left_out_and_named(values, why):
    with pytest.raises(DataError, match=re.escape(f"no column is left to look at: {why}")):
        fitted(values)


def test_a_constant_says_something_where_it_is_missing():
    found, X = fitted([7.0, None] * 3)
    assert found.table.features == ("c missing",)
    np.testing.assert_array_equal(X[:, 0], [0, 1] * 3)
    assert found.notes[1] == "c: 7 wherever it is known, so only whether it is missing counts"


def test_an_identifier_is_pointed_out():
    found, _ = fitted(np.arange(30))
    assert found.notes[1] == (
        "c: all different whole numbers, as an identifier has; kept, and drop=['c'] leaves it out"
    )


@pytest.mark.parametrize("name", ["column 0", "Unnamed: 0", "rownames", "__index_level_0__"])
def test_an_index_that_was_written_along_is_left_out(name):
    index, other = Column(name=name, kind="number"), Column(name="x", kind="number")
    values = np.column_stack([np.arange(30.0) + 7, np.arange(30) % 4])
    found = fit_table(Codes((index, other), values), np.ones(30))
    assert found.table.features == ("x",)
    assert (
        f"left out: {name} (no name, and all different whole numbers: the rows' index; name the "
        "column to have it looked at)"
    ) in found.notes
    twice = fit_table(Codes((index, other), np.vstack([values, values])), np.ones(60))
    assert twice.table.features == (name, "x")


def test_in_a_table_without_a_header_the_first_column_is_no_index():
    columns = tuple(Column(name=f"column {j}", kind="number") for j in range(2))
    values = np.column_stack([np.arange(30.0), np.arange(30) % 4])
    assert fit_table(Codes(columns, values), np.ones(30)).table.features == ("column 0", "column 1")


def test_a_column_knows_its_range_its_usual_level_and_how_many_levels_are_new():
    found, _ = fitted([3.0, None, -2.0, 8.0])
    assert (found.table.columns[0].least, found.table.columns[0].most) == (-2, 8)
    found, _ = fitted(["b"] * 20 + ["a"] * 19 + ["c", "d", "e", None])
    assert found.table.columns[0].usual == "b"
    assert found.table.columns[0].fresh == pytest.approx(3 / 42)


def test_numbers_too_large_to_be_standardised_are_named():
    with pytest.raises(DataError, match="column 'c' cannot be standardised: squares of its values"):
        fitted([1e300, -1e300, 0.0])


@pytest.mark.parametrize("weights", [np.array([2.0, 1, 3, 1, 2, 1]), np.array([2.0] * 6)])
def test_a_weight_of_two_is_a_row_given_twice(weights):
    table = pa.table({"n": [1.0, 5, None, 2, 9, 2], "c": ["a", "b", "a", None, "b", "c"]})
    columns, _ = inferred(
        ReadTable("t", [read_cells(name, table[name]) for name in table.column_names])
    )
    codes = codes_of(columns, table, "t")
    once = fit_table(codes, weights)
    repeated = np.repeat(codes.values, weights.astype(int), axis=0)
    twice = fit_table(Codes(columns, repeated), np.ones(len(repeated)))
    assert once.table.pieces == twice.table.pieces
    assert once.table.columns == twice.table.columns
    np.testing.assert_allclose(once.table.centre, twice.table.centre, rtol=1e-14)
    np.testing.assert_allclose(once.table.scale, twice.table.scale, rtol=1e-14)


def wide_table(levels=40):
    random = np.random.default_rng(0)
    columns = (NUMBER, Column(name="c", kind="category", levels=tuple(map(str, range(levels)))))
    codes = np.column_stack([random.normal(size=200), random.integers(0, levels, 200)])
    codes[::7] = np.nan
    coded = Codes(columns, codes)
    return fit_table(coded, np.ones(200)).table, coded


def test_sparse_and_dense_rows_are_the_same():
    table, codes = wide_table()
    assert table.is_wide
    found, columns = table.features_of(codes), [codes.of(one) for one in table.columns]
    np.testing.assert_array_equal(found.toarray(), table._dense(columns, 200))
    assert found.has_canonical_format


def test_a_table_comes_back_from_json_as_it_was():
    table, codes = wide_table(5)
    again = Encoding.from_dict(json.loads(json.dumps(table.to_dict())))
    np.testing.assert_array_equal(again.features_of(codes), table.features_of(codes))
    assert again.columns == table.columns


DAMAGE = {
    "a place beyond": lambda fields: fields["pieces"][0].update(places=[9] * 7),
    "a column beyond": lambda fields: fields["pieces"][0].update(column=9),
    "a spread too few": lambda fields: fields["scale"].pop(),
    "an unknown field": lambda fields: fields["columns"][0].update(code="print()"),
    "a number too large": lambda fields: fields["centre"].__setitem__(0, float("inf")),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_table_is_refused(damage):
    table, _ = wide_table(5)
    fields = table.to_dict()
    damage(fields)
    with pytest.raises((ValueError, TypeError, IndexError)):
        Encoding.from_dict(fields)


NAMES = ["n", "c"]


def test_rows_in_memory_are_one_thing():
    columns = (NUMBER, Column(name="c", kind="category", levels=("x", "y")))
    expected = np.array([[1.5, 0], [np.nan, 1], [3, 2]])
    values = {"c": ["x", "y", "z"], "n": [1.5, None, 3.0], "more": [1, 2, 3]}
    as_text = [{"n": "1.5", "c": "x"}, {"n": None, "c": "y"}, {"c": "z", "n": 3}]
    array = np.array([[1.5, "x"], [None, "y"], [3.0, "z"]], dtype=object)
    for given_rows in (
        pd.DataFrame(values),
        pl.DataFrame(values),
        pa.table(values),
        as_text,
        array,
    ):
        table, source = given_table(given_rows, NAMES)
        np.testing.assert_array_equal(codes_of(columns, table, source).values, expected)
    with pytest.raises(DataError, match="the rows given has no column 'n', 'c': the model looks"):
        codes_of(columns, *given_table([{"more": 1}], NAMES))
    with pytest.raises(DataError, match=r"have the shape \(2, 3\): the model takes \(m, 2\), the"):
        given_table(np.zeros((2, 3)), NAMES)
    with pytest.raises(UsageError, match="what came is of type int; give a data frame, a list of"):
        given_table(3, NAMES)


def test_parquet_keeps_types_and_leaves_an_index_out(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"n": [1.5, None], "b": [True, False]}, index=[5, 6])
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=True), path)
    file = open_table(path)
    assert (file.names, file.rows) == (("n", "b"), 2)
    assert [str(kind) for kind in file.read(file.names).schema.types] == ["double", "bool"]
