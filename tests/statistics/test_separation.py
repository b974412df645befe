"""Separation: each kind on made problems of which it is known, and the columns that run away."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog

from onelayer import LogisticRegression, check_separation, logit
from onelayer.statistics import separation as room
from onelayer.statistics.cone import find_face

DISTANCES = (1e-1, 1e-3, 1e-5, 1e-7)


def pairs(seed, distance):
    """Rows at x + distance w of class 1 and x - distance w of class 0, x on the hyperplane of w.

    Far pairs too, always on their sides. The differences of all pairs are multiples of w alone,
    so the kind is none for a negative distance, quasi-complete for 0, else complete.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    near = np.column_stack([np.zeros(2 * n), rng.integers(-4, 5, (2 * n, n - 1))])
    near[:n, 1:] = np.eye(n)[:, 1:] * 3  # these span the hyperplane
    far = np.column_stack([np.zeros(3 * n), rng.integers(-4, 5, (3 * n, n - 1))])
    w = np.eye(n)[0]
    X = np.vstack([near + distance * w, near - distance * w, far + 2 * w, far - 3 * w])
    y = np.repeat([1, 0, 1, 0], [2 * n, 2 * n, 3 * n, 3 * n])
    turn = np.tril(rng.integers(-2, 3, (n, n)), -1) + np.eye(n)
    X = X @ turn.T + rng.integers(-3, 4, n)  # whole numbers: what ties stays tied
    return X * 2.0 ** rng.integers(-27, 28, n), y


def three(seed, kind):
    """Three classes: all of them overlap, the third one stands apart, or each does."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    X = rng.integers(-4, 5, (40, n)).astype(float)
    y = rng.integers(0, 3, 40)
    if kind == "complete":
        X = rng.normal(size=(40, n))
        corners = 50 * np.eye(max(n, 3))[:3, :n]
        return X + corners[y], y
    spanning = np.vstack([np.zeros(n), np.eye(n)])
    labels = (0, 1) if kind == "quasi-complete" else (0, 1, 2)
    X = np.vstack([X, *[spanning] * len(labels)])
    y = np.r_[y, np.repeat(labels, n + 1)]
    if kind == "quasi-complete":
        X = np.column_stack([X, y == 2])
    return X * 10.0 ** rng.integers(-8, 9, X.shape[1]), y


def margins(found, X, y):
    """z of the row's class less z of each other one, and a size that they are small beside."""
    Z = X @ found.coef.T + found.intercept
    sizes = np.abs(X) @ np.abs(found.coef.T) + np.abs(found.intercept)
    if Z.shape[1] == 1:
        Z = np.column_stack([np.zeros(len(Z)), Z])
    others = np.arange(Z.shape[1]) != y[:, None]
    gaps = (Z[np.arange(len(y)), y][:, None] - Z)[others].reshape(len(y), -1)
    return gaps, sizes.max(axis=1, keepdims=True)


def check(found, X, y, kind):
    assert found.kind == kind
    assert found.proved
    gaps, sizes = margins(found, X, y)
    assert (gaps >= -1e-9 * sizes).all()
    assert (gaps[found.separated] > 0).all()
    if kind == "complete":
        assert found.separated.all()
    if kind == "quasi-complete":
        assert not found.separated.all()
        assert (gaps > 1e-9 * sizes).any()
    if kind == "none":
        assert found.columns == ()
        assert found.directions == {}
        assert not found.coef.any()
        assert not found.separated.any()


@pytest.mark.parametrize("seed", range(50))
def test_the_kind_of_two_classes(seed):
    distance = DISTANCES[seed % 4]
    for sign, kind in ((-1, "none"), (0, "quasi-complete"), (1, "complete")):
        X, y = pairs(seed, sign * distance)
        check(check_separation(X, y), X, y, kind)


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("kind", ["none", "quasi-complete", "complete"])
def test_the_kind_of_three_classes(kind, seed):
    X, y = three(seed, kind)
    check(check_separation(X, y), X, y, kind)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("power", [4, 6, 8])
