"""Classes that a hyperplane separates, or all but separates, without a penalty.

Whether one does is known from a linear program, the optimum where none does from long double.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from onelayer import check_separation
from random_fits import SLACK, Drawn, judge


def nearly_separable(seed, storage, **options):
    """Labels by a layer; up to two rows of another class, and noise about the hyperplanes."""
    g = np.random.default_rng(seed)
    K, n = int(g.choice([2, 2, 3])), int(g.integers(1, 7))
    X = g.normal(size=(int(g.integers(3 * K, 80)), n)) * 10 ** g.uniform(-2, 2, size=n)
    if storage is not np.asarray:
        X = np.where(g.random(X.shape) < 0.4, X, 0)
    unit = X / np.maximum(X.std(axis=0), 1e-9)
    noise = g.choice([0, 0.03, 0.3]) * g.gumbel(size=(len(X), K))
    labels = (3 * unit @ g.normal(size=(n, K)) + noise).argmax(axis=1)
    changed = g.permutation(len(X))
    labels[changed[: g.integers(3)]] = g.integers(K)
    labels[changed[-K:]] = np.arange(K)
    return Drawn(storage(X), labels, None, {"C": np.inf, "l1_ratio": 0.0, **options}, "")


@given(
    seed=st.integers(0, 2**32 - 1),
    tol=st.sampled_from([1e-1, 1e-2, 1e-4, 1e-7]),
    solver=st.sampled_from(["auto", "newton", "lbfgs", "truncated-newton"]),
    storage=st.sampled_from([np.asarray, sparse.csr_matrix]),
    fit_intercept=st.booleans(),
)
@settings(max_examples=40, derandomize=True)
def test_a_fit_is_separable_where_a_plane_separates_and_else_states_its_gap(
    seed, tol, solver, storage, fit_intercept
):
    drawn = nearly_separable(
        seed, storage, tol=tol, solver=solver, fit_intercept=fit_intercept, scaling=None
    )
    outcome = judge(drawn)
    apart = check_separation(drawn.X, drawn.labels, fit_intercept=fit_intercept)
    if apart.kind == "complete":
        assert outcome.status == "separable"
    if apart.kind == "none" and outcome.status == "separable":
        assert outcome.true <= 1e-8  # z is still on its way where J has no digits left to tell it
    if apart.kind == "none" and outcome.status != "separable":
        assert outcome.true <= 2 * outcome.stated + SLACK
    if outcome.status == "converged":
        assert outcome.true <= tol + SLACK
