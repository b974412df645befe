"""LIBSVM's text that is larger than memory: the rows that memory would have, read once and kept."""

import bz2
import gzip
import json
import lzma
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import onelayer
from onelayer import kept_folders
from onelayer.cli.app import app
from onelayer.errors import DataError
from onelayer.kept_folders import KeptFolders
from onelayer.readers.arrays import kept_libsvm, libsvm, libsvm_text
from onelayer.readers.arrays.libsvm import rows_of_libsvm

PACKS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_folders, "user_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(libsvm_text, "PIECE", 60)
    return tmp_path / "cache" / "onelayer" / "sparse"


@st.composite
def texts(draw):
    """Lines as people and programs write them; indices from 0 or 1."""
    base, exact = draw(st.integers(0, 1)), draw(st.booleans())
    numbers = st.sampled_from(
        ["0.5", "1", "-2", "0", "3e2"] if exact else ["0.1", "1e300", "-7.25", "2.5e-320"]
    )
    lines = []
    for _ in range(draw(st.integers(1, 40))):
        columns = sorted(draw(st.sets(st.integers(base, 12), max_size=5)))
        entries = [f"{j}:{draw(numbers)}" for j in columns]
        qid = draw(st.sampled_from([[], ["qid:7"]]))
        label = draw(st.sampled_from(["1", "-1", "+1", "2.5"]))
        ends = draw(st.sampled_from(["\n", "\r\n", " \n", " # 3:4 why\n", "\n\n# no row\n"]))
        lines.append(" ".join([label, *qid, *entries]) + ends)
    text = "".join(lines)
    return (text if draw(st.booleans()) else text.rstrip("\n")).encode()


@given(texts(), st.sampled_from(list(PACKS)), st.integers(1, 400), st.sampled_from([None, 20]))
@settings(max_examples=60, deadline=None)
def test_the_rows_are_those_of_memory(text, suffix, piece, n):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept_folders, "user_cache", lambda: Path(name))
        patched.setattr(libsvm_text, "PIECE", piece)
        path = Path(name) / f"a.svm{suffix}"
        path.write_bytes(PACKS[suffix](text))
        X, y, base = rows_of_libsvm(path, n)
        for _ in range(2):
            there, labels, found = rows_of_libsvm(path, n, memory=1)
            np.testing.assert_array_equal(there[:].toarray(), X.toarray())
            np.testing.assert_array_equal(there[:].data, X.data)
            np.testing.assert_array_equal(labels, y)
            assert (there.shape, there.dtype, found) == (X.shape, X.dtype, base)
            with np.errstate(over="ignore"):
                exact = (X.data.astype(np.float32) == X.data).all()
            assert there.place.dtype == (np.float32 if exact else np.float64)
        assert len(KeptFolders("sparse")) == 1


def test_where_the_rows_lie_follows_from_the_size_of_the_text_and_the_memory(tmp_path, monkeypatch):
    path = tmp_path / "a.svm"
    path.write_text("1 1:2 3:4\n" * 30)
    assert isinstance(onelayer.read_libsvm(path, memory="1KB")[0][:2], type(read(path)))
    assert onelayer.read_libsvm(path, memory="1KB")[0].nnz == 60
    assert hasattr(onelayer.read_libsvm(str(path), memory=449)[0], "groups")
    assert not hasattr(onelayer.read_libsvm(path, memory=450)[0], "groups")
    packed = tmp_path / "a.svm.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    most = int(libsvm.IN_MEMORY * libsvm_text.PACKED * packed.stat().st_size)
    for memory, on_disk in ((most - 1, True), (most + 1, False)):
        assert hasattr(onelayer.read_libsvm(packed, memory=memory)[0], "groups") == on_disk
    for free, on_disk in ((449, True), (450, False)):
        monkeypatch.setattr(libsvm, "free_memory", lambda free=free: free)
        assert hasattr(onelayer.read_libsvm(path)[0], "groups") == on_disk


def read(path):
    return onelayer.read_libsvm(path)[0]


