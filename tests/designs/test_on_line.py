"""Rows along a line: kernels against NumPy, whose words are those of `foresight.py`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from onelayer.designs.on_line import OnLine, OnLineByKernels
from onelayer.foresight import exchange
from onelayer.kernels.elementary import exp_or_zero
from onelayer.logistic import Binary, Softmax

M = 700


def lines(k, dtype, reach=3.0, step=1e-2, seed=0):
    """The same rows, for NumPy and for kernels; every seventh has no weight."""
    rng = np.random.default_rng(seed)
    Z = np.hstack([reach * rng.normal(size=(M, k)), step * rng.normal(size=(M, k))]).astype(dtype)
    y = rng.integers(0, max(k, 2), M).astype(np.int32)
    v = rng.random(M) * (np.arange(M) % 7 > 0)
    head = Binary() if k == 1 else Softmax(k)
    return [kind(head, Z, y, v / v.sum()) for kind in (OnLine, OnLineByKernels)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 2, 3, 40])
@pytest.mark.parametrize("reach", [0.1, 3.0, 900.0])
def test_the_loss_and_its_slope_are_those_of_numpy(k, dtype, reach):
    ours, kernels = (line.loss(0.7) for line in lines(k, dtype, reach))
    np.testing.assert_allclose(kernels, ours, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 2, 3, 40])
@pytest.mark.parametrize("reach", [0.1, 3.0, 900.0])
@pytest.mark.parametrize("step", [1e-6, 1e-2, 3.0])
def test_what_is_foreseen_is_what_numpy_foresees(k, dtype, reach, step):
    (ours, means), (kernels, their_means) = (
        line.foresee(0.8) for line in lines(k, dtype, reach, step)
    )
    both = ours.any(axis=1) == kernels.any(axis=1)  # one has no floats below the least normal one
    assert both.all() or reach > 100
    np.testing.assert_allclose(kernels[both], ours[both], rtol=1e-6, atol=2e-15)
    np.testing.assert_allclose(their_means, means, rtol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 40])
@pytest.mark.parametrize("reach", [0.1, 3.0, 900.0])
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("balanced", [False, True])
def test_what_is_told_of_it_is_what_numpy_tells(k, reach, beside, balanced):
    told = []
    for line in lines(k, np.float64, reach):
        change, means = line.foresee(1.0)
        shares = np.bincount(line.targets, line.weights, minlength=max(k, 2))
        balance = exchange(means - shares, means) if balanced else None
        told.append((line.tell(1.0, change, balance, beside=beside), change))
    (ours, left), (kernels, their_left) = told
    assert kernels == pytest.approx(ours, rel=1e-6)
    np.testing.assert_allclose(their_left, left, rtol=1e-9, atol=1e-17)


def test_an_activation_too_small_for_a_float_tells_its_logarithm_by_kernels_too():
    Z = np.hstack([[[0.0, 0.0, -1000.0]], np.zeros((1, 3))])
    y, v = np.zeros(1, np.int32), np.ones(1)
    found = [
        kind(Softmax(3), Z, y, v).tell(1.0, np.array([[-1e-9, 0.0, 1e-9]]), None, beside=True)
        for kind in (OnLine, OnLineByKernels)
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    assert found[0] == pytest.approx(1e-9 * (np.log(1e-9) + np.log(2) + 1000) - 1e-9, rel=1e-6)


@settings(deadline=None)
@given(st.floats(-1, 1).filter(lambda r: abs(r) > 1e-8), st.floats(1e-3, 0.999))
def test_a_small_divergence_is_that_of_long_double(r, a):
    """By kernels, of p = a (1 + r / 2): a proof is made of millions of these."""
    d = min(a, 1 - a) * r / 2
    z = np.log(a / (1 - a))
    line = OnLineByKernels(Binary(), np.array([[z, 0.0]]), np.zeros(1, np.int32), np.ones(1))
    one, far = np.longdouble(1), np.longdouble(np.exp(-abs(np.longdouble(z))))
    rare = far / (one + far)
    a = one - rare if z > 0 else rare
    rest = rare if z > 0 else one - rare
    exact = (a + d) * np.log1p(d / a) + (rest - d) * np.log1p(-d / rest)
    assert line.tell(0.0, np.array([[d]]), None, beside=True) == pytest.approx(
        float(exact), rel=1e-7
    )


@njit
def each_exponential(x):
    found = np.empty_like(x)
    for i in range(len(x)):
        found[i] = exp_or_zero(x[i])
    return found


def test_the_exponential_without_a_call_is_right_to_two_units_in_the_last():
    x = -np.random.default_rng(0).exponential(30, 4000)
    exact = np.exp(x.astype(np.longdouble))
    off = np.abs(each_exponential(x) - exact)
    assert (off <= 2 * np.spacing(exact.astype(np.float64))).all()
    assert each_exponential(np.array([0.0, -709.0, -1e300])).tolist() == [1, 0, 0]
