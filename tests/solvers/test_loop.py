"""How a fit ends: every status, the history, the interruption, and who is chosen."""

import math

import numpy as np
import pytest

from onelayer.designs import make_design
from onelayer.designs.passes import Traits
from onelayer.errors import UsageError
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run, choose_solver, named_solver, solver_for
from onelayer.solvers.dual.ascent import DualAscent
from onelayer.solvers.smooth.newton import Newton

SOLVERS = ["newton", "lbfgs", "truncated-newton", "gram"]


def objective(X, y, l2=0.0, classes=2, weights=None):
    v = np.ones(len(X)) if weights is None else weights
    return Objective(
        loss=make_design(X).bind(
            Binary() if classes == 2 else Softmax(classes), np.asarray(y), v / v.sum()
        ),
        penalty=Penalty(l2),
    )


def overlapping(seed, m=150, n=4, classes=2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n))
    Z = X @ rng.normal(size=(n, classes))
    return X, np.argmax(Z + rng.gumbel(size=Z.shape), axis=1)


def solve(problem, solver, rate=0.1, **settings):
    run = Run(problem, named_solver(solver, problem, rate)[0], **settings)
    run.solve()
    return run


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("solver", SOLVERS)
class TestSeparation:
    def test_complete(self, solver, classes):
        X, _ = overlapping(0)
        y = (X[:, 0] > 0) * 1 + (X[:, 0] > 0.7) * (classes - 2)
        X[:, 0] += y
        solution = solve(objective(X, y, classes=classes), solver).solution
        assert solution.status is Status.SEPARABLE
        assert math.isnan(solution.gap)
        assert math.isinf(solution.gap_bound)
        assert "set a finite C" in solution.status.advice

    def test_quasi_complete(self, solver, classes):
        """A column that is 1 only where the label is: one weight runs away, J* is positive."""
        if (solver, classes) == ("lbfgs", 3):
            pytest.skip("leaps to where the separated rows' loss is 0; never chosen at this size")
        X, y = overlapping(1, classes=classes)
        X[:, 0] = (y == 1) & (X[:, 0] > 0)
        solution = solve(objective(X, y, classes=classes), solver).solution
        assert solution.status is Status.SEPARABLE
        assert 0.1 < solution.objective < 1

    def test_a_penalty_makes_an_optimum(self, solver, classes):
        X, y = overlapping(1, classes=classes)
        X[:, 0] = (y == 1) & (X[:, 0] > 0)
        solution = solve(objective(X, y, 1e-6, classes), solver).solution
        assert solution.status is Status.CONVERGED

    @pytest.mark.parametrize("seed", range(20))
    def test_no_false_alarm(self, solver, classes, seed):
        X, y = overlapping(100 + seed, m=40 + 30 * seed, classes=classes)
        solution = solve(objective(X, y, classes=classes), solver).solution
        assert solution.status is Status.CONVERGED
        assert solution.gap <= 1e-7


@pytest.mark.parametrize("solver", SOLVERS)
def test_separable_with_very_uneven_weights(solver):
    X, _ = overlapping(2)
    y = (X[:, 0] > 0).astype(int)
    weights = 10.0 ** np.random.default_rng(0).uniform(-6, 0, len(X))
    weights[::3] = 0
    solution = solve(objective(X, y, weights=weights), solver).solution
    assert solution.status is Status.SEPARABLE


@pytest.mark.parametrize("solver", [*SOLVERS, "gradient-descent"])
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_max_iter(solver, steps):
    run = solve(objective(*overlapping(3)), solver, max_iter=steps, tol=1e-14)
    assert run.solution.status is Status.MAX_ITER
    assert run.solution.iterations == steps
    assert len(run.solution.history) == steps + 1
    assert "raise max_iter" in run.solution.status.advice


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_gap_that_stopped_nothing_is_honest_too(solver):
    problem = objective(*overlapping(4, classes=3), classes=3)
    best = solve(problem, "newton").solution.objective
    for steps in (1, 2, 3):
        solution = solve(problem, solver, max_iter=steps, tol=1e-30).solution
        assert (solution.objective - best) / solution.objective <= 2 * solution.gap + 1e-15


