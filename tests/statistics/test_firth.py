"""Firth's correction: published figures, a slow oracle, the gradient, and the laws of weights."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import minimize
from sklearn.utils.estimator_checks import parametrize_with_checks

from onelayer import LogisticRegression
from onelayer.designs import make_design, make_scaling
from onelayer.logistic import Binary
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.statistics.firth import FirthObjective
from onelayer.statistics.firth_profile import firth_profile

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)) * [1, 20, 0.1] + [0, 5, 1]
Y = (X[:, 0] + RNG.normal(size=40) > 0).astype(int)
WEIGHTS = RNG.uniform(0.2, 3, 40)


def firth(**options):
    return LogisticRegression(C=np.inf, firth=True, **options)


def parameters(model):
    return np.r_[model.coef_[0], model.intercept_ if model.fit_intercept else []]


def negative_log_likelihood(theta, x, y, weights):
    """Minus the log likelihood less half the log determinant of the information, naively."""
    z = x @ theta
    a = 1 / (1 + np.exp(-z))
    likelihood = weights @ (y * z - np.logaddexp(0, z))
    return -likelihood - 0.5 * np.linalg.slogdet((x.T * (weights * a * (1 - a))) @ x)[1]


def slow(x, y, weights, intercept=True):
    """The minimum by Nelder and Mead's and Powell's methods, which know no gradient."""
    x = np.column_stack([x, np.ones(len(x))]) if intercept else x
    units = np.abs(x).max(axis=0)
    arguments = (x / units, y, weights)
    theta = np.zeros(x.shape[1])
    for _ in range(6):
        for method in ("Powell", "Nelder-Mead"):
            options = (
                {"xtol": 1e-10, "ftol": 1e-14}
                if method == "Powell"
                else {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 5000}
            )
            theta = minimize(
                negative_log_likelihood, theta, arguments, method=method, options=options
            ).x
    return theta / units, -negative_log_likelihood(theta / units, x, y, weights)


def test_endometrial_as_published(shared):
    reference = json.loads((shared / "reference" / "inference_values.json").read_text())
    frame = pd.read_csv(shared / "data" / "endometrial.csv")
    model = firth().fit(frame[["NV", "PI", "EH"]], frame["HG"])
    published = reference["endometrial"]
    assert published["order"] == ["const", "NV", "PI", "EH"]
    estimates = [*model.intercept_, *model.coef_[0]]
    np.testing.assert_allclose(estimates, published["bias_reduced"], atol=5.01e-6)
    errors = np.roll(model.firth_.standard_errors, 1)
    np.testing.assert_allclose(errors, published["bias_reduced_standard_error"], atol=5.01e-6)
    assert model.solution_.status == "converged"
    assert model.solution_.solver == "fisher-scoring"


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("y", [Y, (X[:, 0] > 0).astype(int)])
def test_the_optimum_of_a_slow_search(y, intercept):
    expected, likelihood = slow(X, y, WEIGHTS, intercept)
    model = firth(fit_intercept=intercept).fit(X, y, WEIGHTS)
    np.testing.assert_allclose(parameters(model), expected, rtol=1e-5, atol=1e-6)
    assert model.firth_.penalised_log_likelihood == pytest.approx(likelihood, abs=1e-9)
    x = np.column_stack([X, np.ones(40)]) if intercept else X
    a = 1 / (1 + np.exp(-x @ parameters(model)))
    information = (x.T * (WEIGHTS * a * (1 - a))) @ x
    covariance = np.linalg.inv(information)
    np.testing.assert_allclose(model.firth_.covariance, covariance, rtol=1e-8)
    np.testing.assert_allclose(model.firth_.standard_errors**2, np.diag(covariance), rtol=1e-8)
    # The modified score, by the hat matrix.
    half = np.sqrt(WEIGHTS * a * (1 - a))[:, None] * x
    h = np.diag(half @ covariance @ half.T)
    score = x.T @ (WEIGHTS * (y - a) + h * (0.5 - a))
    np.testing.assert_allclose(score / np.abs(x).sum(axis=0), 0, atol=1e-9)


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_the_gradient_is_that_of_finite_differences(storage):
    layer = Objective(
        loss=make_design(storage(X)).bind(Binary(), Y, WEIGHTS / WEIGHTS.sum()),
        penalty=Penalty(0.0, 0.0),
    )
    function = FirthObjective.of(layer, WEIGHTS.sum())
    c, step = np.array([0.3, -0.2, 0.7, 0.1]), 1e-5
    gradient = function.slopes(function.point(c))[0]
    for j, unit in enumerate(np.eye(4)):
        high, low = (function.point(c + sign * step * unit).value for sign in (1, -1))
        assert gradient[j] == pytest.approx((high - low) / (2 * step), rel=1e-6, abs=1e-9)
    x = np.column_stack([X, np.ones(40)])
    theta = function.whitening.A @ c
    ours = (function.point(c).value - function.point(0 * c).value) * WEIGHTS.sum()
    naive = [negative_log_likelihood(at, x, Y, WEIGHTS) for at in (theta, 0 * theta)]
    assert ours == pytest.approx(naive[0] - naive[1], rel=1e-10)
    assert function.point(0 * c).value == pytest.approx(np.log(2), rel=1e-12)


def same(a, b, rtol=1e-7):
    np.testing.assert_allclose(parameters(a), parameters(b), rtol=rtol, atol=1e-9)
    np.testing.assert_allclose(a.firth_.covariance, b.firth_.covariance, rtol=10 * rtol, atol=1e-12)
    assert a.firth_.penalised_log_likelihood == pytest.approx(
        b.firth_.penalised_log_likelihood, rel=1e-9
    )


@pytest.mark.parametrize("scaling", [None, "standard", 0.3])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
class TestWeights:
    def test_weight_2_is_a_row_twice(self, scaling, storage):
        counts = RNG.integers(1, 4, 40)
        rows = np.arange(40).repeat(counts)
        weighted = firth(scaling=scaling).fit(storage(X), Y, counts)
        same(weighted, firth(scaling=scaling).fit(storage(X[rows]), Y[rows]))

    def test_weight_0_is_a_row_removed(self, scaling, storage):
        weights = WEIGHTS * (np.arange(40) % 5 > 0)
        wild = np.where(weights[:, None] > 0, X, 100 * X)
        kept = weights > 0
        fitted = firth(scaling=scaling).fit(storage(wild), Y, weights)
        same(fitted, firth(scaling=scaling).fit(storage(X[kept]), Y[kept], weights[kept]))

    def test_class_weights_are_weights(self, scaling, storage):
        of_class = {0: 2, 1: 0.5}
        by_row = np.where(Y == 1, 0.5, 2)
        fitted = firth(scaling=scaling, class_weight=of_class).fit(storage(X), Y)
        same(fitted, firth(scaling=scaling).fit(storage(X), Y, by_row))


@pytest.mark.parametrize("scaling", [None, "standard", 1e-5])
def test_scaling_and_storage_change_nothing(scaling):
    plain = firth().fit(X, Y, WEIGHTS)
    for given in (X, sparse.csr_array(X)):
        same(firth(scaling=scaling).fit(given, Y, WEIGHTS), plain)


def test_units_and_far_means_change_nothing():
    units = np.array([1e-100, 1, 1e100])
    plain, scaled = firth().fit(X, Y), firth().fit(X * units, Y)
    np.testing.assert_allclose(scaled.coef_ * units, plain.coef_, rtol=1e-9)
    errors = scaled.firth_.standard_errors * np.r_[units, 1]
    np.testing.assert_allclose(errors, plain.firth_.standard_errors, rtol=1e-9)
    far = firth().fit(X + np.array([0, 1e7, 0]), Y)
    np.testing.assert_allclose(far.coef_, plain.coef_, rtol=1e-6)


def test_two_classes_swapped_change_the_sign():
    a, b = firth().fit(X, Y), firth().fit(X, np.where(Y, "a", "b"))
    np.testing.assert_allclose(parameters(a), -parameters(b), rtol=1e-9)


def test_collinear_columns_share_and_have_no_standard_error():
    wide = np.column_stack([X, X[:, 0], np.ones(40)])
    model, narrow = firth().fit(wide, Y), firth().fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(wide), narrow.predict_proba(X), rtol=1e-8)
    assert model.coef_[0, 0] == pytest.approx(model.coef_[0, 3], rel=1e-9)
    assert model.coef_[0, 0] == pytest.approx(narrow.coef_[0, 0] / 2, rel=1e-7)
    errors = model.firth_.standard_errors
    np.testing.assert_array_equal(np.isnan(errors), [True, False, False, True, True, True])
    np.testing.assert_allclose(errors[1:3], narrow.firth_.standard_errors[1:3], rtol=1e-8)
    assert np.isnan(model.firth_.penalised_log_likelihood)


def test_more_columns_than_rows():
    wide = RNG.normal(size=(10, 30))
    y = np.arange(10) % 2
    model = firth().fit(wide, y)
    # Where any z is possible h is 1, and the modified score asks a = (y + 1/2) / 2.
    np.testing.assert_allclose(model.predict_proba(wide)[:, 1], (y + 0.5) / 2, rtol=1e-8)


def test_one_dummy_is_half_an_example_more_in_each_cell():
    # Two groups, a saturated model: the correction adds 1/2 to each count (Firth 1993).
    x = np.repeat([0, 0, 1, 1], [9, 4, 5, 0])[:, None]
    y = np.repeat([0, 1, 0, 1], [9, 4, 5, 0])
    model = firth().fit(x, y)
    assert model.intercept_[0] == pytest.approx(np.log(4.5 / 9.5), rel=1e-8)
    assert model.coef_[0, 0] == pytest.approx(np.log(0.5 / 5.5) - np.log(4.5 / 9.5), rel=1e-8)


def shortfall(model, x, y):
    """The largest entry of the modified score, in standard errors of a score."""
    x = np.column_stack([x.astype(float) / 255, np.ones(len(x))])
    a = 1 / (1 + np.exp(-x @ np.r_[model.coef_[0] * 255, model.intercept_]))
    half = np.sqrt(a * (1 - a))[:, None] * x
    information = half.T @ half
    h = ((half @ np.linalg.inv(np.linalg.cholesky(information)).T) ** 2).sum(axis=1)
    return np.abs(x.T @ (y - a + h * (0.5 - a)) / np.sqrt(np.diag(information))).max()


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_large_data_are_read_in_pieces(dtype):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (42_000, 50)).astype(dtype)
    z = (pixels[:, :5].astype(float) - 128) @ np.full(5, 0.01)
    y = (z + rng.logistic(size=42_000) > 0).astype(int)
    model = firth(scaling=1 / 255).fit(pixels, y)
    assert shortfall(model, pixels, y) < 1e-4
    assert shortfall(LogisticRegression(C=np.inf, scaling=1 / 255).fit(pixels, y), pixels, y) > 0.01
    assert model.solution_.passes < 20.1  # and 512 rows, for how large x is


def test_a_warm_start_stays_and_a_plain_fit_forgets():
    model = firth(warm_start=True).fit(X, Y)
    first = model.coef_.copy()
    assert model.fit(X, Y).n_iter_[0] <= 1
    np.testing.assert_allclose(model.coef_, first, rtol=1e-9)
    assert not hasattr(model.set_params(firth=False).fit(X, Y), "firth_")


@pytest.mark.parametrize(
    ("options", "y", "message"),
    [
        ({"C": 1.0}, Y, r"here is one, of C=1 and l1_ratio=0: set C=np.inf and l1_ratio=0"),
        ({}, np.arange(40) % 3, r"for two classes, and y has 3. Set firth=False and a finite C"),
        ({"solver": "lbfgs"}, Y, r"by Fisher scoring, not by 'lbfgs': set solver='auto'"),
        ({"solver": "gram"}, Y, r"by Fisher scoring, not by 'gram'"),
    ],
)
def test_what_does_not_go_together_is_named(options, y, message):
    model = LogisticRegression(**{"C": np.inf, "firth": True, **options})
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)


def profiled(x, y, weights, model, scaling=None):
    layer = Objective(
        loss=make_design(x, scaling).bind(Binary(), y, weights / weights.sum()),
        penalty=Penalty(0.0, 0.0),
        intercept=model.fit_intercept,
    )
    theta = parameters(model)[:, None]
    if scaling is not None:
        theta = np.vstack(scaling.unfold(theta[:-1], theta[-1]))
    return firth_profile(layer, theta, weights.sum(), scaling)


def test_endometrial_profiles(shared):
    # Published: chi squared 6.798 and an interval of 0.6097 to 7.8546 for NV by R's logistf.
    frame = pd.read_csv(shared / "data" / "endometrial.csv")
    x, y = frame[["NV", "PI", "EH"]].to_numpy(float), frame["HG"].to_numpy()
    found = profiled(x, y, np.ones(79), firth().fit(x, y))
    assert found.chi_squared[0] == pytest.approx(6.798457, abs=5e-7)
    assert found.p_value[0] == pytest.approx(0.0091237, abs=5e-8)
    assert (found.lower[0], found.upper[0]) == pytest.approx((0.609724, 7.854632), abs=1e-6)


def test_profiles_are_those_of_a_slow_search():
    y, model = Y, firth().fit(X, Y, WEIGHTS)
    found = profiled(X, y, WEIGHTS, model)
    x = np.column_stack([X, np.ones(40)])
    best = -negative_log_likelihood(parameters(model), x, y, WEIGHTS)
    for value, expected in (
        (0.0, found.chi_squared),
        (found.lower, 3.841459),
        (found.upper, 3.841459),
    ):
        for j in range(4):
            held = np.broadcast_to(value, 4)[j]
            statistic = 2 * (best - held_likelihood(x, y, WEIGHTS, j, held, parameters(model)))
            assert statistic == pytest.approx(np.broadcast_to(expected, 4)[j], abs=2e-5)
    assert (found.lower < parameters(model)).all()
    assert (parameters(model) < found.upper).all()


def held_likelihood(x, y, weights, j, value, start):
    """The largest penalised likelihood with one coefficient held, naively."""
    units = np.abs(x).max(axis=0)

    def whole(free):
        return np.insert(free / np.delete(units, j), j, value)

    free = np.delete(start * units, j)
    options = {"xatol": 1e-7, "fatol": 1e-9}
    for _ in range(2):
        free = minimize(
            lambda at: negative_log_likelihood(whole(at), x, y, weights),
            free,
            method="Nelder-Mead",
            options=options,
        ).x
    return -negative_log_likelihood(whole(free), x, y, weights)


def test_profiles_do_not_depend_on_scaling_and_leave_out_collinear_columns():
    model = firth().fit(X, Y, WEIGHTS)
    plain = profiled(X, Y, WEIGHTS, model)
    scaling = make_scaling(X, "standard", WEIGHTS / WEIGHTS.sum())
    scaled = profiled(X, Y, WEIGHTS, model, scaling)
    np.testing.assert_allclose(scaled.chi_squared, plain.chi_squared, rtol=1e-7)
    np.testing.assert_allclose(scaled.lower, plain.lower, rtol=1e-6)
    wide = np.column_stack([X, X[:, 0]])
    shared_by_two = profiled(wide, Y, WEIGHTS, firth().fit(wide, Y, WEIGHTS))
    np.testing.assert_array_equal(np.isnan(shared_by_two.upper), [True, False, False, True, False])
    np.testing.assert_allclose(shared_by_two.upper[[1, 2, 4]], plain.upper[1:], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([LogisticRegression(C=np.inf, firth=True)])
def test_scikit_learns_checks(estimator, check):
    check(estimator)