def test_a_later_number_of_64_bits_widens_those_before_it(tmp_path):
    path = tmp_path / "a.svm"
    path.write_text("1 1:0.5 2:3\n" * 40 + "-1 2:0.1\n" + "1 3:7\n" * 40)
    there = onelayer.read_libsvm(path, memory=1)[0]
    assert there.place.dtype == np.float64
    assert [one.name for one in there.place.path.parent.glob("float*")] == ["float64"]
    np.testing.assert_array_equal(there[:].toarray(), read(path).toarray())


@pytest.mark.parametrize("text", ["1 1:0.5 3:0.1\n", "1 1:0.5 3:2\n"])
def test_it_takes_no_more_than_compressed_rows_do(tmp_path, text):
    path = tmp_path / "a.svm"
    path.write_text(text * 300)
    there = onelayer.read_libsvm(path, memory=1)[0]
    files = {file.name: file.stat().st_size for file in there.place.path.parent.iterdir()}
    raw = 600 * (there.place.dtype.itemsize + 4) + 300 * 8
    assert sum(files.values()) - files["rows.json"] == raw + 300 * 8  # and the labels


def damaged(name):
    """A good beginning, and a line 22 that is none."""
    return "".join(["1 1:2 3:4\n"] * 20 + ["# a comment\n"]) + name + "\n2 1:1\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1 3:1 3:2", r"line 22, '1 3:1 3:2': Feature indices .* should be sorted and unique"),
        ("1 5:1 3:2", r"line 22, '1 5:1 3:2': Feature indices .* should be sorted and unique"),
        ("1 3:", r"line 22, '1 3:': could not convert string to float: b''"),
        ("1,2 3:1", r"line 22, '1,2 3:1': could not convert string to float: b'1,2'"),
        ("a 3:1", r"line 22, 'a 3:1': could not convert"),
        ("1 99999999999:1", r"line 22, .*: value too large to convert to int"),
        ("1 -1:1", r"line 22, .*: Invalid index -1"),
        ("1 2 3:1", r"line 22, .*: need more than 1 value to unpack"),
        ("1 2:\x01" + "9" * 50, r"line 22, '1 2:.x01999.*\.\.\.': could not convert"),
    ],
)
@pytest.mark.parametrize("memory", [None, 1])
def test_a_line_that_is_none_is_named(tmp_path, cache, line, said, memory):
    path = tmp_path / "a.svm"
    path.write_text(damaged(line))
    with pytest.raises(DataError, match=rf"a\.svm cannot be read at {said}"):
        onelayer.read_libsvm(path, memory=memory)
    assert [file.name for file in cache.rglob("*") if file.is_file()] == ["lock"][: memory or 0]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("memory", [None, 1])
def test_a_packed_file_that_was_cut_short_is_named(tmp_path, suffix, memory):
    path = tmp_path / f"a.svm{suffix}"
    text = "".join(f"1 1:{number}\n" for number in np.random.default_rng(0).random(3000))
    packed = PACKS[suffix](text.encode())
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"cannot be read after line \d+: .* was cut short or is"):
        onelayer.read_libsvm(path, memory=memory)


def test_indices_that_do_not_fit_are_refused_as_in_memory(tmp_path):
    path = tmp_path / "a.svm"
    path.write_text("1 1:5 9:6\n1 2:3\n")
    for memory in (None, 1):
        with pytest.raises(DataError, match="has a feature 9, beyond the 4 of n_features"):
            onelayer.read_libsvm(path, n_features=4, memory=memory)
        there = rows_of_libsvm(path, 12, 0, memory)[0]
        assert there[:].toarray()[0, [1, 9]].tolist() == [5, 6]
    path.write_text("1 0:5\n1 2:3\n")
    for memory in (None, 1):
        with pytest.raises(DataError, match="has the index 0, and the model's features count from"):
            rows_of_libsvm(path, 3, 1, memory)


