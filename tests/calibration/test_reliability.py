"""Reliability, Brier score and calibration error against definitions and scikit-learn."""

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from onelayer.calibration import (
    Bin,
    brier_score,
    calibration_error,
    chance_error,
    chance_limit,
    confidences,
    reliability,
)
from onelayer.logistic import softmax
from onelayer.measures import Rate

RANDOM = np.random.default_rng(1)


def _sampled(K, m=400):
    A = softmax(2 * RANDOM.normal(size=(m, K)))
    return A, RANDOM.integers(0, K, m)


def test_ten_bins_of_equal_mass():
    said = np.arange(100) / 100
    bins = reliability(said, said > 0.5)
    assert [found.rate.n for found in bins] == [10] * 10
    assert [found.confidence for found in bins] == pytest.approx(np.arange(10) / 10 + 0.045)
    assert [found.rate.hits for found in bins] == [0] * 5 + [9] + [10] * 4


def test_the_bins_are_scikit_learns_quantiles():
    said = RANDOM.random(500)
    so = RANDOM.random(500) < said
    true, mean = calibration_curve(so, said, n_bins=10, strategy="quantile")
    bins = reliability(said, so)
    assert [found.confidence for found in bins] == pytest.approx(mean)
    assert [found.rate.value for found in bins] == pytest.approx(true)


def test_equal_probabilities_lie_in_one_bin():
    said = np.repeat([0.2, 0.9], [30, 70])
    low, high = reliability(said, np.arange(100) % 2 == 0)
    assert (low.rate, high.rate) == (Rate(15, 30), Rate(35, 70))
    assert (low.confidence, high.confidence) == pytest.approx((0.2, 0.9))


def test_the_intervals_are_wilsons():
    assert Rate(42, 100).interval == pytest.approx((0.3280, 0.5179), abs=1e-4)


def test_the_error_is_the_weighted_distance_from_the_line():
    said = np.array([0.2, 0.2, 0.9, 0.9, 0.9])
    so = np.array([False, True, True, True, False])
    found = calibration_error(reliability(said, so))
    assert found == pytest.approx(2 / 5 * abs(0.5 - 0.2) + 3 / 5 * abs(2 / 3 - 0.9))


def test_a_sampled_truth_is_calibrated():
    p = RANDOM.random(20000)
    bins = reliability(p, RANDOM.random(20000) < p)
    assert sum(b.rate.interval[0] <= b.confidence <= b.rate.interval[1] for b in bins) >= 8
    assert calibration_error(bins) < 0.015


def test_of_two_classes_the_second_is_meant_and_of_more_the_likeliest():
    A = np.array([[0.7, 0.3], [0.4, 0.6]])
    said, so = confidences(A, np.array([0, 1]))
    assert (said.tolist(), so.tolist()) == ([0.3, 0.6], [False, True])
    A = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])
    said, so = confidences(A, np.array([0, 1]))
    assert (said.tolist(), so.tolist()) == ([0.7, 0.4], [True, False])


@pytest.mark.parametrize("K", [2, 3, 7])
def test_the_brier_score_is_scikit_learns(K):
    A, labels = _sampled(K)
    weights = RANDOM.random(len(labels))
    expected = brier_score_loss(labels, A[:, 1] if K == 2 else A, sample_weight=weights)
    assert brier_score(A, labels, weights) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("K", [2, 5])
def test_weight_two_is_an_example_twice_and_weight_zero_none(K):
    A, labels = _sampled(K)
    weights = RANDOM.integers(0, 3, len(labels))
    twice, again = np.repeat(A, weights, axis=0), np.repeat(labels, weights)
    assert brier_score(A, labels, weights) == pytest.approx(brier_score(twice, again), rel=1e-13)
    weighted = reliability(*confidences(A, labels), weights)
    repeated = reliability(*confidences(twice, again))
    assert [found.rate for found in weighted] == [found.rate for found in repeated]
    assert [b.confidence for b in weighted] == pytest.approx([b.confidence for b in repeated])
    assert calibration_error(weighted) == pytest.approx(calibration_error(repeated), rel=1e-12)


def test_fractional_weights_are_shares_of_examples():
    said, so = np.array([0.1, 0.8]), np.array([False, True])
    low, high = reliability(said, so, np.array([0.5, 1.5]), bins=2)
    assert (low.rate, high.rate) == (Rate(0, 0.5), Rate(1.5, 1.5))


def test_the_error_of_perfect_probabilities_is_the_mean_distance_of_binomial_rates():
    n, p = np.array([11, 40, 200]), np.array([0.001, 0.3, 0.97])
    expected = sum(
        binom.pmf(np.arange(m + 1), m, q) @ abs(np.arange(m + 1) - m * q)
        for m, q in zip(n, p, strict=True)
    )
    bins = tuple(Bin(q, Rate(0, m)) for m, q in zip(n.tolist(), p.tolist(), strict=True))
    assert chance_error(bins) == pytest.approx(expected / n.sum(), rel=1e-10)
    sure = (Bin(1.0, Rate(5, 5)), Bin(0.0, Rate(0, 5)))
    assert chance_error(sure) < 1e-15
    assert chance_limit(sure) < 1e-7


def test_perfect_probabilities_show_that_error_on_average():
    errors, expected = [], []
    for _ in range(200):
        p = RANDOM.random(300)
        bins = reliability(p, RANDOM.random(300) < p)
        errors.append(calibration_error(bins))
        expected.append(chance_error(bins))
    assert np.mean(errors) == pytest.approx(np.mean(expected), rel=0.05)


@pytest.mark.parametrize("m", [40, 300, 3000])
def test_perfect_probabilities_stay_below_the_limit_in_39_sets_of_40(m):
    below = 0
    for _ in range(400):
        p = RANDOM.random(m)
        bins = reliability(p, RANDOM.random(m) < p)
        below += calibration_error(bins) <= chance_limit(bins)
    assert 0.94 < below / 400 <= 1


def test_wrong_probabilities_are_above_the_limit():
    p = RANDOM.random(3000)
    bins = reliability(p, RANDOM.random(3000) < p**2)
    assert calibration_error(bins) > chance_limit(bins) > chance_error(bins)
