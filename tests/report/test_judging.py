"""The report's figures against scikit-learn and known values."""

import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from onelayer.logistic import softmax
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
    found = by_class(counts, A, LABELS, list("abcd"))
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
    found = by_class(confusion(labels, answers, 3), probabilities, labels, list("abc"))[2]
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
    found = by_class(counts, A, LABELS, list("abcd"), weights)
    expected = by_class(counts, A[twice], LABELS[twice], list("abcd"))
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
