"""Nothing of the size of X is ever allocated."""

import tracemalloc

import numpy as np
import pytest

from onelayer.designs import make_design, make_scaling
from onelayer.logistic import Binary, Softmax

M, N = 50_000, 800


@pytest.fixture(scope="module")
def pixels():
    """40 MB of bytes."""
    return np.random.default_rng(0).integers(0, 256, (M, N), np.uint8)


def peak(work):
    """The most bytes that `work` held at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("scaling", [None, 1 / 255, "standard"])
def test_passes(pixels, scaling):
    X = pixels
    v = np.full((M, 1), 1 / M)
    W, b, y = np.zeros((N, 3)), np.zeros(3), np.zeros(M, np.int64)

    def passes():
        design = make_design(X, make_scaling(X, scaling, v[:, 0]))
        design.forward(W, b)
        loss = design.bind(Softmax(3), y, v[:, 0])
        loss.value_and_gradient(W, b)
        loss.product(loss.curvature(W, b), W, b)
        design.combine(np.ones((M, 1)))

    assert peak(passes) < 0.25 * X.nbytes


def test_hessian_pass(pixels):
    X = pixels.reshape(-1, 100)[:200_000]
    design = make_design(X)
    loss = design.bind(Binary(), np.zeros(len(X), int), np.full(len(X), 1 / len(X)))

    def hessian():
        loss.hessian(np.zeros((100, 1)), np.zeros(1))

    assert peak(hessian) < 0.25 * X.nbytes


@pytest.mark.parametrize("order", ["C", "F"])
def test_gram_of_a_wide_x(order):
    X = np.random.default_rng(1).integers(0, 256, (100, 400_000), np.uint8)
    X = np.asarray(X, order=order)
    assert (
        peak(make_design(X, make_scaling(X, 1 / 255, np.full(100, 1 / 100))).gram) < 0.25 * X.nbytes
    )
