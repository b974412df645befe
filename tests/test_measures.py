"""Accuracy, intervals, log loss and AUC, against scikit-learn and SciPy."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score, top_k_accuracy_score

from onelayer.calibration import Costs, Readout
from onelayer.evaluation import evaluate
from onelayer.logistic import Softmax
from onelayer.measures import auc_of, mean_recall, paired_interval, wilson_interval
from onelayer.words import count_in_words, count_of, loss_in_words


@pytest.mark.parametrize(("correct", "n"), [(0, 10), (5, 8), (10, 10), (300, 499)])
def test_the_interval_is_wilsons(correct, n):
    expected = binomtest(correct, n).proportion_ci(method="wilson")
    assert wilson_interval(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_measures_agree_with_scikit_learn_for_two_classes():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 300)
    Z = (labels + random.normal(0, 1.5, 300)).reshape(-1, 1) - 0.5
    found = evaluate(Z, labels, np.array(["no", "yes"]))
    a = 1 / (1 + np.exp(-Z[:, 0]))
    assert found.accuracy == ((a > 0.5) == labels).mean()
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(labels, a > 0.5))
    assert found.log_loss == pytest.approx(log_loss(labels, a))
    assert found.auc == pytest.approx(roc_auc_score(labels, a))
    assert found.interval == wilson_interval(round(found.accuracy * 300), 300)
    assert found.top_5 is None


def test_measures_agree_with_scikit_learn_for_many_classes():
    random = np.random.default_rng(1)
    labels = random.integers(0, 7, 600)
    Z = random.normal(0, 1, (600, 7)) + 2 * np.eye(7)[labels]
    A = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    found = evaluate(Z, labels, np.arange(7))
    assert found.log_loss == pytest.approx(log_loss(labels, A))
    assert found.auc == pytest.approx(roc_auc_score(labels, A, multi_class="ovr"))
    assert found.top_5 == pytest.approx(top_k_accuracy_score(labels, A, k=5))
    assert found.interval is None
    assert found.worst[1] == min(found.recall.values())


@pytest.mark.parametrize("weighted", [False, True])
def test_the_area_under_the_curve_counts_ties_half_and_pairs_by_their_weights(weighted):
    random = np.random.default_rng(2)
    labels, scores = random.integers(0, 2, 400), random.integers(0, 12, 400).astype(float)
    scores += labels
    weights = random.integers(0, 4, 400).astype(float) if weighted else None
    expected = roc_auc_score(labels, scores, sample_weight=weights)
    assert auc_of(scores, labels == 1, weights) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(auc_of(np.array([np.nan, 1.0]), np.array([True, False]), None))


def test_absent_classes_have_no_recall_and_one_class_no_auc():
    Z = np.array([[2.0, 0, 0], [2.0, 0, 0]])
    found = evaluate(Z, np.array([0, 0]), np.array(["a", "b", "c"]))
    assert found.recall == {"a": 1.0, "b": None, "c": None}
    assert found.auc is None
    assert found.balanced_accuracy == 1.0


def test_log_loss_is_exact_where_probabilities_round():
    Z = np.array([[800.0], [-800.0]])
    assert evaluate(Z, np.array([1, 0]), np.array([0, 1])).log_loss == 0
    assert evaluate(Z, np.array([0, 0]), np.array([0, 1])).log_loss == 400


@pytest.mark.parametrize(
    ("loss", "text"), [(0.12345, "0.123"), (999.0, "999.000"), (3.138e152, "3.14e+152")]
)
def test_a_log_loss_is_short_for_people_however_large(loss, text):
    assert loss_in_words(loss) == text


def test_weight_two_is_an_example_twice_and_weight_zero_none():
    random = np.random.default_rng(4)
    labels, Z = random.integers(0, 7, 300), random.normal(size=(300, 7))
    weights = random.integers(0, 3, 300)
    readout = Readout(head=Softmax(7), temperature=1.7, decision=Costs(1.0 - np.eye(7)))
    found = evaluate(Z, labels, np.arange(7), weights, readout).to_dict()
    twice = np.repeat(Z, weights, axis=0), np.repeat(labels, weights)
    repeated = evaluate(*twice, np.arange(7), readout=readout).to_dict()
    assert found.pop("confusion") == repeated.pop("confusion")
    assert found.pop("precision") == pytest.approx(repeated.pop("precision"), rel=1e-12)
    for measures in (found, repeated):
        measures.update(measures.pop("recall") | measures.pop("uncalibrated"))
    assert found.pop("interval") == pytest.approx(repeated.pop("interval"), rel=1e-12)
    assert found == pytest.approx(repeated, rel=1e-12)


def test_the_interval_counts_weights_as_examples():
    """Halves too: 100 examples of weight 1/2 are 50."""
    labels, Z = np.repeat([0, 1], 50), np.tile([[1.0], [-1.0]], (50, 1))
    found = evaluate(Z, labels, np.array(["no", "yes"]), np.full(100, 0.5))
    assert (found.n, found.accuracy) == (50, 0.5)
    assert found.interval == pytest.approx(wilson_interval(25, 50), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (12, "12"),
        (1234.0, "1,234"),
        (sum([0.1] * 30), "3"),
        (1234.56, "1,234.6"),
        (0.12345, "0.123"),
    ],
)
def test_a_number_of_examples_is_whole_where_it_is_about(n, text):
    assert count_in_words(n) == text


def test_one_is_written_in_the_singular():
    assert [count_of(n, "rows") for n in (0, 1, 2, 1234)] == [
        "0 rows",
        "1 row",
        "2 rows",
        "1,234 rows",
    ]


def test_rates_of_the_same_examples_are_compared_by_where_they_disagree():
    """Bonett and Price's interval, by hand; examples that both hit or miss only widen n."""
    first = np.array([True] * 8 + [False] * 2 + [True] * 10)
    second = np.array([False] * 8 + [True] * 2 + [True] * 10)
    low, high = paired_interval(first, second)
    d = (9 - 3) / 22
    half = 1.959964 * np.sqrt((12 / 22 - d * d) / 22)
    assert (low, high) == pytest.approx((d - half, d + half))
    assert paired_interval(second, first) == pytest.approx((-high, -low))
    assert paired_interval(first, first)[1] == -paired_interval(first, first)[0]


def test_paired_intervals_hold_their_level():
    random = np.random.default_rng(0)
    inside = 0
    for _ in range(500):
        both, only = random.random(60) < 0.5, random.random(60)
        first, second = both | (only < 0.15), both | (only > 0.93)
        low, high = paired_interval(first, second)
        inside += low <= 0.5 * (0.15 - 0.07) <= high
    assert 0.93 <= inside / 500 <= 0.99


def test_the_mean_recall_is_that_of_classes_and_its_error_theirs():
    labels = np.repeat([0, 2], [4, 100])
    hit = np.r_[1, 0, 1, 1, np.tile([1, 0], 50)].astype(bool)
    mean, error = mean_recall(hit, labels)
    assert mean == pytest.approx((0.75 + 0.5) / 2)
    assert error == pytest.approx(np.sqrt(0.1875 / 3 + 0.25 / 99) / 2)
