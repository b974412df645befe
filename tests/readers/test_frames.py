"""Tables as data frames: what is missing, which delimiter, and what cannot be read."""

import gzip

import pandas as pd
import pytest

from onelayer.errors import DataError
from onelayer.readers.frames import read_frame

ROWS = 'a,b c,d\n1,x,yes\n?,"y, z",\nNA,N/A,nan\n4, ,null\n'


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
    (tmp_path / "t.csv").write_text(ROWS)
    check(read_frame(tmp_path / "t.csv"))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(("\ufeff" + ROWS).encode()))
    check(read_frame(tmp_path / "t.csv.gz"))


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters(tmp_path, delimiter):
    (tmp_path / "t.csv").write_text(ROWS.replace(",", delimiter).replace(f"y{delimiter} z", "y, z"))
    check(read_frame(str(tmp_path / "t.csv")))


def test_parquet_says_itself_what_is_missing(tmp_path):
    frame = pd.DataFrame({"country": ["NA", None, "DE"], "n": [1, 2, 3]})
    frame.to_parquet(tmp_path / "t.parquet")
    read = read_frame(tmp_path / "t.parquet")
    assert read.country.isna().tolist() == [False, True, False]
    assert read.n.tolist() == [1, 2, 3]


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_frame(tmp_path / "none.csv")
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    with pytest.raises(DataError, match=r"ragged.csv cannot be read as a table: .*3"):
        read_frame(tmp_path / "ragged.csv")
    (tmp_path / "head.csv").write_text("a,b\n")
    with pytest.raises(DataError, match="has names of columns, but no rows"):
        read_frame(tmp_path / "head.csv")
    (tmp_path / "no.parquet").write_text("a,b\n")
    with pytest.raises(DataError, match=r"no.parquet cannot be read as a table"):
        read_frame(tmp_path / "no.parquet")