def test_columns_nearly_alike_are_no_separation(seed, power):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 4))
    X[:, 3] = X[:, 0] - 2 * X[:, 1] + 10.0**-power * rng.normal(size=80)
    y = (X[:, 0] + rng.normal(size=80) > 0).astype(int)
    y[:40] = 1 - y[40:]
    X[:40, :3] = X[40:, :3] + 1e-3 * X[:40, :3]
    assert check_separation(X, y).kind == reference(X, y)[0]


def functionals(X, y, intercept=True):
    """A row for each example and other class: its margin as a function of parameters by class."""
    X = np.column_stack([X, np.ones(len(X))]) if intercept else X
    K = y.max() + 1
    rows = []
    for x, own in zip(X, y, strict=True):
        for other in set(range(K)) - {own}:
            row = np.zeros((X.shape[1], K))
            row[:, own] += x
            row[:, other] -= x
            rows.append(row[:, 1:].ravel())
    return np.array(rows)


def reference(X, y, intercept=True):
    """The kind, and each coefficient's least and greatest value over the unit box, naively."""
    F = functionals(X, y, intercept)
    p = F.shape[1]
    A, zero = -F, np.zeros(len(F))

    def best(c):
        return linprog(-c, A, zero, bounds=[(-1, 1)] * p, method="highs-ipm").x

    apart = linprog(np.zeros(p), A, zero - 1, bounds=[(None, None)] * p).status == 0
    separated = (F @ best(F.sum(axis=0))).sum() > 1e-6
    kind = "complete" if apart else "quasi-complete" if separated else "none"
    ends = [(-(e @ best(-e)) * -1, e @ best(e)) for e in np.eye(p)]
    return kind, np.array(ends)


def naive_directions(X, y, intercept=True):
    """0 where a coefficient cannot move, nan where it can both ways: (columns, K - 1)."""
    _, ends = reference(X, y, intercept)
    falls, rises = ends[:, 0] < -1e-6, ends[:, 1] > 1e-6
    to = np.where(falls & rises, np.nan, np.where(rises, np.inf, np.where(falls, -np.inf, 0)))
    return to.reshape(-1, y.max())


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_columns_and_directions_are_those_of_a_program_for_each(seed, intercept, k):
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, (14 * k, 3)).astype(float)
    score = X @ rng.integers(-2, 3, (3, k))
    y = (score + 0.1 * rng.normal(size=score.shape)).argmax(axis=1)
    y[:k] = np.arange(k)
    found = check_separation(X, y, fit_intercept=intercept)
    assert found.kind == reference(X, y, intercept)[0]
    expected = naive_directions(X, y, intercept)
    names = [0, 1, 2, "const"][: len(expected)]
    assert found.columns == tuple(
        name for name, to in zip(names, expected, strict=True) if to.any()
    )
    if k == 2:
        wanted = {name: to[0] for name, to in zip(names, expected, strict=True) if to.any()}
    else:
        each = itertools.product(range(len(names)), range(k - 1))
        wanted = {(names[j], c + 1): expected[j, c] for j, c in each if expected[j, c] != 0}
    assert found.directions.keys() == wanted.keys()
    assert repr(list(found.directions.values())) == repr([float(to) for to in wanted.values()])


def test_a_line_of_numbers():
    x = np.array([[1.0], [2], [3], [4]])
    found = check_separation(x, [0, 0, 1, 1])
    assert str(found) == "complete separation by 0 (+inf), const (-inf)"
    assert found.directions == {0: math.inf, "const": -math.inf}
    assert math.isnan(check_separation(x - 2.5, [0, 0, 1, 1]).directions["const"])
    assert check_separation(x, [0, 1, 0, 1]).kind == "none"
    assert str(check_separation(x, [0, 1, 0, 1])) == (
        "no separation: the estimate without a penalty exists"
    )


