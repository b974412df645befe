"""Fits of few parameters end: by Newton's method where steps that are cheaper have taken long."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from onelayer import LogisticRegression
from onelayer.designs import make_design
from onelayer.logistic import Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run
from onelayer.solvers.choose import LONG, successor
from onelayer.solvers.smooth.gradient_descent import GradientDescent
from onelayer.solvers.smooth.lbfgs import Lbfgs
from onelayer.solvers.smooth.metrics import Diagonal
from onelayer.solvers.smooth.newton import Newton
from onelayer.solvers.smooth.truncated_newton import TruncatedNewton
from random_fits import draw, judge


@pytest.mark.parametrize("seed", [260, 338, 487, 750, 1945, 2002])
def test_an_l2_fit_of_few_parameters_does_not_use_up_its_steps(seed):
    """1000 steps of L-BFGS and truncated Newton left gaps of 9e-6 to 4.7: conditions to 1e16."""
    outcome = judge(draw(seed))
    assert (outcome.status, outcome.lies) == ("converged", "")


@pytest.mark.parametrize("seed", [338, 2002])
def test_the_reason_says_that_newton_took_over_and_the_optimum_is_newtons(seed):
    drawn = draw(seed)
    model = LogisticRegression(**drawn.options).fit(drawn.X, drawn.labels, drawn.weights)
    newton = LogisticRegression(**drawn.options | {"solver": "newton"})
    newton.fit(drawn.X, drawn.labels, drawn.weights)
    assert model.solution_.solver == drawn.options["solver"] != "newton"
    assert "by Newton's method, with the whole Hessian of few parameters" in model.solution_.reason
    assert model.solution_.objective == pytest.approx(newton.solution_.objective, rel=1e-9)


def test_steps_that_were_all_that_was_asked_for_stay_the_solvers_own():
    drawn = draw(338)
    model = LogisticRegression(**drawn.options, max_iter=5)
    with pytest.warns(ConvergenceWarning):
        model.fit(drawn.X, drawn.labels, drawn.weights)
    assert model.solution_.reason == "asked for"
    assert model.solution_.status is Status.MAX_ITER


def objective(n, K=2):
    g = np.random.default_rng(0)
    y = np.arange(20) % K
    loss = make_design(g.normal(size=(20, n))).bind(Softmax(K), y, np.full(20, 1 / 20))
    return Objective(loss=loss, penalty=Penalty(1e-3))


def test_who_is_succeeded_and_when():
    few, many = objective(9, 3), objective(700, 3)
    for solver in (Lbfgs(), TruncatedNewton()):
        assert successor(solver, few, LONG) is None
        assert successor(solver, few, LONG + 1) == Newton()
        assert successor(solver, objective(200, 3), 603) is None  # as many reads as parameters
        assert successor(solver, objective(200, 3), 604) == Newton()
        assert successor(solver, many, 1e9) is None
    shared = Lbfgs(Diagonal(np.ones((10, 3))))  # of folds side by side
    for solver in (shared, Newton(), GradientDescent(0.1)):
        assert successor(solver, few, 1e9) is None


def test_a_bound_says_more_than_a_decrement_that_is_rounding():
    problem, solver = objective(4, 3), Newton()
    theta, _ = Run(problem, solver, tol=1e-12).solve()
    state = solver.init(problem, theta, 1e-7)
    confirmed = solver.confirm(problem, replace(state, gap=1e-3))
    assert confirmed.gap_kind == "bound"
    assert confirmed.gap < 1e-9
    assert solver.confirm(problem, replace(state, gap=0.0)).gap == 0


def test_among_few_rows_of_many_scales_newtons_method_ends_what_lbfgs_began():
    """As features of an encoder that are nearly the same in every picture of a class."""
    rng = np.random.default_rng(0)
    U, V = (np.linalg.qr(rng.normal(size=(rows, 300)))[0] for rows in (300, 400))
    X = (U * (100 * 10.0 ** -np.linspace(0, 4, 300))) @ V.T
    y = rng.integers(0, 2, 300)

    found = LogisticRegression(C=1e4).fit(X, y).solution_
    best = LogisticRegression(C=1e4, solver="newton", tol=1e-13).fit(X, y).solution_
    assert (found.status, found.solver) == ("converged", "gram")
    assert "reads by Newton's method" in found.reason
    assert found.iterations < 320
    assert found.objective <= best.objective * (1 + 1e-7)
