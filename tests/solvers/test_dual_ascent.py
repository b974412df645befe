"""Ascent of the dual: its kernels, its gap, where Newton's method takes over."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.special import xlogy

from onelayer.designs import Scaling, csr, make_design
from onelayer.designs.passes import Ascent, DualPoint
from onelayer.errors import UsageError
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run, named_solver, solver_for
from onelayer.solvers.dual.ascent import Climb, DualAscent, _balanced, gap_bound

M, N = 300, 80


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    """Kernels however small X is."""
    monkeypatch.setattr(csr, "SMALL_BYTES", 0)


def objective(classes=2, l2=1e-2, *, intercept=True, seed=0, weighted=False, X=None):
    rng = np.random.default_rng(seed)
    if X is None:
        X = sparse.random(M, N, 0.1, format="csr", random_state=rng, dtype=np.float32)
        X.data *= 2
    k = 1 if classes == 2 else classes
    Z = X @ rng.normal(size=(N, k)) * 3 + rng.normal(size=k)
    y = (Z[:, 0] > 0).astype(int) if k == 1 else (Z + rng.gumbel(size=Z.shape)).argmax(axis=1)
    v = rng.random(M) * (rng.random(M) > 0.2) if weighted else np.ones(M)
    head = Binary() if k == 1 else Softmax(k)
    return Objective(
        loss=make_design(X).bind(head, y, v / v.sum()), penalty=Penalty(l2), intercept=intercept
    )


def best(problem):
    """J at the optimum, by another solver on a dense copy."""
    dense = replace(
        problem,
        loss=replace(problem.loss, design=make_design(problem.design.X.toarray().astype(float))),
    )
    return Run(dense, named_solver("newton", dense, 0)[0], tol=1e-14).solve()[1].objective


def solve(problem, tol=1e-7, start=None):
    return Run(problem, DualAscent(), tol=tol).solve(start)


def dual_value(problem, point):
    A = point.A if point.A.shape[1] > 1 else np.hstack([1 - point.A, point.A])
    entropy = -(problem.weights * xlogy(A, A).sum(axis=1)).sum()
    return entropy - 0.5 * problem.penalty.l2 * (point.W**2).sum()


def climb_of(problem, theta):
    """Where the dual's ascent begins."""
    state = DualAscent().init(problem, theta, 1e-7)
    return Climb.of(problem, state, problem.design.row_squares())


@pytest.mark.parametrize("tol", [1e-4, 1e-7, 1e-12])
@pytest.mark.parametrize("l2", [1.0, 1e-2, 1e-4, 1e-7])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_gap_is_met_and_honest(classes, intercept, l2, tol):
    problem = objective(classes, l2, intercept=intercept, weighted=l2 == 1e-2)
    theta, solution = solve(problem, tol)
    true = problem.value_and_gradient(theta)[0] / best(problem) - 1
    assert solution.status is Status.CONVERGED
    assert solution.gap <= tol
    assert true <= min(tol, 2 * solution.gap) + 1e-14
    if solution.gap_kind == "bound":
        assert true <= solution.gap == solution.gap_bound
    if classes > 2:
        assert np.abs(theta.sum(axis=1)).max() < 1e-9


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("classes", [2, 4])
def test_the_bound_holds_after_every_read(classes, intercept):
    problem = objective(classes, 1e-2, intercept=intercept, weighted=True)
    least = best(problem)
    climb = climb_of(problem, problem.start())
    for _ in range(12):
        climb._read(problem)
        theta = problem.join(climb.point.W, climb.point.b)
        gap = problem.value_and_gradient(theta)[0] - least
        bound = gap_bound(problem, climb, problem.design.forward(*problem.split(theta)))
        assert 0 <= gap <= bound + 1e-14
    assert bound < 1e-6 * least


@pytest.mark.parametrize("classes", [2, 4])
def test_after_the_first_read_every_example_raises_the_dual(classes):
    problem = objective(classes, 1e-3, intercept=False)
    climb = climb_of(problem, problem.start())
    climb._read(problem)
    values = [dual_value(problem, climb.point)]
    for row in range(M):
        problem.design.ascend(
            Ascent(np.array([row]), problem.weights, climb.answers, climb.rates), climb.point
        )
        values.append(dual_value(problem, climb.point))
    assert np.diff(values).min() > -1e-15
    assert values[-1] <= best(problem)
    X, residual = problem.design.X, one_hot(problem) - climb.point.A
    made = X.T @ (problem.weights[:, None] * residual) / problem.penalty.l2
    np.testing.assert_allclose(climb.point.W, made, atol=1e-12)


@pytest.mark.parametrize("classes", [2, 4])
def test_examples_that_would_move_less_stay_as_they_are(classes):
    problem = objective(classes, 1e-3)
    climb = climb_of(problem, problem.start())
    for _ in range(3):
        climb._read(problem)
    moves = np.empty(M)
    for row in range(M):
        asked = Ascent(np.array([row]), problem.weights, climb.answers, climb.rates)
        A, Z, W, b = (getattr(climb.point, name).copy() for name in "AZWb")
        point = DualPoint(A.copy(), Z.copy(), W.copy(), b.copy())
        problem.design.ascend(asked, point)
        moves[row] = problem.weights[row] * ((point.A - A) * (point.Z - Z))[row].sum()
        for share, stays in ((1.01, True), (0.99, False)):
            point = DualPoint(A.copy(), Z.copy(), W.copy(), b.copy())
            problem.design.ascend(replace(asked, least=share * moves[row]), point)
            assert np.array_equal(point.W, W) == np.array_equal(point.A, A) == stays
            assert np.array_equal(point.b, b) == np.array_equal(point.Z, Z) == stays
    assert moves.min() >= 0
    assert np.median(moves) > 0


