"""L1 over X on disk: the fit in memory, in few reads, with a gap that is proved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer import LogisticRegression
from onelayer.designs import rows_on_disk
from onelayer.errors import UsageError
from onelayer.solvers.l1 import prox_newton_over_parts


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 40_000)


def problem(m=3000, n=12, k=2, dtype=np.float64, seed=0):
    """X that varies together, labels that a third of the features tell, and weights, some 0."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n)) + rng.normal(size=(m, 3)) @ rng.normal(size=(3, n))
    W = rng.normal(size=(n, k)) * (np.arange(n) < 4)[:, None]
    y = (X @ W + rng.gumbel(size=(m, k))).argmax(axis=1)
    v = rng.random(m) * (rng.random(m) > 0.2)
    X = np.clip(30 * X + 128, 0, 255) if dtype == np.uint8 else X
    return X.astype(dtype), y, v


def on_disk(X, folder):
    np.save(folder / "X.npy", X)
    return np.load(folder / "X.npy", mmap_mode="r")


@settings(max_examples=12)
@given(
    k=st.sampled_from([2, 3, 5]),
    dtype=st.sampled_from([np.uint8, np.float32, np.float64]),
    C=st.sampled_from([1e-3, 0.03, 1.0, 100.0]),
    l1_ratio=st.sampled_from([1.0, 0.7, 0.1]),
    fit_intercept=st.booleans(),
    weighted=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_fit_is_that_of_memory(tmp_path_factory, k, dtype, weighted, seed, **options):
    X, y, v = problem(k=k, dtype=dtype, seed=seed)
    v = v if weighted else None
    options |= {"scaling": "standard"}
    here = LogisticRegression(tol=1e-10, **options).fit(X, y, sample_weight=v)
    M = on_disk(X, tmp_path_factory.mktemp("law"))
    there = LogisticRegression(memory=1000, **options).fit(M, y, sample_weight=v)
    solved, best = there.solution_, here.solution_.objective
    assert (solved.status, solved.gap_kind) == ("converged", "bound")
    assert solved.passes + solved.surveyed <= 20
    missing = solved.objective / best - 1
    assert -1e-10 <= missing <= solved.gap + 1e-10
    assert solved.gap <= 1e-7
    np.testing.assert_allclose(
        there.predict_proba(X), here.predict_proba(X), atol=2e-3, err_msg=str(solved)
    )


@pytest.mark.parametrize("options", [{}, {"l1_ratio": 0.3}], ids=str)
@pytest.mark.parametrize("k", [2, 3])
def test_to_the_last_digits_in_float64(tmp_path, k, options):
    """Of three classes the optimum is one: the median of a feature's weights is 0."""
    X, y, v = problem(k=k)
    options = {"C": 0.05, "l1_ratio": 1.0, "scaling": "standard", "tol": 1e-14} | options
    here = LogisticRegression(**options).fit(X, y, sample_weight=v)
    there = LogisticRegression(memory=1000, **options).fit(on_disk(X, tmp_path), y, sample_weight=v)
    size = np.abs(here.coef_).max()
    np.testing.assert_allclose(there.coef_, here.coef_, rtol=0, atol=1e-9 * size)
    np.testing.assert_array_equal(there.coef_ != 0, here.coef_ != 0)
    assert there.solution_.passes + 1 <= 12


@settings(max_examples=10)
@given(
    place=st.sampled_from([(2, 1e3), (2, 1e6), (2, 1e8), (3, 1e3), (3, 1e6)]),
    l1_ratio=st.sampled_from([1.0, 0.5]),
    C=st.sampled_from([0.01, 0.1, 10.0]),
    scaling=st.sampled_from([None, 0.01]),
    seed=st.integers(0, 99),
)
def test_where_columns_lie_changes_nothing(tmp_path_factory, place, scaling, seed, **options):
    """Before, columns 1e6 deviations from zero took 10 reads and stalled, or 291.

    Of three classes at 1e8 rounding alone may be more than tol: some fits end stalled, and say so.
    """
    k, far = place
    X, y, v = problem(k=k, seed=seed)
    signs = np.where(np.arange(X.shape[1]) % 3, far, -far)
    X = (X + signs) - signs + 0.0  # the digits that are left so far away
    M = on_disk(X, tmp_path_factory.mktemp("near"))
    F = on_disk(X + signs, tmp_path_factory.mktemp("far"))
    near, there = (
        LogisticRegression(memory=1000, scaling=scaling, **options).fit(some, y, sample_weight=v)
        for some in (M, F)
    )
    solved, best = there.solution_, near.solution_
    assert (solved.status, solved.gap_kind) == ("converged", "bound")
    assert abs(solved.passes - best.passes) <= 3
    apart = best.gap + solved.gap + 1e-15
    assert abs(solved.objective - best.objective) <= best.objective * apart
    np.testing.assert_allclose(there.predict_proba(F), near.predict_proba(M), atol=2e-3)


def test_pixels_take_eight_reads(tmp_path):
    X, y, _ = problem(20_000, 60, 2, np.uint8)
    options = {"C": 0.1, "l1_ratio": 1.0, "scaling": 1 / 255}
    there = LogisticRegression(memory=1000, **options).fit(on_disk(X, tmp_path), y)
    assert there.solution_.passes + 1 <= 8
    assert (there.coef_ == 0).any()


def test_no_feature_is_left_where_the_penalty_is_strong(tmp_path):
    X, y, _ = problem()
    model = LogisticRegression(memory=1000, C=1e-6, l1_ratio=1.0).fit(on_disk(X, tmp_path), y)
    assert not model.coef_.any()
    np.testing.assert_allclose(model.intercept_, np.log(y.mean() / (1 - y.mean())), rtol=1e-9)
    assert model.solution_.passes <= 2


def test_steps_that_overshoot_are_shortened(tmp_path):
    """Columns that separate nearly, under next to no penalty, and a start that does not know."""
    X, _, _ = problem(4000, 20)
    y = X[:, 0] + 0.01 * X[:, 1] > 0
    options = {"C": 1e4, "l1_ratio": 1.0, "scaling": "standard"}
    here = LogisticRegression(**options).fit(X, y)
    there = LogisticRegression(memory=1000, **options).fit(on_disk(X, tmp_path), y)
    assert there.solution_.objective <= here.solution_.objective * (1 + 2e-7)


@settings(max_examples=3)
@given(memory=st.integers(1, 30_000))
def test_the_budget_changes_no_byte(tmp_path_factory, memory):
    X, y, _ = problem(dtype=np.uint8)
    M = on_disk(X, tmp_path_factory.mktemp("law"))
    options = {"C": 0.1, "l1_ratio": 1.0, "scaling": 1 / 255}
    one, other = (LogisticRegression(memory=some, **options).fit(M, y) for some in (memory, 9000))
    assert one.coef_.tobytes() == other.coef_.tobytes()
    assert one.solution_.passes == other.solution_.passes


def test_it_goes_on_from_where_a_fit_was(tmp_path):
    X, y, _ = problem()
    M = on_disk(X, tmp_path)
    model = LogisticRegression(memory=1000, C=0.1, l1_ratio=1.0, warm_start=True).fit(M, y)
    first = model.coef_.copy()
    again = model.fit(M, y)
    assert again.solution_.passes <= 2.1
    np.testing.assert_allclose(again.coef_, first, atol=1e-3)


def test_too_many_coefficients_are_refused_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(prox_newton_over_parts, "MOST", 20)
    X, y, _ = problem(k=3)
    model = LogisticRegression(memory=1000, C=1.0, l1_ratio=1.0)
    with pytest.raises(UsageError, match=r"\d features in 3 classes.*at most 20 coefficients"):
        model.fit(on_disk(X, tmp_path), y)