@pytest.mark.parametrize("solver", SOLVERS)
def test_stalled_at_rounding(solver):
    problem = objective(*overlapping(5), 0.01)
    run = solve(problem, solver, tol=0.0, max_iter=300)
    best = solve(problem, "newton", tol=1e-10)
    assert run.solution.status in {Status.STALLED, Status.MAX_ITER, Status.CONVERGED}
    assert run.solution.objective == pytest.approx(best.solution.objective, rel=1e-14)
    np.testing.assert_allclose(run.theta, best.theta, atol=1e-6)


@pytest.mark.parametrize("solver", [*SOLVERS, "gradient-descent"])
@pytest.mark.parametrize("at", [0, 2])
def test_interrupted(solver, at):
    def interrupt(record):
        if record.iteration == at:
            raise KeyboardInterrupt

    problem = objective(*overlapping(6), 0.01)
    run = Run(problem, named_solver(solver, problem, 0.1)[0], callback=interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.solve()
    assert run.solution.status is Status.INTERRUPTED
    assert run.solution.iterations == at
    assert run.theta.shape == (5, 1)
    assert problem.value_and_gradient(run.theta)[0] == pytest.approx(run.solution.objective)


def test_the_best_is_kept_when_steps_overshoot():
    def interrupt(record):
        if record.iteration == 9:
            raise KeyboardInterrupt

    X, y = overlapping(7)
    problem = objective(100 * X, y, 0.01)
    run = Run(problem, named_solver("gradient-descent", problem, 50.0)[0], callback=interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.solve()
    values = [record.objective for record in run.solution.history]
    assert values[-1] > min(values)
    assert run.solution.objective == min(values)


def test_gradient_descent_is_the_lecture():
    X, y = overlapping(8)
    run = solve(objective(X, y, 0.1), "gradient-descent", 0.7, max_iter=50)
    w, b, m, costs = np.zeros((4, 1)), 0.0, len(X), []
    for _ in range(51):
        a = 1 / (1 + np.exp(-(X @ w + b)))
        dz = a - y[:, None]
        costs.append(-np.mean(np.log(np.where(y[:, None] == 1, a, 1 - a))) + 0.05 * (w**2).sum())
        final = np.vstack([w, [[b]]])
        w, b = w - 0.7 * (X.T @ dz / m + 0.1 * w), b - 0.7 * dz.mean()
    np.testing.assert_allclose([r.objective for r in run.solution.history], costs, rtol=1e-13)
    np.testing.assert_allclose(run.theta, final, rtol=1e-12)
    assert [r.passes for r in run.solution.history] == list(range(1, 52))


def test_gradient_descent_runs_all_its_steps_on_separable_data():
    X, _ = overlapping(9)
    y = (X[:, 0] > 0).astype(int)
    solution = solve(objective(5 * X, y), "gradient-descent", 20.0, max_iter=400).solution
    assert solution.iterations == 400
    assert solution.status is Status.SEPARABLE


def test_a_learning_rate_that_overflows_ends_with_the_last_finite_parameters():
    run = solve(objective(*overlapping(10), 10.0), "gradient-descent", 1e30, max_iter=100)
    assert run.solution.status is Status.STALLED
    assert run.solution.iterations < 100
    assert np.isfinite(run.theta).all()
    assert "lower the learning rate" in run.solution.status.advice


def test_a_start_that_is_not_finite_is_refused():
    X, y = overlapping(11)
    problem = objective(X, y, 1.0)
    solver, _ = named_solver("lbfgs", problem, 0.1)
    with pytest.raises(FloatingPointError, match="not finite at the start; scale the features"):
        Run(problem, solver).solve(np.full((5, 1), 1e200))


@pytest.mark.parametrize("solver", SOLVERS)
def test_values_whose_squares_overflow_are_refused(solver):
    X, y = overlapping(11)
    problem = objective(1e200 * X, y, 1.0)
    with pytest.raises(FloatingPointError, match="scale the features"):
        solve(problem, solver)


@pytest.mark.parametrize("solver", SOLVERS)
def test_passes_are_bytes_read_over_size(solver):
    problem = objective(*overlapping(12), 0.01)
    before = problem.loss.bytes_read
    solution = solve(problem, solver).solution
    assert solution.bytes_read == problem.loss.bytes_read - before
    assert solution.passes == solution.bytes_read / problem.loss.traits.nbytes
    if solver == "gram":
        assert solution.passes == 2
    if solver == "newton":
        # One to begin, one to polish, and two for the bound where that leads.
        assert solution.passes == solution.iterations + 4
    assert str(solution).startswith("converged: objective 0.")


def test_the_bound_is_rigorous_without_an_intercept():
    X, y = overlapping(13)
    problem = objective(X, y, 0.1)
    problem = Objective(**{**vars(problem), "intercept": False})
    best = solve(problem, "newton").solution.objective
    for steps in range(5):
        solution = solve(problem, "lbfgs", max_iter=steps).solution
        assert solution.objective - best <= solution.gap_bound * solution.objective
        assert math.isfinite(solution.gap_bound)


class TestChoice:
    def test_ladder(self):
        def chosen(m, n, classes=2, l2=1e-3):
            X = np.broadcast_to(np.float64(0), (m, n))
            solver, reason = solver_for(objective(X, np.zeros(m, int), l2, classes=classes))
            return solver.name, reason

        assert chosen(40, 41) == ("gram", "40 examples are fewer than 41 features")
        assert chosen(1000, 6000)[0] == "gram"
        assert chosen(1001, 6000) == (
            "lbfgs",
            "6001 parameters are too many for the whole Hessian",
        )
        assert chosen(40, 40) == ("newton", "41 parameters are few enough for the whole Hessian")
        assert chosen(5000, 99)[0] == "newton"
        assert chosen(5000, 100)[0] == "lbfgs"
        assert chosen(5000, 1999, l2=0)[0] == "newton"
        assert chosen(5000, 2000, l2=0)[0] == "lbfgs"
        assert chosen(5000, 32, 8)[0] == "lbfgs"

    def test_unknown_name(self):
        with pytest.raises(UsageError) as caught:
            named_solver("sgd", objective(*overlapping(0)), 0.1)
        assert str(caught.value) == (
            "Unknown solver 'sgd': choose one of auto, gradient-descent, newton, lbfgs, "
            "truncated-newton, dual-ascent, gram, coordinate-descent"
        )

    def test_needs_are_checked_whoever_chose(self):
        X, y = overlapping(0)
        problem = Objective(loss=objective(X, y).loss, penalty=Penalty(0.1, 1.0))
        with pytest.raises(UsageError) as caught:
            Run(problem, Newton()).solve()
        assert str(caught.value) == (
            "The solver 'newton' is for penalties with no L1 part, and this one has an L1 part; "
            "'coordinate-descent' would do"
        )
        with pytest.raises(
            UsageError, match="needs rows in turn, which DenseDesign does not offer"
        ):
            Run(objective(X, y, 0.1), DualAscent()).solve()

    @pytest.mark.parametrize(
        ("density", "why"), [(0.1, "X is sparse"), (1.0, "no sample of the rows is at hand")]
    )
    def test_the_reason_is_what_the_data_are(self, density, why):
        traits = Traits(9000, 500, 9000 * 500 * 8, density, frozenset({"rows", "hessian"}))
        solver, reason = choose_solver(traits, Penalty(0.1), 1)
        assert solver.name == "truncated-newton"
        assert reason == f"501 parameters are too many for the whole Hessian, and {why}"
