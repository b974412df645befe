"""z = X W + b + offset: what an offset must change, and what it must not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from onelayer import LogisticRegression
from onelayer.designs import make_design
from onelayer.errors import DataError, UsageError
from onelayer.logistic import Binary, Softmax, log_softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty

EXACT = 1e-13


def problem(m=120, n=4, classes=2, seed=0):
    """X, y and an offset of a size that cannot be overlooked, (m,) or (m, K)."""
    rng = np.random.default_rng(seed)
    k = 1 if classes == 2 else classes
    X, offset = rng.normal(size=(m, n)), 1.5 * rng.normal(size=(m, k))
    Z = X @ rng.normal(size=(n, k)) + offset
    Z = np.hstack([np.zeros((m, 1)), Z]) if k == 1 else Z
    y = (Z + rng.gumbel(size=Z.shape)).argmax(axis=1)
    y[:classes] = np.arange(classes)
    return X, y, offset[:, 0] if k == 1 else offset


def fitted(X, y, offset=None, weights=None, **how):
    model = LogisticRegression(**{"tol": EXACT, **how}).fit(X, y, weights, offset=offset)
    assert model.solution_.status == "converged"
    return model


def same(one, other, atol=1e-6):
    np.testing.assert_allclose(one.coef_, other.coef_, atol=atol)
    np.testing.assert_allclose(one.intercept_, other.intercept_, atol=atol)


def loss_of(model, X, y, offset, weights=None):
    """J times C S, by hand."""
    Z = X @ model.coef_.T + model.intercept_
    Z = np.hstack([np.zeros_like(Z), Z]) if Z.shape[1] == 1 else Z
    Z = Z + (np.column_stack([np.zeros(len(Z)), offset]) if offset.ndim == 1 else offset)
    rows = -log_softmax(Z)[np.arange(len(y)), y]
    r, w = model.l1_ratio, model.coef_
    size = r * np.abs(w).sum() + (1 - r) / 2 * (w**2).sum()
    return model.C * rows @ (np.ones(len(y)) if weights is None else weights) + size


HOW = [
    {},
    {"C": 0.1, "scaling": "standard"},
    {"l1_ratio": 1.0, "C": 0.3},
    {"l1_ratio": 0.4, "C": 0.3, "fit_intercept": False},
    {"solver": "lbfgs", "scaling": 0.5},
    {"solver": "truncated-newton"},
    {"solver": "gram"},
]


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("classes", [2, 3])
def test_zeros_change_no_byte(how, classes):
    X, y, offset = problem(classes=classes)
    one, other = fitted(X, y, **how), fitted(X, y, 0 * offset, **how)
    assert one.coef_.tobytes() == other.coef_.tobytes()
    assert one.intercept_.tobytes() == other.intercept_.tobytes()


@pytest.mark.parametrize("how", [how for how in HOW if how.get("scaling") != "standard"], ids=str)
@pytest.mark.parametrize("classes", [2, 3])
def test_no_step_lowers_the_objective(how, classes):
    X, y, offset = problem(classes=classes)
    weights = np.random.default_rng(1).integers(0, 4, len(y)).astype(float)
    model = fitted(X, y, offset, weights, **how)
    model.C *= (model.scaling or 1) ** 2  # the penalty is that of X times the scaling
    best, rng = loss_of(model, X, y, offset, weights), np.random.default_rng(2)
    W, b = model.coef_, model.intercept_
    for size in np.repeat([1e-5, 1e-3], 20):
        model.coef_ = W + size * rng.normal(size=W.shape)
        model.intercept_ = b + size * rng.normal(size=b.shape) * model.fit_intercept
        assert loss_of(model, X, y, offset, weights) >= best * (1 - 1e-14)


@settings(max_examples=15)
@given(
    shift=st.floats(-30, 30), seed=st.integers(0, 99), classes=st.sampled_from([2, 3]),
    how=st.sampled_from(HOW[:3]),
)  # fmt: skip
def test_a_constant_moves_the_intercept_alone(shift, seed, classes, how):
    X, y, offset = problem(seed=seed, classes=classes)
    moved = shift if classes == 2 else np.append(shift, np.zeros(classes - 1))
    one, other = fitted(X, y, offset, **how), fitted(X, y, offset + moved, **how)
    np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-5)
    by = one.intercept_ - other.intercept_
    np.testing.assert_allclose(by, np.asarray(moved) - np.mean(moved) * (classes > 2), atol=1e-5)


@settings(max_examples=15)
@given(seed=st.integers(0, 99), classes=st.sampled_from([2, 3]))
def test_without_a_penalty_columns_in_the_offset_are_taken_from_the_coefficients(seed, classes):
    X, y, offset = problem(m=400, seed=seed, classes=classes)
    V = np.random.default_rng(seed).normal(size=(4, 1 if classes == 2 else classes))
    V -= V.mean(axis=1, keepdims=True) * (classes > 2)
    moved = offset + (X @ V)[:, 0] if classes == 2 else offset + X @ V
    one, other = fitted(X, y, offset, C=np.inf), fitted(X, y, moved, C=np.inf)
    np.testing.assert_allclose(one.coef_ - V.T, other.coef_, atol=1e-5)
    np.testing.assert_allclose(one.intercept_, other.intercept_, atol=1e-5)


def test_softmax_knows_nothing_of_what_moves_all_classes():
    X, y, offset = problem(classes=3)
    same(fitted(X, y, offset), fitted(X, y, offset + X[:, :1]))


def test_two_columns_of_softmax_are_one_of_sigma():
    """The loss is the same function, and so is its gradient."""
    X, y, offset = problem()
    design = make_design(X)
    v = np.full(len(y), 1 / len(y))
    both = np.column_stack([np.zeros(len(y)), offset])
    W, b = np.ones((4, 1)), np.ones(1)
    one = design.bind(Binary(), y, v, offset=offset[:, None]).value_and_gradient(W, b)
    zeros = np.hstack([0 * W, W]), np.array([0.0, 1.0])
    two = design.bind(Softmax(2), y, v, offset=both).value_and_gradient(*zeros)
    assert one[0] == pytest.approx(two[0], rel=1e-14)
    np.testing.assert_allclose(one[1][:, 0], two[1][:, 1], rtol=1e-12)


def test_a_weight_of_two_is_the_row_twice_with_its_offset():
    X, y, offset = problem(classes=3)
    counts = np.random.default_rng(3).integers(0, 3, len(y))
    counts[:3] = 1
    rows = np.repeat(np.arange(len(y)), counts)
    C = 0.5
    same(fitted(X, y, offset, counts, C=C), fitted(X[rows], y[rows], offset[rows], C=C), 1e-7)


STORED = {
    "float64": lambda X: X,
    "Fortran": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "bytes": lambda X: X.astype(np.uint8),
    "CSR": sparse.csr_array,
}


@pytest.mark.parametrize("m", [150, 30_000], ids=["by NumPy", "where kernels read"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("stored", STORED)
def test_every_storage_has_the_same_derivatives(stored, classes, m):
    """The small one against finite differences, the large one against float64 by NumPy."""
    rng = np.random.default_rng(4)
    n, k = 100 if m > 1000 else 5, 1 if classes == 2 else classes
    whole = np.floor(rng.random((m, n)) * 8) * (rng.random((m, n)) < 0.3)
    y, offset, v = (
        rng.integers(0, classes, m).astype(np.int32),
        rng.normal(size=(m, k)),
        rng.random(m),
    )
    v /= v.sum()
    W, b, V, c = (0.1 * rng.normal(size=s) for s in ((n, k), k, (n, k), k))
    head = Binary() if k == 1 else Softmax(k)
    loss = make_design(STORED[stored](whole)).bind(head, y, v, offset=offset)
    rtol = 1e-9 if loss.dtype == np.float64 else 2e-4
    value, G, db = loss.value_and_gradient(W, b)
    values, slopes = loss.along(W, b, V, c, np.array([-1e-4, 0.0, 1e-4]))
    assert values[1] == pytest.approx(value, rel=rtol / 10)
    assert slopes[1] == pytest.approx((G * V).sum() + db @ c, rel=10 * rtol, abs=rtol)
    curved = loss.product(loss.curvature(W, b), V, c)
    bend = (curved[0] * V).sum() + curved[1] @ c
    assert (slopes[2] - slopes[0]) / 2e-4 == pytest.approx(bend, rel=1e-4 if rtol < 1e-6 else 0.05)
    if m > 1000:
        twin = make_design(whole, double=True).bind(head, y, v, offset=offset)
        exact = twin.value_and_gradient(W, b)
        assert value == pytest.approx(exact[0], rel=rtol)
        np.testing.assert_allclose(G, exact[1], atol=rtol)
        return
    assert (values[2] - values[0]) / 2e-4 == pytest.approx(slopes[1], rel=1e-6)
    H = loss.expansion(W, b)[3]
    step = np.vstack([V, c])
    assert np.einsum("ij,ijkl,kl->", step, H, step) == pytest.approx(bend, rel=1e-9)
    np.testing.assert_allclose(H, loss.hessian(W, b), rtol=1e-11, atol=1e-13)


def test_large_data_take_the_numpy_route_and_say_so():
    X, y, offset = problem(m=4000, n=80)
    model = fitted(X, y, offset, tol=1e-10)
    assert "the offset is added block by block" in model.solution_.reason
    Z = model.decision_function(X, offset=offset)
    dz = 1 / (1 + np.exp(-Z)) - y
    np.testing.assert_allclose(X.T @ dz + model.coef_[0], 0, atol=1e-3)
    assert abs(dz.sum()) < 1e-6
    assert "offset" not in fitted(X, y, tol=1e-4).solution_.reason


def test_rows_in_turn_know_no_offset():
    X = sparse.random(3000, 900, 0.1, format="csr", random_state=0)
    y = np.arange(3000) % 2
    offset = np.linspace(-1, 1, 3000)
    assert fitted(X, y, offset, tol=1e-6).solution_.solver == "truncated-newton"
    text = "CsrDesign with an offset does not offer; 'truncated-newton' would do"
    with pytest.raises(UsageError, match=text):
        LogisticRegression(solver="dual-ascent").fit(X, y, offset=offset)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_bound_under_l1_is_a_bound(classes):
    """Of fits that stop early, against the minimum."""
    X, y, offset = problem(classes=classes, n=8)
    how = {"l1_ratio": 1.0, "C": 0.5}
    best = fitted(X, y, offset, **how).solution_.objective
    for tol in (1e-1, 1e-2, 1e-4):
        found = fitted(X, y, offset, tol=tol, **how).solution_
        assert found.gap_kind == "bound"
        assert found.objective - best <= found.gap * found.objective + 1e-15


def test_predictions_take_an_offset_of_their_own():
    X, y, offset = problem(classes=3)
    model = fitted(X, y, offset)
    Z = model.decision_function(X, offset=offset)
    np.testing.assert_array_equal(Z, model.decision_function(X) + offset)
    np.testing.assert_array_equal(model.predict(X, offset=offset), Z.argmax(axis=1))
    np.testing.assert_allclose(
        np.log(model.predict_proba(X, offset=offset)), model.predict_log_proba(X, offset=offset)
    )
    X, y, offset = problem()
    model = fitted(X, y, offset)
    np.testing.assert_array_equal(
        model.predict(X, offset=offset), model.decision_function(X, offset=offset) > 0
    )


def test_the_leave_one_out_estimate_has_it():
    from onelayer.solvers.paths.leave_one_out import leave_one_out

    X, y, offset = problem(m=40)
    v = np.full(40, 1 / 40)
    loss = make_design(X).bind(Binary(), y, v, offset=offset[:, None])
    model = fitted(X, y, offset)
    theta = np.append(model.coef_, model.intercept_)[:, None]
    found = leave_one_out(Objective(loss=loss, penalty=Penalty(1 / 40)), theta)[:, 0]
    for i in range(0, 40, 8):
        kept = np.arange(40) != i
        without = fitted(X[kept], y[kept], offset[kept])
        z = without.decision_function(X[[i]], offset=offset[[i]])
        assert found[i] == pytest.approx(z[0], abs=0.1)
        assert abs(found[i] - z[0]) < abs(model.decision_function(X[[i]], offset=offset[[i]]) - z)


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (np.zeros(5), r"offset has shape \(5,\), expected \(120,\): a number for each row"),
        (np.zeros((120, 2)), r"shape \(120, 2\), expected \(120,\)"),
        (
            np.r_[np.zeros(7), np.nan, np.zeros(112)],
            "offset contains NaN.*row 7|NaN.*offset.*row 7",
        ),
    ],
)
def test_what_is_refused(offset, text):
    X, y, _ = problem()
    with pytest.raises(DataError, match=text):
        LogisticRegression().fit(X, y, offset=offset)
    with pytest.raises(DataError, match=text):
        LogisticRegression().fit(X, y).predict(X, offset=offset)


def test_of_three_classes_each_has_its_own():
    X, y, _ = problem(classes=3)
    with pytest.raises(DataError, match=r"expected \(120, 3\): a number for each row and class"):
        LogisticRegression().fit(X, y, offset=np.zeros(120))


def test_rows_that_stay_on_disk_refuse_it(tmp_path):
    X, y, offset = problem()
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    with pytest.raises(UsageError, match="An offset is for X in memory, and these rows stay on di"):
        LogisticRegression(memory=1).fit(mapped, y, offset=offset)
