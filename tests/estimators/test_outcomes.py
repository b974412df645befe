"""How a fit ends: converged, separable, out of steps, interrupted; and the ends of the floats."""

import io
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from onelayer import LogisticRegression
from onelayer.solution import Status

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] + RNG.normal(size=60) > 0).astype(int)
Y3 = np.digitize(X[:, 0] + RNG.normal(size=60), [-0.5, 0.5])
SEPARABLE = (X[:, 0] > 0).astype(int)
SOLVERS = ("newton", "lbfgs", "truncated-newton", "gram")


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("y", [SEPARABLE, np.digitize(X[:, 0], [-0.5, 0.5])])
def test_separable_without_a_penalty_is_one_warning(solver, y):
    model = LogisticRegression(C=np.inf, solver=solver)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, y)
    (warning,) = caught
    remedy = "set firth=True, or a finite C" if y is SEPARABLE else "set a finite C"
    assert str(warning.message) == (
        "A hyperplane separates the classes (complete separation by 0, 1, 2, const), so without a "
        f"penalty the weights grow without end and there is no optimum: {remedy}, for example C=1."
    )
    assert model.solution_.status is Status.SEPARABLE
    assert np.isnan(model.solution_.gap)
    assert np.isfinite(model.coef_).all()
    assert model.score(X, y) == 1


def test_quasi_separable_is_separable():
    x = np.array([-2.0, -1, 0, 0, 1, 2])[:, None]
    model = LogisticRegression(C=np.inf)
    kind = r"A hyperplane separates the classes \(quasi-complete separation by 0 \(\+inf\)\), so "
    with pytest.warns(ConvergenceWarning, match=kind):
        model.fit(x, [0, 0, 0, 1, 1, 1])
    assert model.solution_.status is Status.SEPARABLE


def test_separable_columns_of_a_frame_are_named():
    x = pd.DataFrame({"dose": X[:, 0], "sex": np.arange(60) % 7 == 0})
    y = np.where(x["sex"], 1, Y)
    with pytest.warns(ConvergenceWarning, match=r"quasi-complete separation by sex \(\+inf\)\)"):
        LogisticRegression(C=np.inf).fit(x, y)
    weights = np.where(x["sex"], 0.0, 1.0)
    model = LogisticRegression(C=np.inf).fit(x, y, weights)
    assert model.solution_.status is Status.CONVERGED


def test_large_separable_data_are_not_looked_into_but_the_warning_says_how():
    x = np.random.default_rng(0).normal(size=(60_000, 2))
    with pytest.warns(
        ConvergenceWarning,
        match=r"so without .* set firth=True, or a finite C, for example C=1\. "
        r"onelayer\.check_separation\(X, y\) names the columns\.$",
    ):
        LogisticRegression(C=np.inf).fit(x, x[:, 0] > 0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_separable_with_a_penalty_converges(solver):
    model = LogisticRegression(C=1e8, solver=solver, tol=1e-9).fit(X, SEPARABLE)
    assert model.solution_.status is Status.CONVERGED
    assert model.solution_.objective == pytest.approx(1.6754037e-06, rel=1e-6)


def test_gradient_descent_runs_its_steps_and_says_nothing():
    model = LogisticRegression(solver="gradient-descent", max_iter=7, learning_rate=0.1).fit(X, Y)
    assert model.solution_.status is Status.MAX_ITER
    assert list(model.n_iter_) == [7]
    w, b = np.zeros(3), 0.0
    for _ in range(7):
        dz = (1 / (1 + np.exp(-X @ w - b)) - Y) / 60
        w, b = w - 0.1 * (X.T @ dz + w / 60), b - 0.1 * dz.sum()
    np.testing.assert_allclose(model.coef_[0], w, rtol=1e-12)
    assert model.intercept_[0] == pytest.approx(b, rel=1e-12)


def test_gradient_descent_on_separable_data_warns_once_after_all_its_steps():
    model = LogisticRegression(C=np.inf, solver="gradient-descent", max_iter=500, learning_rate=50)
    with pytest.warns(ConvergenceWarning, match="A hyperplane separates") as caught:
        model.fit(X, SEPARABLE)
    assert len(caught) == 1
    assert model.n_iter_[0] == 500


def test_gradient_descent_that_overshoots_keeps_finite_weights():
    model = LogisticRegression(solver="gradient-descent", learning_rate=1e10)
    with pytest.warns(
        ConvergenceWarning, match=r"status=2\):\nThe steps overshoot .* learning_rate"
    ):
        model.fit(X, Y)
    assert model.solution_.status is Status.STALLED
    assert np.isfinite(model.coef_).all()


def test_out_of_steps_warns_as_scikit_learn_and_adds_advice():
    model = LogisticRegression(solver="lbfgs", max_iter=2)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, Y)
    (warning,) = caught
    assert str(warning.message) == (
        "lbfgs failed to converge after 2 iteration(s) (status=1):\n"
        "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT\n\n"
        "Increase the number of iterations to improve the convergence (max_iter=2).\n"
        "The fit stopped early: raise max_iter, loosen tol, standardise the features "
        "(scaling='standard') or let the solver be chosen for you (solver='auto'). "
        "You might also want to scale the data."
    )
    assert warning.filename == __file__
    assert model.n_iter_[0] == 2


