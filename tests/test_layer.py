"""A row's z is its own: the same bytes alone and in any company, by two kinds of BLAS kernels.

This file is run by itself too, in other processes: what it imports these wait for.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

import onelayer
from onelayer.calibration import Readout
from onelayer.designs import Scaling
from onelayer.layer import Layer
from onelayer.logistic import Binary, Softmax

KERNELS = ("Haswell", "SkylakeX")
KINDS = ("float64", "fortran", "strided", "float32", "float16", "uint8", "int64", "bool", "csr")
SHAPES = ((1, 1), (3, 3), (30, 1), (64, 4), (65, 9), (257, 16), (784, 10), (1030, 1), (600, 33))
"""Features and columns of z, on both sides of every width that a product is filled up to."""
M = 135  # more than two products of 64 rows


def examples(kind, n, random):
    X = random.normal(3, 2, (M, n))
    if kind == "fortran":
        return np.asfortranarray(X)
    if kind == "strided":
        return random.normal(3, 2, (2 * M, 2 * n))[::2, ::2]
    if kind == "csr":
        return sparse.csr_array(np.where(random.random((M, n)) < 0.3, X, 0))
    if kind in {"uint8", "int64", "bool"}:
        return random.integers(0, 2 if kind == "bool" else 256, (M, n)).astype(kind)
    return X.astype(kind if kind != "fortran" else float)


def layer_of(n, k, random):
    scaling = Scaling(random.normal(3, 1, n), random.uniform(0.5, 2, n)) if k % 2 else None
    return Layer(random.normal(size=(n, k)), random.normal(size=k), scaling)


def said(layer, X):
    k = len(layer.b)
    Z = layer.forward(X)
    readout = Readout(head=Binary() if k == 1 else Softmax(k), temperature=1.3)
    return np.column_stack([Z, readout.probabilities(Z), readout.answers(Z)])


def digest_of_all():
    """What every layer says of every kind of rows, after it was compared with every company."""
    everything = []
    for n, k in SHAPES:
        for kind in KINDS:
            random = np.random.default_rng(n + k)
            X, layer = examples(kind, n, random), layer_of(n, k, random)
            whole = said(layer, X)
            order = random.permutation(M)
            np.testing.assert_array_equal(said(layer, X[order]), whole[order])
            for rows in ([0], [1], [63], [64], [M - 1], [5, 7], range(3, 40), range(60, M)):
                np.testing.assert_array_equal(said(layer, X[list(rows)]), whole[list(rows)])
            everything.append(whole.tobytes())
    from hashlib import sha256

    return sha256(b"".join(everything)).hexdigest()


@pytest.fixture(scope="module")
def digests():
    """By kernels and threads, each in a process of its own."""
    found = {}
    for kernels in KERNELS:
        for threads in ("1", "2"):
            process = {"OPENBLAS_CORETYPE": kernels, "OPENBLAS_NUM_THREADS": threads}
            own = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
            done = subprocess.run(
                [sys.executable, __file__],
                env={**own, **process, "PYTHONPATH": os.pathsep.join(sys.path)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            found[kernels, threads] = done.stdout.strip()
    return found


@pytest.mark.parametrize("kernels", KERNELS)
def test_a_row_is_answered_alike_in_any_company_and_at_any_number_of_threads(digests, kernels):
    assert len(digests[kernels, "1"]) == 64
    assert digests[kernels, "1"] == digests[kernels, "2"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "k"), [(30, 1), (257, 5)])
def test_z_is_that_of_long_double(kind, n, k):
    random = np.random.default_rng(1)
    X, layer = examples(kind, n, random), layer_of(n, k, random)
    dense = np.asarray(X.toarray() if kind == "csr" else X, dtype=np.longdouble)
    expected = dense @ layer.W.astype(np.longdouble) + layer.b
    np.testing.assert_allclose(layer.forward(X), expected.astype(float), rtol=0, atol=1e-11)


def test_a_far_mean_costs_no_digits():
    random = np.random.default_rng(2)
    X = 1e9 + random.normal(size=(200, 3)).round(3)
    scaling = Scaling(np.full(3, 1e9), np.full(3, 2.0))
    w = np.array([1.0, -2.0, 0.5])
    layer = Layer(w[:, None], np.array([-1e9 * w.sum() + 0.25]), scaling)
    expected = ((X.astype(np.longdouble) - 1e9) @ w.astype(np.longdouble)) + 0.25
    np.testing.assert_allclose(layer.forward(X)[:, 0], expected.astype(float), atol=1e-9)
    moved = layer.after(Scaling(np.full(3, 5.0), np.full(3, 0.25)))
    far = X / 0.25 + 5
    np.testing.assert_allclose(moved.forward(far), layer.forward(X), atol=1e-5)


def test_no_rows_and_no_features_are_no_error():
    layer = Layer(np.ones((4, 3)), np.arange(3.0))
    assert layer.forward(np.zeros((0, 4))).shape == (0, 3)
    assert layer.forward(sparse.csr_array((0, 4))).shape == (0, 3)
    np.testing.assert_array_equal(
        Layer(np.ones((0, 3)), np.arange(3.0)).forward(np.zeros((2, 0))), [[0, 1, 2]] * 2
    )


def test_one_overflowing_row_is_no_other_rows_business():
    layer = Layer(np.full((2, 3), 2.0), np.zeros(3))
    X = np.array([[1.0, 2.0], [1e308, 1e308], [3.0, 4.0]])
    with np.errstate(over="ignore"):
        Z = layer.forward(X)
    np.testing.assert_array_equal(Z[[0, 2]], [[6.0] * 3, [14.0] * 3])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.uint8])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("scaling", [None, "standard"])
def test_an_estimator_answers_a_row_by_itself(dtype, classes, scaling):
    random = np.random.default_rng(0)
    X = random.integers(0, 200, (300, 40)).astype(dtype)
    y = (X[:, 0].astype(float) // 50 % classes).astype(int)
    model = onelayer.LogisticRegression(scaling=scaling or 0.01).fit(X, y)
    for method in (model.predict_proba, model.decision_function, model.predict_log_proba):
        whole = method(X)
        alone = np.concatenate([method(X[row : row + 1]) for row in range(len(X))])
        np.testing.assert_array_equal(alone, whole)
        np.testing.assert_array_equal(method(np.asfortranarray(X))[::-1], method(X[::-1]))


if __name__ == "__main__":
    sys.stdout.write(digest_of_all())
