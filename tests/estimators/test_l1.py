"""L1 and the elastic net through the estimator: the optimum, its zeros, and scikit-learn's."""

from time import process_time

import numpy as np
import pytest
from scipy import sparse
from scipy.special import log_softmax
from sklearn import linear_model

from onelayer import LogisticRegression
from onelayer.logistic import sigma, softmax

RNG = np.random.default_rng(0)
M, N = 150, 12
X = RNG.normal(size=(M, N)) * RNG.uniform(0.5, 2, N) + 0.3
SCORE = X[:, :3] @ [1.0, -1.0, 0.5]
Y = (SCORE + RNG.normal(size=M) > 0).astype(int)
Y3 = np.digitize(SCORE + RNG.normal(size=M), [-1, 1])
WEIGHTS = RNG.uniform(0.2, 3, M)


def random_problem(seed):
    """Few examples, duplicated, nearly collinear, badly scaled or tied columns, any penalty."""
    rng = np.random.default_rng(seed)
    k = int(rng.choice([2, 2, 3, 4]))
    m, n = int(rng.integers(k, 40)), int(rng.integers(1, 9))
    x = rng.normal(size=(m, n)) * rng.uniform(0.3, 3, n) + rng.normal(size=n)
    if seed % 5 == 1:
        x[:, -1] = x[:, 0]
    elif seed % 5 == 2:
        x *= 10.0 ** rng.integers(-4, 5, n)
    elif seed % 5 == 3:
        x[:, -1] = x[:, 0] + 1e-6 * rng.normal(size=m)
    elif seed % 5 == 4:
        x = np.rint(x)
    y = rng.integers(0, k, m)
    y[:k] = np.arange(k)
    options = {
        "C": 10.0 ** rng.uniform(-4, 4),
        "l1_ratio": float(rng.choice([1.0, 1.0, 0.5, 0.1])),
        "fit_intercept": bool(rng.integers(0, 2)),
    }
    return x, y, options


def objective(model, x, y, options):
    """C sum L + r |W| + (1 - r)/2 W^2, naively."""
    Z = x @ model.coef_.T + model.intercept_
    Z = np.column_stack([np.zeros(len(Z)), Z]) if Z.shape[1] == 1 else Z
    loss = -log_softmax(Z, axis=1)[np.arange(len(y)), y].sum()
    r, W = options["l1_ratio"], model.coef_
    return options["C"] * loss + r * np.abs(W).sum() + (1 - r) / 2 * (W**2).sum()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("seed", range(120))
def test_no_worse_than_scikit_learn_on_random_problems(seed):
    x, y, options = random_problem(seed)
    began = process_time()
    ours = LogisticRegression(tol=1e-12, **options).fit(x, y)
    assert process_time() - began < 5  # once it took minutes for classes to come to agree
    # Columns 1e8 apart in size leave rounding, not the solver, with the last word.
    assert ours.solution_.gap < (1e-7 if seed % 5 == 2 else 1e-11)
    peers = [linear_model.LogisticRegression(solver="saga", max_iter=300, tol=1e-12, **options)]
    if y.max() == 1 and options["l1_ratio"] == 1 and not options["fit_intercept"]:
        exact = {"solver": "liblinear", "max_iter": 1000, "tol": 1e-12}
        peers.append(linear_model.LogisticRegression(**exact, **options))
    best = min(objective(peer.fit(x, y), x, y, options) for peer in peers)
    assert objective(ours, x, y, options) <= best * (1 + 1e-9)


def violation(model, x, y, C, ratio, weights):
    """How far the subgradient conditions of C sum v L + r |W| + (1 - r)/2 W^2 are from holding."""
    Z = x @ model.coef_.T + model.intercept_
    binary = Z.shape[1] == 1
    dZ = (sigma(Z) - y[:, None]) if binary else softmax(Z) - np.eye(Z.shape[1])[y]
    dZ = dZ * weights[:, None] * C
    G = dZ.T @ x + (1 - ratio) * model.coef_
    at_zero = np.maximum(np.abs(G) - ratio, 0)
    elsewhere = np.abs(G + ratio * np.sign(model.coef_))
    return max(np.where(model.coef_ == 0, at_zero, elsewhere).max(), np.abs(dZ.sum(axis=0)).max())


