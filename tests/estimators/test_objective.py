"""The minimum is that of scikit-learn's objective; relations that must hold between fits."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import log_softmax
from sklearn import linear_model
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from onelayer import LogisticRegression

TIGHT = {"tol": 1e-12}


def objective(X, y, coef, intercept, C, weights):
    """C * sum of weighted losses + ||W||^2 / 2: scikit-learn's, written naively."""
    Z = X @ coef.T + intercept
    Z = np.column_stack([0 * Z, Z]) if Z.shape[1] == 1 else Z
    loss = -log_softmax(Z, axis=1)[np.arange(len(y)), y]
    return C * (weights @ loss) + 0.5 * (coef**2).sum()


def problem(seed, m, n, k):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n)) * rng.uniform(0.3, 3, n) + rng.normal(size=n)
    y = rng.integers(0, k, m)
    y[:k] = np.arange(k)
    return X, y, rng


@st.composite
def problems(draw):
    k = draw(st.sampled_from([2, 2, 3, 4]))
    m, n = draw(st.integers(k, 40)), draw(st.integers(1, 8))
    X, y, rng = problem(draw(st.integers(0, 2**31)), m, n, k)
    weights = draw(
        st.sampled_from([None, rng.uniform(0.1, 4, m), rng.integers(1, 4, m).astype(float)])
    )
    of_class = {c: float(v) for c, v in enumerate(rng.uniform(0.2, 3, k))}
    options = {
        "class_weight": draw(st.sampled_from([None, "balanced", of_class])),
        "fit_intercept": draw(st.booleans()),
        "C": 10.0 ** draw(st.floats(-4, 4)),
    }
    X = X if draw(st.booleans()) else sparse.csr_array(np.where(np.abs(X) < 0.7, 0, X))
    solver = draw(st.sampled_from(["auto", "newton", "lbfgs", "truncated-newton", "gram"]))
    return X, y, weights, options, solver


@settings(max_examples=200, derandomize=True)
@given(problems())
def test_no_worse_than_scikit_learn(case):
    X, y, weights, options, solver = case
    ours = LogisticRegression(**options, **TIGHT, solver=solver).fit(X, y, weights)
    effective = _effective(y, weights, options["class_weight"])

    def value(model):
        return objective(X, y, model.coef_, model.intercept_, options["C"], effective)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's on its own convergence
        theirs = min(
            value(
                linear_model.LogisticRegression(
                    **options, **TIGHT, solver=peer, max_iter=10_000
                ).fit(X, y, weights)
            )
            for peer in ("lbfgs", "newton-cholesky")
        )
    assert value(ours) <= theirs * (1 + 1e-9)
    total = options["C"] * effective.sum()
    assert ours.solution_.objective == pytest.approx(value(ours) / total, rel=1e-9)


def _effective(y, weights, class_weight):
    weights = np.ones(len(y)) if weights is None else weights
    if class_weight == "balanced":
        totals = np.bincount(y, weights)
        return weights * (weights.sum() / (len(totals) * totals))[y]
    return weights if class_weight is None else weights * np.array(list(class_weight.values()))[y]


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("solver", ["newton", "lbfgs", "truncated-newton", "gram"])
def test_the_gradient_vanishes_at_the_solution(k, solver):
    X, y, rng = problem(1, 80, 5, k)
    weights = rng.uniform(0.5, 2, 80)
    model = LogisticRegression(C=0.7, solver=solver, **TIGHT).fit(X, y, weights)
    coef, intercept, step = model.coef_, model.intercept_, 1e-6

    def slope(d_coef, d_intercept):
        high = objective(X, y, coef + d_coef, intercept + d_intercept, 0.7, weights)
        low = objective(X, y, coef - d_coef, intercept - d_intercept, 0.7, weights)
        return (high - low) / (2 * step)

    for i, j in np.ndindex(coef.shape):
        d = np.zeros_like(coef)
        d[i, j] = step
        assert slope(d, 0) == pytest.approx(0, abs=2e-4)
    for i in range(len(intercept)):
        d = np.zeros_like(intercept)
        d[i] = step
        assert slope(0, d) == pytest.approx(0, abs=2e-4)


def same(a, b, rtol=1e-7, atol=1e-9):
    np.testing.assert_allclose(a.coef_, b.coef_, rtol=rtol, atol=atol)
    np.testing.assert_allclose(a.intercept_, b.intercept_, rtol=rtol, atol=atol)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("scaling", [None, "standard", 0.3])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
