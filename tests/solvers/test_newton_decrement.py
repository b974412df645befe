"""Conjugate gradients stop at rounding, which in sums over many rows is less than over few."""

import numpy as np
import pytest

from onelayer.designs import make_design
from onelayer.logistic import Binary
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers.smooth.newton_decrement import NOISE, newton_decrement, provable


@pytest.fixture(scope="module")
def problem():
    """Two million rows of six bytes in float32 products, a step from the optimum."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (2_000_000, 6)).astype(np.uint8)
    w = np.array([0.5, -0.4, 0.3, -0.3, 0.2, -0.1])
    y = (X @ w - w.sum() * 1.5 + rng.logistic(size=len(X)) > 0).astype(np.int64)
    loss = make_design(X).bind(Binary(), y, np.full(len(y), 1 / len(y)))
    assert loss.exactly() is not loss
    objective = Objective(loss=loss, penalty=Penalty(1e-6))
    theta = np.append(w, -1.5 * w.sum())[:, None]
    for _ in range(2):
        _, gradient = objective.value_and_gradient(theta)
        W, b = objective.split(theta)
        theta = theta - np.linalg.solve(objective.loss.hessian(W, b)[:, 0, :, 0], gradient)
    return objective, theta + 2e-7 * rng.normal(size=theta.shape)


def test_of_many_rows_what_is_left_is_made_small_enough_for_a_proof(problem):
    objective, theta = problem
    value, gradient = objective.value_and_gradient(theta)
    W, b = objective.split(theta)
    bend = np.diag(objective.loss.hessian(W, b)[:, 0, :, 0])[:, None]
    few_would_stop = (NOISE * np.finfo(np.float32).eps) ** 2 * value
    assert np.sum(gradient**2 / bend) < few_would_stop
    square = np.sum(gradient**2) / 4
    found = newton_decrement(
        objective,
        objective.loss.curvature(W, b),
        value,
        gradient,
        lambda g: g / bend,
        provable(objective, square / (2 * objective.penalty.l2)),
    )
    assert np.sum(found.left**2) <= square
