"""Products over the activations that have curvature, against those of all."""

from dataclasses import replace

import numpy as np
import pytest

from onelayer.designs import make_design, make_scaling
from onelayer.designs.rough_curvature import RoughCurvature, thinned
from onelayer.logistic import Binary, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty

M, N, K = 12_000, 200, 30


def made(dtype=np.float32, scaling=None):
    """Examples of which softmax is rather sure; every seventh has no weight."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(M, N)) + 1
    X = (20 * X + 100).clip(0, 255).astype(np.uint8) if dtype == np.uint8 else X.astype(dtype)
    v = rng.random(M) * (np.arange(M) % 7 > 0)
    v /= v.sum()
    loss = make_design(X, make_scaling(X, scaling, v)).bind(Softmax(K), np.arange(M) % K, v)
    return Objective(loss=loss, penalty=Penalty(1e-6))


def sure(objective, seed=1):
    """Activations that are mostly near 0 and 1."""
    Z = 6 * np.random.default_rng(seed).normal(size=(M, K))
    return objective.head.activation(Z).astype(objective.loss.dtype)


def directions(objective):
    return np.random.default_rng(2).normal(size=objective.start().shape)


def product(objective, A, D):
    """X'^T (v (d2L/dz2) (X' V + c)) + l2 V by its formula, in float64."""
    X = objective.design.sample(np.arange(M)).astype(np.float64)
    A, Z = A.astype(np.float64), X @ D
    U = A * (Z - (A * Z).sum(axis=1, keepdims=True)) * objective.weights[:, None]
    return X.T @ U + np.vstack([objective.penalty.l2 * D[:-1], 0 * D[-1:]])


def what_is_left(A, rough):
    """The activations that `rough` keeps, as a whole array."""
    rows = np.repeat(np.arange(len(A)), np.diff(rough.starts))
    left = np.zeros_like(A)
    left[rows, rough.classes] = rough.activations
    return left


@pytest.mark.parametrize(
    ("dtype", "scaling"),
    [(np.float16, "standard"), (np.float32, None), (np.float64, None), (np.uint8, "standard")],
)
def test_a_product_is_that_over_the_activations_left(dtype, scaling):
    objective = made(dtype, scaling)
    A, D = sure(objective), directions(objective)
    rough, part = objective.loss.roughly(A, 0.99)
    assert 0 < part == len(rough.activations) / A.size < 0.3
    expected = product(objective, what_is_left(A, rough), D)
    found = objective.hessian_product(rough, D)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("share", [0.95, 0.99, 0.999])
def test_what_is_left_has_about_the_share_of_the_curvature_that_was_asked_for(share):
    objective = made()
    A, v = sure(objective), objective.weights
    rough = thinned(A, v, share, A.dtype)
    kept = what_is_left(A, rough) > 0
    H = v[:, None] * A * (1 - A)
    assert H[kept].sum() == pytest.approx(share * H.sum(), rel=0.3 * (1 - share))
    assert H[kept].min() >= H[~kept & (kept.sum(axis=1) > 1)[:, None]].max()
    assert not kept[v == 0].any()


def test_all_classes_together_still_move_nothing():
    objective = made(np.float64)
    rough, _ = objective.loss.roughly(sure(objective), 0.99)
    D = np.repeat(directions(objective)[:, :1], K, axis=1)
    P = objective.loss.product(rough, *objective.split(D))[0]
    some = objective.loss.product(rough, *objective.split(directions(objective)))[0]
    assert np.abs(P).max() < 1e-12 * np.abs(some).max()


def test_about_all_of_the_curvature_is_left_along_a_direction():
    objective = made(np.float64)
    A, D = sure(objective), directions(objective)
    rough, _ = objective.loss.roughly(A, 0.99)
    bend, all_of_it = (np.vdot(D, product(objective, c, D)) for c in (what_is_left(A, rough), A))
    assert 0.95 * all_of_it < bend < 1.01 * all_of_it


def test_where_most_activations_count_all_of_them_do():
    objective = made()
    A = np.full((M, K), 1 / K, np.float32)
    rough, part = objective.loss.roughly(A, 0.99)
    assert part == 1
    D = directions(objective)
    assert np.array_equal(objective.hessian_product(rough, D), objective.hessian_product(A, D))


def test_in_float64_directions_are_still_made_by_the_kernels_of_float32():
    objective = made()
    exact = replace(objective, loss=objective.loss.exactly())
    A, D = sure(objective).astype(np.float64), directions(objective)
    rough, _ = exact.loss.roughly(A, 0.99)
    found, expected = exact.hessian_product(rough, D), objective.hessian_product(rough, D)
    assert np.array_equal(found, expected)
    assert np.array_equal(exact.loss.intercept_curvature(rough), exact.loss.intercept_curvature(A))


def test_two_classes_small_data_and_shared_reads_keep_their_curvature():
    objective = made()
    loss = objective.in_memory
    binary = replace(loss, head=Binary())
    A = np.full((M, 1), 0.1, np.float32)
    assert binary.roughly(A, 0.9) == (A, 1.0)
    small = make_design(loss.design.X[:50]).bind(Softmax(K), np.arange(50) % K, np.full(50, 0.02))
    A = np.full((50, K), 1 / K)
    assert small.roughly(A, 0.9)[0] is A
    assert not isinstance(replace(loss, shared=loss.design).roughly(A, 0.9)[0], RoughCurvature)


def test_where_softmax_is_sure_what_is_left_of_a_curvature_is_not_rounding():
    """An activation of 1 - 1e-7 beside its mean in float32 would be 0, or twice what it is."""
    objective = made()
    A = np.full((M, K), 1e-9)
    A[np.arange(M), np.arange(M) % K] = 1 - 1e-7
    A[np.arange(M), (np.arange(M) + 1) % K] = 1e-7
    exact = replace(objective, loss=objective.loss.exactly())
    D = 100 * directions(objective)
    rough, part = objective.loss.roughly(A, 0.9)
    assert part < 0.11
    bend = np.vdot(D, objective.hessian_product(rough, D))
    assert bend == pytest.approx(np.vdot(D, exact.hessian_product(A, D)), rel=0.05)
