"""The diagram shows what the bins are."""

import doctest

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from onelayer import LogisticRegression
from onelayer.calibration import calibration_error, confidences, reliability
from onelayer.displays import ReliabilityDisplay
from onelayer.displays import reliability as module
from onelayer.errors import DataError

RANDOM = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def _fitted(K):
    X = RANDOM.normal(size=(300, 4))
    y = np.array(["ash", "birch", "cedar"])[(X[:, 0] + RANDOM.normal(size=300) > 0) + 0]
    if K == 3:
        y[X[:, 1] > 0.5] = "cedar"
    return LogisticRegression().fit(X, y), X, y


def test_of_two_classes_it_is_scikit_learns_curve():
    model, X, y = _fitted(2)
    display = ReliabilityDisplay.from_estimator(model, X, y)
    true, mean = calibration_curve(
        y == "birch", model.predict_proba(X)[:, 1], n_bins=10, strategy="quantile"
    )
    np.testing.assert_allclose(display.prob_true, true)
    np.testing.assert_allclose(display.prob_pred, mean)
    assert display.ax_.get_xlabel() == "probability of birch"
    label = f"LogisticRegression (ECE {100 * display.calibration_error:.1f} %)"
    assert display.ax_.get_legend().get_texts()[0].get_text() == label


def test_of_more_it_is_that_of_the_likeliest():
    model, X, y = _fitted(3)
    weights = RANDOM.integers(0, 3, 300)
    display = ReliabilityDisplay.from_estimator(model, X, y, sample_weight=weights, n_bins=5)
    said, so = confidences(model.predict_proba(X), np.unique(y, return_inverse=True)[1])
    bins = reliability(said, so, weights, 5)
    assert display.bins == bins
    assert display.calibration_error == calibration_error(bins)
    assert display.ax_.get_xlabel() == "how sure it was"


def test_what_is_drawn_are_the_points_and_their_intervals():
    y, p = np.arange(100) % 2, np.linspace(0, 1, 100)
    _, ax = plt.subplots()
    display = ReliabilityDisplay.from_predictions(y, p, ax=ax, color="red", ref_line=False)
    assert display.ax_ is ax
    np.testing.assert_array_equal(display.line_.get_xdata(), display.prob_pred)
    segments = ax.collections[0].get_segments()
    drawn = np.array([[low[1], high[1]] for low, high in segments])
    np.testing.assert_allclose(drawn, display.intervals)
    assert len(ax.lines) == 1
    assert display.line_.get_color() == "red"
    assert ax.get_legend() is None
    assert display.plot(name="again").line_.get_label().startswith("again (ECE ")


def test_labels_are_found_in_classes_of_any_order():
    A = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    y = np.array(["b", "a", "b"])
    display = ReliabilityDisplay.from_predictions(y, A, classes=["b", "a"], n_bins=1)
    assert display.prob_true == pytest.approx([1 / 3])
    assert display.of == "a"


@pytest.mark.parametrize(
    ("y", "A", "message"),
    [
        ([0, 1], [[0.5, 0.5]], r"labels of shape \(2,\) and 2 classes do not fit .* \(1, 2\)"),
        ([0, 1, 2], [0.5, 0.5, 0.1], "3 classes do not fit"),
        ([0, 1], [0.5, 1.5], "probabilities lie outside 0 to 1"),
        ([0, 1], [0.5, np.nan], "probabilities lie outside 0 to 1"),
    ],
)
def test_what_does_not_fit_is_refused(y, A, message):
    with pytest.raises(DataError, match=message):
        ReliabilityDisplay.from_predictions(y, A)
    assert issubclass(DataError, ValueError)


def test_an_unknown_label_is_named():
    with pytest.raises(DataError, match="the label 'c' is none of the classes a, b"):
        ReliabilityDisplay.from_predictions(np.array(["a", "c"]), [0.1, 0.2], classes=["a", "b"])


def test_its_example_runs():
    assert doctest.testmod(module).failed == 0
