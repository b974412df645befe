"""X in a file: the same products as in memory, the same bytes at any budget, errors in words."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning

from onelayer import LogisticRegression
from onelayer.designs import (
    disk_survey,
    make_scaling,
    rows_on_disk,
    where_it_lies,
)
from onelayer.designs.disk_survey import survey_on_disk
from onelayer.designs.row_labels import RowLabels
from onelayer.errors import DataError, UsageError
from onelayer.file_stamps import FileStamp
from onelayer.memory_limits import _left_by_groups, free_memory, memory_budget
from onelayer.solvers import choose, loop
from onelayer.solvers.smooth import metrics

DTYPES = [np.uint8, np.int16, np.float16, np.float32, np.float64, bool, np.dtype(">f4")]


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 5000)


def saved(X, path):
    np.save(path, X)
    return np.load(path, mmap_mode="r")


def drawn(m, n, dtype, seed=0):
    X = np.random.default_rng(seed).normal(size=(m, n)) * 40 + 100
    return X.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_what_is_read_is_what_is_there(tmp_path, dtype, order):
    X = np.asarray(drawn(301, 11, dtype), order=order)
    there = where_it_lies(saved(X, tmp_path / "X.npy"), X.nbytes // 2)
    assert there.shape == X.shape
    assert there.dtype == there[:2].dtype
    np.testing.assert_array_equal(there[:], X)
    np.testing.assert_array_equal(there[17:40:3], X[17:40:3])
    picked = np.array([0, 3, 4, 200, 300, 7])
    np.testing.assert_array_equal(there[picked], X[picked])
    for _ in range(2):
        seen = [(rows, block.copy()) for _, rows, block in there.visit()]
        assert [rows.start for rows, _ in seen] == [0, *(rows.stop for rows, _ in seen[:-1])]
        np.testing.assert_array_equal(np.concatenate([block for _, block in seen]), X)
    assert there.resident <= there.budget


@pytest.mark.parametrize(
    "part",
    [
        lambda M: M[13:],
        lambda M: M[5:290:3],
        lambda M: M[:, 2:9],
        np.asarray,
        lambda M: M.reshape(100, 3, 12),
        lambda M: M.view(np.ndarray)[10:][20:],
    ],
)
def test_views_of_a_map_are_read_where_they_lie(tmp_path, part):
    M = part(saved(drawn(300, 12, np.float32), tmp_path / "X.npy"))
    there = where_it_lies(M, 1000)
    assert there is not M
    np.testing.assert_array_equal(there[:], M.reshape(len(M), -1))


def test_what_is_in_memory_stays_there(tmp_path):
    X = drawn(300, 12, np.float32)
    M = saved(X, tmp_path / "X.npy")
    private = np.load(tmp_path / "X.npy", mmap_mode="c")
    for given_ in (X, X.tolist(), None, M, private, M[::-1], M[:, ::-1]):
        budget = 1e9 if given_ is M else 1000
        assert where_it_lies(given_, budget) is given_
    raw = np.memmap(tmp_path / "raw", np.float32, "w+", offset=100, shape=(300, 12))
    raw[:] = X
    np.testing.assert_array_equal(where_it_lies(raw, 1000)[:], X)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("scaled", [None, "standard"])
def test_every_product_is_that_of_memory(tmp_path, same_products, dtype, k, scaled):
    X = drawn(900, 11, dtype)
    same_products(X, where_it_lies(saved(X, tmp_path / "X.npy"), 3000), k, scaled)


def test_a_survey_finds_moments_and_a_sample_that_stands_for_all(tmp_path):
    X, rng = drawn(4000, 6, np.float32), np.random.default_rng(1)
    y = (rng.random(4000) < 0.01).astype(np.int64) + (rng.random(4000) < 0.5)
    v = rng.random(4000) * (rng.random(4000) > 0.2)
    v /= v.sum()
    there = where_it_lies(saved(X, tmp_path / "X.npy"), 3000)
    found = survey_on_disk(there, RowLabels.compact(y, v, 3), moments=True)
    expected = make_scaling(X, "standard", v)
    np.testing.assert_allclose(found.sample.moments.scaling.centre, expected.centre, rtol=1e-13)
    np.testing.assert_allclose(found.sample.moments.scaling.scale, expected.scale, rtol=1e-13)
    shares = np.bincount(y, v)
    drawn_shares = np.bincount(found.sample.targets, found.sample.weights)
    np.testing.assert_allclose(drawn_shares, shares, rtol=1e-12)
    assert found.largest == np.abs(X).max()
    kept = {row.tobytes() for row in found.sample.X}
    assert {row.tobytes() for row in X[(y == 2) & (v > 0)]} <= kept  # a rare class is taken whole
    assert not {row.tobytes() for row in X[v == 0]} & kept
    assert 1000 < len(kept) < 2500
    means = found.sample.weights @ found.sample.X
    np.testing.assert_allclose(means, v @ X, atol=4 * X.std() / 30)


def problem(tmp_path, k=2, dtype=np.uint8, m=3000, n=8, seed=0):
    rng = np.random.default_rng(seed)
    X = drawn(m, n, dtype, seed)
    z = (X.astype(float) - 100) / 40 @ rng.normal(size=(n, k))
    y = np.array(list("abcdefgh"))[np.argmax(z + rng.gumbel(size=(m, k)), axis=1)]
    return X, y, saved(X, tmp_path / "X.npy")


def fitted(X, y, memory=1000, **options):
    sample_weight = options.pop("sample_weight", None)
    model = LogisticRegression(memory=memory, scaling=1 / 255, **options)
    return model.fit(X, y, sample_weight=sample_weight)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fit_intercept": False},
        {"class_weight": "balanced", "C": 0.01},
        {"C": np.inf},
        {"solver": "lbfgs"},
        {"solver": "newton-cg"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("dtype", "k"), [(np.uint8, 2), (np.float32, 3), (np.float64, 2)])
def test_a_fit_is_that_of_memory_in_few_reads(tmp_path, dtype, k, options):
    X, y, M = problem(tmp_path, k, dtype)
    here, there = fitted(X, y, **options), fitted(M, y, **options)
    solved = there.solution_
    assert solved.status == "converged"
    assert solved.gap <= 1e-7
    assert abs(solved.objective / here.solution_.objective - 1) <= 2e-7
    assert solved.passes + 1 <= 14
    assert solved.surveyed == 1
    assert list(there.classes_) == list(here.classes_)
    np.testing.assert_array_equal(there.predict(M), there.predict(X))
    np.testing.assert_array_equal(there.predict_proba(M), there.predict_proba(X))


def test_to_the_last_digits_in_float64(tmp_path):
    X, y, M = problem(tmp_path, 3, np.float64)
    here, there = fitted(X, y, tol=1e-14), fitted(M, y, tol=1e-14)
    size = np.abs(here.coef_).max()
    np.testing.assert_allclose(there.coef_, here.coef_, rtol=0, atol=1e-9 * size)


@settings(max_examples=6)
@given(memory=st.integers(1, 23_000), k=st.sampled_from([2, 3]), solver=st.sampled_from(["lbfgs"]))
def test_the_budget_changes_no_byte(tmp_path_factory, memory, k, solver):
    _, y, M = problem(tmp_path_factory.mktemp("law"), k, np.uint8)
    one, other = fitted(M, y, memory, solver=solver), fitted(M, y, 12_000, solver=solver)
    assert one.coef_.tobytes() == other.coef_.tobytes()
    assert one.intercept_.tobytes() == other.intercept_.tobytes()
    assert one.solution_.passes == other.solution_.passes


def test_weights_of_zero_are_rows_left_out(tmp_path):
    X, y, M = problem(tmp_path)
    kept = np.arange(len(X)) % 3 > 0
    here = fitted(X[kept], y[kept], tol=1e-12)
    there = fitted(M, y, tol=1e-12, sample_weight=kept.astype(float))
    np.testing.assert_allclose(there.coef_, here.coef_, rtol=1e-6)


def test_what_stays_in_memory_is_read_once(tmp_path):
    X = drawn(1000, 20, np.float32)
    there = where_it_lies(saved(X, tmp_path / "X.npy"), X.nbytes // 2)
    for _ in range(3):
        for _ in there.visit():
            pass
    share = there.resident / X.nbytes
    assert 0.4 < share <= 0.5
    assert there.fetched == pytest.approx((3 - 2 * share) * X.nbytes)


def visited(there, meanwhile=bool):
    for number, _, _ in there.visit():
        meanwhile(number)


@pytest.mark.parametrize("at", [0, 3])
def test_a_file_that_is_cut_short_is_named(tmp_path, at):
    path = tmp_path / "X.npy"
    there = where_it_lies(saved(drawn(1000, 20, np.float32), path), 1000)
    with pytest.raises(DataError, match=r"X\.npy was cut short from 80128 to 40000 bytes"):
        visited(there, lambda number: number == at and os.truncate(path, 40_000))


def test_a_file_that_ends_too_early_is_named(tmp_path):
    path = tmp_path / "X.npy"
    there = where_it_lies(saved(drawn(1000, 20, np.float32), path), 1000)
    os.truncate(path, 40_000)
    info = path.stat()
    there = replace(there, stamp=FileStamp(40_000, info.st_mtime_ns, info.st_ino))
    with pytest.raises(DataError, match=r"X\.npy ends at byte 40000, within .* row \d+ of X"):
        visited(there)


def test_a_file_that_changes_or_goes_is_named(tmp_path):
    path, X = tmp_path / "X.npy", drawn(1000, 20, np.float32)
    there = where_it_lies(saved(X, path), 1000)
    os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match=r"X\.npy was changed while X was read from it: leave it"):
        visited(there)
    there = where_it_lies(np.load(path, mmap_mode="r"), 1000)
    np.save(tmp_path / "other.npy", X)
    (tmp_path / "other.npy").replace(path)
    with pytest.raises(DataError, match=r"X\.npy was replaced by another file"):
        visited(there)
    there = where_it_lies(np.load(path, mmap_mode="r"), 1000)
    path.unlink()
    with pytest.raises(DataError, match=r"X\.npy cannot be opened: No such file"):
        visited(there)


def test_bad_input_is_named_as_in_memory(tmp_path):
    X, y, _ = problem(tmp_path, 2, np.float32)
    X[1234, 5] = np.nan
    M = saved(X, tmp_path / "X.npy")
    with pytest.raises(ValueError, match=r"NaN.* row 1234, column 5"):
        fitted(M, y)
    with pytest.raises(ValueError, match="one class"):
        fitted(M, np.zeros(len(X)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        fitted(M, y[:-1])
    model = fitted(drawn(3000, 8, np.float32), y)
    with pytest.raises(ValueError, match=r"NaN.* row 1234, column 5"):
        model.set_params(memory=1000).predict(M)
    with pytest.raises(ValueError, match="X has 7 features"):
        model.predict(M[:, 1:])


def test_separation_is_said_as_in_memory(tmp_path):
    X, _, M = problem(tmp_path, 2, np.float64)
    with pytest.warns(ConvergenceWarning, match=r"separates the classes \(complete separation"):
        model = fitted(M, X[:, 0] > 100, C=np.inf)
    assert model.solution_.status == "separable"


def test_what_follows_a_fit_on_disk(tmp_path):
    X, y, M = problem(tmp_path, 2, np.float64)
    here, there = fitted(X, y, C=np.inf), fitted(M, y, C=np.inf)
    assert str(there.summary(M, y)) == str(here.summary(X, y))
    assert there.score(M, y) == here.score(X, y)
    again = there.set_params(warm_start=True).fit(M, y).solution_
    assert again.passes < fitted(M, y, C=np.inf).solution_.passes
    with pytest.raises(UsageError, match="This needs all rows of X in memory, and OnDisk leaves"):
        fitted(M, y, C=np.inf, firth=True)


@pytest.mark.parametrize(
    ("asked", "bytes_"), [("4GB", 4e9), ("2 GiB", 2**31), ("500mb", 5e8), (7e6, 7e6), ("99", 99)]
)
def test_sizes_as_people_write_them(asked, bytes_):
    assert memory_budget(asked) == bytes_


@pytest.mark.parametrize("asked", ["much", "4 gigs", "-1GB", "0", "1.2.3GB", "infGB", ""])
def test_what_is_no_size_is_refused(asked):
    with pytest.raises(UsageError, match="give a size, as '4GB'"):
        memory_budget(asked)


def test_half_of_what_is_free():
    assert 0 < memory_budget(None) <= free_memory()


def test_control_groups_of_both_versions_are_regarded(tmp_path):
    told = tmp_path / "cgroup"
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "memory" / "c").mkdir(parents=True)
    stat = "anon 5\ninactive_file 300\ntotal_inactive_file 20\n"
    for place, limit, used in (("a", "1000", "900"), ("a/b", "max", "900")):
        (tmp_path / place / "memory.max").write_text(limit)
        (tmp_path / place / "memory.current").write_text(used)
        (tmp_path / place / "memory.stat").write_text(stat)
    for name, text in (("limit", "500"), ("usage", "100")):
        (tmp_path / "memory" / "c" / f"memory.{name}_in_bytes").write_text(text)
    (tmp_path / "memory" / "c" / "memory.stat").write_text(stat)
    told.write_text("0::/a/b\n")
    assert list(_left_by_groups(tmp_path, told)) == [400]
    told.write_text("5:cpu:/a\n4:memory:/c\n")
    assert list(_left_by_groups(tmp_path, told)) == [420]
    assert list(_left_by_groups(tmp_path, tmp_path / "missing")) == []


def test_small_data_meet_none_of_it():
    code = (
        "import sys, numpy as np; from onelayer import LogisticRegression\n"
        "LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])\n"
        "print([m for m in sys.modules if 'disk' in m and 'onelayer' in m])"
    )  # but for what rows are asked for, which predictions tell them by
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['onelayer.designs.disk_rows']")


def test_ten_classes_of_pixels_that_vary_together_take_few_reads(tmp_path, monkeypatch):
    """The sample's own curvature, all classes of it, is the metric: 2 rows an unknown took 19."""
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 500_000)
    rng, m, n = np.random.default_rng(0), 60_000, 40
    z = rng.normal(size=(m, n)) + rng.normal(size=(m, 12)) @ rng.normal(size=(12, n))
    X = np.clip(30 * z + 128, 0, 255).astype(np.uint8)
    scores = (X / 30.0) @ rng.normal(size=(n, 10)) * (1.5 / np.sqrt(n))
    y = np.argmax(scores + rng.gumbel(size=(m, 10)), axis=1)
    solved = fitted(saved(X, tmp_path / "X.npy"), y, 1_000_000).solution_
    assert solved.solver == "lbfgs"
    assert solved.gap_kind == "bound"
    assert solved.gap <= 1e-7
    assert solved.passes + 1 <= 10


