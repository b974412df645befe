"""From files of arrays, and arrays, to a model: what is trained, judged, predicted and said."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from scipy import sparse
from sklearn.datasets import dump_svmlight_file, load_iris

import onelayer
from onelayer import LogisticRegression
from onelayer.errors import DataError, ShapeError, UsageError
from onelayer.estimators import layer_of
from onelayer.model.parts import read_parts
from onelayer.readers import read_picture
from onelayer.settings import Settings
from onelayer.sources import no_progress, open_source

FLOWERS, KINDS = load_iris(return_X_y=True)
FLOWERS = FLOWERS.astype(np.float32)
ORDER = np.random.default_rng(0).permutation(150)
TRAIN, TEST = ORDER[:100], ORDER[100:]
NAMES = np.array(["setosa", "versicolor", "virginica"])


def parts_of(source, **options):
    asked = Settings(**options)
    return read_parts(open_source(source, asked), asked, no_progress)


@pytest.fixture(scope="module")
def pictures():
    """Sixty dark and sixty light grey pictures of 6 x 5."""
    random = np.random.default_rng(0)
    X = random.integers(0, 120, (120, 6, 5), dtype=np.uint8)
    X[60:] += 100
    return X, np.repeat(["dark", "light"], 60)


@pytest.fixture
def split(tmp_path):
    """Return iris as one file in two parts."""
    parts = {
        "x_train": FLOWERS[TRAIN],
        "y_train": KINDS[TRAIN],
        "x_test": FLOWERS[TEST],
        "y_test": KINDS[TEST],
    }
    np.savez(tmp_path / "iris.npz", **parts)
    return tmp_path / "iris.npz"


def expected_coefficients(X, y, scaling, **how):
    return layer_of(LogisticRegression(scaling=scaling, **how).fit(X, y)).coef


def test_the_test_part_of_a_file_judges(split):
    model = onelayer.train(split, C=1.0)
    assert model.card.judge == "the test set"
    assert (model.card.train.n, model.card.test.n) == (100, 50)
    expected = expected_coefficients(FLOWERS[TRAIN], KINDS[TRAIN], "standard")
    np.testing.assert_allclose(model.coef, expected, rtol=1e-9)
    assert model.card.audit.notes[:2] == (
        "100 in train, 50 in test",
        "X is float32 (100, 4); numbers, standardised",
    )
    assert model.evaluate(split) == model.card.test
    predicted = model.predict(split)
    np.testing.assert_array_equal(predicted, model.predict(FLOWERS[TEST]))
    assert predicted.dtype == KINDS.dtype
    np.testing.assert_array_equal(model.predict([split]), predicted)


def test_a_val_part_chooses(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        x_train=FLOWERS[:, :2][TRAIN],
        y_train=KINDS[TRAIN],
        x_val=FLOWERS[:, :2][TEST[:20]],
        y_val=KINDS[TEST[:20]],
        x_test=FLOWERS[:, :2][TEST[20:]],
        y_test=KINDS[TEST[20:]],
    )
    parts = parts_of(tmp_path / "a.npz")
    assert (len(parts.train), len(parts.val), len(parts.test)) == (100, 20, 30)


def test_pairs_of_npy_and_a_named_test_set_with_its_own_labels(tmp_path):
    for part, rows in (("train", TRAIN), ("test", TEST)):
        np.save(tmp_path / f"X_{part}.npy", FLOWERS[rows])
        np.save(tmp_path / f"y_{part}.npy", KINDS[rows])
    np.save(tmp_path / "labels.npy", NAMES[KINDS[TRAIN]])
    files = tmp_path / "X_train.npy", tmp_path / "X_test.npy"
    model = onelayer.train(files[0], test=files[1], C=1.0)
    expected = expected_coefficients(FLOWERS[TRAIN], KINDS[TRAIN], "standard")
    np.testing.assert_allclose(model.coef, expected, rtol=1e-9)
    assert model.card.test.n == 50
    named = onelayer.train(files[0], y=str(tmp_path / "labels.npy"), C=1.0)
    assert named.classes.tolist() == NAMES.tolist()
    # The file of labels was the training set's: another set has its own, and these are numbers.
    with pytest.raises(DataError, match="classes that the model does not know: 0, 1, 2"):
        named.evaluate(files[1])
    (tmp_path / "y_train.npy").unlink()
    with pytest.raises(DataError, match=r"no labels \(looked for y_train.npy beside it\): name"):
        onelayer.train(files[0])


def test_arrays_keep_their_type_and_are_not_copied(tmp_path):
    for dtype in (np.float64, np.float32, np.float16, np.uint8):
        X = FLOWERS.astype(dtype)
        np.savez(tmp_path / "a.npz", X=X, y=KINDS)
        assert parts_of(tmp_path / "a.npz", test_size=0).train.matrix.dtype == dtype
        assert np.shares_memory(parts_of((X, KINDS), test_size=0).train.matrix, X)


@pytest.mark.parametrize("form", ["(m,h,w)", "(m,h,w,1)", "(m,1,h,w)"])
def test_bytes_in_two_dimensions_a_row_are_pictures(pictures, tmp_path, form):
    X, y = pictures
    shape = {"(m,h,w)": (120, 6, 5), "(m,h,w,1)": (120, 6, 5, 1), "(m,1,h,w)": (120, 1, 6, 5)}
    np.savez(tmp_path / "a.npz", images=X.reshape(shape[form]), labels=y)
    model = onelayer.train(tmp_path / "a.npz", C=1.0, test_size=0)
    np.testing.assert_allclose(model.coef, expected_coefficients(X, y, 1 / 255), rtol=1e-9)
    assert model.preprocessing.shape == (6, 5, 1)
    assert model.card.audit.unit == "pictures"
    Image.fromarray(X[100]).save(tmp_path / "new.png")
    assert model.predict(tmp_path / "new.png").tolist() == ["light"]
    np.testing.assert_array_equal(
        model.predict_proba(tmp_path / "new.png"), model.predict_proba(X[100:101, :, :, None])
    )
    np.testing.assert_array_equal(model.predict(tmp_path / "a.npz"), model.predict(X[..., None]))


def test_channels_first_are_moved_last(tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (20, 7, 6, 3), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x=X.transpose(0, 3, 1, 2), y=np.arange(20) % 2)
    train = parts_of(tmp_path / "a.npz", test_size=0).train
    assert train.preprocessing.shape == (7, 6, 3)
    np.testing.assert_array_equal(train.matrix, X.reshape(20, -1))


def test_pictures_in_arrays_take_a_size_and_a_mode(pictures, tmp_path):
    X, y = pictures
    np.savez(tmp_path / "a.npz", x=X, y=y)
    train = parts_of(tmp_path / "a.npz", size=(3, 4), mode="RGB", test_size=0).train
    assert train.preprocessing.shape == (3, 4, 3)
    buffer = io.BytesIO()
    Image.fromarray(X[3]).save(buffer, "PNG")
    expected = read_picture(buffer.getvalue(), (3, 4)).ravel()
    np.testing.assert_array_equal(train.matrix[3], expected)
    assert "size 3 x 4, mode RGB, fit stretch: from 6 x 5, as asked" in train.audit.notes[0]
    with pytest.raises(UsageError, match=r"holds no pictures .*: it has no size and no mode"):
        parts_of((FLOWERS, KINDS), size=8)


def test_a_model_of_a_folder_judges_arrays_of_pictures(colours, tmp_path):
    model = onelayer.train(colours, C=1.0)
    found = onelayer.read_pictures(colours)
    np.savez(tmp_path / "a.npz", x=found.images, y=np.repeat(["blue", "red"], 20))
    assert model.evaluate(tmp_path / "a.npz").accuracy == 1.0
    np.savez(tmp_path / "a.npz", x=found.images / 255, y=np.repeat(["blue", "red"], 20))
    with pytest.raises(DataError, match=r"X is float64 .*, and the model takes pictures of uint8"):
        model.evaluate(tmp_path / "a.npz")


def test_scaling_follows_what_the_numbers_are():
    bits = (FLOWERS > 3).astype(np.uint8)
    for X, scaling in (
        (FLOWERS, "standard"),
        (FLOWERS.astype(np.float16), "standard"),
        (FLOWERS.astype(int), "standard"),
        (bits, "standard"),
        ((40 * FLOWERS).astype(np.uint8), 1 / 255),
        (FLOWERS.reshape(150, 2, 2), "standard"),
        (sparse.csr_array(FLOWERS), None),
    ):
        model = onelayer.train((X, KINDS), C=1.0, test_size=0)
        assert model.card.scaling == scaling
        flat = X.reshape(150, -1) if isinstance(X, np.ndarray) else X
        np.testing.assert_allclose(
            model.coef, expected_coefficients(flat, KINDS, scaling), rtol=1e-6, atol=1e-9
        )


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_no_part_copies_what_was_read(storage):
    """Hold-out and refit are rows of one X, left out by weight; a layer's z is that of copies."""
    X = storage(FLOWERS)
    parts = parts_of((X, KINDS))
    train, test, everything = parts.train, parts.test, parts.everything
    assert train.whole is test.whole is everything.whole
    assert len(everything) == len(train) + len(test) == 150
    assert sorted([*train.places, *test.places]) == list(range(150))
    rows = FLOWERS[train.places]
    assert (train.matrix != storage(rows)).sum() == 0
    np.testing.assert_array_equal(train.labels, KINDS[train.places])
    model = onelayer.train((X, KINDS), C=0.7, calibrate="none")
    scaling = None if storage is sparse.csr_array else "standard"
    expected = expected_coefficients(rows, KINDS[train.places], scaling, C=0.7, tol=1e-10)
    np.testing.assert_allclose(model.coef, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(test.forward(model.layer), model.forward(storage(test.matrix)))


_BITS = np.random.default_rng(0).random((80, 6)) > 0.5


@pytest.mark.parametrize(
    "given",
    [
        _BITS,
        np.asfortranarray(_BITS),
        np.repeat(_BITS, 2, axis=1)[:, ::2],
        _BITS.tolist(),
        sparse.csr_array(_BITS),
        sparse.coo_matrix(_BITS),
        _BITS.reshape(80, 2, 3),
        "X.npz",
    ],
    ids=["rows", "columns", "strided", "lists", "sparse", "coo", "pictures", "file"],
)
def test_booleans_are_zero_and_one(given, tmp_path):
    """They ended in a TypeError of NumPy's."""
    labels, numbers = _BITS[:, 0] ^ (_BITS[:, 1] & _BITS[:, 2]), _BITS.astype(np.float64)
    np.savez(tmp_path / "X.npz", X=_BITS, y=labels)
    source = tmp_path / given if isinstance(given, str) else (given, labels)
    model = onelayer.train(source)
    is_sparse = sparse.issparse(given)
    twin = onelayer.train((sparse.csr_array(numbers) if is_sparse else numbers, labels))
    assert model.card.choice.C == twin.card.choice.C
    np.testing.assert_allclose(model.coef, twin.coef, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(model.predict_proba(_BITS), model.predict_proba(numbers))


@pytest.mark.parametrize("dtype", [np.int64, np.uint32, ">f8"])
def test_whole_numbers_are_read_as_their_float64(dtype):
    """3000 x 100: products in float32 took 1.7e-6 from the probabilities of int64."""
    X = np.random.default_rng(0).integers(2**30, 2**31, (3000, 100))
    y = (X[:, 0] > X[:, 1]).astype(int)
    model = onelayer.train((X.astype(dtype), y), C=1e-2, calibrate="none")
    twin = onelayer.train((X.astype(np.float64), y), C=1e-2, calibrate="none")
    np.testing.assert_array_equal(model.coef, twin.coef)
    np.testing.assert_array_equal(
        model.predict_proba(X.astype(dtype)), twin.predict_proba(X.astype(np.float64))
    )
    assert model.card.test == twin.card.test


def test_sparse_sources_choose_split_refit_and_predict(tmp_path):
    random = np.random.default_rng(0)
    X = sparse.random_array((200, 30), density=0.2, random_state=random, format="csr")
    y = (X @ random.normal(size=30) > 0).astype(int)
    sparse.save_npz(tmp_path / "X.npz", X)
    np.save(tmp_path / "y.npy", y)
    model = onelayer.train(tmp_path / "X.npz", refit=True)
    assert len(model.card.choice.tried) >= 3
    assert model.card.test.n == 40
    expected = expected_coefficients(X, y, None, C=model.card.choice.C)
    np.testing.assert_allclose(model.coef, expected, rtol=1e-5, atol=1e-7)
    model.save(tmp_path / "m.safetensors")
    again = onelayer.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(tmp_path / "X.npz"), model.predict(X))
    np.testing.assert_allclose(model.predict_proba(X), model.predict_proba(X.toarray()))


def test_arrays_in_python_are_a_source_like_any_other(hard):
    model = onelayer.train((FLOWERS[TRAIN], KINDS[TRAIN]), test=(FLOWERS[TEST], KINDS[TEST]), C=1.0)
    assert model.card.test.n == 50
    assert model.card.source == "arrays"
    assert model.card.settings.test == "arrays"
    assert model.evaluate((FLOWERS[TEST], KINDS[TEST])) == model.card.test
    lists = onelayer.train((FLOWERS[TRAIN].tolist(), NAMES[KINDS[TRAIN]].tolist()), C=1.0)
    assert lists.classes.tolist() == NAMES.tolist()
    with pytest.raises(DataError, match="arrays has 4 features, and the model 48"):
        onelayer.train(hard, C=1.0).evaluate((np.zeros((2, 4), np.uint8), ["cold", "warm"]))


def test_libsvm_files_keep_their_width_and_base(tmp_path):
    X = np.hstack([np.zeros((150, 1)), FLOWERS, np.zeros((150, 2))])
    dump_svmlight_file(X[TRAIN], KINDS[TRAIN], str(tmp_path / "a.svm"), zero_based=False)
    dump_svmlight_file(X[TEST], KINDS[TEST], str(tmp_path / "t.svm"), zero_based=False)
    model = onelayer.train(tmp_path / "a.svm", test=tmp_path / "t.svm", n_features=7, C=1.0)
    expected = expected_coefficients(X[TRAIN], KINDS[TRAIN], None)
    np.testing.assert_allclose(model.coef, expected, rtol=1e-6, atol=1e-9)
    assert model.inputs.index_base == 1
    assert model.evaluate(tmp_path / "t.svm") == model.card.test
    with pytest.raises(DataError, match=r"a.svm, line 1, has a feature 5, beyond the 2 of n_feat"):
        onelayer.train(tmp_path / "a.svm", n_features=2)


@pytest.mark.parametrize("base", [0, 1])
def test_an_index_of_billions_names_its_line_and_what_it_would_take(tmp_path, base):
    """A layer of 2,147,483,646 columns and four classes takes 1.7 TB."""
    wide = 2**31 - 2 + base
    lines = [f"{k % 4} {base}:1 2:0.5" for k in range(40)]
    lines[6] += f" 0{wide - 1}:1 {wide}:2"
    (tmp_path / "a.svm").write_text("\n".join(lines))
    said = r"a.svm would have 2,147,483,6\d7 columns, by the index in line 7: .* takes 1.72e\+03 GB"
    with pytest.raises(DataError, match=said):
        onelayer.train(tmp_path / "a.svm")
    X, _ = onelayer.read_libsvm(tmp_path / "a.svm")
    assert X.shape == (40, 2**31 - 1)
    with pytest.raises(DataError, match=r"arrays would have 2,147,483,647 columns: a layer"):
        onelayer.train((X, np.arange(40) % 4))


def test_a_zero_based_file_keeps_its_base_where_the_test_file_has_no_index_0(tmp_path):
    dump_svmlight_file(FLOWERS[TRAIN], KINDS[TRAIN], str(tmp_path / "a.svm"), zero_based=True)
    X = FLOWERS[TEST].copy()
    X[:, 0] = 0
    dump_svmlight_file(X, KINDS[TEST], str(tmp_path / "t.svm"), zero_based=True)
    model = onelayer.train(tmp_path / "a.svm", test=tmp_path / "t.svm", C=1.0)
    assert "indices count from 0" in model.card.audit.notes
    np.testing.assert_array_equal(model.predict(tmp_path / "t.svm"), model.predict(X))


BAD = {
    "nan": (np.array([[1, 2], [3, np.nan]]), [0, 1], "has nan in row 1, column 1 of X"),
    "inf": (np.array([[1, np.inf], [3, 4]]), [0, 1], "has inf in row 0, column 1 of X"),
    "rank": (np.arange(3.0), [0, 1, 1], r"X of shape \(3,\): give \(m, n\), a row an example"),
    "none": (np.zeros((0, 3)), [], r"X of shape \(0, 3\)"),
    "text": (np.array([["a", "b"]]), [0], "X of dtype <U1: give numbers"),
    "complex": (np.array([[1j]]), [0], "X of dtype complex128"),
    "length": (np.zeros((3, 2)), [0, 1], r"y of shape \(2,\) for X of 3 rows"),
    "one class": (np.zeros((3, 2)), [1, 1, 1], "has one class alone, 1: give two or more"),
}


@pytest.mark.parametrize(("X", "y", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_trained_on_is_said(X, y, message):
    with pytest.raises(DataError, match=message):
        onelayer.train((X, y))


def test_sparse_values_that_are_not_finite_are_named():
    X = sparse.csr_array(([1.0, np.nan], ([0, 1], [2, 0])), shape=(2, 3))
    with pytest.raises(DataError, match="has nan in row 1, column 0 of X"):
        onelayer.train((X, [0, 1]))


def test_rows_of_another_width_are_refused(split, tmp_path):
    model = onelayer.train(split, C=1.0)
    np.savez(tmp_path / "b.npz", x=np.zeros((2, 5)))
    with pytest.raises(DataError, match=r"b.npz has 5 features, and the model 4"):
        model.predict(tmp_path / "b.npz")
    with pytest.raises(ShapeError, match=r"shape \(2, 5\): the model takes \(m, 4\)"):
        model.predict(sparse.csr_array((2, 5)))


def test_rows_that_agree_by_chance_are_kept_and_counted():
    X = np.random.default_rng(0).integers(0, 3, (200, 2)).astype(float)
    y = np.arange(200) % 2
    parts = parts_of((X[:100], y[:100]), test=(X[100:], y[100:]))
    assert len(parts.train) == 100
    assert "100 rows of train are also in test, and were kept" in parts.audit.notes
    assert "many rows repeat, as by chance: they are split like any others" in parts.audit.notes
    assert parts.audit.left_out == ()


def test_a_few_rows_that_repeat_stay_on_one_side():
    X = FLOWERS + np.arange(150)[:, None]
    X[1:6] = X[0]
    for seed in range(5):
        parts = parts_of((X, np.arange(150) % 2), seed=seed)
        assert np.isin(X[0, 0], parts.train.matrix[:, 0]) != np.isin(
            X[0, 0], parts.test.matrix[:, 0]
        )


@pytest.mark.shared
@pytest.mark.parametrize(
    ("source", "test", "shape", "n"),
    [
        ("libsvm/a9a.gz", "libsvm/a9a.t.gz", (32561, 123), 16281),
        ("20news-tfidf/X_train.npz", "20news-tfidf/X_test.npz", (11314, 56436), 7532),
        ("embeddings/train.npz", "embeddings/test.npz", (20000, 512), 4000),
        ("fashion-mnist", None, (60000, 784), 10000),
        ("leukemia/leu.npz", None, (30, 7129), 8),
        ("libsvm/w8a.gz", None, (39799, 300), 9950),
    ],
)
def test_real_files_are_read(shared, source, test, shape, n):
    named = None if test is None else shared / "data" / test
    parts = parts_of(shared / "data" / source, test=named)
    assert parts.train.matrix.shape == shape
    assert len(parts.test) == n


def idx(array):
    return b"\0\0\x08" + struct.pack(f">B{array.ndim}I", array.ndim, *array.shape) + array.tobytes()


def write_hdf5(path, **data):
    with pytest.importorskip("h5py").File(path, "w") as file:
        for name, values in data.items():
            file[name] = values


@pytest.mark.parametrize(
    ("kind", "classes"),
    [
        ("given", [-1, 3, 20]),
        ("given text", ["a", "b", "c"]),
        ("npz", [-1, 3, 20]),
        ("npy", ["a", "b", "c"]),
        ("sparse npz", [-1, 3, 20]),
        ("hdf5", [-1, 3, 20]),
        ("hdf5 with names", ["a", "b", "c"]),
        ("libsvm", [-1, 3, 20]),
        ("idx", [0, 3, 20]),
    ],
)
def test_classes_are_sorted_whatever_the_kind_of_source(kind, classes, tmp_path):
    X = np.random.default_rng(0).integers(0, 256, (30, 4, 5), dtype=np.uint8)
    rows = X.reshape(30, -1).astype(float)
    y = np.array(classes)[[2, 0, 1] * 10]
    source = tmp_path / "a"
    if kind.startswith("given"):
        source = (rows, y)
    elif kind == "npz":
        np.savez(source := tmp_path / "a.npz", X=rows, y=y)
    elif kind in ("npy", "sparse npz"):
        np.save(tmp_path / "y_a.npy", y)
        if kind == "npy":
            np.save(source := tmp_path / "X_a.npy", rows)
        else:
            sparse.save_npz(source := tmp_path / "X_a.npz", sparse.csr_array(rows))
    elif kind == "hdf5":
        write_hdf5(source := tmp_path / "a.h5", X=rows, y=y)
    elif kind == "hdf5 with names":
        positions = np.array([0, 1, 2] * 10)  # of names that are not in order
        write_hdf5(source := tmp_path / "a.h5", X=rows, y=positions, classes=["c", "a", "b"])
    elif kind == "libsvm":
        dump_svmlight_file(rows, y, str(source := tmp_path / "a.svm"))
    else:
        (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(X))
        (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(y.astype(np.uint8)))
        source = tmp_path
    found = open_source(source).read(None)
    assert found.classes.tolist() == classes
    np.testing.assert_array_equal(found.classes[found.labels], y)
    np.testing.assert_array_equal(
        found.matrix.toarray() if sparse.issparse(found.matrix) else found.matrix, rows
    )


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_what_was_flattened_in_training_is_flattened_ever_after(shape, dtype):
    """Numbers in more dimensions are no pictures, and the rows that they were trained on as."""
    random = np.random.default_rng(0)
    X = random.integers(-9, 9, (60, *shape)).astype(dtype)
    y = (X.reshape(60, -1)[:, 0] > 0).astype(int)
    model = onelayer.train((X, y), C=1.0)
    flat = X.reshape(60, -1)
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(flat))
    assert model.evaluate((X, y)).accuracy == (model.predict(X) == y).mean()
    with pytest.raises((ShapeError, DataError)):
        model.predict(X[:, :1])


@pytest.mark.parametrize("kind", ["csr_matrix", "csc_matrix", "csr_array"])
@pytest.mark.parametrize(
    ("part", "at", "value", "said"),
    [
        ("indices", 5, 99, "entry 5 of its indices is 99"),
        ("indices", 7, -1, "entry 7 of its indices is -1"),
        ("indptr", 2, 0, "its indptr has to begin at 0, never to fall"),
        ("indptr", -1, 10_000, "and to end at"),
    ],
)
def test_sparse_indices_that_lead_outside_are_refused_by_all_that_take_a_matrix(
    kind, part, at, value, said
):
    """Products and kernels trust them: they read and wrote beside the arrays."""
    random = np.random.default_rng(0)
    X = getattr(sparse, kind)(random.integers(1, 5, (40, 4)).astype(float))
    y = np.arange(40) % 2
    estimator, model = onelayer.LogisticRegression().fit(X, y), onelayer.train((X, y), C=1.0)
    getattr(X, part)[at] = value
    for use in (
        lambda: estimator.predict_proba(X),
        lambda: onelayer.LogisticRegression().fit(X, y),
        lambda: onelayer.LogisticRegressionCV().fit(X, y),
        lambda: onelayer.train((X, y)),
        lambda: model.predict(X),
        lambda: model.evaluate((X, y)),
    ):
        with pytest.raises(DataError, match=f"the sparse matrix is damaged: .*{said}"):
            use()


def test_arrays_that_mask_values_are_refused_and_others_are_arrays():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 3)), np.arange(60) % 2
    masked = np.ma.array(X, mask=X > 2)
    row, column = np.argwhere(X > 2)[0]
    for use in (
        lambda: onelayer.train((masked, y)),
        lambda: onelayer.train((X, y), C=1.0).predict(masked),
        lambda: onelayer.LogisticRegression().fit(masked, y),
        lambda: onelayer.LogisticRegression().fit(X, y).predict(masked),
    ):
        with pytest.raises(DataError, match=rf"X is masked at \({row}, {column}\), counted from 0"):
            use()
    for use in (
        lambda: onelayer.train((X, np.ma.array(y, mask=y > 0))),
        lambda: onelayer.LogisticRegression().fit(X, np.ma.array(y, mask=y > 0)),
    ):
        with pytest.raises(DataError, match="y is masked at 1, counted from 0"):
            use()
    expected = onelayer.train((X, y), C=1.0).coef
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix(X)
    for whole in (np.ma.array(X), matrix):
        np.testing.assert_array_equal(onelayer.train((whole, y), C=1.0).coef, expected)


def test_labels_as_text_of_any_length_are_text():
    labels = np.array(["cat", "hippopotamus"] * 30)
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = onelayer.train((X, labels.astype(np.dtypes.StringDType())), C=1.0)
    assert model.classes.tolist() == ["cat", "hippopotamus"]
    np.testing.assert_array_equal(model.coef, onelayer.train((X, labels), C=1.0).coef)


@pytest.mark.parametrize("part", ["test", "val"])
def test_a_file_of_one_part_says_that_it_is_taken_as_a_whole(tmp_path, part):
    np.savez(tmp_path / "a.npz", **{f"X_{part}": FLOWERS, f"y_{part}": KINDS})
    notes = onelayer.train(tmp_path / "a.npz", C=1.0).card.audit.notes
    assert f"there is no part but {part}, which is taken as a whole" in notes
