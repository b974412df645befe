"""`clf.summary(X, y)`: the figures of `logit` whatever X is held as; and what it refuses."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import onelayer
from onelayer import LogisticRegression
from onelayer.errors import DataError, UsageError


@pytest.fixture(scope="module")
def data():
    """Bytes, so that every storage holds them exactly; a response of two and of three classes."""
    rng = np.random.default_rng(2)
    X = rng.integers(0, 50, (400, 3)).astype(float)
    z = 0.08 * (X[:, 0] - 25) - 0.04 * (X[:, 1] - 25)
    two = np.where(rng.random(400) < 1 / (1 + np.exp(-z)), "yes", "no")
    three = np.where(rng.random(400) < 0.3, "maybe", two)
    return X, two, three


def expected(X, y, **how):
    frame = pd.DataFrame(X, columns=["x0", "x1", "x2"]).assign(y=y)
    return onelayer.logit("y ~ x0 + x1 + x2", frame, **how).summary()


STORAGES = {
    "float64": lambda X: X,
    "fortran": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "uint8": lambda X: X.astype(np.uint8),
    "csr": sparse.csr_array,
    "csr-float32": lambda X: sparse.csr_array(X.astype(np.float32)),
}


@pytest.mark.parametrize("scaling", [None, 1 / 255, "standard"])
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("classes", [2, 3])
def test_the_figures_do_not_depend_on_how_x_is_held(data, storage, scaling, classes):
    X, y = data[0], data[classes - 1]
    held = STORAGES[storage](X)
    clf = LogisticRegression(C=np.inf, scaling=scaling).fit(held, y)
    twin = expected(X, y, robust=True)
    ours = clf.summary(held, y, robust=True)
    np.testing.assert_allclose(ours.values, twin.values, rtol=1e-7)
    assert ours.frame.index.equals(twin.frame.index)
    np.testing.assert_allclose(
        ours.marginal_effects(dummies=True).values,
        twin.marginal_effects(dummies=True).values,
        rtol=1e-7,
    )
    assert ours.loglik == pytest.approx(twin.loglik, rel=1e-10)


def test_clusters_and_counts(data):
    X, y, _ = data
    counts, groups = np.arange(400) % 3, np.arange(400) % 30
    frame = pd.DataFrame(X, columns=["x0", "x1", "x2"]).assign(y=y, n=counts, g=groups)
    twin = onelayer.logit("y ~ x0 + x1 + x2", frame, weights="n", cluster="g").summary()
    for held in (X, sparse.csr_array(X)):
        clf = LogisticRegression(C=np.inf).fit(held, y, sample_weight=counts)
        ours = clf.summary(held, y, counts, cluster=[f"group {g}" for g in groups])
        np.testing.assert_allclose(ours.values, twin.values, rtol=1e-8)
        assert ours.nobs == counts.sum()


def test_large_float32_is_judged_in_float64():
    """Beyond 2 MB the fit's products are in float32: estimates and errors are not."""
    rng = np.random.default_rng(0)
    X = (100 + rng.normal(size=(40_000, 16))).astype(np.float32)
    y = rng.random(len(X)) < 1 / (1 + np.exp(-(X[:, 0] - 100)))
    clf = LogisticRegression(C=np.inf, scaling="standard").fit(X, y)
    ours = clf.summary(X, y)
    twin = LogisticRegression(C=np.inf).fit(X.astype(float), y).summary(X.astype(float), y)
    np.testing.assert_allclose(ours.values[:, :2], twin.values[:, :2], rtol=1e-8)


def test_names_come_from_a_data_frame(data):
    frame = pd.DataFrame(data[0], columns=["age", "dose", "days"])
    y = pd.Series(data[1], name="cured")
    summary = LogisticRegression(C=np.inf).fit(frame, y).summary(frame, y)
    assert list(summary.frame.index) == ["age", "dose", "days", "const"]
    assert "cured = yes" in str(summary)


def test_a_loose_fit_is_taken_to_its_optimum(data):
    X, y, _ = data
    clf = LogisticRegression(C=np.inf, solver="lbfgs", tol=1e-3).fit(X, y)
    ours = clf.summary(X, y)
    np.testing.assert_allclose(ours.values, expected(X, y).values, rtol=1e-7)
    assert np.abs(clf.coef_[0] - ours.frame.coef.iloc[:3]).max() < 0.1 * ours.frame.std_err.max()


@pytest.mark.parametrize("scaling", [None, 0.1, "standard"])
def test_without_an_intercept(data, scaling):
    """With "standard" the model without b is that of centred X: its coefficients alone count."""
    X, y, _ = data
    clf = LogisticRegression(C=np.inf, fit_intercept=False, scaling=scaling).fit(X, y)
    ours = clf.summary(X, y)
    centred = X - X.mean(axis=0) if scaling == "standard" else X
    frame = pd.DataFrame(centred, columns=["x0", "x1", "x2"]).assign(y=y)
    twin = onelayer.logit("y ~ 0 + x0 + x1 + x2", frame).summary()
    np.testing.assert_allclose(ours.values, twin.values, rtol=1e-8)
    assert list(ours.frame.index) == ["x0", "x1", "x2"]
    np.testing.assert_allclose(ours.frame.coef, clf.coef_[0], rtol=1e-5)


