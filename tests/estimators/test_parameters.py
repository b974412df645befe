"""scikit-learn's parameters: names that are translated, deprecations, and what is refused."""

import warnings

import numpy as np
import pytest
from sklearn import linear_model

from onelayer import LogisticRegression
from onelayer.errors import UsageError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = (X[:, 0] + RNG.normal(size=60) > 0).astype(int)
Y3 = np.digitize(X[:, 0] + RNG.normal(size=60), [-0.5, 0.5])
THEIRS = ("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga")


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ("auto", "newton"),
        ("newton", "newton"),
        ("gram", "gram"),
        ("gradient-descent", "gradient-descent"),
        ("lbfgs", "lbfgs"),
        ("liblinear", "newton"),
        ("newton-cg", "newton"),
        ("newton-cholesky", "newton"),
        ("sag", "newton"),
        ("saga", "newton"),
    ],
)
def test_either_name_of_a_solver(asked, runs):
    model = LogisticRegression(solver=asked).fit(X, Y)
    assert model.solution_.solver == runs


def both(**options):
    return LogisticRegression(**options), linear_model.LogisticRegression(**options)


def outcome(model, y=Y):
    """The error's text, and the warnings that came before it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit(X, y)
        except ValueError as error:
            text = str(error)
        else:
            text = None
    return text, [(w.category, str(w.message)) for w in caught]


@pytest.mark.parametrize("solver", THEIRS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dual": True},
        {"C": np.inf},
        {"penalty": "l2"},
        {"penalty": None},
        {"penalty": None, "C": 4},
        {"penalty": "l2", "l1_ratio": 0.5},
        {"l1_ratio": None},
        {"penalty": "elasticnet", "l1_ratio": None},
        {"n_jobs": 2},
    ],
)
def test_errors_and_warnings_are_scikit_learns(solver, options):
    ours, theirs = (outcome(model) for model in both(solver=solver, max_iter=10_000, **options))
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]


@pytest.mark.parametrize("solver", [s for s in THEIRS if s != "saga"])
@pytest.mark.parametrize("l1_ratio", [0.5, 1])
def test_solvers_without_an_l1_penalty_refuse_it_in_scikit_learns_words(solver, l1_ratio):
    ours, theirs = (outcome(model)[0] for model in both(solver=solver, l1_ratio=l1_ratio))
    assert ours == theirs


@pytest.mark.parametrize("solver", ["newton", "gram", "gradient-descent"])
@pytest.mark.parametrize("l1_ratio", [0.5, 1])
def test_our_solvers_say_themselves_that_l1_is_not_for_them(solver, l1_ratio):
    text = f"{solver!r} is for penalties with no L1 part.* 'coordinate-descent' would do"
    with pytest.raises(UsageError, match=text):
        LogisticRegression(solver=solver, l1_ratio=l1_ratio).fit(X, Y)


def test_coordinate_descent_is_for_l1_alone():
    text = "'coordinate-descent' is for penalties with an L1 part.* 'newton' would do"
    with pytest.raises(UsageError, match=text):
        LogisticRegression(solver="coordinate-descent").fit(X, Y)


@pytest.mark.filterwarnings("ignore:'penalty' was deprecated:FutureWarning")
def test_elastic_net_without_l1_is_l2():
    a = LogisticRegression(penalty="elasticnet", solver="saga").fit(X, Y)
    np.testing.assert_array_equal(a.coef_, LogisticRegression().fit(X, Y).coef_)
    b = LogisticRegression(penalty=None).fit(X, Y)
    np.testing.assert_array_equal(b.coef_, LogisticRegression(C=np.inf).fit(X, Y).coef_)


def test_liblinear_takes_two_classes():
    ours, theirs = (outcome(model, Y3)[0] for model in both(solver="liblinear"))
    assert ours == theirs


def test_liblinear_does_not_penalise_the_intercept_here():
    model = LogisticRegression(solver="liblinear", dual=True, intercept_scaling=1e-3).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, LogisticRegression().fit(X, Y).coef_)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"C": 0}, "The 'C' parameter of LogisticRegression must be a float in the range"),
        ({"C": np.nan}, "The 'C' parameter"),
        ({"C": "1"}, "The 'C' parameter"),
        ({"tol": -1e-3}, "The 'tol' parameter"),
        ({"max_iter": -1}, "The 'max_iter' parameter"),
        ({"max_iter": 1.5}, "The 'max_iter' parameter"),
        ({"solver": "adam"}, "The 'solver' parameter .*'gradient-descent'"),
        ({"penalty": "l3"}, "The 'penalty' parameter"),
        ({"class_weight": "even"}, "The 'class_weight' parameter"),
        ({"scaling": "minmax"}, "The 'scaling' parameter .*'standard'"),
        ({"scaling": 0}, "The 'scaling' parameter"),
        ({"scaling": np.inf}, "The 'scaling' parameter"),
        ({"learning_rate": 0}, "The 'learning_rate' parameter"),
        ({"random_state": "seed"}, "The 'random_state' parameter"),
    ],
)
def test_parameters_out_of_range(options, text):
    with pytest.raises(ValueError, match=text):
        LogisticRegression(**options).fit(X, Y)


@pytest.mark.parametrize("C", [np.float32(2), np.int64(2), 2])
def test_numbers_of_any_type(C):
    model = LogisticRegression(C=C, tol=np.float32(1e-9), max_iter=np.int32(50)).fit(X, Y)
    np.testing.assert_allclose(model.coef_, LogisticRegression(C=2.0).fit(X, Y).coef_, rtol=1e-6)


def test_a_stalled_or_separable_fit_is_no_error_without_the_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=np.inf).fit(X, (X[:, 0] > 0).astype(int))
    assert str(model.solution_).startswith("separable: objective ")
