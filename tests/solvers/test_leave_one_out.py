"""The leave-one-out estimate against layers that were trained without the row."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from onelayer.designs import make_design, make_scaling
from onelayer.errors import UsageError
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers import Run, Walking, leave_one_out, make_path, solver_for


def make_objective(m, n, classes, *, strength=0.05, scaling=None, csr=False, intercept=True):
    random = np.random.default_rng(m + n + classes)
    X = random.normal(size=(m, n)) * (random.uniform(size=(m, n)) < 0.7)
    z = X[:, :3] @ random.normal(size=(3, classes)) + random.normal(size=(m, classes))
    weights = random.uniform(0.5, 2, m)
    weights /= weights.sum()
    X = sparse.csr_array(X) if csr else X
    return Objective(
        loss=make_design(X, make_scaling(X, scaling, weights)).bind(
            Binary() if classes == 2 else Softmax(classes), z.argmax(axis=1), weights
        ),
        penalty=Penalty(strength),
        intercept=intercept,
    )


def exact(objective, rows):
    """z of each row by the layer without it."""
    found = []
    for row in rows:
        weights = objective.weights.copy()
        weights[row] = 0
        without = replace(objective, loss=replace(objective.loss, weights=weights))
        theta, _ = Run(without, *solver_for(without), tol=1e-12).solve()
        found.append(objective.design.forward(*objective.split(theta))[row])
    return np.array(found)


CASES = {
    "binary": {"m": 80, "n": 5, "classes": 2},
    "softmax": {"m": 90, "n": 4, "classes": 3},
    "no intercept": {"m": 80, "n": 5, "classes": 2, "intercept": False},
    "standardised": {"m": 80, "n": 5, "classes": 3, "scaling": "standard"},
    "sparse": {"m": 80, "n": 6, "classes": 2, "csr": True},
    "sparse, standardised": {"m": 80, "n": 6, "classes": 3, "csr": True, "scaling": "standard"},
    "gram": {"m": 40, "n": 90, "classes": 2, "strength": 1.0},
    "gram, softmax": {"m": 40, "n": 90, "classes": 3, "strength": 1.0},
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_near_the_layers_that_were_trained_without_the_row(case):
    objective = make_objective(**CASES[case])
    m = objective.design.traits.m
    path = make_path(objective, Walking(tol=1e-12, leave_one_out=True))
    point = path.at(objective.penalty.strength)
    rows = np.arange(0, m, 4)
    left_out, truth = point.left_out[rows], exact(objective, rows)
    with_it = objective.design.forward(*objective.split(point.theta))[rows]
    if truth.shape[1] > 1:
        left_out, truth, with_it = (
            Z - Z.mean(axis=1, keepdims=True) for Z in (left_out, truth, with_it)
        )
    moved = np.abs(truth - with_it)
    # One Newton step removes nine tenths of what the row itself is worth, and more.
    assert np.abs(left_out - truth).max() < 0.1 * moved.max()
    loss = objective.head.loss
    means = [loss(Z, objective.targets[rows]).mean() for Z in (left_out, truth, with_it)]
    assert abs(means[0] - means[1]) < 0.06 * abs(means[2] - means[1])


def test_as_the_row_loses_weight_the_step_becomes_exact():
    """The error falls as the square of the weight: a Newton step's."""
    objective = make_objective(200, 4, 2)
    errors = []
    for weight in (4e-3, 2e-3):
        weights = objective.weights.copy()
        weights[0] = weight
        here = replace(objective, loss=replace(objective.loss, weights=weights))
        theta, _ = Run(here, *solver_for(here), tol=1e-14).solve()
        errors.append(abs(leave_one_out(here, theta)[0, 0] - exact(here, [0])[0, 0]))
    assert 3 < errors[0] / errors[1] < 6


def test_what_it_is_not_for_is_refused():
    objective = make_objective(30, 4, 2)
    theta = objective.start()
    with pytest.raises(UsageError, match="is for L2 penalties: set l1_ratio to 0"):
        leave_one_out(replace(objective, penalty=Penalty(0.1, 1.0)), theta)
    wide = make_objective(6, 5001, 2)
    with pytest.raises(UsageError, match=r"5002 are more than the 5000 .* use folds"):
        leave_one_out(wide, wide.start())
