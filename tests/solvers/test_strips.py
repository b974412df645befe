"""The lower triangle in strips against the whole matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.solvers import strips
from onelayer.solvers.algebra import lift_shift


def made(k, r, seed):
    """The same matrix in strips and whole, (k r, k r), and a right-hand side."""
    random = np.random.default_rng(seed)
    A = random.normal(size=(40, k * r)).astype(np.float32)
    S, whole = strips.Strips(k, r), -A.T.astype(float) @ A
    S.subtract_products(A)
    for c in range(k):
        block = (40 + 3 * k * r + c) * np.eye(r) + A[:, :r].T @ A[:, :r] / 9
        S.add_to_class(c, block)
        whole[c * r : (c + 1) * r, c * r : (c + 1) * r] += block
    S.lift_shift()
    lift_shift(whole.reshape(k, r, k, r).transpose(1, 0, 3, 2))
    shift = np.linalg.eigvalsh(whole)[0]
    if shift < 1:  # brought to be definite, in both alike
        for c in range(k):
            S.add_to_class(c, (1 - shift) * np.eye(r))
        whole += (1 - shift) * np.eye(k * r)
    return S, whole, random.normal(size=k * r)


@given(st.integers(1, 7), st.integers(1, 9), st.sampled_from([1, 4, 10, 1000]), st.integers(0, 99))
def test_sums_factor_and_solution_are_those_of_the_whole_matrix(k, r, rows, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "ROWS", rows)
        S, whole, right = made(k, r, seed)
    lower = np.zeros((k * r, k * r))
    for (start, stop), strip in zip(S.bounds, S.strips, strict=True):
        lower[start:stop, :stop] = strip
    np.testing.assert_allclose(np.tril(lower), np.tril(whole), rtol=1e-4, atol=1e-2)
    S.factor()
    solution = S.solve(right, compiled=False)
    error = whole @ solution - right
    assert np.abs(error).max() < 1e-4 * np.linalg.cond(whole)
    np.testing.assert_allclose(S.solve(right, compiled=True), solution, rtol=1e-3, atol=1e-5)


def test_half_the_memory_of_the_whole():
    S = strips.Strips(10, 256)
    assert sum(strip.nbytes for strip in S.strips) < 0.56 * 4 * 2560**2


def test_what_is_not_definite_is_refused():
    S = strips.Strips(3, 100)
    with pytest.raises(np.linalg.LinAlgError):
        S.factor()
