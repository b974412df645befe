"""Paths and folds against fits alone."""

from dataclasses import replace

import numpy as np
import pytest

from onelayer.designs import make_design, make_scaling
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run, Walking, make_path, solve_path, solver_for
from onelayer.solvers.paths.weighted_folds import Folds

STRENGTHS = [1e-3, 1e-1, 1e-2]


def make_objective(m, n, classes, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n))
    z = X[:, :20] @ rng.normal(size=(min(n, 20), classes))
    z += 3 * rng.normal(size=(m, classes))
    X = (40 * X + 128).clip(0, 255).astype(np.uint8) if dtype == np.uint8 else X.astype(dtype)
    weights = np.full(m, 1 / m)
    scaling = make_scaling(X, 1 / 40 if dtype == np.uint8 else None, weights)
    head = Binary() if classes == 2 else Softmax(classes)
    return Objective(
        loss=make_design(X, scaling).bind(head, z.argmax(axis=1), weights), penalty=Penalty(1.0)
    )


def fold_weights(m, folds):
    held_out = np.arange(m)[:, None] % folds == np.arange(folds)
    return ~held_out / (~held_out).sum(axis=0)


CASES = {
    "newton, small": (300, 8, 2, np.float64),
    "metric, small": (400, 90, 4, np.float64),
    "kernels, binary": (9000, 300, 2, np.uint8),
    "kernels, softmax": (6000, 120, 5, np.float32),
    "gram": (60, 400, 2, np.float64),
    "gram, softmax": (60, 400, 3, np.float64),
}


@pytest.mark.parametrize("case", CASES)
def test_a_path_with_folds_is_the_fits_alone(case):
    problem = make_objective(*CASES[case])
    weights = fold_weights(problem.design.traits.m, 3)
    tol = 1e-8 if problem.design.dtype == np.float64 else 1e-6  # float32 products promise 1e-7
    points = solve_path(problem, STRENGTHS, fold_weights=weights, tol=tol)
    assert [point.strength for point in points] == STRENGTHS
    for point in points:
        here = replace(problem, penalty=Penalty(point.strength))
        alone = [
            here,
            *(here.weighted(w.copy()) for w in weights.T),
        ]
        for (theta, solution), fit in zip(
            [(point.theta, point.solution), *point.folds], alone, strict=True
        ):
            assert solution.status is Status.CONVERGED
            _, best = Run(fit, *solver_for(fit), tol=tol / 10).solve()
            value = fit.value_and_gradient(theta)[0]
            assert value - best.objective <= 2.1 * tol * best.objective
            assert value == pytest.approx(solution.objective, rel=1e-6)


def test_a_gram_matrix_serves_penalties_nearby():
    """Each fit ends at its tol, and fewer Gram matrices than penalties are made."""
    problem = make_objective(*CASES["kernels, binary"])
    strengths = np.geomspace(1e-2, 1e-4, 9)
    path = make_path(problem, Walking(folds=Folds(fold_weights(9000, 3)), tol=1e-6))
    made = set()
    for strength in strengths:
        point = path.at(strength)
        assert all(found.status is Status.CONVERGED for _, found in [*point.folds])
        made.add(None if path._kept is None else path._kept.strength)
    made.discard(None)
    assert 1 <= len(made) <= 5


def test_folds_together_read_the_data_as_often_as_one():
    problem = make_objective(9000, 300, 2, np.uint8)
    one = solve_path(problem, STRENGTHS, fold_weights=fold_weights(9000, 5)[:, :1])
    before = problem.design.ledger.bytes_read
    five = solve_path(problem, STRENGTHS, fold_weights=fold_weights(9000, 5))
    together = problem.design.ledger.bytes_read - before
    assert len(five[0].folds) == 5
    assert together <= 1.5 * before
    assert len(one[0].folds) == 1


def test_an_error_in_a_shared_pass_reaches_the_caller():
    problem = make_objective(9000, 300, 2, np.uint8)
    weights = fold_weights(9000, 3)
    weights[:, 1] = np.nan
    with pytest.raises((FloatingPointError, ValueError, np.linalg.LinAlgError)):
        solve_path(problem, STRENGTHS, fold_weights=weights)


def test_folds_that_need_products_in_float64_go_on_side_by_side():
    """Of float32 at a tol below its own precision; each such read serves all that ask for one."""
    problem = make_objective(6000, 120, 3, np.float32)
    weights = fold_weights(6000, 3)
    before = problem.design.ledger.bytes_read
    (point,) = solve_path(problem, [1e-3], fold_weights=weights, tol=1e-13)
    here = replace(problem, penalty=Penalty(1e-3))
    for (theta, solution), v in zip(point.folds, weights.T, strict=True):
        assert solution.status is Status.CONVERGED
        assert "products in float64" in solution.reason
        design = make_design(problem.design.X, double=True)
        fold = replace(here, loss=design.bind(here.head, here.targets, v.copy()))
        value, gradient = fold.value_and_gradient(theta)
        assert np.linalg.norm(gradient) ** 2 / (2 * 1e-3) <= 1e-8 * value
    read = problem.design.ledger.bytes_read - before
    alone = sum(solution.bytes_read for _, solution in (*point.folds, (None, point.solution)))
    assert alone == pytest.approx(read, rel=0.1)