class TestWeights:
    def test_weight_2_is_a_row_twice(self, k, scaling, storage):
        X, y, rng = problem(2, 30, 3, k)
        counts = rng.integers(1, 4, 30)
        model = LogisticRegression(scaling=scaling, **TIGHT)
        weighted = model.fit(storage(X), y, counts)
        rows = np.arange(30).repeat(counts)
        same(weighted, LogisticRegression(scaling=scaling, **TIGHT).fit(storage(X[rows]), y[rows]))

    def test_weight_0_is_a_row_removed(self, k, scaling, storage):
        X, y, rng = problem(3, 30, 3, k)
        weights = rng.uniform(0.5, 2, 30) * (np.arange(30) % 5 > 0)
        weights[:k] = 1
        X[weights == 0] *= 100
        kept = weights > 0
        all_rows = LogisticRegression(scaling=scaling, class_weight="balanced", **TIGHT)
        few_rows = LogisticRegression(scaling=scaling, class_weight="balanced", **TIGHT)
        same(
            all_rows.fit(storage(X), y, weights),
            few_rows.fit(storage(X[kept]), y[kept], weights[kept]),
        )

    def test_only_the_product_of_c_and_weights_counts(self, k, scaling, storage):
        X, y, rng = problem(4, 30, 3, k)
        weights = rng.uniform(0.5, 2, 30)
        model = LogisticRegression(C=2, scaling=scaling, **TIGHT).fit(storage(X), y, weights)
        for factor in (0.25, 1e-200, 1e200):
            options = {"C": 2 / factor, "scaling": scaling, **TIGHT}
            same(model, LogisticRegression(**options).fit(storage(X), y, weights * factor))


def test_weights_and_class_weights_beyond_the_floats():
    X, y, _ = problem(4, 30, 3, 2)
    huge = LogisticRegression(C=1e-300, class_weight={0: 1e300, 1: 1e300}, **TIGHT)
    plain = LogisticRegression(C=1e300, **TIGHT)
    same(huge.fit(X, y, np.full(30, 1e300)), plain.fit(X, y))


def test_a_scalar_weight_is_every_rows_weight():
    X, y, _ = problem(4, 30, 3, 2)
    same(LogisticRegression(**TIGHT).fit(X, y, 3), LogisticRegression(C=3, **TIGHT).fit(X, y))


@pytest.mark.parametrize("k", [2, 3])
def test_balanced_is_scikit_learns_dictionary(k):
    X, y, rng = problem(5, 60, 3, k)
    weights = rng.uniform(0.5, 2, 60)
    totals = np.bincount(y, weights)
    by_hand = {c: weights.sum() / (k * totals[c]) for c in range(k)}
    same(
        LogisticRegression(class_weight="balanced", **TIGHT).fit(X, y, weights),
        LogisticRegression(class_weight=by_hand, **TIGHT).fit(X, y, weights),
    )


def test_a_weightless_third_class_is_never_predicted():
    X, y, _ = problem(5, 60, 3, 3)
    model = LogisticRegression(class_weight={0: 1, 1: 2, 2: 0}).fit(X, y)
    assert set(model.predict(X)) == {0, 1}
    kept = y < 2
    two = LogisticRegression(class_weight={0: 1, 1: 2}).fit(X[kept], y[kept])
    assert model.predict_proba(X)[:, 2].max() < 1e-5
    # Softmax shares the penalty of two classes between two rows of weights.
    halved = LogisticRegression(C=2, class_weight={0: 1, 1: 2}).fit(X[kept], y[kept])
    gap = model.decision_function(X)[:, 1] - model.decision_function(X)[:, 0]
    distance = np.abs(gap - two.decision_function(X)).max()
    assert np.abs(gap - halved.decision_function(X)).max() < min(distance, 1e-3)


@pytest.mark.parametrize("k", [2, 3])
def test_an_intercept_is_a_column_of_ones_that_costs_nothing(k):
    X, y, _ = problem(6, 60, 3, k)
    with_intercept = LogisticRegression(**TIGHT).fit(X, y)
    ones = np.column_stack([X, np.full(60, 1e6)])
    column = LogisticRegression(fit_intercept=False, **TIGHT).fit(ones, y)
    np.testing.assert_allclose(column.coef_[:, :3], with_intercept.coef_, rtol=1e-5)
    np.testing.assert_allclose(column.coef_[:, 3] * 1e6, with_intercept.intercept_, rtol=1e-5)
    np.testing.assert_array_equal(column.intercept_, np.zeros(len(column.intercept_)))


