"""X as it comes: dtypes, pictures, sparse matrices, memory; and what is refused, in which words."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from onelayer import LogisticRegression
from onelayer.designs import first_not_finite, largest
from onelayer.estimators import layer_of
from onelayer.estimators.weights import Weights

RNG = np.random.default_rng(0)
M, N = 80, 6
BYTES = RNG.integers(0, 50, (M, N), dtype=np.uint8)
Y = (BYTES[:, 0] + RNG.normal(0, 15, M) > 25).astype(int)
Y3 = np.digitize(BYTES[:, 0] + RNG.normal(0, 15, M), [18, 32])
TIGHT = {"tol": 1e-12, "scaling": 0.1}


def same(a, b, rtol=1e-8):
    np.testing.assert_allclose(a.coef_, b.coef_, rtol=rtol, atol=1e-10)
    np.testing.assert_allclose(a.intercept_, b.intercept_, rtol=rtol, atol=1e-10)


@pytest.mark.parametrize("y", [Y, Y3])
@pytest.mark.parametrize(
    "dtype",
    ["float64", "float32", "float16", "uint8", "int8", "uint16", "int16", "int64", ">f8", "object"],
)
def test_whole_numbers_fit_the_same_in_every_dtype(dtype, y):
    X = BYTES.astype(dtype)
    model = LogisticRegression(**TIGHT).fit(X, y)
    exact = LogisticRegression(**TIGHT).fit(BYTES.astype(float), y)
    same(model, exact, rtol=1e-7 if dtype == "float32" else 1e-8)
    np.testing.assert_array_equal(model.predict(X), exact.predict(BYTES.astype(float)))


def test_booleans_are_zero_and_one():
    X = BYTES > 20
    same(LogisticRegression(**TIGHT).fit(X, Y), LogisticRegression(**TIGHT).fit(X.astype(float), Y))


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_large_float32_stays_float32_and_agrees(solver):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(9000, 60)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=9000) > 0).astype(int)
    assert X.nbytes > 2_000_000
    small = LogisticRegression(C=0.01, solver=solver, tol=1e-9).fit(X, y)
    large = LogisticRegression(C=0.01, solver=solver, tol=1e-9).fit(X.astype(float), y)
    np.testing.assert_allclose(small.coef_, large.coef_, rtol=1e-3, atol=1e-5)
    assert small.solution_.objective == pytest.approx(large.solution_.objective, rel=1e-7)


def test_a_far_mean_survives_float32():
    rng = np.random.default_rng(2)
    X = (rng.normal(size=(9000, 60)) * 100 + 1e6).astype(np.float32)
    y = (X[:, 0] > 1e6).astype(int)
    y[::7] = 1 - y[::7]
    model = LogisticRegression(scaling="standard").fit(X, y)
    layer = layer_of(model)
    coef, intercept = layer.coef, layer.b
    exact = X.astype(float) @ coef[0] + intercept
    np.testing.assert_allclose(model.decision_function(X), exact, atol=2e-5)
    shown = X.astype(float) @ model.coef_[0] + model.intercept_
    assert np.abs(shown - exact).max() > 1e-4  # what float32 alone would have lost


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("step", [1, 2])
def test_memory_order_and_strides_do_not_matter(order, step):
    X = np.asarray(BYTES.astype(float)[:, ::step], order=order)
    plain = np.ascontiguousarray(X)
    same(LogisticRegression(**TIGHT).fit(X, Y), LogisticRegression(**TIGHT).fit(plain, Y))


def test_read_only_arrays_are_read():
    X, y, v = BYTES.astype(float), Y.copy(), np.ones(M)
    for array in (X, y, v):
        array.flags.writeable = False
    same(LogisticRegression(**TIGHT).fit(X, y, v), LogisticRegression(**TIGHT).fit(BYTES, Y))


@pytest.mark.parametrize("shape", [(M, 2, 3), (M, 2, 1, 3)])
def test_pictures_are_their_pixels_in_a_row(shape):
    pictures = BYTES.reshape(shape)
    model = LogisticRegression(**TIGHT).fit(pictures, Y)
    same(model, LogisticRegression(**TIGHT).fit(BYTES, Y))
    assert model.n_features_in_ == N
    np.testing.assert_array_equal(model.predict_proba(pictures), model.predict_proba(BYTES))
    with pytest.raises(ValueError, match="X has 3 features, but LogisticRegression is expecting 6"):
        model.predict(pictures[:, 0])


@pytest.mark.parametrize("y", [Y, Y3])
@pytest.mark.parametrize("scaling", [None, 0.1, "standard"])
@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csr_matrix, sparse.coo_array])
def test_sparse_is_dense(make, scaling, y):
    X = np.where(BYTES > 25, BYTES, 0).astype(float)
    a = LogisticRegression(tol=1e-12, scaling=scaling).fit(make(X), y)
    b = LogisticRegression(tol=1e-12, scaling=scaling).fit(X, y)
    same(a, b, rtol=1e-7)
    np.testing.assert_allclose(a.predict_proba(make(X)), b.predict_proba(X), rtol=1e-7)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64", "float32"])
def test_sparse_dtypes(dtype):
    X = (BYTES // 25).astype(dtype)
    a = LogisticRegression(**TIGHT).fit(sparse.csr_array(X), Y)
    exact = LogisticRegression(**TIGHT).fit(X.astype(float), Y)
    same(a, exact, rtol=1e-7 if dtype == "float32" else 1e-8)


@pytest.mark.parametrize("y", [Y, Y3])
@pytest.mark.parametrize("solver", ["auto", "liblinear"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "uint8", "int16", "int64"])
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, pd.DataFrame])
def test_what_is_shown_is_float32_where_x_is(make, dtype, solver, y):
    if (make is sparse.csr_array and dtype == "float16") or (solver == "liblinear" and y is Y3):
        pytest.skip("there is no such thing")
    X = make(BYTES.astype(dtype))
    model = LogisticRegression(solver=solver).fit(X, y)
    expected = np.float32 if dtype == "float32" and solver != "liblinear" else np.float64
    assert model.coef_.dtype == model.intercept_.dtype == expected
    for method in (model.decision_function, model.predict_proba, model.predict_log_proba):
        assert method(X).dtype == expected
        assert method(BYTES.astype(float)).dtype == np.float64


def test_coefficients_that_were_changed_are_the_ones_that_predict():
    X = BYTES.astype(np.float32)
    model = LogisticRegression().fit(X, Y)
    kept = model.coef_.copy()
    model.coef_[:] = 0
    np.testing.assert_array_equal(model.decision_function(X), np.full(M, model.intercept_[0]))
    model.coef_ = kept
    model.intercept_ = model.intercept_ + 1
    z = X.astype(float) @ kept[0].astype(float) + model.intercept_
    np.testing.assert_allclose(model.decision_function(X), z, rtol=1e-6)


def test_sparse_indices_of_64_bits():
    X = sparse.csr_array(BYTES.astype(float))
    wide = X.copy()
    wide.indices, wide.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    same(LogisticRegression(**TIGHT).fit(wide, Y), LogisticRegression(**TIGHT).fit(X, Y))


@pytest.mark.parametrize("shape", [(25_000, 800), (25_000, 20, 40)])
def test_bytes_are_never_inflated(shape):
    X = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    y = X.reshape(len(X), -1)[:, :400].mean(axis=1) > 127.5
    model = LogisticRegression(solver="gradient-descent", scaling=1 / 255, max_iter=2)
    model.fit(X, y).predict(X)  # what Numba takes when it is first met is no copy of X
    tracemalloc.start()
    model.fit(X, y).predict(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < X.nbytes / 2


def broken(value, at=(3, 2), dtype=float):
    X = BYTES.astype(dtype)
    X[at] = value
    return X


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "inf")])
def test_not_finite_in_x(value, word, dtype, order):
    X = np.asarray(broken(value, dtype=dtype), order=order)
    X[5, 0] = np.nan
    text = f"Input X contains {word}.*The first is at row 3, column 2, counted from 0"
    with pytest.raises(ValueError, match=text):
        LogisticRegression().fit(X, Y)
    with pytest.raises(ValueError, match=text):
        LogisticRegression().fit(BYTES, Y).predict(X)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_in_sparse_x(value):
    X = sparse.csr_array(broken(value))
    with pytest.raises(ValueError, match=r"Input X contains .* row 3, column 2"):
        LogisticRegression().fit(X, Y)


def test_the_search_crosses_blocks():
    X = np.zeros((5000, 40))
    assert largest(X) == 0
    assert first_not_finite(X) is None
    X[4321, 17] = -7
    assert largest(X) == 7
    assert largest(X.astype(np.float16)) == 7
    X[4000, 3] = -np.inf
    assert first_not_finite(X) == (4000, 3, -np.inf)
    assert largest(X) == np.inf
    X[4999, 39] = np.nan
    for dtype in (np.float64, np.float32, np.float16):
        assert np.isnan(largest(X.astype(dtype)))


def test_not_finite_in_y_and_weights():
    y = Y.astype(float)
    y[7] = np.nan
    with pytest.raises(ValueError, match=r"Input y contains NaN. The first is at row 7"):
        LogisticRegression().fit(BYTES, y)
    with pytest.raises(ValueError, match=r"Input y contains NaN. The first is at row 7"):
        LogisticRegression().fit(BYTES, y.astype(object))
    weights = np.ones(M)
    weights[9] = np.inf
    with pytest.raises(ValueError, match=r"Input sample_weight contains infinity.*row 9"):
        LogisticRegression().fit(BYTES, Y, weights)


def negative():
    weights = np.ones(M)
    weights[[4, 6]] = -2
    return weights


@pytest.mark.parametrize(
    ("y", "weights", "options", "text"),
    [
        (Y, negative(), {}, "Negative values .*the first is -2.0 at row 4"),
        (Y, np.zeros(M), {}, "at least one non-zero number: their total is zero"),
        (Y, np.ones((M, 1)), {}, "must be 1D array or scalar, got 2D"),
        (Y, np.ones(M - 1), {}, r"sample_weight.shape == \(79,\), expected \(80,\)"),
        (Y, Y, {}, "with a weight above zero, but only the class 1 has any"),
        (Y, None, {"class_weight": {0: 0, 1: 0}}, "leaves every row a weight of zero"),
        (Y, None, {"class_weight": {0: 0, 1: 1}}, "only the class 1 has any"),
        (Y, None, {"class_weight": {0: -1, 1: 1}}, "finite and not negative: got {0: -1, 1: 1}"),
        (Y, None, {"class_weight": {2: 1}}, r"\{2: 1\} does not fit y, which holds 0, 1"),
        (np.ones(M), None, {}, "only one class: 1.0"),
        (np.array(["yes"] * M), None, {}, "only one class: 'yes'"),
        (Y + 0.5 * RNG.uniform(size=M), None, {}, "Unknown label type: continuous"),
        (Y[:-1], None, {}, "inconsistent numbers of samples"),
        (np.column_stack([Y, Y]), None, {}, "y should be a 1d array"),
        (None, None, {}, "requires y to be passed, but the target y is None"),
    ],
)
def test_what_is_refused_of_y_and_weights(y, weights, options, text):
    with pytest.raises(ValueError, match=text):
        LogisticRegression(**options).fit(BYTES, y, weights)


def test_labels_that_hardly_repeat_are_warned_about():
    with pytest.warns(UserWarning, match="unique classes is greater than 50%"):
        LogisticRegression(max_iter=1, solver="gradient-descent").fit(BYTES, np.arange(M) % 60)


def test_whole_numbers_far_apart_are_labels():
    far = np.where(Y == 1, 2**62, -(2**62))
    model = LogisticRegression().fit(BYTES, far)
    assert model.classes_.tolist() == [-(2**62), 2**62]
    np.testing.assert_array_equal(model.coef_, LogisticRegression().fit(BYTES, Y).coef_)


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (BYTES[0], "Expected 2D array, got 1D array"),
        (np.zeros((M, 2, 2, 2, 2)), "Found array with dim 5"),
        (np.zeros((M, 0)), r"Found array with 0 feature\(s\)"),
        (BYTES * 1j, "Complex data not supported"),
        (BYTES * 1e200, "squares overflow float64: divide X by .*, or pass scaling="),
        (BYTES * 1e-200, "squares vanish in float64: divide X by .*, or pass scaling="),
    ],
)
def test_what_is_refused_of_x(X, text):
    with pytest.raises(ValueError, match=text):
        LogisticRegression().fit(X, Y)


def test_values_of_1e300_fit_once_scaled():
    huge = LogisticRegression(scaling=1e-300, tol=1e-12).fit(BYTES * 1e300, Y)
    plain = LogisticRegression(tol=1e-12).fit(BYTES, Y)
    np.testing.assert_allclose(huge.coef_ * 1e300, plain.coef_, rtol=1e-9)


def test_rows_that_count_the_same_or_nothing_take_a_byte_of_weight_each():
    """With the same shares and total as weights of their own would have."""
    held_out = np.array([0.0, 2.5, 2.5, 0.0, 2.5])
    found = Weights.of(held_out)
    assert found.relative.dtype == bool
    np.testing.assert_array_equal(found.shares, held_out / 2.5 / 3)
    assert found.total == Fraction(2.5) * 3
    assert Weights.of(np.array([1.0, 2.0])).relative.tolist() == [0.5, 1.0]


def test_a_frame_is_known_by_its_names_when_it_is_predicted():
    """A warning would be an error here."""
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.5]})
    classifier = LogisticRegression().fit(frame, [0, 1, 0, 1])
    assert classifier.predict(frame).shape == (4,)
    with pytest.raises(ValueError, match="The feature names should match"):
        classifier.predict(frame[["b", "a"]])
