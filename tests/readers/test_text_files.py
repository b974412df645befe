"""Text files of tables: delimiters, blank lines, ends of lines, encodings, pipes, long headers."""

import bz2
import csv
import gzip
import io
import os
import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onelayer.errors import DataError, DataWarning, UsageError
from onelayer.readers.tables.table_files import open_table
from onelayer.readers.tables.table_options import TableOptions


def written(folder, content, name="t.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path, **how):
    file = open_table(path, TableOptions(**how))
    return file.read(file.names).to_pydict()


def as_csv(content, delimiter):
    """What Python's csv reads of it, which is told the delimiter."""
    header, *body = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    return {name: list(cells) for name, cells in zip(header, zip(*body, strict=True), strict=True)}


DELIMITED = {
    "semicolons and decimal commas": ("x0;x1;y\n1,23;-0,50;ja\n2,5;0,25;nein\n", ";"),
    "tabs and decimal commas": ("x0\tx1\ty\n1,23\t-0,50\tja\n", "\t"),
    "tags in a file of commas": ("id,tags,y\n1,a;b;c,0\n2,d;e;f,1\n", ","),
    "addresses in a file of semicolons": (
        "n;address;y\nx;12 Main St, Springfield, IL;1\ny;3 Elm, Dover, DE;0\n",
        ";",
    ),
    "times and bars": ("at|what\n12:30|a, b\n7:05|c, d\n", "|"),
    "spaces": ("a b y\n1 2 x\n3 4 z\n", " "),
    "words with spaces in a file of commas": ("first name,last name\nAnn B,C D\nE F,G H\n", ","),
    "quoted delimiters": ('a;b\n"x;y";1\n"z, w";2\n', ";"),
    "one row": ("a;b;c\n1,5;2,5;3,5\n", ";"),
    "empty cells": ("a;b;c\n;;1,5\n1,2;;\n", ";"),
}


@pytest.mark.parametrize(("content", "delimiter"), DELIMITED.values(), ids=DELIMITED)
def test_the_header_decides_with_the_rows(tmp_path, content, delimiter):
    assert rows(written(tmp_path, content)) == as_csv(content, delimiter)


def test_without_a_header_decimal_commas_do_not_cut_cells(tmp_path):
    found = rows(written(tmp_path, "1,23;-0,50;ja\n2,5;1,25;nein\n"), header=False)
    assert list(found.values()) == [["1,23", "2,5"], ["-0,50", "1,25"], ["ja", "nein"]]


@pytest.mark.parametrize("sign", [";", "\t", "|", "#"])
def test_excels_first_line_is_obeyed(tmp_path, sign):
    path = written(tmp_path, f"sep={sign}\r\na{sign}b\r\n1{sign}x,y,z\r\n")
    assert rows(path) == {"a": ["1"], "b": ["x,y,z"]}


def test_a_delimiter_that_was_asked_for_overrules(tmp_path):
    path = written(tmp_path, "a;b,c\n1;2,3\n")
    assert rows(path, delimiter=",") == {"a;b": ["1;2"], "c": ["3"]}
    assert rows(path, delimiter=";") == {"a": ["1"], "b,c": ["2,3"]}
    assert rows(written(tmp_path, "a\tb\n1\t2\n"), delimiter="tab") == {"a": ["1"], "b": ["2"]}


@pytest.mark.parametrize(
    "how",
    [{"delimiter": ";;"}, {"delimiter": "§"}, {"decimal": ";"}, {"encoding": "klingon"}],
    ids=str,
)
def test_an_option_that_there_is_not(how):
    with pytest.raises(
        UsageError, match=r"give (one character|'[.]' or ','|one that Python knows)"
    ):
        TableOptions(**how)


PLAIN = {"a": ["1", "2"], "b": ["x", "ü"]}
TEXT = "a,b\n1,x\n2,ü\n"
LINES = {
    "blank lines before the header": "\n\n  \n" + TEXT,
    "a row of delimiters before it": ",\n" + TEXT,
    "blank lines within": TEXT.replace("\n", "\n\n"),
    "carriage returns": TEXT.replace("\n", "\r"),
    "ends of lines as on Windows": TEXT.replace("\n", "\r\n"),
    "no end of the last line": TEXT.rstrip(),
    "a delimiter after each row": "a,b\n1,x,\n2,ü,\n",
    "everything quoted": '"a","b"\n"1","x"\n"2","ü"\n',
    "a byte order mark": "\ufeff" + TEXT,
    "a byte order mark and blank lines": "\ufeff\r\n\r\n" + TEXT,
}


@pytest.mark.parametrize("content", LINES.values(), ids=LINES)
def test_lines(tmp_path, content):
    assert rows(written(tmp_path, content)) == PLAIN


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding, end):
    assert rows(written(tmp_path, TEXT.replace("\n", end).encode(encoding))) == PLAIN


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16-le", "mac-roman", "cp437"])
def test_an_encoding_that_was_asked_for(tmp_path, encoding):
    path = written(tmp_path, TEXT.encode(encoding))
    assert rows(path, encoding=encoding) == PLAIN
    with pytest.raises(DataError, match="encoding='"):
        rows(path)


