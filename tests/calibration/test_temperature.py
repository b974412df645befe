"""The temperature against known ones, a slow search, and scikit-learn."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits

from onelayer import LogisticRegression
from onelayer.calibration import (
    COLDEST,
    HOTTEST,
    class_offsets,
    fit_temperature,
    temperature_interval,
)
from onelayer.errors import DataError
from onelayer.logistic import Binary, Softmax, sigma, softmax

RANDOM = np.random.default_rng(0)


def _truthful(K, m=400):
    """Each z with every class, weighted by its probability: calibrated to the last bit."""
    if K == 2:
        Z = 3 * RANDOM.normal(size=(m, 1))
        return np.repeat(Z, 2, axis=0), np.tile([0, 1], m), np.column_stack([sigma(-Z), sigma(Z)])
    Z = 3 * RANDOM.normal(size=(m, K))
    return np.repeat(Z, K, axis=0), np.tile(np.arange(K), m), softmax(Z)


def _sampled(K, factor=1.0, m=500):
    Z = 2 * RANDOM.normal(size=(m, 1 if K == 2 else K))
    A = np.column_stack([sigma(-Z), sigma(Z)]) if K == 2 else softmax(Z)
    labels = (RANDOM.random((m, 1)) > A.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return factor * Z, labels, Binary() if K == 2 else Softmax(K)


@pytest.mark.parametrize("K", [2, 3, 10])
@pytest.mark.parametrize("factor", [2.0, 0.01, 300.0])
def test_a_layer_whose_z_was_multiplied_has_that_temperature(K, factor):
    Z, labels, shares = _truthful(K)
    head = Binary() if K == 2 else Softmax(K)
    found = fit_temperature(factor * Z, labels, head, weights=shares.ravel())
    assert found == pytest.approx(factor, rel=1e-12)


def test_shares_are_targets_of_two_classes():
    z = 3 * RANDOM.normal(size=(200, 1))
    assert fit_temperature(2 * z, sigma(z)[:, 0], Binary()) == pytest.approx(2, rel=1e-12)


@pytest.mark.parametrize("K", [2, 4])
@pytest.mark.parametrize("factor", [0.3, 1.0, 40.0])
def test_it_is_what_a_slow_search_finds(K, factor):
    Z, labels, head = _sampled(K, factor)

    def loss(log_t):
        return head.loss(Z * math.exp(log_t), labels).sum()

    slow = minimize_scalar(loss, bounds=(-10, 10), options={"xatol": 1e-12})
    found = fit_temperature(Z, labels, head)
    assert found == pytest.approx(math.exp(-slow.x), rel=1e-6)
    assert loss(-math.log(found)) <= slow.fun + 1e-11 * abs(slow.fun)


@pytest.mark.parametrize("K", [2, 10])
def test_it_is_scikit_learns(K):
    """CalibratedClassifierCV with a frozen layer: its beta is 1 / T, of (-z, z) half of that."""
    from sklearn.frozen import FrozenEstimator

    X, y = load_digits(return_X_y=True)
    X, y = X[y < K], y[y < K]
    half = len(y) // 2
    # One column alone tells two digits apart badly, as a temperature needs.
    X = X[:, 20:22] if K == 2 else X
    layer = LogisticRegression(C=100.0).fit(X[:half], y[:half])
    peer = CalibratedClassifierCV(FrozenEstimator(layer), method="temperature", ensemble=False)
    with np.errstate(all="ignore"):
        peer.fit(X[half:], y[half:])
    beta = peer.calibrated_classifiers_[0].calibrators[0].beta_
    Z = layer.decision_function(X[half:]).reshape(len(y) - half, -1)
    found = fit_temperature(Z, y[half:], Binary() if K == 2 else Softmax(K))
    assert found == pytest.approx(1 / (2 * beta if K == 2 else beta), rel=1e-6)


@pytest.mark.parametrize("K", [2, 5])
def test_weight_two_is_an_example_twice_and_weight_zero_none(K):
    Z, labels, head = _sampled(K, 3.0)
    weights = RANDOM.integers(0, 3, len(Z))
    weighted = fit_temperature(Z, labels, head, weights=weights)
    repeated = fit_temperature(np.repeat(Z, weights, axis=0), np.repeat(labels, weights), head)
    assert weighted == pytest.approx(repeated, rel=1e-13)


def test_order_and_a_common_term_of_z_change_nothing():
    Z, labels, head = _sampled(4, 3.0)
    found = fit_temperature(Z, labels, head)
    order = RANDOM.permutation(len(Z))
    assert fit_temperature(Z[order], labels[order], head) == pytest.approx(found, rel=1e-13)
    moved = Z + RANDOM.normal(size=(len(Z), 1))
    assert fit_temperature(moved, labels, head) == pytest.approx(found, rel=1e-12)


def test_offsets_are_added_after_dividing():
    """Class weights 1 and 4 in z, doubled: with them taken out the temperature is 2."""
    Z, labels, shares = _truthful(2)
    weights = np.array([1.0, 4.0])
    weighted = 2 * (Z - class_offsets(weights))
    offsets = class_offsets(weights)
    found = fit_temperature(weighted, labels, Binary(), weights=shares.ravel(), offsets=offsets)
    assert found == pytest.approx(2, rel=1e-12)


def test_examples_that_no_temperature_suits_have_the_end_of_the_range():
    z = np.array([[3.0], [-2.0]])
    assert fit_temperature(z, np.array([1, 0]), Binary()) == COLDEST
    assert fit_temperature(z, np.array([0, 1]), Binary()) == HOTTEST
    assert fit_temperature(np.zeros((4, 3)), np.array([0, 1, 2, 0]), Softmax(3)) == HOTTEST


def test_margins_of_800_and_beyond_are_finite():
    z = np.array([[800.0], [-800.0], [1e5], [700.0], [-30.0]])
    found = fit_temperature(z, np.array([1, 0, 1, 0, 1]), Binary())
    t = 1 / found
    slope = ((sigma(t * z[:, 0]) - [1, 0, 1, 0, 1]) * z[:, 0]).sum()
    assert abs(slope) < 1e-9 * 1e5
    assert 100 < found < 2000


def test_what_cannot_be_calibrated_is_said():
    with pytest.raises(DataError, match="z is not finite everywhere"):
        fit_temperature(np.array([[np.inf]]), np.array([1]), Binary())
    with pytest.raises(DataError, match="nothing has weight"):
        fit_temperature(np.ones((1, 1)), np.array([1]), Binary(), weights=np.zeros(1))


@pytest.mark.parametrize("K", [2, 4])
def test_the_interval_holds_the_temperature_as_often_as_it_says(K):
    held, rounds = 0, 300
    for _ in range(rounds):
        Z, labels, head = _sampled(K, 3.0, m=200)
        found = fit_temperature(Z, labels, head)
        low, high = temperature_interval(found, Z, labels, head)
        held += low <= 3 <= high
    assert 0.91 < held / rounds < 0.985


def test_the_interval_is_the_curvature_of_the_log_loss_in_log_t():
    Z, labels, head = _sampled(3, 2.0)
    T = fit_temperature(Z, labels, head)
    h = 1e-4
    J = [head.loss(Z / (T * math.exp(u)), labels).sum() for u in (-h, 0, h)]
    expected = 1.959963984540054 / math.sqrt((J[0] - 2 * J[1] + J[2]) / h**2)
    low, high = temperature_interval(T, Z, labels, head)
    assert math.log(high / T) == pytest.approx(expected, rel=1e-4)
    assert low * high == pytest.approx(T**2)
    twice = temperature_interval(T, Z, labels, head, weights=np.full(len(Z), 2))
    assert math.log(twice[1] / T) == pytest.approx(expected / math.sqrt(2), rel=1e-4)
