"""Cross-validation of Dask's collections: the folds, the scores and the choice of arrays."""

import warnings

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.model_selection import StratifiedKFold

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.designs.dask_workers import ThisProcess
from onelayer.designs.rows_on_cluster import RowsOnCluster
from onelayer.errors import DataError, UsageError, WorkersLostError
from onelayer.estimators.splitters import stratified_sizes

CS = [0.001, 0.1, 10]


def chunked(*arrays, rows=(700, 900, 400)):
    """Each in chunks of its own."""
    cut = zip(arrays, rows, strict=False)
    return [da.from_array(one, chunks=(some, *one.shape[1:])) for one, some in cut]


def of(model):
    scores = model.scores_.tobytes(), model.coefs_paths_.tobytes()
    return model.coef_.tobytes(), model.intercept_.tobytes(), *scores


@pytest.mark.parametrize(
    ("k", "kind", "weighted", "how"),
    [
        (2, "dense", True, {}),
        (3, "dense", False, {"scaling": "standard", "class_weight": "balanced"}),
        (2, "csr", True, {"scaling": "standard"}),
        (3, "frame", True, {"scoring": "accuracy"}),
        (2, "float32", False, {"l1_ratios": (1.0,), "Cs": [0.01, 0.1]}),
    ],
)
def test_it_is_that_of_arrays(problem, k, kind, weighted, how):
    X, y, w = problem(k)
    w = w if weighted else None
    X = X.astype(np.float32) if kind == "float32" else X * (np.abs(X) > (2 if kind == "csr" else 0))
    here = LogisticRegressionCV(**({"Cs": CS, "tol": 1e-9} | how)).fit(X, y, w)
    dX, dy, dw = chunked(X, y, np.zeros(len(y)) if w is None else w)
    if kind == "csr":
        dX = dX.map_blocks(sparse.csr_array)
    if kind == "frame":
        dX = dd.from_pandas(pd.DataFrame(X), npartitions=7)
    there = LogisticRegressionCV(**({"Cs": CS, "tol": 1e-9} | how)).fit(
        dX, dy, None if w is None else dw
    )
    size = np.abs(here.coef_).max()
    assert there.C_ == here.C_
    np.testing.assert_allclose(there.scores_, here.scores_, rtol=3e-5)
    np.testing.assert_allclose(there.coef_, here.coef_, atol=1e-4 * size)
    np.testing.assert_allclose(there.coefs_paths_, here.coefs_paths_, atol=1e-3 * size)
    assert there.coef_.dtype == here.coef_.dtype
    assert there.score(dX, dy) == pytest.approx(here.score(X, y), rel=1e-5)


def test_a_grid_of_its_own_is_that_of_arrays(problem):
    X, y, w = problem(3)
    for ratios in ((0.0,), (1.0,)):
        here = LogisticRegressionCV(Cs=3, l1_ratios=ratios).fit(X, y, w)
        there = LogisticRegressionCV(Cs=3, l1_ratios=ratios).fit(*chunked(X, y, w))
        np.testing.assert_array_equal(there.Cs_, here.Cs_)
        assert isinstance(there.C_, float)


def test_partitions_do_not_matter(problem):
    X, y, w = problem(3)
    how = {"Cs": CS, "scaling": "standard"}
    found = LogisticRegressionCV(**how).fit(*chunked(X, y, w))
    assert of(found) == of(LogisticRegressionCV(**how).fit(*chunked(X, y, w, rows=(41, 2500, 7))))


def test_workers_do_not_matter(client, problem):
    X, y, w = problem(2)
    dX, dy, dw = chunked(X, y, w)
    there = LogisticRegressionCV(Cs=CS[:2], cv=2).fit(dX, dy, dw)
    here = LogisticRegressionCV(Cs=CS[:2], cv=2)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("onelayer.estimators.dask_examples.workers_of", lambda _: ThisProcess())
        here.fit(dX, dy, dw)
    assert of(there) == of(here)
    there.client = client
    assert there.to_local().client is None
    np.testing.assert_array_equal(there.predict(dX).compute(), here.predict(X))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.integers(2, 7))
