"""Files of arrays: which of their arrays are X and y, what is kept, and what is refused."""

import bz2
import gzip
import lzma
import pickle
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import dump_svmlight_file

from onelayer.errors import DataError, MissingExtraError
from onelayer.readers.arrays.idx import read_idx
from onelayer.readers.arrays.kinds import array_kind, find_arrays
from onelayer.readers.arrays.layout import ArrayOptions, beside, layout_of
from onelayer.readers.arrays.libsvm import rows_of_libsvm
from onelayer.readers.labels import class_names, clean_labels, encode

X = np.arange(12.0).reshape(4, 3)
Y = np.array([0, 1, 1, 0])


def sets(path, x=None, y=None, **asked):
    return find_arrays(Path(path), ArrayOptions(x, y, **asked))


def read(path, part="", **asked):
    found = sets(path, **asked)[part]
    return found.load_x(), None if found.load_y is None else found.load_y()


def hdf5(path, **arrays):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name.replace("__", "/")] = array
    return path


LAYOUTS = [
    (["X", "y"], {"": ("X", "y")}),
    (["features", "labels"], {"": ("features", "labels")}),
    (["data", "target", "target_names"], {"": ("data", "target")}),
    (
        ["x_train", "y_train", "x_test", "y_test"],
        {"train": ("x_train", "y_train"), "test": ("x_test", "y_test")},
    ),
    (
        ["list_classes", "train_set_x", "train_set_y"],
        {"train": ("train_set_x", "train_set_y")},
    ),
    (["test_set_x_orig", "test_set_y"], {"test": ("test_set_x_orig", "test_set_y")}),
    (
        ["train/x", "train/y", "val/x", "val/y"],
        {"train": ("train/x", "train/y"), "val": ("val/x", "val/y")},
    ),
    (
        ["trainX", "trainy", "testX", "testy"],
        {"train": ("trainX", "trainy"), "test": ("testX", "testy")},
    ),
    (["train_images", "train_labels"], {"train": ("train_images", "train_labels")}),
    (["anything"], {"": ("anything", None)}),
]


@pytest.mark.parametrize(("names", "expected"), LAYOUTS)
def test_the_names_that_people_give_are_known(names, expected):
    found = layout_of(names, ArrayOptions(), "f.npz")
    assert found.x == {part: x for part, (x, _) in expected.items()}
    assert found.y == {part: y for part, (_, y) in expected.items() if y}


def test_other_names_are_asked_for_and_found_in_every_part():
    names = ["emb_train", "emb_test", "kind_train", "kind_test", "x", "y"]
    found = layout_of(names, ArrayOptions("emb", "kind"), "f.npz")
    assert found.x == {"train": "emb_train", "test": "emb_test"}
    assert found.y == {"train": "kind_train", "test": "kind_test"}
    assert layout_of(names, ArrayOptions("emb_test", "kind_test"), "f").x == found.x
    assert layout_of(["a", "b"], ArrayOptions("b", "a"), "f").x == {"": "b"}


def test_names_that_say_nothing_are_listed():
    with pytest.raises(
        DataError, match=r"f.npz holds a, b: no X among them, as x, .*Name it with x$"
    ):
        layout_of(["a", "b"], ArrayOptions(), "f.npz")
    with pytest.raises(DataError, match="holds y_train: no X among them, as x, features, images, "):
        layout_of(["y_train"], ArrayOptions(), "f.npz")
    assert layout_of(["y"], ArrayOptions("y"), "f.npz").x == {"": "y"}
    with pytest.raises(DataError, match="no emb among them"):
        layout_of(["a", "b"], ArrayOptions("emb"), "f.npz")
    with pytest.raises(DataError, match="x, features, and any may be x: name one with x"):
        layout_of(["x", "features"], ArrayOptions(), "f.npz")


def test_labels_beside_have_the_name_with_y_for_x():
    tried = [path.name for path in beside(Path("d/X_train.npz"))]
    assert tried[0] == "y_train.npy"
    assert "labels_train.npy" in tried
    assert beside(Path("leu.npz"))[0].name == "leu_y.npy"
    assert beside(Path("train_images.npy"))[0].name == "train_y.npy"


