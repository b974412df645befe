"""A fit, or a saved model, asked for its gap on given data."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Peer

from onelayer import LogisticRegression
from onelayer.errors import DataError
from onelayer.estimators.optimality import optimality


@pytest.fixture(scope="module")
def data():
    g = np.random.default_rng(0)
    X = g.normal(size=(200, 5)) * [1, 10, 0.1, 1, 1]
    return X, (X @ g.normal(size=(5, 3)) + g.gumbel(size=(200, 3))).argmax(axis=1)


@pytest.mark.parametrize(
    "options", [{}, {"scaling": "standard"}, {"l1_ratio": 0.5}, {"class_weight": "balanced"}]
)
def test_a_fit_is_told_its_own_gap(data, options):
    X, y = data
    weights = np.where(np.arange(200) % 3, 1.0, 2.0)
    model = LogisticRegression(tol=1e-11, **options).fit(X, y, weights)
    held = optimality(model, X, y, weights)
    assert held.objective == pytest.approx(model.solution_.objective, rel=1e-12)
    assert held.gap <= 2e-9
    moved = LogisticRegression(tol=1e-11, **options).fit(X, y, weights)
    moved.coef_ = moved.coef_ * 1.01
    again = optimality(moved, X, y, weights)
    true = again.objective / held.objective - 1
    assert true > 1e-6
    assert again.gap == pytest.approx(true, rel=1e-2, abs=2e-9)


def test_weights_that_a_peer_found_are_held_against_the_optimum(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    with pytest.warns(ConvergenceWarning):
        peer = Peer(max_iter=5).fit(X, y)
    model.coef_, model.intercept_ = peer.coef_, peer.intercept_
    Z = X @ peer.coef_.T + peer.intercept_
    J = np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(200), y])
    J += (peer.coef_**2).sum() / (2 * 200)
    held = optimality(model, X, y)
    assert held.objective == pytest.approx(J, rel=1e-12)
    assert held.gap > 1e-4


def test_classes_that_are_unknown_are_named(data):
    X, y = data
    model = LogisticRegression().fit(X, y)
    with pytest.raises(DataError, match="y has 7 in row 0, which is none of the classes"):
        optimality(model, X, np.full(200, 7))
