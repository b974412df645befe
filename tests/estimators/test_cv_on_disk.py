"""Cross-validation over X on disk: what it is in memory, one read for the whole and all folds."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.designs import rows_on_disk, where_it_lies
from onelayer.designs.rows_on_disk import RowsOnDisk
from onelayer.designs.shared_visits import SharedVisits
from onelayer.errors import DataError, UsageError

CS = [0.001, 0.1, 10]


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 40_000)


@pytest.fixture
def visits(monkeypatch):
    """How often a read of rows on disk has begun."""
    begun, visit = [], RowsOnDisk.visit

    def counted(self):
        begun.append(self)
        yield from visit(self)

    monkeypatch.setattr(RowsOnDisk, "visit", counted)
    return begun


def problem(folder, k=2, m=2500, n=8):
    rng = np.random.default_rng(k)
    X = (rng.normal(size=(m, n)) * rng.uniform(0.5, 2, n) + 3).astype(np.float32)
    y = ((X - 3) @ rng.normal(size=(n, k)) + rng.gumbel(size=(m, k))).argmax(axis=1)
    np.save(folder / "X.npy", X)
    return X, y, np.load(folder / "X.npy", mmap_mode="r"), rng.random(m) * (rng.random(m) > 0.2)


@pytest.mark.parametrize("ratio", [0.0, 1.0])
@pytest.mark.parametrize(
    ("k", "scaling", "weighted"), [(2, None, True), (3, "standard", False), (2, "standard", True)]
)
def test_it_is_that_of_memory_in_a_third_of_the_reads(
    tmp_path, visits, k, scaling, weighted, ratio
):
    X, y, M, v = problem(tmp_path, k)
    v = v if weighted else None
    options = {"scaling": scaling, "tol": 1e-9}
    here = LogisticRegressionCV(Cs=CS, l1_ratios=(ratio,), **options)
    here.fit(X, y, sample_weight=v)
    there = LogisticRegressionCV(Cs=CS, l1_ratios=(ratio,), memory=1000, **options)
    there.fit(M, y, sample_weight=v)
    together = len(visits)
    assert there.C_ == here.C_
    np.testing.assert_allclose(there.scores_, here.scores_, rtol=1e-4)
    size = np.abs(here.coef_).max()
    np.testing.assert_allclose(there.coef_, here.coef_, atol=3e-4 * size)
    np.testing.assert_allclose(there.coefs_paths_, here.coefs_paths_, atol=3e-3 * size)
    visits.clear()
    for C in CS:
        alone = LogisticRegression(memory=1000, C=C, l1_ratio=ratio, **options)
        alone.fit(M, y, sample_weight=v)
    apart = len(visits) * 6
    assert together <= apart / 3, (together, apart)


def test_a_grid_of_its_own_and_folds_of_any_rows(tmp_path):
    X, y, M, _ = problem(tmp_path)
    rng = np.random.default_rng(0)
    folds = [np.split(rng.permutation(len(X)), [1700]) for _ in range(2)]
    here = LogisticRegressionCV(Cs=3, cv=folds).fit(X, y)
    there = LogisticRegressionCV(Cs=3, cv=folds, memory=1000).fit(M, y)
    np.testing.assert_array_equal(there.Cs_, here.Cs_)
    np.testing.assert_allclose(there.scores_, here.scores_, rtol=1e-5)


def test_problems_that_end_earlier_hold_up_nobody(tmp_path):
    X, _, M, _ = problem(tmp_path)
    rows = where_it_lies(M, 1000)
    reads, wanted = SharedVisits(rows, 4), [1, 3, 0, 2]

    def sums(times):
        found = [
            np.sum([group.sum(axis=0, dtype=np.float64) for _, _, group in reads.visit()], axis=0)
            for _ in range(times)
        ]
        reads.leave()
        return found

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(sums, wanted))
    assert reads.reads == 3
    assert [len(one) for one in found] == wanted
    for total in (total for one in found for total in one):
        np.testing.assert_allclose(total, X.sum(axis=0, dtype=np.float64), rtol=1e-12)


def test_a_file_that_changes_on_the_way_ends_all_of_them(tmp_path, monkeypatch):
    _, y, M, _ = problem(tmp_path)
    visit, begun = RowsOnDisk.visit, []

    def cut(self):
        begun.append(self)
        if len(begun) == 5:
            os.truncate(tmp_path / "X.npy", 40_000)
        yield from visit(self)

    monkeypatch.setattr(RowsOnDisk, "visit", cut)
    with pytest.raises(DataError, match=r"X\.npy was cut short"):
        LogisticRegressionCV(Cs=CS, memory=1000).fit(M, y)


def test_what_needs_rows_in_memory_is_refused_in_words(tmp_path):
    _, y, M, _ = problem(tmp_path)
    with pytest.raises(UsageError, match="take scoring='neg_log_loss'"):
        LogisticRegressionCV(Cs=CS, memory=1000, scoring="accuracy").fit(M, y)
    with pytest.raises(UsageError, match="leave-one-out estimate needs all rows"):
        LogisticRegressionCV(Cs=CS, memory=1000, loo=True).fit(M, y)