def test_bytes_of_another_encoding_far_behind_are_said(tmp_path):
    path = written(tmp_path, b"a,b\n" + b"1,x\n" * 200_000 + b"1,\xff\n")
    with pytest.raises(DataError, match=r"t.csv is not UTF-8: say what it is written in"):
        rows(path)
    late = written(tmp_path, "a,b\n".encode("utf-16") + b"\x00\xdc", "late.csv")
    with pytest.raises(DataError, match=r"late.csv is not utf-16: "):
        rows(late)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gz", "bz2"])
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_what_is_packed_is_known_by_its_bytes(tmp_path, pack, name):
    assert rows(written(tmp_path, pack(TEXT.encode()), name)) == PLAIN


def test_an_unpacked_file_of_a_packed_name(tmp_path):
    assert rows(written(tmp_path, TEXT, "t.csv.gz")) == PLAIN


def test_a_gzip_file_of_several_parts(tmp_path):
    parts = b"".join(gzip.compress(line.encode()) for line in TEXT.splitlines(keepends=True))
    assert rows(written(tmp_path, parts, "t.csv.gz")) == PLAIN


def test_a_header_longer_than_what_is_looked_at_first(tmp_path):
    names = [f"measurement_number_{place}" for place in range(20_000)]
    path = written(tmp_path, ";".join(names) + "\n" + ";".join(["0,5"] * 20_000) + "\n")
    found = rows(path)
    assert list(found) == names
    assert set(map(tuple, found.values())) == {("0,5",)}


@pytest.mark.parametrize("block", range(12, 40))
def test_a_quoted_end_of_line_across_two_reads_is_kept(tmp_path, monkeypatch, block):
    """Arrow drops the line feed (apache/arrow issue 51368)."""
    monkeypatch.setattr("onelayer.readers.tables.table_files._BLOCK", block)
    content = "a,b\r\n" + '"x\r\ny",1\r\n' * 20
    assert rows(written(tmp_path, content)) == {"a": ["x\r\ny"] * 20, "b": ["1"] * 20}


def test_row_names_of_r_are_not_looked_at(tmp_path):
    path = written(tmp_path, '"a" "b"\n"row 1" 1 2\n"row 2" 3 4\n')
    with pytest.warns(DataWarning, match="the first is taken for the row's name"):
        assert rows(path) == {"a": ["1", "3"], "b": ["2", "4"]}


STRAY = {
    "an opened one": ('x\ty\n"Hello\t1\nyou\t0\nthere" he\t1\nbye\t0\n', True),
    "one that closes lines later": ('x\ty\n"Hello\t1\nyou\t0\n"there\t1\n', True),
    "one that a line's end closes": ('x\ty\nham\t"Hello\nspam\tthe end"\nham\tbye\n', True),
    "a true line's end in quotes": ('x\ty\n"Hello\nyou"\t0\nthere\t1\n', False),
    "the last cell over two lines": ('x\ty\n0\t"Hello\nyou"\n1\tthere\n', False),
    "inches": ('x\ty\n5" pipe\t1\n"6, 7"\t0\n', False),
    "quoted delimiters and a stray one": ('x\ty\n"a\tb"\t1\n5" pipe\t0\n', False),
    "doubled ones": ('x\ty\n"say ""a"""\t1\n"b"\t0\n', False),
}


@pytest.mark.parametrize(("content", "are_text"), STRAY.values(), ids=STRAY)
def test_quotation_marks_that_do_not_pair_up_are_text(tmp_path, content, are_text):
    file = open_table(written(tmp_path, content))
    quoting = csv.QUOTE_NONE if are_text else csv.QUOTE_MINIMAL
    lines = csv.reader(io.StringIO(content, newline=""), delimiter="\t", quoting=quoting)
    _, *expected = lines
    assert [list(row.values()) for row in file.read(file.names).to_pylist()] == expected
    assert any("part of the text" in note for note in file.notes) == are_text


