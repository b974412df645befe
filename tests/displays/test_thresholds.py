"""The curves by threshold are those of counting, and of scikit-learn over each other."""

import doctest

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.metrics import precision_recall_curve

from onelayer import LogisticRegression
from onelayer.displays import ThresholdDisplay
from onelayer.displays import thresholds as module
from onelayer.errors import DataError


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@settings(max_examples=15)
@given(st.integers(0, 999), st.integers(1, 12))
def test_each_threshold_is_what_counting_says(seed, levels):
    random = np.random.default_rng(seed)
    y, p = random.random(40) < 0.4, random.integers(0, levels, 40) / levels
    y[0] = True
    weights = random.integers(0, 3, 40) + (np.arange(40) == 0)
    display = ThresholdDisplay.from_predictions(y, p, costs=(5, 2), sample_weight=weights)
    for t, recall, precision, cost in zip(
        display.thresholds, display.recall, display.precision, display.cost, strict=True
    ):
        said = p >= t
        assert recall == pytest.approx(weights[y & said].sum() / weights[y].sum())
        assert precision == pytest.approx(weights[y & said].sum() / weights[said].sum())
        spent = 5 * weights[y & ~said].sum() + 2 * weights[~y & said].sum()
        assert cost == pytest.approx(spent / weights.sum())
    assert display.cost.min() == display.cost[list(display.thresholds).index(display.cheapest)]
    twice = ThresholdDisplay.from_predictions(y.repeat(weights), p.repeat(weights), costs=(5, 2))
    np.testing.assert_allclose(twice.recall, display.recall)
    assert twice.cheapest == display.cheapest
    plt.close("all")


@pytest.mark.parametrize("kind", [LogisticRegression, Peer])
def test_of_an_estimator_it_is_scikit_learns_curve_by_threshold(kind):
    random = np.random.default_rng(1)
    X = random.normal(size=(200, 3))
    y = np.where(X[:, 0] + random.normal(size=200) > 0, "b", "a")
    model = kind().fit(X, y)
    display = ThresholdDisplay.from_estimator(model, X, y, of="a")
    precision, recall, at = precision_recall_curve(y == "a", model.predict_proba(X)[:, 0])
    np.testing.assert_allclose(display.thresholds[::-1], at)
    np.testing.assert_allclose(display.recall[::-1], recall[:-1])
    np.testing.assert_allclose(display.precision[::-1], precision[:-1])
    assert display.ax_.get_xlabel() == "answered from this probability of a"
    assert [line.get_label() for line in display.lines_] == ["recall", "precision"]
    assert display.cheapest is None
    priced = ThresholdDisplay.from_estimator(model, X, y, costs=(1, 20))
    assert len(priced.lines_) == 3
    assert priced.of == "b"
    assert priced.cheapest > 0.5


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [0.1], "give \\(m,\\) of each"),
        ([0, 2], [0.1, 0.2], "True or 1 for examples of the class"),
        ([0, 1], [0.1, 1.2], "outside 0 to 1"),
        ([0, 0], [0.1, 0.2], "no example is of the class"),
    ],
)
def test_what_does_not_fit_is_refused(y, p, message):
    with pytest.raises(DataError, match=message):
        ThresholdDisplay.from_predictions(y, p)


def test_a_class_that_is_none_is_named():
    X = np.arange(6.0)[:, None]
    model = LogisticRegression().fit(X, [0, 0, 0, 1, 1, 1])
    with pytest.raises(DataError, match="of is 2: give"):
        ThresholdDisplay.from_estimator(model, X, [0] * 6, of=2)
    three = LogisticRegression().fit(X, [0, 0, 1, 1, 2, 2])
    with pytest.raises(DataError, match="one of two classes, and here are 3"):
        ThresholdDisplay.from_estimator(three, X, [0] * 6)


def test_the_example_holds():
    assert doctest.testmod(module).failed == 0