@pytest.mark.parametrize("compressed", [False, True])
def test_npz(tmp_path, compressed):
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "a.npz", X=X.astype(np.float16), y=Y)
    found, labels = read(tmp_path / "a.npz")
    np.testing.assert_array_equal(found, X.astype(np.float16), strict=True)
    np.testing.assert_array_equal(labels, Y)


def test_npy_is_mapped_and_its_labels_lie_beside_or_are_named(tmp_path):
    np.save(tmp_path / "X_train.npy", X)
    found = sets(tmp_path / "X_train.npy")[""]
    assert found.load_y is None
    assert found.looked_for == "looked for y_train.npy beside it"
    np.save(tmp_path / "y_train.npy", Y)
    found, labels = read(tmp_path / "X_train.npy")
    base = found
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert type(base).__name__ == "memmap"  # nothing was read into memory
    np.testing.assert_array_equal(found, X)
    np.testing.assert_array_equal(labels, Y)
    np.save(tmp_path / "other.npy", Y[::-1])
    for named in ("other.npy", str(tmp_path / "other.npy")):
        np.testing.assert_array_equal(read(tmp_path / "X_train.npy", y=named)[1], Y[::-1])
    assert sets(tmp_path / "X_train.npy", y="absent.npy")[""].load_y is None


def test_scipys_sparse_matrices(tmp_path):
    X = np.random.default_rng(0).random((6, 5))
    S = sparse.coo_array(np.where(X < 0.4, X, 0))
    np.save(tmp_path / "y_train.npy", np.arange(6) % 2)
    for kind in ("csr", "csc", "coo", "bsr", "dia"):
        sparse.save_npz(tmp_path / "X_train.npz", S.asformat(kind))
        found, labels = read(tmp_path / "X_train.npz")
        assert found.format == "csr"
        np.testing.assert_array_equal(found.toarray(), S.toarray())
        assert labels.shape == (6,)
    parts = {"shape": S.shape, "data": S.data, "row": S.row, "col": S.col}
    np.savez(tmp_path / "X_train.npz", format=b"lil", **parts)
    with pytest.raises(DataError, match=r"a sparse matrix of format 'lil': save X.tocsr"):
        read(tmp_path / "X_train.npz")


def test_a_sparse_matrix_that_points_outside_itself_is_refused(tmp_path):
    """SciPy's products would read memory that is not theirs."""
    wrong = {"indices": np.array([0, 10**6]), "indptr": np.array([0, 1, 2]), "data": np.ones(2)}
    np.savez(tmp_path / "X.npz", format=b"csr", shape=np.array([2, 3]), **wrong)
    with pytest.raises(DataError, match=r"X.npz cannot be read: .*ind"):
        read(tmp_path / "X.npz")


@pytest.mark.parametrize("name", ["a.h5", "a.hdf5", "nameless"])
def test_hdf5(tmp_path, name):
    path = hdf5(tmp_path / name, train_set_x=X, train_set_y=Y, list_classes=[b"cat", b"dog"])
    found = sets(path)["train"]
    np.testing.assert_array_equal(found.load_x(), X)
    labels = class_names(found.load_classes(), clean_labels(found.load_y(), 4, path))
    assert labels.tolist() == ["cat", "dog", "dog", "cat"]


def test_hdf5_of_groups_and_text(tmp_path):
    path = hdf5(tmp_path / "a.h5", train__x=X, train__y=["a", "b", "b", "a"], test__x=X)
    found = sets(path)
    assert list(found) == ["test", "train"]
    assert found["train"].load_y().tolist() == ["a", "b", "b", "a"]
    assert found["test"].load_y is None


def test_hdf5_opens_no_other_file(tmp_path):
    h5py = pytest.importorskip("h5py")
    hdf5(tmp_path / "secret.h5", X=X)
    (tmp_path / "raw").write_bytes(bytes(96))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["X"] = h5py.ExternalLink("secret.h5", "/X")
        file.create_dataset("raw", (4, 3), "f8", external=[("raw", 0, 96)])
    with pytest.raises(DataError, match="raw lies in another file, which is not opened"):
        read(tmp_path / "a.h5")


def test_hdf5_without_the_extra_is_told_by_name(tmp_path, monkeypatch):
    path = hdf5(tmp_path / "a.h5", X=X)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"need h5py: pip install 'onelayer\[hdf5\]'"):
        sets(path)


