"""Newton's directions for sparse rows of many classes: in float32, of vectors that are long."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from onelayer.designs import make_design
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers import Run, named_solver
from onelayer.solvers.smooth.centred_diagonal import CentredDiagonal
from onelayer.solvers.smooth.newton_decrement import loosely, newton_decrement
from onelayer.vectors import STRETCH, add_scaled, dot, scale_and_add, stretches

M, N, K = 3000, 2000, 5
LENGTHS = st.sampled_from([1, 2, STRETCH - 1, STRETCH, STRETCH + 1, 3 * STRETCH + 7])


def texts(head=None, C=100.0, scale=1.0, intercept=True):
    """Sparse rows, large enough for the kernels, of which some columns tell the classes apart."""
    random = np.random.default_rng(0)
    X = sparse.random(M, N, 0.05, "csr", np.float32, random_state=random) * np.float32(scale)
    y = (X[:, :50] @ random.normal(size=(50, K))).argmax(axis=1)
    head = head or Softmax(K)
    targets = y if head.width > 1 else (y > 1).astype(int)
    loss = make_design(X).bind(head, targets, np.full(M, 1 / M))
    assert loss.compiled
    return Objective(loss=loss, penalty=Penalty(1 / (C * M)), intercept=intercept)


@given(LENGTHS, st.sampled_from([None, 1, 3]), st.sampled_from([np.float32, np.float64]))
def test_long_vectors_are_summed_and_moved_as_short_ones_are(length, columns, dtype):
    random = np.random.default_rng(length)
    shape = (length,) if columns is None else (length, columns)
    a, b = (random.normal(size=shape).astype(dtype) for _ in range(2))
    exact = math.fsum(x * y for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
    assert dot(a, b) == pytest.approx(exact, rel=1e-9, abs=1e-12 * a.size)
    moved, turned = a.copy(), a.copy()
    add_scaled(moved, 0.5, b)
    scale_and_add(turned, -2.0, b)
    np.testing.assert_array_equal(moved, a + dtype(0.5) * b)
    np.testing.assert_array_equal(turned, dtype(-2) * a + b)


@given(st.integers(0, 3 * STRETCH), st.sampled_from([1, 20, STRETCH + 1]))
def test_stretches_are_all_rows_in_order(rows, columns):
    a = np.broadcast_to(0.0, (rows, columns))
    parts = stretches(a)
    assert [i for part in parts for i in range(rows)[part]] == list(range(rows))
    assert all(a[part].size <= max(STRETCH, columns) for part in parts)


@pytest.mark.parametrize("intercept", [True, False])
def test_products_in_single_precision_are_those_in_double(intercept):
    objective = texts(intercept=intercept)
    random = np.random.default_rng(1)
    A = objective.curvature(random.normal(size=objective.start().shape))
    direction = random.normal(size=objective.start().shape)
    rough, part = objective.loss.roughly(A, 0.99)
    assert part == 1
    assert objective.loss.direction_dtype(rough) == np.float32
    assert objective.loss.direction_dtype(A) == np.float64
    found = objective.hessian_product(rough, direction.astype(np.float32))
    assert found.dtype == np.float32
    exact = objective.hessian_product(A, direction)
    np.testing.assert_allclose(found, exact, atol=2e-6 * np.abs(exact).max())


@pytest.mark.parametrize("intercept", [True, False])
def test_a_direction_in_single_precision_is_that_in_double(intercept):
    objective = texts(intercept=intercept)
    theta = objective.start()
    value, gradient = objective.value_and_gradient(theta)
    A = objective.curvature(theta)
    metric = CentredDiagonal.at(objective, A)
    rough, _ = objective.loss.roughly(A, 0.99)
    found, exact = (
        newton_decrement(objective, curvature, value, gradient, metric.solve, loosely(1e-3))
        for curvature in (rough, A)
    )
    assert found.direction.dtype == found.left.dtype == np.float64
    assert found.gap == pytest.approx(exact.gap, rel=1e-4)
    left = objective.hessian_product(A, found.direction) + gradient
    np.testing.assert_allclose(left, found.left, atol=1e-5 * np.abs(gradient).max())


@cache
def least(scale):
    """J's minimum, by another solver."""
    objective = texts(C=10 / scale**2, scale=scale)
    return Run(objective, *named_solver("dual-ascent", objective, 0.1), 1e-10).solve()[1].objective


@pytest.mark.parametrize(("scale", "tol"), [(1, 1e-2), (1, 1e-7), (1, 1e-11), (1e-12, 1e-7)])
def test_the_gap_stated_is_that_of_double_precision(scale, tol):
    """Numbers that float32 cannot square are left to float64, as is the end of a tight fit."""
    objective = texts(C=10 / scale**2, scale=scale)
    theta, solution = Run(objective, *named_solver("truncated-newton", objective, 0.1), tol).solve()
    assert solution.status.name == "CONVERGED"
    value = objective.value_and_gradient(theta)[0]
    assert value == pytest.approx(solution.objective, rel=1e-12)
    assert (value - least(scale)) / value <= max(2 * solution.gap, 1e-12)
    assert solution.gap <= tol


def test_two_classes_small_data_and_weights_of_labels_stay_in_double():
    A = np.full((M, 1), 0.1)
    assert texts(Binary()).loss.roughly(A, 0.9) == (A, 1.0)
    objective = texts()
    soft = replace(objective, loss=replace(objective.in_memory, shared=objective.design))
    A = np.full((M, K), 1 / K)
    assert soft.loss.roughly(A, 0.9)[0] is A