def test_a_tolerance_beyond_rounding_stalls_and_says_so():
    for solver in ("newton", "lbfgs"):
        model = LogisticRegression(tol=0, solver=solver)
        with pytest.warns(ConvergenceWarning, match=r"status=2\):\nRounding .*no further"):
            model.fit(X, Y)
        assert model.solution_.gap < 1e-12
        assert model.n_iter_[0] < 50


def test_no_steps_are_the_start():
    model = LogisticRegression(max_iter=0)
    with pytest.warns(ConvergenceWarning, match=r"newton failed to converge after 0 iteration"):
        model.fit(X, Y)
    np.testing.assert_array_equal(model.coef_, np.zeros((1, 3)))
    np.testing.assert_array_equal(model.predict_proba(X), np.full((60, 2), 0.5))


@pytest.mark.parametrize("y", [Y, Y3])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("scaling", [None, "standard"])
def test_a_warm_start_goes_on_from_the_coefficients(y, solver, scaling):
    model = LogisticRegression(warm_start=True, solver=solver, scaling=scaling, tol=1e-10)
    cold = model.fit(X, y).n_iter_[0]
    coef = model.coef_.copy()
    assert model.fit(X, y).n_iter_[0] < cold
    np.testing.assert_allclose(model.coef_, coef, rtol=1e-3, atol=1e-4)
    assert model.solution_.history[0].objective == pytest.approx(model.solution_.objective)


def test_two_warm_steps_are_two_steps():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        two = LogisticRegression(solver="newton", max_iter=2).fit(X, Y3)
        one = LogisticRegression(solver="newton", max_iter=1, warm_start=True).fit(X, Y3).fit(X, Y3)
    np.testing.assert_allclose(one.coef_, two.coef_, rtol=1e-12)
    np.testing.assert_allclose(one.intercept_, two.intercept_, rtol=1e-12)


def test_a_warm_start_of_another_shape_is_refused():
    model = LogisticRegression(warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match=r"Initialization coef is of shape \(1, 3\).*\(3, 3\)"):
        model.fit(X, Y3)
    np.testing.assert_array_equal(model.classes_, [0, 1])


def test_without_a_warm_start_nothing_remains():
    model = LogisticRegression().fit(X, Y3).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, LogisticRegression().fit(X, Y).coef_)


def test_verbose_prints_a_line_a_step(capsys):
    model = LogisticRegression(verbose=1).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(model.solution_.history)
    assert lines[0].startswith("step 0: objective 0.6931471806, gap ")
    assert "passes" in lines[0]


class Impatient(io.StringIO):
    """A standard output whose reader presses Ctrl-C at the third line."""

    def write(self, text):
        super().write(text)
        if self.getvalue().count("\n") == 3:
            raise KeyboardInterrupt
        return len(text)


def test_an_interrupted_fit_keeps_its_best(monkeypatch):
    model = LogisticRegression(solver="lbfgs", verbose=1, scaling="standard")
    monkeypatch.setattr(sys, "stdout", Impatient())
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    monkeypatch.undo()
    assert model.solution_.status is Status.INTERRUPTED
    assert list(model.n_iter_) == [2]
    assert model.solution_.objective < np.log(2)
    assert model.score(X, Y) > 0.7


@pytest.mark.parametrize("C", [1e-300, 1e-100, 1e-12])
@pytest.mark.parametrize("y", [Y, Y3])
def test_a_tiny_c_is_the_entropy_of_the_classes_to_lbfgs(y, C):
    model = LogisticRegression(C=C, solver="lbfgs", tol=1e-14).fit(X, y)
    shares = np.bincount(y) / len(y)
    assert model.solution_.objective == pytest.approx(-shares @ np.log(shares), rel=1e-9)
    assert np.abs(model.coef_).max() < 1e5 * C