@pytest.mark.parametrize("y", [Y, Y3])
@pytest.mark.parametrize("ratio", [0.3, 1.0])
@pytest.mark.parametrize("C", [0.02, 0.3, 20.0])
def test_the_conditions_of_an_optimum_hold(C, ratio, y):
    model = LogisticRegression(C=C, l1_ratio=ratio, tol=1e-12).fit(X, y, WEIGHTS)
    assert model.solution_.status == "converged"
    assert model.solution_.solver == "coordinate-descent"
    assert model.solution_.gap_kind == "bound"
    assert violation(model, X, y, C, ratio, WEIGHTS) < 2e-4 * max(1, C)
    assert (model.coef_ == 0).sum() >= {0.02: 6, 0.3: 1, 20: 0}[C]


@pytest.mark.parametrize("y", [Y, Y3])
@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_the_same_optimum_as_saga(ratio, y):
    options = {"C": 0.2, "l1_ratio": ratio, "solver": "saga", "tol": 1e-10, "max_iter": 20_000}
    ours = LogisticRegression(**options).fit(X, y)
    theirs = linear_model.LogisticRegression(**options, random_state=0).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-5)
    np.testing.assert_array_equal(ours.coef_ == 0, theirs.coef_ == 0)
    gaps = ours.intercept_ - theirs.intercept_
    np.testing.assert_allclose(gaps, gaps.mean(), atol=5e-5)
    assert ours.intercept_.sum() == pytest.approx(0, abs=1e-12) or len(gaps) == 1


@pytest.mark.filterwarnings("ignore:'penalty' was deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:Inconsistent values:UserWarning")
def test_either_way_to_say_l1():
    one = LogisticRegression(l1_ratio=1, C=0.2).fit(X, Y)
    other = LogisticRegression(penalty="l1", C=0.2).fit(X, Y)
    third = LogisticRegression(penalty="elasticnet", l1_ratio=1, C=0.2, solver="saga").fit(X, Y)
    np.testing.assert_array_equal(one.coef_, other.coef_)
    np.testing.assert_array_equal(one.coef_, third.coef_)


@pytest.mark.parametrize("y", [Y, Y3])
def test_standardised_inside_is_standardised_outside(y):
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    inside = LogisticRegression(C=0.1, l1_ratio=1, scaling="standard", tol=1e-12).fit(X, y)
    outside = LogisticRegression(C=0.1, l1_ratio=1, tol=1e-12).fit(Z, y)
    np.testing.assert_allclose(inside.coef_ * X.std(axis=0), outside.coef_, atol=1e-6)
    np.testing.assert_array_equal(inside.coef_ == 0, outside.coef_ == 0)
    np.testing.assert_allclose(inside.predict_proba(X), outside.predict_proba(Z), atol=1e-6)


@pytest.mark.parametrize("y", [Y, Y3])
def test_sparse_and_float32_give_the_same_optimum(y):
    exact = LogisticRegression(C=0.1, l1_ratio=1, tol=1e-12).fit(X, y)
    for given in (sparse.csr_array(X), X.astype(np.float32), sparse.csr_array(X, dtype="float32")):
        model = LogisticRegression(C=0.1, l1_ratio=1, tol=1e-12).fit(given, y)
        np.testing.assert_allclose(model.coef_, exact.coef_, atol=1e-5)


@pytest.mark.parametrize("y", [Y, Y3])
def test_a_strong_penalty_leaves_the_intercept_alone(y):
    for C in (1e-6, 1e-300):
        model = LogisticRegression(C=C, l1_ratio=1).fit(X, y)
        np.testing.assert_array_equal(model.coef_, 0)
        shares = np.bincount(y) / M
        np.testing.assert_allclose(model.predict_proba(X[:1])[0], shares, rtol=1e-6)


def test_a_warm_start_at_the_optimum_stays():
    model = LogisticRegression(C=0.2, l1_ratio=1, warm_start=True, tol=1e-9).fit(X, Y3)
    first = model.coef_.copy()
    model.fit(X, Y3)
    assert model.n_iter_[0] == 0
    np.testing.assert_allclose(model.coef_, first, rtol=1e-15)