def lines(m):
    rng = np.random.default_rng(m)
    return "".join(f"{i % 2} 1:{rng.random():.6f} 3:{i}\n" for i in range(m))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_who_was_stopped_goes_on(tmp_path, cache, monkeypatch, suffix):
    monkeypatch.setattr(kept_libsvm, "NOTED", 300)
    path = tmp_path / f"a.svm{suffix}"
    path.write_bytes(PACKS[suffix](lines(200).encode()))

    def stops(done, total):
        assert done <= total == path.stat().st_size
        told.append(done)
        if len(told) == 20:
            raise KeyboardInterrupt

    told = []
    with pytest.raises(KeyboardInterrupt):
        rows_of_libsvm(path, None, memory=1, tell=stops)
    (folder,) = cache.iterdir()
    noted = json.loads((folder / "rows.json").read_text())
    assert noted["at"] > 300
    with (folder / "columns").open("ab") as file:
        file.write(b"what was written after it was noted")
    began, pieces = [], libsvm_text.pieces

    def watched(path, start):
        began.append(start)
        return pieces(path, start)

    monkeypatch.setattr(kept_libsvm, "pieces", watched)
    there, y, _ = rows_of_libsvm(path, None, memory=1)
    assert began == [(noted["at"], noted["lines"])]
    X, labels, _ = rows_of_libsvm(path, None)
    np.testing.assert_array_equal(there[:].toarray(), X.toarray())
    np.testing.assert_array_equal(y, labels)
    rows_of_libsvm(path, None, memory=1)
    assert len(began) == 1


def test_a_text_that_changes_is_read_again_and_refused_while_it_is_read(tmp_path, cache):
    path = tmp_path / "a.svm"
    path.write_text(lines(50))
    first = onelayer.read_libsvm(path, memory=1)[0]
    path.write_text(lines(51))
    assert len(onelayer.read_libsvm(path, memory=1)[0]) == 51
    assert len(first[:].toarray()) == 50

    def changes(done, total):
        del done, total
        path.write_text(lines(52) + "# changed\n")

    path.write_text(lines(52))
    with pytest.raises(DataError, match=r"a\.svm was changed while it was read: leave it as it is"):
        rows_of_libsvm(path, None, memory=1, tell=changes)
    assert len(onelayer.read_libsvm(path, memory=1)[0]) == 52
    assert len(list(cache.iterdir())) == 4


def test_a_file_of_the_cache_that_is_not_whole_is_named(tmp_path):
    path = tmp_path / "a.svm"
    path.write_text(lines(50))
    there = onelayer.read_libsvm(path, memory=1)[0]
    with there.columns.path.open("ab") as file:
        file.truncate(100)
    with pytest.raises(DataError, match=r"columns has 100 bytes, and 400 were written: remove"):
        onelayer.read_libsvm(path, memory=1)
    with pytest.raises(DataError, match=r"columns was cut short from 400 to 100 bytes"):
        there[:]


def test_a_disk_without_room_is_said_before_anything_is_written(tmp_path, monkeypatch, cache):
    path = tmp_path / "a.svm"
    path.write_text(lines(500))
    monkeypatch.setattr(
        kept_folders.shutil, "disk_usage", lambda _: type("Disk", (), {"free": kept_folders.SPARE})
    )
    with pytest.raises(DataError, match=r"the rows of .*a\.svm would take .* KB in .*, and the"):
        onelayer.read_libsvm(path, memory=1)
    assert [file.name for file in cache.rglob("*") if file.is_file()] == ["lock"]


def test_what_is_kept_is_shown_and_emptied(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "XDG_CACHE_HOME", str(tmp_path / "cache")
    )  # nothing of the user's is emptied
    path = tmp_path / "a.svm"
    path.write_text(lines(50))
    onelayer.read_libsvm(path, memory=1)
    while kept_folders._IN_USE:  # as when this process has ended
        os.close(kept_folders._IN_USE.popitem()[1])
    shown = CliRunner().invoke(app, ["cache"])
    assert "the numbers of 1 file of sparse rows, 2" in shown.output.replace("\n", " ")
    emptied = CliRunner().invoke(app, ["cache", "--empty"])
    assert emptied.exit_code == 0
    assert len(KeptFolders("sparse")) == 0