def idx(array, kind=0x08):
    head = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("packed", [False, True])
def test_idx(tmp_path, packed):
    suffix, pack = (".gz", gzip.compress) if packed else ("", bytes)
    for part, images in (("train", IMAGES), ("t10k", IMAGES[:1])):
        (tmp_path / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(images)))
        labels = np.arange(len(images), dtype=np.uint8)
        (tmp_path / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(labels)))
    assert array_kind(tmp_path) == "idx"
    train = tmp_path / f"train-images-idx3-ubyte{suffix}"
    for source in (tmp_path, train):
        np.testing.assert_array_equal(read(source, "train")[0], IMAGES, strict=True)
        np.testing.assert_array_equal(read(source, "train")[1], [0, 1])
        np.testing.assert_array_equal(read(source, "test")[0], IMAGES[:1], strict=True)
    assert list(sets(tmp_path / f"t10k-images-idx3-ubyte{suffix}")) == [""]


@pytest.mark.parametrize(
    ("kind", "dtype"), [(0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")]
)
def test_idx_of_other_numbers(tmp_path, kind, dtype):
    (tmp_path / "a").write_bytes(idx(np.array([[1, -2], [3, 4]], dtype), kind))
    found = read_idx(tmp_path / "a")
    np.testing.assert_array_equal(found, [[1, -2], [3, 4]])
    assert found.dtype.isnative


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no IDX file: it does not begin as one"),
        (b"\0\0\x07\x01\0\0\0\0", "no IDX file"),
        (idx(IMAGES)[:-1], "is truncated: 24 bytes of values claimed, 23 there"),
        (idx(IMAGES)[:9], "is truncated: it ends before its 3 dimensions"),
        (idx(IMAGES) + b"x", "is damaged: more than the 24 bytes"),
        (b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", "is damaged: it claims 18446744065"),
        (gzip.compress(idx(IMAGES), mtime=0)[:-9], "cannot be read: Compressed file ended"),
    ],
)
def test_damaged_idx(tmp_path, data, message):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "a")


def test_several_sets_of_idx_files_are_named(tmp_path):
    for name in ("emnist-letters-train", "emnist-digits-train"):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(idx(IMAGES))
    with pytest.raises(DataError, match=r"several sets .* emnist-digits-, emnist-letters-: name"):
        sets(tmp_path)
    found = sets(tmp_path / "emnist-letters-train-images-idx3-ubyte")["train"]
    assert found.looked_for == "no train-labels-... beside it"


def svm(path, text):
    path.write_bytes(text)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_libsvm_packed_or_not(tmp_path, pack):
    path = svm(tmp_path / "a9a", pack(b"-1 \n+1 1:0.5 3:1\n-1 2:2 # why\n"))
    assert array_kind(path) == "libsvm"
    found, labels, base = rows_of_libsvm(path, None)
    np.testing.assert_array_equal(found.toarray(), [[0, 0, 0], [0.5, 0, 1], [0, 2, 0]])
    assert labels.tolist() == [-1, 1, -1]
    assert base == 1
    assert rows_of_libsvm(path, 5)[0].shape == (3, 5)
    with pytest.raises(DataError, match="has a feature 3, beyond the 2 of n_features"):
        rows_of_libsvm(path, 2)


def test_libsvm_as_scikit_learn_writes_it(tmp_path):
    for zero_based in (True, False):
        dump_svmlight_file(X, Y, str(tmp_path / "a.svm"), zero_based=zero_based)
        found, labels, base = rows_of_libsvm(tmp_path / "a.svm", None)
        np.testing.assert_array_equal(found.toarray(), X[:, 0 if X[:, 0].any() else 1 :])
        np.testing.assert_array_equal(labels, Y)
        assert base == (0 if zero_based else 1)


def test_libsvm_of_a_model_that_counts_from_0_is_not_moved(tmp_path):
    path = svm(tmp_path / "t.svm", b"1 1:5 2:6\n")
    np.testing.assert_array_equal(rows_of_libsvm(path, 3, 0)[0].toarray(), [[0, 5, 6]])
    np.testing.assert_array_equal(rows_of_libsvm(path, 3, 1)[0].toarray(), [[5, 6, 0]])
    zero = svm(tmp_path / "z.svm", b"1 0:5\n")
    with pytest.raises(DataError, match="has the index 0, and the model's features count from 1"):
        rows_of_libsvm(zero, 3, 1)