@pytest.mark.parametrize(("C", "most"), [(1.0, 11), (100.0, 15)])
def test_a_metric_of_some_directions_is_made_good_by_the_whole_sample(
    tmp_path, monkeypatch, C, most
):
    """Its Hessian, all of it, follows theta: by half of the directions alone it took 19 reads.

    Under weak penalties too, where conjugate gradients on all rows would take a read a product.
    """
    monkeypatch.setattr(choose, "WHOLE_SIZE", 0)
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 500_000)
    monkeypatch.setattr(disk_survey, "SAMPLE_BYTES", 400_000)
    monkeypatch.setattr(metrics, "BYTES_AT_HAND", 4 * 150**2)
    rng, m, n = np.random.default_rng(1), 60_000, 30
    y, centres = rng.integers(0, 10, m), rng.normal(size=(10, 3, n)) * 45 + 90
    z = centres[y, rng.integers(0, 3, m)] * rng.uniform(0.5, 1.5, (m, 1))
    z += rng.normal(size=(m, n)) * rng.choice([5, 40], m)[:, None]
    X = np.clip(z, 0, 255).astype(np.uint8)
    solved = fitted(saved(X, tmp_path / "X.npy"), y, 1_000_000, C=C).solution_
    assert solved.gap_kind == "bound"
    assert solved.gap <= 1e-7
    assert solved.solver == "lbfgs"
    assert solved.passes + 1 <= most


def test_a_sample_is_solved_no_further_than_it_tells_of_all_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 500_000)
    monkeypatch.setattr(disk_survey, "SAMPLE_BYTES", 200_000)
    rng, m, n = np.random.default_rng(2), 40_000, 100
    X = rng.integers(0, 256, (m, n), dtype=np.uint8)
    y = ((X / 80.0 - 1.6) @ rng.normal(size=(n, 5)) / 5 + rng.gumbel(size=(m, 5))).argmax(axis=1)
    there, solve, passes = saved(X, tmp_path / "X.npy"), loop.Run.solve, []

    def noted(run, *start):
        found = solve(run, *start)
        passes.append(found[1].passes)
        return found

    monkeypatch.setattr(loop.Run, "solve", noted)
    fitted(there, y, 1_000_000)
    monkeypatch.setattr(loop, "SAMPLE_OFF", 0.0)
    fitted(there, y, 1_000_000)
    (sample, reads), (solved, as_many) = passes[:2], passes[2:]
    assert sample < solved
    assert reads <= as_many + 1
