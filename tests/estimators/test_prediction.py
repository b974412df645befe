"""Decisions, labels and probabilities, exact at both ends."""

import tracemalloc
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model
from sklearn.exceptions import NotFittedError

from onelayer import LogisticRegression
from onelayer.designs import row_products
from onelayer.logistic import log_softmax

Z = np.array([-800.0, -40, -1, 0, 1e-3, 1, 40, 800])


def binary():
    """A model whose decision is x itself."""
    model = LogisticRegression().fit([[-1.0], [1]], ["no", "yes"])
    model.coef_[:], model.intercept_[:] = 1, 0
    return model


def softmax(k=3):
    model = LogisticRegression().fit(np.eye(k), list("abcd"[:k]))
    model.coef_[:], model.intercept_[:] = np.eye(k), 0
    return model


def test_binary_probabilities_are_exact_at_both_ends():
    proba, log_proba = (f(Z[:, None]) for f in (binary().predict_proba, binary().predict_log_proba))
    with localcontext(prec=800):
        exact = [[1 / (1 + (s * Decimal(z)).exp()) for s in (1, -1)] for z in Z]
        logs = [[float(a.ln()) for a in row] for row in exact]
    np.testing.assert_allclose(proba, np.array(exact, dtype=float), rtol=1e-14, atol=1e-323)
    np.testing.assert_allclose(log_proba, logs, rtol=1e-14)
    assert log_proba[0, 1] == log_proba[-1, 0] == -800


def test_softmax_log_probabilities_are_exact_at_both_ends():
    X = np.array([[800.0, 0, -800], [0, 0, 0], [40, 0, 0], [-800, -800, 0]])
    with localcontext(prec=800):
        E = [[Decimal(z).exp() for z in row] for row in X]
        logs = [[float((e / sum(row)).ln()) for e in row] for row in E]
    np.testing.assert_allclose(softmax().predict_log_proba(X), logs, rtol=1e-14)
    np.testing.assert_allclose(softmax().predict_proba(X), np.exp(logs), rtol=1e-13, atol=1e-320)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_softmax_at_the_ends_of_either_precision(dtype):
    z = np.array([[0, 800], [0, -800], [0, 0]], dtype)
    a = log_softmax(z)
    assert a.dtype == dtype
    np.testing.assert_array_equal(a[:2], [[-800, 0], [0, -800]])
    np.testing.assert_allclose(a[2], -np.log(2), rtol=1e-7)


def test_a_tie_is_class_0():
    assert list(binary().predict(Z[:, None])) == ["no"] * 4 + ["yes"] * 4
    # sigma(1e-17) is 0.5 to the last bit: not above it.
    assert list(binary().predict([[1e-17]])) == ["no"]
    assert list(softmax().predict([[1.0, 1, 0], [0, 2, 2]])) == ["a", "b"]


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_methods_agree_with_scikit_learn_on_the_same_coefficients(k, storage):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 4)), np.arange(50) % k
    ours = LogisticRegression(tol=1e-12).fit(storage(X), y)
    theirs = linear_model.LogisticRegression().fit(X, y)
    theirs.coef_, theirs.intercept_ = ours.coef_, ours.intercept_
    new = storage(rng.normal(size=(30, 4)))
    for method in ("decision_function", "predict", "predict_proba", "predict_log_proba"):
        a, b = (getattr(model, method)(new) for model in (ours, theirs))
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
    assert ours.score(X, y) == theirs.score(X, y)


def test_predictions_follow_coefficients_that_are_changed_by_hand():
    rng = np.random.default_rng(0)
    X, y = rng.normal(5, 2, size=(50, 4)), np.arange(50) % 2
    model = LogisticRegression(scaling="standard").fit(X, y)
    model.coef_[:], model.intercept_[:] = [[1, -2, 3, 4]], -3
    np.testing.assert_allclose(model.decision_function(X), X @ [1, -2, 3, 4] - 3, rtol=1e-12)


def test_an_unfitted_model_says_so():
    for method in ("decision_function", "predict", "predict_proba", "predict_log_proba"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(LogisticRegression(), method)([[1.0]])


def test_a_wrong_number_of_features_is_named():
    with pytest.raises(ValueError, match="X has 2 features, but LogisticRegression is expecting 1"):
        binary().predict([[1.0, 2.0]])


ANSWERS = ("decision_function", "predict", "predict_proba", "predict_log_proba")
ROWS = 3 * row_products.TOGETHER + 5


def rows_of(kind, n, folder):
    """Rows of every kind, longer than what is answered at a time, and a float64 copy of some."""
    X = np.random.default_rng(n).normal(0, 3, (ROWS, n)).astype(np.float32)
    if kind == "csr":
        return sparse.csr_array(np.where(np.abs(X) > 2, X, 0))
    if kind == "mapped":
        np.save(folder / "X.npy", X)
        return np.load(folder / "X.npy", mmap_mode="r")
    return X.astype(kind)


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "uint32", "csr", "mapped"])
@pytest.mark.parametrize("k", [2, 5])
def test_many_rows_are_answered_as_few_are_and_beside_the_answers_little_is_held(k, kind, tmp_path):
    X, y = rows_of(kind, 4, tmp_path), np.arange(200) % k
    model = LogisticRegression(max_iter=3, memory="100KB").fit(X[:200], y)
    offset = np.random.default_rng(0).normal(size=ROWS if k == 2 else (ROWS, k))
    some = np.r_[0:3, row_products.TOGETHER - 2 : row_products.TOGETHER + 3, ROWS - 2 : ROWS]
    for name in ANSWERS:
        answer = getattr(model, name)
        answer(X[:9])
        tracemalloc.start()
        found = answer(X)
        beside = tracemalloc.get_traced_memory()[1] - found.nbytes
        tracemalloc.stop()
        assert beside < 4e6 * k  # all z of it alone, with what is made of them, are more
        np.testing.assert_array_equal(found[some], answer(X[some]))
        moved = answer(X, offset=offset)
        np.testing.assert_array_equal(moved[some], answer(X[some], offset=offset[some]))
    assert model.score(X, model.predict(X)) == 1


def test_whole_numbers_are_answered_as_the_same_in_float64():
    X = np.random.default_rng(0).integers(-(2**62), 2**62, (300, 3))
    model = LogisticRegression(scaling="standard").fit(X, X[:, 0] > 0)
    for kind in (np.int64, np.uint64, np.int8):
        np.testing.assert_array_equal(
            model.predict_proba(X.astype(kind)), model.predict_proba(X.astype(kind).astype(float))
        )