def test_folds_are_those_of_stratified_k_fold(labels, folds):
    classes, y = np.unique(labels, return_inverse=True)
    rows = np.bincount(y)
    first = np.array([np.argmax(y == c) for c in range(len(classes))])
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        try:
            splits = list(StratifiedKFold(folds).split(y, y))
        except ValueError:  # fewer rows than folds, or of every class
            with pytest.raises(DataError, match="cannot be greater than the number of members"):
                stratified_sizes(rows, first, folds)
            return
        sizes = stratified_sizes(rows, first, folds)
    expected = [np.bincount(y[test], minlength=len(classes)) for _, test in splits]
    np.testing.assert_array_equal(sizes, expected)


@pytest.fixture
def visits(monkeypatch):
    begun, visit = [], RowsOnCluster.visit

    def counted(self, ask, join):
        begun.append(self)
        return visit(self, ask, join)

    monkeypatch.setattr(RowsOnCluster, "visit", counted)
    return begun


def test_all_folds_share_each_read(problem, visits):
    X, y, w = problem(2)
    LogisticRegressionCV(Cs=CS, tol=1e-9).fit(*chunked(X, y, w))
    together = len(visits)
    visits.clear()
    for C in CS:
        LogisticRegression(C=C, tol=1e-9).fit(*chunked(X, y, w))
    assert together <= len(visits) * 6 / 3


def test_what_goes_wrong_in_a_shared_read_ends_all(problem, visits, monkeypatch):
    visit = RowsOnCluster.visit

    def lost(self, ask, join):
        if len(visits) == 12:
            raise WorkersLostError("nobody is there")
        return visit(self, ask, join)

    monkeypatch.setattr(RowsOnCluster, "visit", lost)
    with pytest.raises(WorkersLostError, match="nobody is there"):
        LogisticRegressionCV(Cs=CS).fit(*chunked(*problem(2)))


@pytest.mark.parametrize(
    ("how", "params", "says"),
    [
        ({"cv": StratifiedKFold(3, shuffle=True)}, {}, "cv=.* give a number of folds"),
        ({}, {"groups": np.zeros(2500)}, "groups is for folds of X in memory"),
        ({"scoring": "roc_auc"}, {}, "scoring='roc_auc' asks for all predictions in memory"),
        ({"loo": True}, {}, "leave-one-out estimate needs all rows of X in memory"),
    ],
)
def test_what_needs_all_rows_says_so(problem, how, params, says):
    X, y, _ = problem(2)
    with pytest.raises(ValueError, match=says):
        LogisticRegressionCV(Cs=CS, **how).fit(*chunked(X, y), **params)


def test_a_class_of_few_rows_is_warned_of_and_of_fewer_refused(problem):
    X, y, _ = problem(2)
    y[:] = "a"
    y[[5, 700]] = "b"
    with pytest.warns(UserWarning, match="least populated class in y has only 2 members"):
        LogisticRegressionCV(Cs=[0.1]).fit(*chunked(X, y))
    few = [one[:4] for one in chunked(X, np.array(list("abab") + ["a"] * 2496))]
    with pytest.raises(DataError, match="n_splits=5 cannot be greater"):
        LogisticRegressionCV(Cs=[0.1]).fit(*few)


def test_an_unshuffled_splitter_is_a_number_and_others_scores_are_refused(problem):
    X, y, _ = problem(2)
    model = LogisticRegressionCV(Cs=[0.1], cv=StratifiedKFold(3)).fit(*chunked(X, y))
    assert of(model) == of(LogisticRegressionCV(Cs=[0.1], cv=3).fit(*chunked(X, y)))
    model.scoring = "f1"
    with pytest.raises(UsageError, match="take 'neg_log_loss' or 'accuracy'"):
        model.score(*chunked(X, y))
