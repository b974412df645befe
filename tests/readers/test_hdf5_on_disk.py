"""HDF5 larger than memory: rows in a row are read where they lie, chunks are copied once."""

import os

import numpy as np
import pytest

import onelayer
from onelayer import kept_folders
from onelayer.designs import rows_on_disk
from onelayer.readers.arrays import hdf5
from onelayer.readers.arrays.hdf5 import read_hdf5

h5py = pytest.importorskip("h5py")
LAYOUTS = {
    "in a row": {},
    "chunks": {"chunks": (70, 5)},
    "packed chunks": {"chunks": (70, 12), "compression": "gzip", "shuffle": True},
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_folders, "user_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(kept_folders, "_IN_USE", {})
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 4_000)
    monkeypatch.setattr(hdf5, "_TOGETHER", 9_000)


def written(path, layout, dtype="f4", **options):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1_000, 12)) * 40
    y = (X[:, 0] + X[:, 1] + 40 * rng.logistic(size=1_000) > 0).astype(np.int64)
    with h5py.File(path, "w", **options) as file:
        file.create_dataset("X", data=X.astype(dtype), **LAYOUTS[layout])
        file.create_dataset("y", data=y)
    return path


def kept():
    return [folder for *_, folder in kept_folders.KeptFolders("arrays").folders()]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_model_is_that_of_memory(layout, tmp_path):
    path = written(tmp_path / "data.h5", layout)
    here = onelayer.train(path, C=1.0)
    there, again = (onelayer.train(path, C=1.0, memory="2KB") for _ in range(2))
    np.testing.assert_allclose(there.coef, here.coef, atol=1e-4 * np.abs(here.coef).max())
    assert again.coef.tobytes() == there.coef.tobytes()
    (note,) = set(there.card.audit.notes) - set(here.card.audit.notes)
    if layout == "in a row":
        assert (note, kept()) == ("X stays in its file, 48 KB, and is read from there", [])
    else:
        (folder,) = kept()
        assert note == f"X lies in {folder / 'rows'}, 48 KB, and is read from there"
        assert (folder / "rows").stat().st_size == 48_000


@pytest.mark.parametrize("dtype", ["f4", ">f8", "f2", "u1", "i2", "<i8", "?"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("userblock", [0, 512])
def test_what_is_mapped_is_what_is_read(layout, dtype, userblock, tmp_path):
    path = written(tmp_path / "data.h5", layout, dtype, userblock_size=userblock)
    with h5py.File(path) as file:
        expected = file["X"][()]
    for memory in (1, "1GB"):
        found = read_hdf5(path, "X", memory)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_a_copy_that_was_stopped_is_gone_on_with_and_a_changed_file_copied_anew(
    tmp_path, monkeypatch
):
    path, rows = written(tmp_path / "data.h5", "packed chunks"), []

    synced = os.fsync

    def counted(file):
        synced(file)
        rows.append(os.fstat(file).st_size // 48)
        if len(rows) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(hdf5.os, "fsync", counted)
    with pytest.raises(KeyboardInterrupt):
        read_hdf5(path, "X", 1)
    (left,) = kept()
    assert (left / "rows").stat().st_size == 2 * 140 * 48
    found = read_hdf5(path, "X", 1)
    assert rows == [140, 280, 420, 560, 700, 840, 980, 1_000]
    np.testing.assert_array_equal(found, read_hdf5(path, "X", "1GB"))
    written(path, "packed chunks", "f8")
    assert read_hdf5(path, "X", 1).dtype == np.float64
    assert len(kept()) == 2


@pytest.mark.parametrize("shape", [(0, 3), (7,), ()])
def test_what_is_no_rows_is_read(shape, tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file.create_dataset("X", data=np.ones(shape))
        file.create_dataset("unwritten", (5, 3), "f4")
    np.testing.assert_array_equal(read_hdf5(tmp_path / "data.h5", "X", 1), np.ones(shape))
    np.testing.assert_array_equal(read_hdf5(tmp_path / "data.h5", "unwritten", 1), np.zeros((5, 3)))