@pytest.mark.parametrize("solver", ["newton", "gram"])
@pytest.mark.parametrize("y", [Y, Y3])
@pytest.mark.parametrize("C", [1e-300, 1e-100, 1e-12])
def test_a_tiny_c_is_the_first_order_answer(solver, y, C):
    model = LogisticRegression(C=C, solver=solver, tol=1e-14).fit(X, y)
    shares = np.bincount(y) / len(y)
    b = np.log(shares)
    expected = b - b.mean() if len(b) > 2 else np.diff(b)
    np.testing.assert_allclose(model.intercept_, expected, rtol=1e-6)
    residual = np.eye(len(b))[y] - shares
    slope = (residual.T @ X)[-len(expected) :]
    np.testing.assert_allclose(model.coef_ / C, slope, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("y", [Y, Y3])
def test_a_huge_c_is_no_penalty(solver, y):
    options = {"solver": solver, "tol": 1e-13}
    free = LogisticRegression(C=np.inf, **options).fit(X, y)
    huge = LogisticRegression(C=1e300, **options).fit(X, y)
    np.testing.assert_allclose(huge.coef_, free.coef_, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size", [1e-140, 1e-20, 1e20, 1e100, 1e140])
@pytest.mark.parametrize("y", [Y, Y3])
def test_the_unit_of_a_feature_does_not_matter_to_newton(size, y):
    units = np.array([size, 1, 1e8])
    model = LogisticRegression(C=np.inf).fit(X * units, y)
    plain = LogisticRegression(C=np.inf).fit(X, y)
    np.testing.assert_allclose(model.coef_ * units, plain.coef_, rtol=1e-8)
    np.testing.assert_allclose(model.intercept_, plain.intercept_, rtol=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("C", [1, 1e10, np.inf])
@pytest.mark.parametrize("y", [Y, Y3])
def test_constant_and_duplicate_columns(solver, C, y):
    wide = np.column_stack([X, X[:, 0], np.ones(60), np.zeros(60)])
    model = LogisticRegression(C=C, solver=solver, tol=1e-10).fit(wide, y)
    assert model.solution_.status is Status.CONVERGED
    np.testing.assert_allclose(model.coef_[:, 0], model.coef_[:, 3], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(model.coef_[:, 5], 0, atol=1e-15)
    if np.isinf(C):
        narrow = LogisticRegression(C=C, tol=1e-10).fit(X, y)
        np.testing.assert_allclose(
            model.predict_proba(wide), narrow.predict_proba(X), rtol=1e-3, atol=1e-5
        )


def test_nothing_but_constant_columns_leaves_the_intercept():
    for options in ({}, {"C": np.inf}, {"scaling": "standard"}):
        model = LogisticRegression(**options).fit(np.full((60, 2), 7.0), Y)
        expected = np.full(60, Y.mean())
        np.testing.assert_allclose(model.predict_proba(np.full((60, 2), 7.0))[:, 1], expected)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("n", [1, 70])
def test_nothing_but_zeros_leave_the_intercept(solver, n):
    model = LogisticRegression(solver=solver, tol=1e-12).fit(np.zeros((60, n)), Y3)
    np.testing.assert_array_equal(model.coef_, np.zeros((3, n)))
    shares = np.bincount(Y3) / 60
    np.testing.assert_allclose(model.predict_proba(np.zeros((1, n)))[0], shares, rtol=1e-5)


@pytest.mark.parametrize("y", [Y[:20], Y3[:20]])
@pytest.mark.parametrize("size", [1e9, 1e12])
def test_a_feature_that_drowns_the_others_is_never_called_converged(size, y):
    X = np.random.default_rng(5).normal(size=(20, 40))
    X[:, 0] *= size
    drowned = LogisticRegression()
    with pytest.warns(ConvergenceWarning, match="gram failed .*\n.*standardise the features"):
        drowned.fit(X, y)
    exact = LogisticRegression(solver="newton").fit(X, y)
    assert drowned.solution_.gap > 1e-7
    assert exact.solution_.objective < drowned.solution_.objective * (1 + 1e-9)
    a, b = (LogisticRegression(scaling="standard", solver=s).fit(X, y) for s in ("auto", "newton"))
    assert a.solution_.objective == pytest.approx(b.solution_.objective, rel=1e-9)


@pytest.mark.parametrize("seed", [0, None, np.random.RandomState(1), np.random.default_rng(1)])
def test_every_fit_gives_the_same_bytes(seed):
    a = LogisticRegression(random_state=seed).fit(X, Y3)
    b = LogisticRegression(random_state=0).fit(X, Y3)
    assert a.coef_.tobytes() == b.coef_.tobytes()
