"""X'^T U of many columns by kernels: as plain products have it, whatever X is stored as."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer import parallel
from onelayer.designs import Scaling, make_design

M, N = 2500, 215


def made(dtype, k, *, far=0.0, scaled=True, seed=0):
    """A design too large for NumPy's route, its X' in float64, and U (m, k)."""
    rng = np.random.default_rng(seed)
    given_X = (rng.normal(size=(M, N)) * rng.uniform(0.5, 2, N) + far).astype(dtype)
    wide, scaling = given_X.astype(float), None
    if scaled:
        scaling = Scaling(wide.mean(axis=0), 1 / wide.std(axis=0))
        wide = (wide - scaling.centre) * scaling.scale
    return make_design(given_X, scaling), wide, rng.normal(size=(M, k))


@settings(max_examples=12)
@given(
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.sampled_from([2, 8, 9, 16, 17, 100, 128, 129]),
    st.booleans(),
    st.integers(0, 9),
)
def test_it_is_that_of_plain_products(dtype, k, scaled, seed):
    design, wide, U = made(dtype, k, scaled=scaled, seed=seed)
    passes = design.ledger.bytes_read
    found = design.backward(U)
    assert design.ledger.bytes_read - passes == M * N * np.dtype(dtype).itemsize  # one read
    expected = wide.T @ U
    assert found.dtype == np.float64
    exact = 1e-13 if dtype is np.float64 else 3e-6
    np.testing.assert_allclose(found, expected, atol=exact * np.abs(wide.T).max() * M**0.5 * 4)


def test_columns_of_large_mean_keep_their_digits():
    design, wide, U = made(np.float32, 20, far=1e5)
    found = design.backward(U)
    assert np.abs(found - wide.T @ U).max() < 1e-2 * np.abs(found).max()


@pytest.mark.parametrize("k", [20, 100])
def test_it_is_the_same_bytes_at_any_number_of_threads(monkeypatch, k):
    design, _, U = made(np.float16, k)
    expected = design.backward(U)
    for threads in (1, 3):
        monkeypatch.setattr(parallel, "thread_count", lambda threads=threads: threads)
        monkeypatch.setattr(parallel, "_pool", None)
        np.testing.assert_array_equal(design.backward(U), expected)
