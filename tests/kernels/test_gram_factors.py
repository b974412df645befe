"""Gram matrices and inverses of factors: against NumPy, and at any number of threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer import parallel
from onelayer.solvers.algebra import Algebra

KERNELS, TWIN = Algebra(compiled=True), Algebra(compiled=False)
SIZES = st.tuples(st.integers(1, 400), st.integers(1, 150), st.integers(1, 4))


def made(m, n, k, seed):
    """Rows, and weights a class of which about a third are nothing."""
    rng = np.random.default_rng(seed)
    H = rng.uniform(0, 0.25, (m, k)) * (rng.uniform(size=(m, k)) < 0.7)
    return rng.normal(size=(m, n)).astype(np.float32), H.astype(np.float32)


def grams(algebra, X, H):
    found = algebra.grams(H.shape[1], X.shape[1])
    for part in (slice(0, len(X) // 2), slice(len(X) // 2, None)):
        algebra.add_grams(X[part], H[part], found)
    return np.tril(found[:, : X.shape[1], : X.shape[1]])


@settings(max_examples=25)
@given(SIZES, st.integers(0, 9))
def test_gram_matrices_are_those_of_plain_products(size, seed):
    X, H = made(*size, seed)
    wide = X.astype(float)
    expected = np.tril(np.stack([(wide * h[:, None]).T @ wide for h in H.T.astype(float)]))
    for algebra in (KERNELS, TWIN):
        np.testing.assert_allclose(grams(algebra, X, H), expected, atol=2e-6 * len(X))


@settings(max_examples=25)
@given(st.integers(1, 200), st.integers(0, 9), st.sampled_from([np.float32, np.float64]))
def test_inverses_of_factors_are_those_of_numpy(n, seed, dtype):
    root = np.random.default_rng(seed).normal(size=(2 * n + 5, n))
    M = root.T @ root + 0.1 * np.eye(n)
    expected = np.linalg.inv(np.linalg.cholesky(M))[np.tri(n) > 0]
    lower = np.tril(M).astype(dtype)
    given_whole, given_lower = (KERNELS.packed_inverse(one) for one in (M.astype(dtype), lower))
    np.testing.assert_allclose(given_whole, expected, atol=2e-6 * np.abs(expected).max())
    np.testing.assert_array_equal(given_lower, given_whole)  # what lies above is not looked at
    found = TWIN.packed_inverse(M.astype(dtype))
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("wrong", [-1.0, 0.0, np.nan])
@pytest.mark.parametrize("place", [0, 47, 48, 99])
def test_a_matrix_that_is_not_definite_has_no_factor(wrong, place):
    M = np.eye(100, dtype=np.float32)
    M[place, place] = wrong
    with pytest.raises(np.linalg.LinAlgError):
        KERNELS.packed_inverse(M)


def test_a_class_has_the_same_bytes_alone_in_company_and_at_any_thread_count(monkeypatch):
    X, H = made(900, 60, 7, 0)
    expected = grams(KERNELS, X, H)
    for c in range(7):
        np.testing.assert_array_equal(grams(KERNELS, X, H[:, [c]])[0], expected[c])
    np.testing.assert_array_equal(grams(KERNELS, X, H[:, ::-1])[::-1], expected)
    for threads in (1, 3):
        monkeypatch.setattr(parallel, "thread_count", lambda threads=threads: threads)
        monkeypatch.setattr(parallel, "_pool", None)
        np.testing.assert_array_equal(grams(KERNELS, X, H), expected)
