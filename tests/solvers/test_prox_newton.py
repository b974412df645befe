"""L1 and elastic net: optimality, the duality gap, peers, hard data, and each kernel's twin."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from onelayer.designs import chosen_columns as columns_module
from onelayer.designs import csr as csr_design
from onelayer.designs import make_design, make_scaling
from onelayer.errors import UsageError
from onelayer.kernels import coordinate_descent
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run, named_solver, solver_for
from onelayer.solvers.l1 import quadratic, working_set
from onelayer.solvers.l1.duality import dual_value
from onelayer.solvers.l1.prox_newton import ProxNewton

TOL = 1e-10


def data(m=120, n=30, k=1, seed=0):
    random = np.random.default_rng(seed)
    X = random.standard_normal((m, n)) * (random.random((m, n)) < 0.4)
    Z = X[:, :6] @ random.standard_normal((6, max(k, 2))) + random.gumbel(size=(m, max(k, 2)))
    return X, Z.argmax(axis=1)


def problem(X, y, k=1, strength=0.02, ratio=1.0, *, intercept=True, weights=None, scaling=None):
    v = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    v = v / v.sum()
    return Objective(
        loss=make_design(X, make_scaling(X, scaling, v)).bind(
            Binary() if k == 1 else Softmax(k), y.astype(float) if k == 1 else y, v
        ),
        penalty=Penalty(strength, ratio),
        intercept=intercept,
    )


def fit(objective, tol=TOL, start=None):
    return Run(objective, ProxNewton(), tol=tol).solve(start)


def lambda_max(objective):
    """The largest |gradient| at W = 0, the intercept at its best: the class frequencies."""
    k = objective.head.width
    Y = objective.targets[:, None] if k == 1 else np.eye(k)[objective.targets]
    base = objective.weights @ Y if objective.intercept else 1 / max(k, 2)
    return np.abs(objective.design.combine((base - Y) * objective.weights[:, None])).max()


CASES = [
    pytest.param(
        k, storage, ratio, intercept, scaling, id=f"{k}-{name}-{ratio}-{intercept}-{scaling}"
    )
    for k in (1, 4)
    for name, storage in (("dense", np.asarray), ("csr", sparse.csr_array))
    for ratio, intercept, scaling in (
        (1.0, True, None),
        (1.0, False, "standard"),
        (0.5, True, "standard"),
        (0.3, False, None),
        (1.0, True, 0.5),
    )
]


@pytest.mark.parametrize(("k", "storage", "ratio", "intercept", "scaling"), CASES)
def test_the_subgradient_vanishes_and_the_gap_is_met(k, storage, ratio, intercept, scaling):
    X, y = data(k=k)
    weights = np.random.default_rng(1).uniform(0.2, 2, len(y))
    objective = problem(
        storage(X), y, k, 0.03, ratio, intercept=intercept, weights=weights, scaling=scaling
    )
    theta, solution = fit(objective)
    value, gradient = objective.value_and_gradient(theta)
    W, _ = objective.split(theta)
    G, db = objective.split(gradient)
    assert solution.status is Status.CONVERGED
    assert solution.gap <= TOL
    assert solution.gap_kind == "bound"
    assert solution.gap_bound == solution.gap
    assert solution.objective == pytest.approx(value, rel=1e-12)
    l1 = objective.penalty.l1
    assert 0 < np.count_nonzero(W) < W.size
    assert np.abs(G[W == 0]).max() <= l1 * (1 + 1e-4)
    np.testing.assert_allclose(G[W != 0], -l1 * np.sign(W[W != 0]), atol=1e-4 * l1)
    assert np.abs(db).max() <= 1e-10 or not intercept
    assert solution.gradient_norm <= 1e-3 * l1


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
@pytest.mark.parametrize("k", [1, 3])
def test_scikit_learn_reaches_no_lower_objective_and_the_same_weights(k, ratio, storage):
    X, y = data(k=k, seed=2)
    objective = problem(storage(X), y, k, 0.02, ratio)
    theta, solution = fit(objective)
    peer = LogisticRegression(
        C=1 / (0.02 * len(y)), l1_ratio=ratio, solver="saga", tol=1e-12, max_iter=20000
    ).fit(X, y)
    W = np.vstack([peer.coef_.T, peer.intercept_])
    assert solution.objective == pytest.approx(objective.value_and_gradient(W)[0], rel=1e-9)
    np.testing.assert_allclose(theta[:-1], W[:-1], atol=1e-4)


@pytest.mark.parametrize("strength", [0.1, 0.01, 0.001])
def test_liblinear_without_intercept(strength):
    X, y = data(seed=3)
    objective = problem(X, y, strength=strength, intercept=False)
    _, solution = fit(objective)
    C = 1 / (strength * len(y))
    peer = LogisticRegression(
        C=C, l1_ratio=1.0, solver="liblinear", fit_intercept=False, tol=1e-10, max_iter=10000
    ).fit(X, y)
    theirs = objective.value_and_gradient(peer.coef_.T)[0]
    assert solution.objective == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("ratio", [1.0, 0.7])
@pytest.mark.parametrize("k", [1, 3])
def test_the_gap_bounds_the_true_one_at_every_step(k, ratio):
    X, y = data(k=k, seed=4)
    objective = problem(X, y, k, 0.005, ratio)
    best = fit(objective, 1e-13)[1].objective
    _, solution = fit(objective, 1e-6)
    for record in solution.history:
        assert record.gap * record.objective >= record.objective - best - 1e-14
    assert solution.history[-1].gap <= 1e-6 < solution.history[0].gap


def test_the_dual_value_never_exceeds_the_minimum_at_random_points():
    X, y = data(seed=5)
    random = np.random.default_rng(6)
    for k, ratio in ((1, 1.0), (1, 0.5), (3, 1.0), (3, 0.2)):
        y = data(k=k, seed=5)[1]
        objective = problem(X, y, k, 0.02, ratio, intercept=False)
        best = fit(objective)[1].objective
        for scale in (0.01, 0.3, 3):
            Z = X @ (scale * random.standard_normal((X.shape[1], k)))
            R = objective.head.residual(Z, objective.targets)
            G = objective.design.combine(R * objective.weights[:, None])
            assert dual_value(R, objective.weights, G, objective.penalty) <= best


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_from_lambda_max_on_all_weights_are_exactly_zero(k, storage):
    X, y = data(k=k, seed=7)
    objective = problem(storage(X), y, k)
    for factor, zero in ((1.0, True), (10.0, True), (0.9, False)):
        strength = factor * lambda_max(objective) * (1 + 1e-12)
        theta, solution = fit(problem(storage(X), y, k, strength))
        assert solution.status is Status.CONVERGED
        assert bool(theta[:-1].any()) is not zero
        if zero:
            counts = np.bincount(y) / len(y)
            b = np.log(counts[1] / counts[0]) if k == 1 else np.log(counts)
            np.testing.assert_allclose(theta[-1], b - (b.mean() if k > 1 else 0), atol=1e-9)


@pytest.mark.parametrize("k", [1, 4])
def test_the_bound_is_nearly_as_small_as_the_gap(k):
    """A dual point from the residuals at z alone is off by the square root of the gap."""
    X, y = data(k=k, seed=3)
    theta, solution = fit(problem(X, y, k), tol=1e-6)
    best = fit(problem(X, y, k), tol=1e-13)[1].objective
    true = solution.objective / best - 1
    assert true <= solution.gap <= 1e-6
    # A start that is far from so small a tol is judged by its residuals alone.
    residuals, foreseen = (ProxNewton().init(problem(X, y, k), theta, tol) for tol in (1e-16, 1e-6))
    assert solution.gap < 0.3 * residuals.gap / best
    assert true <= foreseen.gap / best + 1e-12 <= solution.gap + 2e-12


def test_a_warm_start_is_used():
    X, y = data(seed=8)
    theta, cold = fit(problem(X, y, strength=0.01))
    again, warm = fit(problem(X, y, strength=0.01), start=theta)
    assert warm.iterations == 0
    assert warm.passes < cold.passes
    np.testing.assert_array_equal(again[:-1], theta[:-1])
    nearby, _ = fit(problem(X, y, strength=0.009), start=theta)
    np.testing.assert_allclose(nearby, fit(problem(X, y, strength=0.009))[0], atol=1e-5)


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_duplicated_and_empty_columns(storage):
    X, y = data(seed=9)
    plain = fit(problem(X, y))[1].objective
    hard = storage(np.hstack([X, X[:, :10], np.zeros((len(X), 3))]))
    theta, solution = fit(problem(hard, y))
    assert solution.status is Status.CONVERGED
    assert solution.objective == pytest.approx(plain, rel=1e-9)
    assert not theta[-4:-1].any()


def test_a_weight_of_zero_removes_the_row_and_of_two_doubles_it():
    X, y = data(seed=10)
    weights = np.ones(len(y))
    weights[:20], weights[20:40] = 0, 2
    rows = np.r_[20:120, 20:40]
    theta, _ = fit(problem(X, y, weights=weights))
    np.testing.assert_allclose(theta, fit(problem(X[rows], y[rows]))[0], atol=1e-7)


def test_two_rows_and_one_column_have_the_solution_on_paper():
    # J = log(1 + e^-w) + l1 |w|: a = sigma(-w) = l1.
    X, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    theta, solution = fit(problem(X, y, strength=0.2), 1e-12)
    np.testing.assert_allclose(theta[:, 0], [np.log(0.8 / 0.2), 0], atol=1e-6)
    assert solution.status is Status.CONVERGED


@pytest.mark.parametrize("intercept", [True, False])
def test_the_intercept_equals_a_shift_of_x_that_scaling_undoes(intercept):
    X, y = data(seed=11)
    shifted = sparse.csr_array(X + 3)
    dense = fit(problem(X + 3, y, intercept=intercept, scaling="standard"))[0]
    folded = fit(problem(shifted, y, intercept=intercept, scaling="standard"))[0]
    np.testing.assert_allclose(folded, dense, atol=1e-6)


@pytest.mark.parametrize("k", [1, 3])
def test_many_small_blocks_and_growing_working_sets_change_nothing(monkeypatch, k):
    X, y = data(k=k, n=60, seed=12)
    objective = problem(X, y, k, 0.003)
    theta, solution = fit(objective)
    monkeypatch.setattr(working_set, "BLOCK", 7)
    monkeypatch.setattr(working_set, "FIRST", 5)
    other, small = fit(objective)
    assert small.status is Status.CONVERGED
    assert small.iterations > solution.iterations
    assert small.objective == pytest.approx(solution.objective, rel=2 * TOL)
    np.testing.assert_allclose(other[:-1], theta[:-1], atol=1e-3)


def test_unsorted_and_repeated_entries_in_a_row():
    X, y = data(seed=13)
    half = sparse.coo_array(X / 2)
    row, column = np.r_[half.row, half.row], np.r_[half.col[::-1], half.col]
    row[: half.nnz] = half.row[::-1]
    order = np.argsort(row, kind="stable")
    indptr = np.r_[0, np.bincount(row, minlength=len(X)).cumsum()]
    twice = sparse.csr_array(
        (np.r_[half.data[::-1], half.data][order], column[order], indptr), shape=X.shape
    )
    assert not twice.has_canonical_format
    np.testing.assert_allclose(fit(problem(twice, y))[0], fit(problem(X, y))[0], atol=1e-6)
    assert twice.nnz == 2 * half.nnz


def test_a_saturated_start_is_left():
    X, y = data(seed=14)
    objective = problem(X, y)
    far = np.full((X.shape[1] + 1, 1), 50.0)
    theta, solution = fit(objective, start=far)
    assert solution.status is Status.CONVERGED
    np.testing.assert_allclose(theta, fit(objective)[0], atol=1e-5)


def test_the_same_input_gives_the_same_bytes():
    X, y = data(k=3, seed=15)
    assert fit(problem(X, y, 3))[0].tobytes() == fit(problem(X, y, 3))[0].tobytes()


# The kernels and their twins


def quadratic_problem(s=40, seed=0):
    random = np.random.default_rng(seed)
    B = random.standard_normal((s + 10, s))
    Q = B.T @ B / s
    Q[3], Q[:, 3] = 0, 0
    g = random.standard_normal(s)
    g[3] = 0
    return Q, g, random.standard_normal(s) * (random.random(s) < 0.5)


def test_the_sweep_kernel_equals_its_twin():
    Q, g, w = quadratic_problem()
    g2, w2 = g.copy(), w.copy()
    for _ in range(5):
        gain = coordinate_descent.sweep(Q, g, w, 0.3)
        assert gain == pytest.approx(quadratic.sweep(Q, g2, w2, 0.3), rel=1e-10)
    np.testing.assert_allclose(w, w2, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(g, g2, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("sweep", [quadratic.sweep, coordinate_descent.sweep])
def test_the_quadratic_is_minimised_and_its_decrease_is_true(sweep):
    Q, g, w = quadratic_problem(seed=1)
    start, first = w.copy(), g.copy()
    decrease = 0.0
    for _ in range(20):
        decrease += quadratic.minimise(Q, g, w, 0.3, sweep)[0]
    step = w - start
    model = first @ step + 0.5 * step @ Q @ step + 0.3 * (np.abs(w).sum() - np.abs(start).sum())
    assert decrease == pytest.approx(-model, rel=1e-9)
    np.testing.assert_allclose(g, first + Q @ step, atol=1e-10)
    np.testing.assert_allclose(Penalty(0.3, 1.0).subgradient(w, g), 0, atol=1e-7)
    assert w[3] == 0


@pytest.mark.parametrize("scaling", [None, "standard"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_columns_equal_their_twins(monkeypatch, scaling, dtype):
    random = np.random.default_rng(3)
    X = sparse.random_array((70, 40), density=0.2, random_state=random, format="csr", dtype=dtype)
    v = np.full(70, 1 / 70)
    design = make_design(X, make_scaling(X, scaling, v))
    features = np.array([0, 3, 4, 9, 20, 39])
    plain = design.columns(features)
    monkeypatch.setattr(csr_design, "SMALL_BYTES", 0)
    compiled = make_design(X, design.scaling).columns(features)
    scaled = make_scaling(X, scaling, v)
    dense = X.toarray().astype(np.float64)
    if scaled is not None:
        dense = (dense - scaled.centre) * scaled.scale
    dense = dense[:, features]
    d, u, h = random.random(6), random.random(70), random.random(70)
    for chosen in (plain, compiled):
        np.testing.assert_allclose(chosen.forward(d), dense @ d, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(chosen.backward(u), dense.T @ u, rtol=1e-6, atol=1e-9)
        Q, hx = chosen.gram(h)
        np.testing.assert_allclose(Q, (dense.T * h) @ dense, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(hx, dense.T @ h, rtol=1e-6, atol=1e-8)
        some = chosen.choose(np.array([1, 4]))
        np.testing.assert_allclose(some.backward(u), dense[:, [1, 4]].T @ u, rtol=1e-6, atol=1e-9)
    assert design.ledger.bytes_read == design.traits.nbytes


def test_dense_columns_stream_when_their_copy_would_be_large(monkeypatch):
    X, y = data(seed=16)
    copied = fit(problem(X, y, strength=0.001))
    monkeypatch.setattr(columns_module, "COPY_BYTES", 0)
    streamed = fit(problem(X, y, strength=0.001))
    np.testing.assert_allclose(streamed[0], copied[0], atol=1e-9)
    assert streamed[1].passes > copied[1].passes


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@pytest.mark.parametrize("k", [1, 3])
def test_large_data_takes_the_kernels_to_the_same_optimum(k, dtype):
    random = np.random.default_rng(17)
    X = random.integers(0, 255, (9000, 60)).astype(dtype)
    X = np.hstack([X, X[:, ::-1] // 2, random.integers(0, 9, (9000, 120)).astype(dtype)])
    z = (X[:, :4].astype(float) - 128) @ random.standard_normal((4, max(k, 2))) / 100
    y = (z + random.gumbel(size=z.shape)).argmax(axis=1)
    assert X.nbytes >= csr_design.SMALL_BYTES
    _, solution = fit(problem(X, y, k, 0.01, scaling="standard"), 1e-7)
    _, exact = fit(problem(X.astype(float), y, k, 0.01, scaling="standard"), 1e-10)
    _, csr = fit(problem(sparse.csr_array(X.astype(np.float32)), y, k, 0.01, scaling="standard"))
    assert solution.status is Status.CONVERGED
    assert solution.objective == pytest.approx(exact.objective, rel=2e-7)
    assert csr.objective == pytest.approx(exact.objective, rel=1e-9)


def test_small_data_never_loads_numba():
    script = (
        "import sys, numpy as np\n"
        "from onelayer.designs import make_design\n"
        "from onelayer.logistic import Binary\n"
        "from onelayer.objective import Objective\n"
        "from onelayer.penalties import Penalty\n"
        "from onelayer.solvers import Run, solver_for\n"
        "X = np.random.default_rng(0).standard_normal((50, 5)); y = (X[:, 0] > 0).astype(float)\n"
        "o = Objective(loss=make_design(X).bind(Binary(), y, np.full(50, 0.02)),\n"
        "              penalty=Penalty(0.1, 1.0))\n"
        "print(Run(o, *solver_for(o)).solve()[1].status, 'numba' in sys.modules)\n"
    )
    path = {"PYTHONPATH": ":".join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=path, check=True)
    assert done.stdout.decode().split() == ["converged", "False"]


# The ladder


def test_an_l1_part_chooses_coordinate_descent():
    X, y = data()
    solver, reason = solver_for(problem(X, y, ratio=0.1))
    assert (solver.name, reason) == ("coordinate-descent", "the penalty has an L1 part")
    assert named_solver("coordinate-descent", problem(X, y), 0.1)[0].name == "coordinate-descent"


@pytest.mark.parametrize("name", ["newton", "lbfgs", "gradient-descent", "gram"])
def test_other_solvers_refuse_an_l1_part(name):
    X, y = data()
    with pytest.raises(UsageError, match=f"'{name}' is for penalties with no L1 part.*'coord"):
        named_solver(name, problem(X, y), 0.1)


def test_coordinate_descent_refuses_a_smooth_penalty():
    X, y = data()
    with pytest.raises(UsageError, match="penalties with an L1 part, and this one has no L1 part"):
        named_solver("coordinate-descent", problem(X, y, ratio=0.0), 0.1)