@pytest.mark.shared
def test_every_message_of_a_file_without_quoting_is_read(shared):
    path = shared / "data" / "sms-spam" / "SMSSpamCollection"
    file = open_table(path, TableOptions(header=False))
    expected = [line.split("\t") for line in path.read_text().splitlines()]
    assert [list(row.values()) for row in file.read(file.names).to_pylist()] == expected
    assert len(expected) == 5574


REFUSED = {
    "a short row": ("a,b,c\n1,2,3\n4,5\n", "a row has 2 cells, and the first one 3: '4,5'"),
    "a long row": ("a,b\n1,2\n3,4\n5,6,7\n" + "8,9\n" * 30, "a row has 3 cells, and the first"),
    "lines above the header": ("Report of May\n\na,b\n1,2\n3,4\n", "a row has 2 cells"),
    "only blank lines": ("\n\n \n", "is empty: expected CSV"),
    "a workbook": ("PK\3\4\0\0", "is no text, but a .zip archive, or a workbook: name it"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_says_so(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        rows(written(tmp_path, content))


def test_a_pipe_is_read_once_and_kept(tmp_path):
    for content, name in ((TEXT.encode(), "csv"), (_parquet_bytes(), "parquet")):
        path = tmp_path / f"{name}.pipe"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(content,))
        writer.start()
        file = open_table(path)
        writer.join()
        assert [file.read(file.names).to_pydict() for _ in range(2)] == [PLAIN, PLAIN]


def _parquet_bytes():
    sink = io.BytesIO()
    pq.write_table(pa.table(PLAIN), sink)
    return sink.getvalue()


def test_parquet_is_known_by_its_bytes(tmp_path):
    assert rows(written(tmp_path, _parquet_bytes(), "t.csv")) == PLAIN


def test_views_of_text_in_parquet_can_be_filtered(tmp_path):
    table = pa.table({"a": pa.array(["x", None, "y"], pa.string_view())})
    try:
        pq.write_table(table, tmp_path / "t.parquet")
    except pa.ArrowNotImplementedError:
        pytest.skip("an Arrow that writes no views of text has none to read")
    read = open_table(tmp_path / "t.parquet").read(["a"])
    assert read.filter(np.array([True, False, True])).to_pydict() == {"a": ["x", "y"]}


def test_whole_numbers_of_128_bits_in_parquet_are_refused_in_words(tmp_path):
    pl.DataFrame({"a": [1, 2]}, schema={"a": pl.Int128}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t.parquet .* more than 64 bits"):
        open_table(tmp_path / "t.parquet")


def test_what_pandas_writes_in_every_dialect_comes_back(tmp_path):
    frame = pd.DataFrame({"a": ["x, y", 'say "z"', "u;v\tw", "line\r\nline"], "b": list("1234")})
    for sep in (",", ";", "\t", "|"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
            for end in ("\n", "\r\n"):
                path = tmp_path / "t.csv"
                frame.to_csv(path, index=False, sep=sep, quoting=quoting, lineterminator=end)
                assert rows(path) == frame.to_dict("list")


CELLS = ["a", "Main St, 5", "x;y", "1,5", "-3,25", "", "NA", "a|b", "p\tq", 'say "hi"', "l\nm", '"']


@settings(
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    body=st.integers(2, 5).flatmap(
        lambda width: st.lists(
            st.lists(st.sampled_from(CELLS), min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    sign=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_pythons_csv_writes_comes_back(body, sign, quoting, end, tmp_path):
    """Whatever other delimiters are in the cells."""
    names = [f"column_{place}" for place in range(len(body[0]))]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=sign, quoting=quoting, lineterminator=end).writerows([names, *body])
    read = rows(written(tmp_path, text.getvalue()))
    assert [list(row) for row in zip(*read.values(), strict=True)] == body


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (lambda frame, path: frame.to_json(path, orient="records"), "JSON"),
        (lambda frame, path: frame.to_json(path, orient="records", lines=True), "JSON"),
        (lambda frame, path: frame.to_json(path, orient="columns"), "JSON"),
        (lambda frame, path: frame.to_feather(path), "an Arrow file"),
    ],
)
def test_other_kinds_of_tables_are_known_by_how_they_begin(write, kind, tmp_path):
    path = tmp_path / "t.data"
    write(pd.DataFrame({"a": [1, 2] * 500, "b": ["x", "y"] * 500}), path)
    with pytest.raises(DataError, match=rf"t.data is {kind}.*: give CSV, Parquet or Excel"):
        open_table(path)


def test_of_many_columns_of_one_name_some_are_listed(tmp_path):
    with pytest.raises(DataError, match=r"1000 columns called 'a' \(0, 1, 2, 3, 4 and 995 more,"):
        open_table(written(tmp_path, ",".join(["a"] * 1000) + "\n" + ",".join(["1"] * 1000)))