def test_penalised_fits_have_no_p_values(data):
    X, y, _ = data
    clf = LogisticRegression().fit(X, y)
    with pytest.raises(UsageError) as caught:
        clf.summary(X, y)
    assert str(caught.value) == (
        "This fit is penalised (C=1): its coefficients are shrunk, so p-values and intervals that "
        "do not know of it would be wrong. Fit with C=numpy.inf for inference; to choose or judge "
        "a penalised model, cross-validate it"
    )
    balanced = LogisticRegression(C=np.inf, class_weight="balanced").fit(X, y)
    with pytest.raises(UsageError, match="class_weight='balanced' replaces the data's likelihood"):
        balanced.summary(X, y)


def test_other_data_than_those_of_the_fit_are_noticed(data):
    X, y, _ = data
    clf = LogisticRegression(C=np.inf).fit(X, y)
    with pytest.raises(DataError, match=r"not what this model was fitted to.* standard errors"):
        clf.summary(X[:200], y[:200])
    with pytest.raises(DataError, match="not what this model was fitted to"):
        clf.summary(X, y, sample_weight=np.arange(400))
    with pytest.raises(DataError, match="y is 'perhaps' at row 1, which is no class"):
        clf.summary(X, np.where(np.arange(400) == 1, "perhaps", y))
    with pytest.raises(DataError, match="X has 400 rows and y 399"):
        clf.summary(X, y[1:])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fit_that_stopped_early_says_so(data):
    X, y, _ = data
    clf = LogisticRegression(C=np.inf, solver="lbfgs", max_iter=1).fit(X, y)
    with pytest.raises(DataError, match=r"has not reached its optimum \(max_iter\): .*max_iter"):
        clf.summary(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_separable_classes(data):
    X = data[0]
    y = X[:, 0] > 25
    summary = LogisticRegression(C=np.inf).fit(X, y).summary(X, y)
    assert summary.separable
    assert summary.frame.isna().all().all()
    assert "NO ESTIMATES" in str(summary)


def test_collinear_columns(data):
    X, y, _ = data
    for held in (np.column_stack([X, X[:, 0] + X[:, 2]]), sparse.csr_array(X[:, [0, 1, 2, 1]])):
        clf = LogisticRegression(C=np.inf).fit(held, y)
        with pytest.raises(DataError, match="'x3' is"):
            clf.summary(held, y)


def test_a_constant_column_in_sparse_rows(data):
    X, y, _ = data
    held = sparse.csr_array(np.column_stack([X, np.full(400, 0.3)]))
    clf = LogisticRegression(C=np.inf).fit(held, y)
    with pytest.raises(DataError, match="'x3' is constant"):
        clf.summary(held, y)


@pytest.mark.parametrize("how", [{}, {"robust": True}, {"cluster": np.arange(120_000) % 500}])
def test_memory_is_that_of_blocks_and_columns(how):
    """Never the size of X, nor m x m: a few columns of m numbers, and blocks."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120_000, 20))
    y = rng.random(len(X)) < 1 / (1 + np.exp(-X[:, 0]))
    clf = LogisticRegression(C=np.inf).fit(X, y)
    tracemalloc.start()
    clf.summary(X, y, **how).marginal_effects()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.6 * X.nbytes


def test_too_many_parameters():
    rng = np.random.default_rng(0)
    X = sparse.random(50, 5000, 0.01, "csr", random_state=0)
    y = rng.integers(0, 2, 50)
    clf = LogisticRegression(C=np.inf, max_iter=0)
    clf.coef_, clf.intercept_, clf.classes_ = np.zeros((1, 5000)), np.zeros(1), np.array([0, 1])
    clf.n_features_in_ = 5000
    clf.solution_ = LogisticRegression(C=np.inf).fit(X[:, :1].toarray(), y).solution_
    with pytest.raises(DataError, match=r"5001 parameters .* are more than the 4000"):
        clf.summary(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("storage", ["float64", "float32", "uint8", "csr"])
def test_half_separated_classes_have_what_is_left(data, storage):
    """A column of zeros and ones, all of whose ones are of one class; a third of weights is 0."""
    X, y, _ = data
    level = np.arange(400) % 7 == 0
    X, y = np.column_stack([X, level]), np.where(level, "yes", y)
    counts = np.arange(400) % 3
    held = STORAGES[storage](X)
    clf = LogisticRegression(C=np.inf).fit(held, y, sample_weight=counts)
    found = clf.summary(held, y, counts).frame
    rest = expected(X[~level, :3].repeat(counts[~level], axis=0), y[~level].repeat(counts[~level]))
    assert found.coef["x3"] == np.inf
    np.testing.assert_allclose(found.drop("x3"), rest.frame, rtol=1e-6)
