"""The report's figures against scikit-learn and known values."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
)

from onelayer.calibration import Costs, Readout, Threshold, threshold_curves
from onelayer.calibration.threshold_curves import ThresholdCurves
from onelayer.logistic import Binary, softmax
from onelayer.report import judging
from onelayer.report.by_threshold import by_threshold
from onelayer.report.judging import (
    Mean,
    base_losses,
    by_class,
    confusion,
    roc,
)

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 4, 300)
A = softmax(RANDOM.normal(size=(300, 4)) + 1.2 * np.eye(4)[LABELS])
ANSWERS = A.argmax(axis=1)


def test_confusion_and_classes_are_scikit_learns():
    counts = confusion(LABELS, ANSWERS, 4)
    np.testing.assert_array_equal(counts, confusion_matrix(LABELS, ANSWERS))
    found = by_class(counts, lambda k: A[:, k], LABELS, list("abcd"))
    precision, recall, f1, n = precision_recall_fscore_support(LABELS, ANSWERS)
    assert [one.n for one in found] == n.tolist()
    assert [one.precision for one in found] == pytest.approx(precision)
    assert [one.recall for one in found] == pytest.approx(recall)
    assert [one.f1 for one in found] == pytest.approx(f1)
    aucs = [roc_auc_score(k == LABELS, A[:, k]) for k in range(4)]
    assert [one.auc for one in found] == pytest.approx(aucs)


def test_a_class_that_is_absent_has_no_figures():
    labels, answers = np.array([0, 0, 1]), np.array([0, 1, 1])
    probabilities = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1]])
    found = by_class(
        confusion(labels, answers, 3), lambda k: probabilities[:, k], labels, list("abc")
    )[2]
    assert (found.n, found.recall, found.precision, found.f1, found.auc) == (0, None, None) + (
        None,
    ) * 2
    assert roc(np.zeros(3, int), probabilities[:, 0]) is None


def test_intervals():
    found = Mean.of(np.array([1.0, 2.0, 3.0]))
    assert found.value == 2
    assert found.interval == pytest.approx((2 - 1.96 / math.sqrt(3), 2 + 1.96 / math.sqrt(3)), 1e-3)
    assert Mean.of(np.array([1.0])).interval is None
    assert Mean.of(np.array([1e300, 0.0])).interval is None


def test_weights_are_numbers_of_examples():
    weights = RANDOM.integers(1, 4, len(LABELS))
    twice = np.repeat(np.arange(len(LABELS)), weights)
    counts = confusion(LABELS, ANSWERS, 4, weights)
    np.testing.assert_array_equal(counts, confusion(LABELS[twice], ANSWERS[twice], 4))
    found = by_class(counts, lambda k: A[:, k], LABELS, list("abcd"), weights)
    expected = by_class(counts, lambda k: A[twice][:, k], LABELS[twice], list("abcd"))
    assert [one.auc for one in found] == pytest.approx([one.auc for one in expected], rel=1e-12)
    assert [one.n for one in found] == [one.n for one in expected]
    curve, other = roc(LABELS == 1, A[:, 1], weights), roc(LABELS[twice] == 1, A[twice, 1])
    np.testing.assert_allclose(curve.hits, other.hits, rtol=1e-12)
    np.testing.assert_allclose(curve.false_alarms, other.false_alarms, rtol=1e-12)
    mean, same = Mean.of(A[:, 0], weights), Mean.of(A[twice, 0])
    assert (mean.value, *mean.interval) == pytest.approx((same.value, *same.interval), rel=1e-12)
    assert Mean.of(np.array([1.0, 2.0]), np.array([0.5, 0.5])) == Mean(1.5, None)


def test_the_base_rates_loss_is_the_entropy_of_the_shares():
    shares = np.array([0.5, 0.25, 0.25])
    found = base_losses(np.array([0, 0, 1, 2]), shares).mean()
    assert found == pytest.approx(1.5 * math.log(2))


@pytest.mark.parametrize("weighted", [False, True])
def test_thresholds_are_scikit_learns(weighted):
    random = np.random.default_rng(1)
    labels = (random.random(400) < 0.2).astype(int)
    Z = np.round(random.normal(size=(400, 1)) + 1.5 * labels[:, None], 1)
    weights = random.integers(0, 3, 400).astype(float) if weighted else None
    costs = Costs(np.array([[0.0, 1.0], [5.0, 0.5]]))
    readout = Readout(head=Binary(), decision=costs)
    found = by_threshold(Z, labels, readout, weights)
    p = readout.probabilities(Z)[:, 1]
    precision, recall, at = precision_recall_curve(labels, p, sample_weight=weights)
    for value, r, q, cost in zip(
        found.thresholds, found.recall, found.precision, found.cost, strict=True
    ):
        place = int(np.argmin(np.abs(at - value)))
        assert (r, q) == pytest.approx((recall[place], precision[place]))
        answers = (p >= value).astype(int)
        assert cost == pytest.approx(costs.mean_cost(labels, answers, weights))
    half = found.tops[-1]
    assert half.share == pytest.approx(0.5, abs=0.01)
    assert half.lift == pytest.approx(half.found / half.share)
    assert by_threshold(Z, np.zeros(400, int), readout) is None


def test_thresholds_are_of_the_rarer_class_or_of_the_rules():
    labels = np.array([0, 1, 1, 1, 0, 1])
    Z = np.array([[-2.0], [1.0], [2.0], [-1.0], [0.5], [3.0]])
    rarer = by_threshold(Z, labels, Readout(head=Binary()))
    assert rarer.position == 0
    assert rarer.recall[-1] == 0.5
    assert rarer.precision[-1] == 1
    ruled = by_threshold(Z, labels, Readout(head=Binary(), decision=Threshold(1, 0.3)))
    assert (ruled.position, ruled.used) == (1, 0.3)


@settings(deadline=None)
@given(st.data())
def test_the_roc_curve_has_the_points_of_scikit_learns(data):
    """Ties, runs on a line, examples of weight 0 and classes of a single example among them."""
    m = data.draw(st.integers(2, 40))
    z = np.array(data.draw(st.lists(st.integers(-4, 4), min_size=m, max_size=m)), float)
    labels = np.array([0, 1, *data.draw(st.lists(st.integers(0, 1), min_size=m - 2, max_size=m))])
    labels, counts = labels[:m], st.lists(st.integers(0, 3), min_size=m, max_size=m)
    weights = data.draw(st.none() | counts.map(lambda found: np.array(found, float)))
    if weights is not None:
        weights[:2] = 1
    curve = roc(labels, z, weights)
    false_alarms, hits, _ = roc_curve(labels, z, sample_weight=weights)
    np.testing.assert_array_equal(curve.false_alarms, false_alarms)
    np.testing.assert_array_equal(curve.hits, hits)


def test_of_very_many_examples_the_roc_curve_goes_through_its_own_points(monkeypatch):
    random = np.random.default_rng(1)
    labels = random.random(5000) < 0.3
    z = np.round(random.normal(size=5000) + labels, 2)
    whole = set(zip(*roc_curve(labels, z, drop_intermediate=False)[:2], strict=True))
    monkeypatch.setattr(judging, "MANY", 4999)
    monkeypatch.setattr(threshold_curves, "MANY", 4999)
    monkeypatch.setattr(threshold_curves, "POINTS", 400)
    curve = roc(labels, z)
    points = list(zip(curve.false_alarms, curve.hits, strict=True))
    assert (points[0], points[-1]) == ((0, 0), (1, 1))
    assert 100 < len(points) < 450
    assert all(min(abs(x - a) + abs(y - b) for a, b in whole) < 1e-12 for x, y in points)
    exact = roc_auc_score(labels, z)
    assert np.trapezoid(curve.hits, curve.false_alarms) == pytest.approx(exact, abs=1e-4)


def test_of_very_many_examples_thresholds_have_counts_that_are_exact(monkeypatch):
    random = np.random.default_rng(2)
    of_class = random.random(5000) < 0.3
    p = np.round(np.clip(random.normal(size=5000) / 8 + 0.4 + 0.2 * of_class, 0, 1), 3)
    whole = ThresholdCurves.of(p, of_class)
    monkeypatch.setattr(threshold_curves, "MANY", 4999)
    monkeypatch.setattr(threshold_curves, "POINTS", 100)
    some = ThresholdCurves.of(p, of_class)
    assert 80 < len(some.thresholds) <= 100 < len(whole.thresholds)
    at = np.searchsorted(-whole.thresholds, -some.thresholds)
    np.testing.assert_array_equal(some.thresholds, whole.thresholds[at])
    np.testing.assert_array_equal(some.said, whole.said[at])
    np.testing.assert_array_equal(some.hits, whole.hits[at])
    assert (some.said[-1], some.hits[-1]) == (5000, of_class.sum())
