"""Tables as data frames: what is missing, the types, and what cannot be used, as `train` has it."""

import gzip

import numpy as np
import pandas as pd
import pytest

from onelayer.errors import DataError
from onelayer.readers.tables.cells import nature_of, read_cells
from onelayer.readers.tables.table_files import open_table
from onelayer.statistics.frames import read_frame

ROWS = 'a,b c,d\n1,x,yes\n?,"y, z",\nNA,N/A,nan\n4, ,null\n'


def frame_of(path, **how):
    file = open_table(path)
    return read_frame(file, file.names, **how)


def frame_from(folder, text, **how):
    (folder / "t.csv").write_text(text)
    return frame_of(folder / "t.csv", **how)


def check(frame):
    assert list(frame.columns) == ["a", "b c", "d"]
    assert frame.a.tolist()[::3] == [1.0, 4.0]
    assert frame.isna().to_numpy().tolist() == [
        [False, False, False],
        [True, False, True],
        [True, True, True],
        [False, True, True],
    ]
    assert frame["b c"][1] == "y, z"


def test_text(tmp_path):
    check(frame_from(tmp_path, ROWS))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(("\ufeff" + ROWS).encode()))
    check(frame_of(tmp_path / "t.csv.gz"))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters(tmp_path, delimiter):
    check(frame_from(tmp_path, ROWS.replace(",", delimiter).replace(f"y{delimiter} z", "y, z")))


def test_columns_have_their_types(tmp_path):
    text = "whole,half,code,flag,some,word\n1, 0.5,007,TRUE,true, x\n-2,1e3,012,false,?,y \n"
    frame = frame_from(tmp_path, text)
    assert [column.dtype.kind for _, column in frame.items()] == list("ifObOO")
    assert frame.iloc[0].tolist() == [1, 0.5, "007", True, True, "x"]
    assert frame.iloc[1].tolist() == [-2, 1000.0, "012", False, None, "y"]


ALWAYS = ["", " ", "NA", "n/a", "NaN", "null", "NULL", "#N/A"]
AMONG_NUMBERS = ["?", "-", "None", "NIL", "NaT", "n.a."]


@pytest.mark.parametrize("word", [*ALWAYS, *AMONG_NUMBERS])
@pytest.mark.parametrize("other", ["1.5", "x"])
def test_what_train_takes_for_missing_is(tmp_path, word, other):
    """The rules are one: also in a Parquet file, whose text may be that of a CSV."""
    values = [word, other, other]
    pd.DataFrame({"c": values, "d": 1}).to_parquet(tmp_path / "t.parquet")
    for frame in (
        frame_from(tmp_path, "c,d\n" + "".join(f'"{value}",1\n' for value in values)),
        frame_of(tmp_path / "t.parquet"),
    ):
        missing = word in ALWAYS or other == "1.5"
        assert frame.c.isna().tolist() == [missing, False, False]
        cells = read_cells("c", open_table(tmp_path / "t.csv").read(["c"])["c"])
        assert (frame.c.dtype.kind == "f") == (nature_of(cells).kind == "number")


def test_a_word_among_the_numbers_of_a_response_is_a_class(tmp_path):
    text = "x,y\nnone,0\n1,1\n2,none\n3,\n"
    frame = frame_from(tmp_path, text, response="y")
    assert frame.y[:3].tolist() == ["0", "1", "none"]
    assert frame.y.isna().tolist() == [False, False, False, True]
    assert frame.x.isna().tolist() == [True, False, False, False]
    asked = frame_from(tmp_path, "x,y\n1,0\n2,?\n3,1\n", response="y")
    np.testing.assert_array_equal(asked.y, [0, np.nan, 1])


def test_a_parquet_file_keeps_its_types_and_the_order_of_its_levels(tmp_path):
    frame = pd.DataFrame(
        {
            "country": ["Norway", None, "Chile"] * 20_000,
            "n": [1, 2, 3] * 20_000,
            "dose": pd.Categorical(["low", "high", "NA"] * 20_000, ["none", "low", "high", "NA"]),
            "well": [True, False, True] * 20_000,
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    read = frame_of(tmp_path / "t.parquet")
    assert read.country.isna().tolist()[:3] == [False, True, False]
    assert read.n.dtype == np.int64
    assert read.n.tolist()[:3] == [1, 2, 3]
    assert read.dose.cat.categories.tolist() == ["low", "high"]
    assert read.dose.isna().tolist()[:3] == [False, False, True]
    assert read.well.dtype == bool
    assert len(read) == 60_000


def test_keys_are_compared_whatever_they_hold(tmp_path):
    days = "day,y\n2024-01-31,1\nNA,0\n2024-02-01,1\n"
    frame = frame_from(tmp_path, days, keys=["day"])
    assert frame.day.isna().tolist() == [False, True, False]
    big = 2**60
    pd.DataFrame({"id": [big, big + 1], "y": [0, 1]}).to_parquet(tmp_path / "t.parquet")
    assert frame_of(tmp_path / "t.parquet", keys=["id"]).id.tolist() == [big, big + 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("day,y\n2024-01-31,1\n", r"column 'day' holds dates or times.*drop=\['day'\]$"),
        ("the day;y\n1.2.2024;1\n", r"'the day' holds dates.*drop=\['the day'\]$"),
        ("n,y\ninf,1\n", "column 'n' has inf in row 0, counted from 0"),
        ("a,b\n1,2\n1,2,3\n", r"t\.csv: a row has 3 cells, and the first one 2"),
        ("a,b\n", r"t\.csv has no rows"),
        ("a,a\n1,2\n", r"t\.csv has 2 columns called 'a'"),
    ],
)
def test_what_cannot_be_used(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        frame_from(tmp_path, text)


def test_what_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        frame_of(tmp_path / "none.csv")
    (tmp_path / "no.parquet").write_text("a,b\n")
    with pytest.raises(DataError, match=r"no.parquet is damaged, or not what its name says"):
        frame_of(tmp_path / "no.parquet")
