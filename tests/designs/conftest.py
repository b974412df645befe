"""What the tests of designs share."""

import numpy as np
import pytest

from onelayer.designs import make_design, make_scaling
from onelayer.logistic import Binary, Softmax


def same(of_disk, of_memory):
    for one, other in zip(of_disk, of_memory, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-13)


def _weighted_labels(rng, m, k):
    v = rng.random(m) * (rng.random(m) > 0.2)
    return rng.integers(0, k, m), v / v.sum()


def _same_hessians(disk, here, W, b, some):
    same([disk.hessian(W, b)], [here.hessian(W, b)])
    same([disk.hessian(W, b, some)], [here.hessian(W, b, some)])
    kept = np.append(some, len(W))
    same([here.hessian(W, b, some)], [here.hessian(W, b)[kept][:, :, kept]])


def _same_arrivals(disk, here, told, some, read):
    (W, b), (V, c), length = told
    W, b = W + length * V, b + length * c
    for features in (None, some):
        came = disk.arrival(*told, features)
        same(came, here.arrival(*told, features))
    same(came[:3], here.value_and_gradient(W, b))
    same([came.H], [here.hessian(W, b, some)])
    for balanced in (False, True):
        reads = disk.bytes_read
        same(disk.foresight(*told, balanced=balanced), here.foresight(*told, balanced=balanced))
        assert disk.bytes_read - reads == read(1 + balanced)
        reads = disk.bytes_read
        found = disk.foresight(*told, balanced=balanced, arrived=came)
        same(found, here.foresight(*told, balanced=balanced))
        assert disk.bytes_read - reads == read(balanced)


def _same_products(X, there, k, scaled, *, within=0.0):
    def read(times):
        return pytest.approx(times * there.nbytes, rel=within)

    rng, (m, n) = np.random.default_rng(k), X.shape
    y, v = _weighted_labels(rng, m, k)
    head, scaling = Binary() if k == 2 else Softmax(k), make_scaling(X, scaled or 0.01, v)
    here = make_design(X, scaling).bind(head, y, v)
    disk = make_design(there, scaling).bind(head, y, v)
    W, V = rng.normal(size=(2, n, head.width)) / 5
    b, c = rng.normal(size=(2, head.width)) / 5
    A, curved = here.curvature(W, b), disk.curvature(W, b)
    reads, some, steps = disk.bytes_read, np.array([0, 3, 10]), np.array([0.1, 1.0])
    same(disk.value_and_gradient(W, b), here.value_and_gradient(W, b))
    assert disk.bytes_read - reads == read(1)
    same(disk.along(W, b, V, c, steps), here.along(W, b, V, c, steps))
    same(disk.expansion(W, b), here.expansion(W, b))
    same(disk.product(curved, V, c), here.product(A, V, c))
    same([disk.intercept_curvature(curved)], [here.intercept_curvature(A)])
    _same_hessians(disk, here, W, b, some)
    _same_arrivals(disk, here, ((W, b), (V, c), 0.7), some, read)
    same([disk.reach(V, c), disk.shares()], [here.reach(V, c), here.shares()])
    same([disk.counted, disk.least_weight], [here.counted, here.least_weight])
    same([disk.centres()], [here.centres()])
    z = np.concatenate([Z for _, Z in disk.forward_parts(W, b)])
    same([z], [here.forward(W, b)])
    same([disk.exactly().value_and_gradient(W, b)[0]], [here.value_and_gradient(W, b)[0]])


@pytest.fixture(scope="session")
def same_products():
    """same_products(X, there, k, scaled, within=): X in memory and `there`, on disk, have the same.

    For k classes, with random labels and weights; a read takes the bytes of X once, of which
    `within` is the share that it may differ by.
    """
    return _same_products
