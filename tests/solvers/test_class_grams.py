"""A Gram matrix a class as the metric of softmax under weak penalties."""

from dataclasses import replace

import numpy as np
import pytest

from onelayer.designs import make_design
from onelayer.logistic import Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Status
from onelayer.solvers import Run, named_solver, solver_for
from onelayer.solvers.algebra import Algebra
from onelayer.solvers.smooth.class_grams import ClassGrams, bends_by_class


def made(m=6000, n=90, classes=6, C=300.0, dtype=np.float32, weights=None):
    """Classes that overlap little: under a weak penalty most rows are decided."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(m, n)) * np.logspace(0, -1.5, n)
    Z = X @ rng.normal(size=(n, classes)) * 3
    y = (Z + rng.gumbel(size=Z.shape)).argmax(axis=1)
    v = np.full(m, 1 / m) if weights is None else weights
    design = make_design(X.astype(dtype))
    return Objective(loss=design.bind(Softmax(classes), y, v), penalty=Penalty(1 / (C * m)))


def whole_metric(objective, theta):
    """M_c of all rows (k, n + 1, n + 1), in float64."""
    rows = np.column_stack([objective.design.X, np.ones(objective.loss.traits.m)])
    A = objective.curvature(theta)
    h = objective.weights[:, None] * A * (1 - A)
    l2 = np.diag([*np.full(rows.shape[1] - 1, objective.penalty.l2), 0])
    return np.stack([(rows * c[:, None]).T @ rows + l2 for c in h.T])


def solved(metric, gradient):
    solution = np.column_stack(
        [np.linalg.solve(M, g) for M, g in zip(metric, gradient.T, strict=True)]
    )
    return solution - solution.mean(axis=1, keepdims=True)


def a_gradient(objective):
    gradient = np.random.default_rng(1).normal(size=objective.start().shape)
    return gradient - gradient.mean(axis=1, keepdims=True)


def test_where_rows_are_alike_the_shared_matrix_is_all():
    objective = made(m=500, n=40, classes=4, C=1.0, dtype=np.float64)
    start, gradient = objective.start(), a_gradient(objective)
    found = ClassGrams.at(objective, objective.curvature(start)).solve(gradient)
    expected = solved(whole_metric(objective, start), gradient)
    assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()


def test_leading_rows_and_the_shared_rest_come_near_the_gram_matrices_of_all():
    objective = made(m=500, n=40, classes=4, C=1.0, dtype=np.float64)
    theta = np.random.default_rng(2).normal(size=objective.start().shape)
    gradient = a_gradient(objective)
    found = ClassGrams.at(objective, objective.curvature(theta)).solve(gradient)
    expected = solved(whole_metric(objective, theta), gradient)
    # In the norm of M, which is what conjugate gradients go by.
    assert np.vdot(found, gradient) == pytest.approx(np.vdot(expected, gradient), rel=0.1)
    assert np.abs(found.sum(axis=1)).max() < 1e-12 * np.abs(found).max()


def test_the_kernel_multiplies_as_its_twin_does():
    rng = np.random.default_rng(3)
    roots = rng.normal(size=(40, 30, 20)).astype(np.float32)
    algebra, right = Algebra(compiled=False), rng.normal(size=(20, 40))
    inverses = np.stack([algebra.packed_inverse(root.T @ root) for root in roots])
    expected = np.column_stack(
        [np.linalg.solve(root.T @ root, one) for root, one in zip(roots, right.T, strict=True)]
    )
    for compiled in (False, True):
        found = Algebra(compiled=compiled).solve_each(inverses, right)
        assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()


def test_a_weak_penalty_of_many_classes_is_chosen_for():
    objective = made(m=5000, n=110, classes=115)
    solver, reason = solver_for(objective)
    assert solver.name == "truncated-newton"
    assert reason.endswith("under a penalty this weak each class bends along features of its own")
    assert solver_for(replace(objective, penalty=Penalty(1e-2)))[0].name == "lbfgs"
    assert solver_for(made(m=5000, n=110, classes=20))[0].name == "lbfgs"


def test_many_classes_take_fewer_passes_than_by_lbfgs():
    objective = made(m=5000, n=120, classes=60, C=1000.0)
    found, beside = (
        Run(objective, named_solver(name, objective, 0)[0], tol=1e-6).solve()[1]
        for name in ("truncated-newton", "lbfgs")
    )
    assert found.status is beside.status is Status.CONVERGED
    assert found.gap_kind == "bound"
    assert found.objective == pytest.approx(beside.objective, rel=2e-6)
    assert found.passes < 0.9 * beside.passes


@pytest.mark.parametrize("C", [10.0, 1e4])
def test_warm_and_cold_starts_end_within_tol(C):
    objective = made(m=6000, n=60, classes=5, C=C, dtype=np.float64)
    solver = named_solver("truncated-newton", objective, 0)[0]
    strong = replace(objective, penalty=Penalty(1e-2))
    start, _ = Run(strong, solver).solve()
    cold, warm = Run(objective, solver).solve(), Run(objective, solver).solve(start)
    assert cold[1].status is warm[1].status is Status.CONVERGED
    assert warm[1].objective == pytest.approx(cold[1].objective, rel=2e-7)


def test_neither_the_order_of_classes_nor_rows_without_weight_matter():
    weights = np.repeat([1 / 3000, 0], 3000)
    objective = made(m=6000, n=60, classes=5, dtype=np.float64, weights=weights)
    solver = named_solver("truncated-newton", objective, 0)[0]
    theta, found = Run(objective, solver, tol=1e-9).solve()
    X, y = objective.design.X, objective.targets
    turned = make_design(X).bind(Softmax(5), 4 - y, weights)
    alone = make_design(X[:3000]).bind(Softmax(5), y[:3000], weights[:3000])
    for loss, order in ((turned, slice(None, None, -1)), (alone, slice(None))):
        same, solution = Run(replace(objective, loss=loss), solver, tol=1e-9).solve()
        assert solution.objective == pytest.approx(found.objective, rel=2e-9)
        assert np.abs(same[:, order] - theta).max() < 1e-2 * np.abs(theta).max()


def test_it_is_for_several_classes_a_penalty_and_few_features():
    assert bends_by_class(made(m=14_000, n=40))
    assert not bends_by_class(made(m=500, n=40))  # products with small data cost less
    assert not bends_by_class(replace(made(m=14_000, n=40), penalty=Penalty(0)))
    assert not bends_by_class(made(m=3000, n=400))