def test_what_is_no_array_is_not_taken_for_one(tmp_path):
    for name, text in {
        "a.csv": b"a,b\n1,2\n",
        "b.txt": b"1 2 3\n4 5 6\n",
        "c.md": b"Dear reader,\n",
        "d": b"",
        "e.zip": b"PK\x03\x04rest",
    }.items():
        assert array_kind(svm(tmp_path / name, text)) is None
    (tmp_path / "folder").mkdir()
    assert array_kind(tmp_path / "folder") is None
    assert array_kind(tmp_path / "absent.npz") is None


@pytest.mark.parametrize("name", ["a.npz", "a.npy"])
def test_no_code_from_a_file_is_run(tmp_path, name):
    trap = tmp_path / "trapped"

    class Trap:
        def __reduce__(self):
            return Path.mkdir, (trap,)

    array = np.array([Trap()], dtype=object)
    if name == "a.npz":
        np.savez(tmp_path / name, X=array)
    else:
        np.save(tmp_path / name, array)
    with pytest.raises(DataError, match="holds Python objects, which could run code when read"):
        read(tmp_path / name)
    (tmp_path / "b.npy").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(DataError, match=r"b.npy is no .npy file, and holds no array that numpy"):
        read(tmp_path / "b.npy")
    assert not trap.exists()


def test_a_small_file_that_claims_much_is_refused_before_memory_is_asked_for(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 64), }"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(DataError, match=r"a.npy cannot be read"):
        read(tmp_path / "a.npy")
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("X", (10**9, 10**6), "f8", chunks=(1, 1000))
    with pytest.raises(DataError, match=r"a.h5 is damaged: it claims 8000000000000000 bytes"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (Y.reshape(4, 1), [0, 1, 1, 0]),
        (Y.reshape(1, 4), [0, 1, 1, 0]),
        (Y.astype(float), [0, 1, 1, 0]),
        (np.eye(2)[Y], [0, 1, 1, 0]),
        (np.array([b"a", b"b", b"b", b"a"]), ["a", "b", "b", "a"]),
        (np.array(["a", "b", "b", "a"], object), ["a", "b", "b", "a"]),
        (["a", "b", "b", "a"], ["a", "b", "b", "a"]),
        (np.array([True, False, True, True]), [True, False, True, True]),
        (Y.astype(">i2"), [0, 1, 1, 0]),
    ],
)
def test_labels_as_people_keep_them(y, expected):
    found = clean_labels(y, 4, "f")
    assert found.tolist() == expected
    assert found.shape == (4,)
    assert found.dtype.isnative


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(3), r"f has y of shape \(3,\) for X of 4 rows"),
        (np.zeros((4, 2)), r"y of shape \(4, 2\): give one label a row"),
        (np.array([0, 1, np.nan, 0]), "has the label nan in row 2, counted from 0"),
        (np.array([0, 1, 0.5, 0]), "has the label 0.5 in row 2"),
        (np.array([0, 1, 1j, 0]), "y of dtype complex128: give whole numbers or text"),
        (np.array([0, None, 1, 0], object), "y of f holds objects"),
    ],
)
def test_labels_that_are_none(y, message):
    with pytest.raises(DataError, match=message):
        clean_labels(y, 4, "f")


def test_measurements_are_no_labels():
    with pytest.raises(DataError, match="200 different labels in 200 rows: these are measure"):
        clean_labels(np.arange(200), 200, "f")


def test_labels_are_known_by_their_text():
    """A folder called 7 holds what an array labels 7."""
    positions, classes = encode(np.array([7, 3]), ["3", "7"], "f")
    assert positions.tolist() == [1, 0]
    assert classes.tolist() == ["3", "7"]
    with pytest.raises(DataError, match=r"f has classes that the model does not know: 9. Known: 3"):
        encode(np.array([9]), [3, 7], "f")
    with pytest.raises(DataError, match=r" 109 and 20 more\. Known: 0, .*, 19 and 30 more"):
        encode(np.arange(100, 130), list(range(50)), "f")
