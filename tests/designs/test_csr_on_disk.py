"""Sparse X in files: the same products as in memory, the same bytes at any budget."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.designs import (
    csr_on_disk,
    disk_survey,
    kept_reads,
    make_design,
    make_scaling,
    where_it_lies,
)
from onelayer.designs.blocks import CsrBlock
from onelayer.designs.csr_on_disk import CsrOnDisk
from onelayer.designs.row_labels import RowLabels
from onelayer.designs.rows_in_turn import RowsInTurn
from onelayer.errors import DataError, UsageError
from onelayer.logistic import Binary

FILES = ("data", "indices", "indptr")


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(csr_on_disk, "GROUP_BYTES", 2000)


def drawn(m, n, dtype=np.float64, density=0.2, seed=0):
    """Counts, some rows without any and one that is full."""
    X = sparse.random(m, n, density, format="lil", random_state=seed)
    X[m // 2], X[m // 3] = np.arange(1, n + 1), 0
    X = X.tocsr()
    X.data = np.ceil(X.data * 9)
    return X.astype(dtype)


def mapped(X, folder, budget=1000):
    """The same in files that are mapped, and left there."""
    folder.mkdir(exist_ok=True)
    for name in FILES:
        np.save(folder / f"{name}.npy", getattr(X, name))
    arrays = tuple(np.load(folder / f"{name}.npy", mmap_mode="r") for name in FILES)
    return where_it_lies(type(X)(arrays, shape=X.shape), budget)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64], ids=str)
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_what_is_read_is_what_is_there(tmp_path, dtype, kind):
    X = kind(drawn(301, 11, dtype))
    there = mapped(X, tmp_path)
    assert isinstance(there, CsrOnDisk)
    assert (there.shape, there.nnz, there.dtype) == (X.shape, X.nnz, there[:2].dtype)
    assert there.density == pytest.approx(X.nnz / (301 * 11))
    picked = np.array([0, 3, 4, 200, 300, 7, 7])
    for rows in (slice(None), slice(17, 40, 3), picked, np.arange(301) % 7 == 0, slice(0, 0)):
        np.testing.assert_array_equal(there[rows].toarray(), X[rows].toarray())
    for _ in range(2):
        seen = [(rows, block.toarray()) for _, rows, block in there.visit()]
        assert [rows.start for rows, _ in seen] == [0, *(rows.stop for rows, _ in seen[:-1])]
        np.testing.assert_array_equal(np.concatenate([block for _, block in seen]), X.toarray())
    assert there.resident <= there.budget
    assert len(seen) == len(there.groups) > 2


def test_groups_are_alike_in_bytes_whatever_the_rows_hold(tmp_path):
    lengths = np.concatenate([np.zeros(500, int), np.full(200, 90), np.ones(3000, int)])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    indices = np.concatenate([np.arange(length) for length in lengths])
    X = sparse.csr_matrix((np.ones(len(indices)), indices, indptr), (len(lengths), 90))
    there = mapped(X, tmp_path)
    sizes = [there.bytes_of(rows) for rows in there.groups]
    assert sum(sizes) == there.nbytes
    assert max(sizes) <= 2000 + 90 * 16
    assert len(sizes) == -(-there.nbytes // 2000)


def test_what_is_in_memory_stays_there(tmp_path):
    X = drawn(301, 11)
    assert where_it_lies(X, 1) is X
    assert isinstance(mapped(X, tmp_path, 10**9), sparse.csr_matrix)
    private = np.load(tmp_path / "data.npy", mmap_mode="c"), X.indices, X.indptr
    one = sparse.csr_matrix(private, shape=X.shape)
    assert where_it_lies(one, 1) is one


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("scaled", [None, "standard"])
def test_every_product_is_that_of_memory(tmp_path, same_products, dtype, k, scaled):
    X = drawn(900, 11, dtype)
    same_products(X, mapped(X, tmp_path, 3000), k, scaled, within=0.01)


def labels(X, k, seed=1):
    rng = np.random.default_rng(seed)
    return (X @ rng.normal(size=(X.shape[1], k)) + 9 * rng.gumbel(size=(X.shape[0], k))).argmax(1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"C": 0.01, "scaling": "standard"},
        {"l1_ratio": 1.0, "C": 0.02},
        {"l1_ratio": 0.5, "C": 0.02, "scaling": "standard"},
        {"class_weight": "balanced", "fit_intercept": False},
        {"solver": "lbfgs"},
    ],
    ids=str,
)
@pytest.mark.parametrize("k", [2, 4])
def test_fits_are_those_of_memory_and_the_same_bytes_at_any_budget(tmp_path, options, k):
    X = drawn(1500, 40, np.float32)
    y, options = labels(X, k), {"tol": 1e-9, **options}
    here = LogisticRegression(**options).fit(X, y)
    some, more = (
        LogisticRegression(memory=1, **options).fit(mapped(X, tmp_path, budget), y)
        for budget in (1000, 60_000)
    )
    assert some.coef_.tobytes() == more.coef_.tobytes()
    assert some.solution_.gap <= 1e-9
    assert some.solution_.objective == pytest.approx(here.solution_.objective, rel=3e-9)
    if options.get("l1_ratio") != 1.0 or k == 2:  # else a feature's middle weights are anybody's
        size = np.abs(here.coef_).max()
        np.testing.assert_allclose(some.coef_, here.coef_, atol=2e-4 * size)
    there = mapped(X, tmp_path)
    np.testing.assert_array_equal(some.predict_proba(there), some.predict_proba(X))


@pytest.mark.parametrize(("n", "sampled"), [(300, True), (5000, False)])
def test_the_metric_holds_no_wide_rows_dense(tmp_path, monkeypatch, n, sampled):
    monkeypatch.setattr(csr_on_disk, "GROUP_BYTES", 50_000)
    X = drawn(600, n, density=0.02)
    y = labels(X, 2)
    there = mapped(X, tmp_path)
    offers = make_design(there).bind(Binary(), y, np.full(600, 1 / 600)).traits.offers
    assert ("sample" in offers) == sampled
    fit = LogisticRegression(C=0.01, tol=1e-9).fit(there, y)
    assert fit.solution_.solver == ("lbfgs" if sampled else "truncated-newton")
    here = LogisticRegression(C=0.01, tol=1e-9).fit(X, y)
    assert fit.solution_.objective == pytest.approx(here.solution_.objective, rel=1e-8)


@pytest.mark.parametrize("scaled", [None, "standard"])
def test_the_size_of_columns_is_found_without_dense_rows(monkeypatch, scaled):
    X = drawn(600, 40)
    v, rows = np.full(600, 1 / 600), np.arange(0, 600, 7)
    design = make_design(X, make_scaling(X, scaled, v))
    expected = (design.sample(rows).astype(np.float64) ** 2).mean(axis=0)
    monkeypatch.setattr(CsrBlock, "array", None)
    np.testing.assert_allclose(design.magnitudes(rows), expected, rtol=1e-5)


@given(st.integers(1, 10**6), st.integers(1, 5000))
@settings(max_examples=10, deadline=None)
def test_neither_the_budget_nor_who_asked_before_changes_a_byte(seed, budget):
    X = drawn(400, 9, np.float32, seed=seed)
    y = labels(X, 3, seed)
    with tempfile.TemporaryDirectory() as name:
        one, other = (mapped(X, Path(name) / f"{most}", most) for most in (1, budget + 1))
        list(other.visit())
        fits = [LogisticRegression(C=0.1).fit(there, y).coef_ for there in (one, other, other)]
    assert len({fit.tobytes() for fit in fits}) == 1


def test_a_survey_may_be_kept_in_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_reads, "LONG", 0.0)
    there, y = mapped(drawn(900, 11), tmp_path), np.arange(900) % 3
    asked = RowLabels.compact(y, np.ones(900), 3)
    kept = kept_reads.KeptReads(tmp_path / "kept")
    with kept_reads.reads_kept(kept):
        first, again = (disk_survey.survey_on_disk(there, asked, moments=True) for _ in range(2))
    assert kept.found == 1
    assert (first.sample.X != again.sample.X).nnz == 0
    assert first.sample.X.shape[1] == 11
    np.testing.assert_array_equal(first.sample.weights, again.sample.weights)
    assert first.largest == again.largest == drawn(900, 11).data.max()


@pytest.mark.parametrize("scaling", [None, "standard"])
def test_cross_validation_chooses_as_in_memory(tmp_path, scaling):
    X = drawn(1500, 12, np.float32)
    y, options = labels(X, 3), {"Cs": [0.001, 0.1, 10], "scaling": scaling, "tol": 1e-8}
    here = LogisticRegressionCV(**options).fit(X, y)
    there = LogisticRegressionCV(**options).fit(mapped(X, tmp_path), y)
    assert there.C_ == here.C_
    np.testing.assert_allclose(there.scores_, here.scores_, rtol=1e-4)


def test_sources_in_turn_are_one(tmp_path):
    X, Y = drawn(301, 11, np.float32), drawn(40, 11, seed=3)
    both = sparse.vstack([X, Y, X], format="csr")
    turn = RowsInTurn([mapped(X, tmp_path / "a"), Y, mapped(X, tmp_path / "b")])
    assert (turn.shape, turn.dense, turn.dtype) == (both.shape, False, np.float64)
    assert turn.density == pytest.approx(both.nnz / (642 * 11))
    for rows in (slice(None), np.array([640, 3, 330, 302, 3])):
        np.testing.assert_array_equal(turn[rows].toarray(), both[rows].toarray())
    seen = sparse.vstack([block.copy() for _, _, block in turn.visit()])
    np.testing.assert_array_equal(seen.toarray(), both.toarray())
    other = RowsInTurn([mapped(X, tmp_path / "a"), 2 * Y, mapped(X, tmp_path / "b")])
    assert other.identity != turn.identity


def test_what_it_cannot_do_is_said(tmp_path):
    X = drawn(900, 11)
    y, there = labels(X, 2), mapped(X, tmp_path)
    with pytest.raises(UsageError, match="'dual-ascent' needs rows in turn, which OnDisk does not"):
        LogisticRegression(solver="dual-ascent").fit(there, y)
    with pytest.raises(UsageError, match="An offset is for X in memory"):
        LogisticRegression().fit(there, y, offset=np.ones(900))
    bad = X.copy()
    bad.data[X.indptr[700]] = np.nan
    column = bad.indices[X.indptr[700]]
    where = rf"Input X contains NaN. The first is at row 700, column {column}"
    with pytest.raises(DataError, match=where):
        LogisticRegression().fit(mapped(bad, tmp_path / "bad"), y)
    fit = LogisticRegression().fit(X, y)
    with pytest.raises(DataError, match=where):
        fit.predict(mapped(bad, tmp_path / "bad"))


def test_a_file_that_changes_is_named(tmp_path):
    X = drawn(900, 11)
    y, there = labels(X, 2), mapped(X, tmp_path)
    with (tmp_path / "indices.npy").open("ab") as file:
        file.truncate(2000)
    with pytest.raises(DataError, match=r"indices\.npy was cut short from \d+ to 2000 bytes"):
        LogisticRegression().fit(there, y)


def test_separable_rows_are_told_as_in_memory(tmp_path):
    X = drawn(400, 6)
    y = (X @ np.arange(1, 7) > 12).astype(int)
    with pytest.warns(ConvergenceWarning, match="hyperplane separates"):
        fit = LogisticRegression(C=np.inf).fit(mapped(X, tmp_path), y)
    assert fit.solution_.status == "separable"