@pytest.mark.parametrize("classes", [2, 4])
def test_an_example_moves_to_where_its_activation_agrees(classes):
    problem = objective(classes, 1e-4)
    k = problem.head.width
    A, W = one_hot(problem), np.random.default_rng(1).normal(size=(N, k))
    point = DualPoint(A.copy(), np.zeros((M, k)), W.copy(), np.zeros(k))
    answers = problem.weights * (problem.design.row_squares() * 1e4 + 50)
    for _ in range(8):  # a visit goes nine tenths of the way
        point.W[:], point.b[:] = W, 0
        asked = Ascent(np.arange(1), problem.weights, answers, (1e4, 50.0))
        problem.design.ascend(asked, point)
        W, A[0] = point.W.copy(), point.A[0]
        point.b[:] = 0
    z = problem.design.forward(point.W, point.b)[:1]
    agreed = problem.head.activation(z)
    np.testing.assert_allclose(point.A[:1], agreed, rtol=1e-6)
    np.testing.assert_allclose(problem.head.activation(point.Z[:1]), agreed, rtol=1e-6)


def one_hot(problem):
    width = problem.head.width
    return problem.targets[:, None] * 1.0 if width == 1 else np.eye(width)[problem.targets]


def test_newton_takes_over_where_the_penalty_is_weak():
    easy, hard = solve(objective(l2=1e-2))[1], solve(objective(l2=1e-8))[1]
    assert (easy.gap_kind, hard.gap_kind) == ("bound", "estimate")
    assert easy.passes < 30


def test_a_penalty_beside_which_sums_overflow_is_newtons_from_the_start():
    """J* is by Newton's method in long double; squares of this gradient are below every float."""
    _, solution = solve(objective(l2=1e-300))
    least = 3.3515786579904086e-293
    assert (solution.gap_kind, solution.status.value) == ("bound", "converged")
    assert 0 <= solution.objective - least <= solution.gap * least <= 1e-7 * least


@pytest.mark.parametrize("classes", [2, 4])
def test_any_start_leads_to_the_same_optimum(classes):
    problem = objective(classes)
    start = np.random.default_rng(3).normal(size=problem.start().shape)
    cold, warm = solve(problem, 1e-12)[0], solve(problem, 1e-12, start)[0]
    np.testing.assert_allclose(cold, warm, atol=1e-6)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_optimum_of_another_penalty_is_a_good_start(classes):
    near, there = objective(classes, 1.1e-2), objective(classes, 1e-2)
    start, _ = solve(near, 1e-10)
    gaps = []
    for theta in (there.start(), start):
        climb = climb_of(there, theta)
        climb._read(there)
        Z = there.design.forward(climb.point.W, climb.point.b)
        gaps.append(gap_bound(there, climb, Z))
    assert gaps[1] < 0.05 * gaps[0]


def test_newton_starts_from_the_better_point():
    problem = objective(4, 1e-5)
    state = DualAscent().init(problem, problem.start(), 1e-7)
    first = state.value
    while state.newton is None:
        state = DualAscent().step(problem, state)
    assert state.value <= first


def test_soft_targets():
    problem = objective()
    soft = replace(
        problem, loss=replace(problem.loss, targets=np.where(problem.targets == 1, 0.9, 0.2))
    )
    theta, solution = solve(soft)
    true = soft.value_and_gradient(theta)[0] / best(soft) - 1
    assert solution.gap_kind == "bound"
    assert true <= solution.gap <= 1e-7


def test_the_same_bytes_again():
    """Wherever in memory the arrays lie: a kernel that may reorder sums did by their addresses."""
    assert len({solve(objective(4))[0].tobytes() for _ in range(5)}) == 1


def test_balanced_activations_have_the_sums_that_were_wanted():
    rng = np.random.default_rng(4)
    A = rng.dirichlet(np.ones(4), 50)
    wanted = A.mean(axis=0) + np.array([0.03, -0.02, 0.01, -0.02])
    moved = _balanced(A, A.mean(axis=0), wanted)
    np.testing.assert_allclose(moved.mean(axis=0), wanted, rtol=1e-12)
    np.testing.assert_allclose(moved.sum(axis=1), 1, rtol=1e-12)
    assert moved.min() >= 0


def repeated(X):
    """Each entry given as two halves."""
    halves = (X.data.repeat(2) / 2, X.indices.repeat(2), X.indptr * 2)
    return sparse.csr_array(halves, shape=X.shape)


def test_it_is_chosen_where_rows_can_be_taken_in_turn():
    problem = objective(
        X=sparse.random(6000, N, 0.1, format="csr", random_state=np.random.default_rng(0))[:M]
    )
    wide = replace(problem, loss=replace(problem.loss, design=make_design(problem.design.X)))
    assert solver_for(wide)[0].name != "dual-ascent"  # few parameters
    scaled = replace(
        problem,
        loss=replace(problem.loss, design=make_design(problem.design.X, Scaling.identity(N))),
    )
    for other in (
        scaled,
        replace(
            problem, loss=replace(problem.loss, design=make_design(repeated(problem.design.X)))
        ),
    ):
        with pytest.raises(UsageError, match="needs rows in turn, which CsrDesign does not offer"):
            named_solver("dual-ascent", other, 0)
        with pytest.raises(NotImplementedError, match="no rows in turn"):
            other.design.row_squares()


def test_it_needs_an_l2_penalty():
    with pytest.raises(UsageError) as caught:
        named_solver("dual-ascent", objective(l2=0.0), 0)
    assert str(caught.value) == (
        "The solver 'dual-ascent' needs a penalty with an L2 part, and this one has none; "
        "'newton' would do"
    )