def test_two_classes_swapped_change_the_sign():
    X, y, _ = problem(7, 60, 3, 2)
    a, b = (LogisticRegression(**TIGHT).fit(X, labels) for labels in (y, 1 - y))
    np.testing.assert_allclose(a.coef_, -b.coef_, rtol=1e-9)
    np.testing.assert_allclose(a.intercept_, -b.intercept_, rtol=1e-9)


def test_classes_relabelled_permute_the_rows():
    X, y, _ = problem(8, 60, 3, 3)
    names = np.array(["z", "m", "a"])
    a, b = LogisticRegression(**TIGHT).fit(X, y), LogisticRegression(**TIGHT).fit(X, names[y])
    np.testing.assert_allclose(a.coef_, b.coef_[::-1], rtol=1e-7, atol=1e-10)
    np.testing.assert_array_equal(names[a.predict(X)], b.predict(X))


def test_the_order_of_rows_does_not_matter():
    X, y, rng = problem(9, 60, 3, 3)
    order = rng.permutation(60)
    same(LogisticRegression(**TIGHT).fit(X, y), LogisticRegression(**TIGHT).fit(X[order], y[order]))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_standard_scaling_is_a_standard_scaler_mapped_back(k, fit_intercept, storage):
    X, y, rng = problem(10, 60, 4, k)
    X[:, 3] = 0  # constant: StandardScaler, too, leaves its scale at 1
    weights = rng.uniform(0.5, 2, 60)
    options = {"fit_intercept": fit_intercept, **TIGHT}
    scaler = StandardScaler().fit(X, sample_weight=weights)
    plain = LogisticRegression(**options).fit(scaler.transform(X), y, weights)
    scaled = LogisticRegression(scaling="standard", **options).fit(storage(X), y, weights)
    np.testing.assert_allclose(scaled.coef_, plain.coef_ / scaler.scale_, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        scaled.intercept_, plain.intercept_ - scaled.coef_ @ scaler.mean_, rtol=1e-8, atol=1e-9
    )


@pytest.mark.parametrize("k", [2, 3])
def test_bytes_scaled_are_pixels_divided(k):
    _, y, rng = problem(11, 60, 5, k)
    pixels = rng.integers(0, 256, (60, 5), dtype=np.uint8)
    bytes_ = LogisticRegression(scaling=1 / 255, **TIGHT).fit(pixels, y)
    floats = LogisticRegression(**TIGHT).fit(pixels / 255, y)
    np.testing.assert_allclose(bytes_.coef_ * 255, floats.coef_, rtol=1e-9)
    np.testing.assert_allclose(bytes_.intercept_, floats.intercept_, rtol=1e-9)
    np.testing.assert_allclose(bytes_.predict_proba(pixels), floats.predict_proba(pixels / 255))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("scaling", [None, "standard"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_few_examples_by_their_gram_matrix_are_newton_on_all_features(k, scaling, fit_intercept):
    X, y, _ = problem(12, 20, 40, k)
    options = {"scaling": scaling, "fit_intercept": fit_intercept, **TIGHT}
    chosen = LogisticRegression(**options).fit(X, y)
    assert chosen.solution_.solver == "gram"
    same(chosen, LogisticRegression(solver="newton", **options).fit(X, y))


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "truncated-newton", "gram"])
@pytest.mark.parametrize("C", [1.0, np.inf])
def test_softmax_is_returned_in_its_symmetric_form(solver, C):
    X, y, _ = problem(13, 200, 3, 3)
    model = LogisticRegression(C=C, solver=solver, **TIGHT).fit(X, y)
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0, atol=1e-12)
    assert model.intercept_.sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("k", [2, 3])
def test_no_penalty_is_scikit_learns(k):
    X, y, _ = problem(14, 200, 3, k)
    ours = LogisticRegression(C=np.inf, **TIGHT).fit(X, y)
    theirs = linear_model.LogisticRegression(C=np.inf, solver="newton-cholesky", **TIGHT).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6, atol=1e-8)


def test_real_data_reach_scikit_learns_minimum():
    X, y = load_breast_cancer(return_X_y=True)
    ours = LogisticRegression(tol=1e-10).fit(X, y)
    theirs = linear_model.LogisticRegression(solver="newton-cholesky", tol=1e-10).fit(X, y)
    a, b = (objective(X, y, f.coef_, f.intercept_, 1, np.ones(len(y))) for f in (ours, theirs))
    assert a == pytest.approx(b, rel=1e-9)