def test_endometrial_names_nv(shared):
    frame = pd.read_csv(shared / "data" / "endometrial.csv")
    X, y = frame[["NV", "PI", "EH"]], frame["HG"]
    found = check_separation(X, y)
    assert str(found) == "quasi-complete separation by NV (+inf)"
    assert found.columns == ("NV",)
    assert found.directions == {"NV": math.inf}
    np.testing.assert_array_equal(found.separated, X["NV"] == 1)
    # What the likelihood still fixes is the estimate from the rows that overlap.
    rest = LogisticRegression(C=np.inf, tol=1e-12).fit(
        X[~found.separated][["PI", "EH"]], y[~found.separated]
    )
    np.testing.assert_allclose(rest.intercept_, [4.30452], atol=5e-6)
    np.testing.assert_allclose(rest.coef_, [[-0.04218, -2.90261]], atol=5e-6)


@pytest.mark.parametrize("storage", [sparse.csr_array, sparse.csc_matrix, np.asfortranarray])
def test_storage_and_dtype_do_not_matter(storage):
    for sign in (-1, 0, 1):
        X, y = pairs(3, sign * 0.5)
        X = np.rint(X / np.abs(X).max(axis=0) * 64)  # whole numbers that bytes hold
        expected = check_separation(X, y)
        given = storage(X)
        np.testing.assert_equal(check_separation(given, y).directions, expected.directions)
        small = storage(X.astype(np.float32))
        np.testing.assert_equal(check_separation(small, y).directions, expected.directions)


@pytest.mark.parametrize("size", [1e-300, 1e-8, 1e8, 1e300])
def test_units_do_not_matter(size):
    for sign in (-1, 0, 1):
        X, y = pairs(7, sign * 1e-3)
        X[:, 0] *= size / np.abs(X[:, 0]).max()
        expected = ("quasi-complete", "complete", "none")[sign]
        if sign:
            assert check_separation(X, y).kind == expected


def test_a_far_mean_does_not_matter():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 100, 60) / 64
    for y, kind in (((x > 0.7), "complete"), (rng.random(60) < x, "none")):
        assert check_separation((1e9 + x)[:, None], y).kind == kind


def test_collinear_columns_are_left_out_and_are_no_separation():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    wide = np.column_stack([X[:, 0], X[:, 0], np.full(60, 7.0), X, X @ [1, 2], np.zeros(60)])
    overlapping = (X[:, 0] + rng.normal(size=60) > 0).astype(int)
    found = check_separation(wide, overlapping)
    assert found.kind == "none"
    assert found.aliased == (1, 2, 3, 5, 6)
    apart = check_separation(wide, (X[:, 0] > 0).astype(int))
    narrow = check_separation(X, (X[:, 0] > 0).astype(int))
    assert apart.kind == "complete"
    assert apart.directions[0] == narrow.directions[0] == math.inf
    np.testing.assert_equal(apart.directions["const"], narrow.directions["const"])
    assert set(apart.columns) <= {0, 4, "const"}


def test_rows_of_weight_0_are_left_out():
    X, y = pairs(5, 0.1)
    X, y = np.vstack([X, X[:1]]), np.r_[y, 1 - y[0]]
    weights = np.ones(len(y))
    assert check_separation(X, y).kind != "complete"
    weights[-1] = 0
    found = check_separation(X, y, weights)
    assert found.kind == "complete"
    np.testing.assert_array_equal(found.separated, weights > 0)
    three_classes = np.r_[y[:-1], 2]
    assert list(check_separation(X, three_classes, weights).directions) == list(found.directions)


def test_as_many_columns_as_rows_separate_any_classes():
    rng = np.random.default_rng(0)
    for k in (2, 3):
        X, y = rng.normal(size=(20, 400)), np.arange(20) % k
        found = check_separation(X, y)
        check(found, X, y, "complete")
        assert len(found.columns) == 20
        assert len(found.aliased) == 381
    # Small enough for the naive programs.
    X, y = rng.integers(-3, 4, (4, 3)).astype(float), np.array([0, 1, 0, 1])
    found = check_separation(X, y)
    expected = naive_directions(X, y)[:, 0]
    assert repr(list(found.directions.values())) == repr([float(to) for to in expected if to != 0])
    twice = check_separation(np.vstack([X, X[:1]]), np.r_[y, 1])
    assert twice.kind == reference(np.vstack([X, X[:1]]), np.r_[y, 1])[0] == "quasi-complete"


@pytest.mark.parametrize("kind", ["none", "quasi-complete", "complete"])
def test_many_rows_are_told_from_some(kind, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.integers(-9, 10, (3000, 4)).astype(float)
    score = X @ [1, -2, 0, 1] - 1
    y = (score > 0).astype(int)
    if kind != "complete":
        y[score == 0] = rng.integers(0, 2, (score == 0).sum())
    if kind == "none":
        y[[5, 900]] = 1 - y[[5, 900]]
    expected = check_separation(X, y)
    monkeypatch.setattr(room, "WORKING", 60)
    sizes = []

    def counted(F):
        sizes.append(len(F))
        return find_face(F)

    monkeypatch.setattr(room, "find_face", counted)
    found = check_separation(X, y)
    check(found, X, y, kind)
    assert max(sizes) < 600
    np.testing.assert_equal(found.directions, expected.directions)
    np.testing.assert_array_equal(found.separated, expected.separated)


def test_the_order_of_rows_and_classes_does_not_matter():
    X, y = pairs(11, 0)
    found = check_separation(X, y)
    order = np.random.default_rng(0).permutation(len(y))
    np.testing.assert_equal(check_separation(X[order], y[order]).directions, found.directions)
    swapped = check_separation(X, 1 - y)
    np.testing.assert_equal(
        swapped.directions, {name: -to for name, to in found.directions.items()}
    )


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0], [np.nan], [2]], [0, 1, 0], r"X contains NaN. The first is at row 1, column 0"),
        ([[1.0], [np.inf], [2]], [0, 1, 0], r"X contains infinity .* row 1, column 0"),
        ([[1.0], [3], [2]], [1, 1, 1], "only one class: 1"),
        ([[1.0], [3], [2]], [0.5, 1.5, 2.25], "continuous"),
    ],
)
def test_what_cannot_be_used_is_named(X, y, message):
    with pytest.raises(ValueError, match=message):
        check_separation(X, y)


def test_what_is_too_large_is_named():
    X = sparse.csr_array((20_000, 20_000))
    with pytest.raises(ValueError, match=r"X of 20000 x 20000 is too large .* give fewer columns"):
        check_separation(X, np.arange(20_000) % 2)


OVERLAPS = [1e-6, 1e-8, 1e-9, 1e-10]


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_an_overlap_however_small_has_its_estimate(overlap):
    """Of 0 (six rows, one of class 1), the overlap (class 0) and 1 (five rows of class 1).

    The likelihood equations give a(0) = 1/7 and a slope of log(210 / overlap), to the overlap.
    """
    x = np.r_[np.zeros(5), overlap, 0, np.ones(5)]
    frame = pd.DataFrame({"x": x, "y": np.r_[np.zeros(6), np.ones(6)]})
    found = logit("y ~ x", frame).summary()
    assert check_separation(x[:, None], frame.y).kind == "none"
    assert found.frame.coef["x"] == pytest.approx(np.log(210 / overlap), rel=2e-5)
    assert found.frame.coef["const"] == pytest.approx(np.log(1 / 6), rel=1e-5)


@pytest.mark.parametrize("overlap", [1e-8, 1e-9, -1e-8, 0])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_summary_and_check_separation_agree(overlap, classes):
    """Two borders, each with a row on either side that is as far on the wrong one."""
    borders = np.r_[np.linspace(-1, -0.1, 10), overlap, -overlap, np.linspace(0.1, 0.9, 9)]
    third = np.r_[1 + overlap, 1, np.linspace(1.1, 2, 5)] if classes == 3 else []
    x = np.r_[borders, third]
    y = np.r_[np.zeros(11), np.ones(10), np.r_[1, np.full(6, 2)] if classes == 3 else []]
    separable = logit("y ~ x", pd.DataFrame({"x": x, "y": y})).summary().separable
    assert separable == (check_separation(x[:, None], y).kind != "none") == (overlap <= 0)
