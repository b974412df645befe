"""Displays: what is drawn is what was computed, named and with units."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.displays import (
    CoefficientsDisplay,
    CrossValidationDisplay,
    PathDisplay,
    WeightsDisplay,
)
from onelayer.displays.paths import spread
from onelayer.errors import ShapeError, UsageError

mpl.use("Agg")
CANCER = load_breast_cancer(as_frame=True)
X, Y = CANCER.data.iloc[::3, :8], CANCER.target[::3]


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    mpl.pyplot.close("all")


@pytest.fixture(scope="module")
def model():
    return LogisticRegressionCV(
        Cs=6, cv=3, l1_ratios=(0.0, 1.0), scaling="standard", selection="1se"
    ).fit(X, Y)


def texts(ax):
    return [child.get_text() for child in ax.get_children() if hasattr(child, "get_text")]


def test_a_path_shows_every_coefficient_by_c(model):
    display = PathDisplay.from_estimator(model, l1_ratio=1.0)
    assert len(display.lines_) == 8
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_ylabel() == "weight (log-odds per standard deviation)"
    assert display.ax_.get_xlabel() == "C (inverse strength of the penalty)"
    deviation = X.to_numpy().std(axis=0)
    for j, line in enumerate(display.lines_):
        np.testing.assert_array_equal(line.get_xdata(), model.Cs_)
        np.testing.assert_allclose(line.get_ydata(), model.path_coef_[1, :, 0, j] * deviation[j])
    assert set(X.columns) <= set(texts(display.ax_))
    assert f"C = {model.C_:.2g}" in texts(display.ax_)


def test_a_path_of_one_of_three_classes_by_name():
    iris = load_iris()
    labels = iris.target_names[iris.target]
    fitted = LogisticRegressionCV(Cs=[1.0, 0.1], cv=3).fit(iris.data, labels)
    display = PathDisplay.from_estimator(fitted, target="virginica")
    assert display.ax_.get_title() == "virginica"
    np.testing.assert_array_equal(display.lines_[3].get_xdata(), [0.1, 1.0])
    np.testing.assert_array_equal(display.lines_[3].get_ydata(), fitted.path_coef_[0, ::-1, 2, 3])
    assert "x3" in texts(display.ax_)
    with pytest.raises(UsageError, match="target is 'rosa': there are setosa, versicolor"):
        PathDisplay.from_estimator(fitted, target="rosa")
    with pytest.raises(UsageError, match=r"l1_ratio is 0.5: there are 0.0"):
        PathDisplay.from_estimator(fitted, l1_ratio=0.5)


def test_a_path_needs_a_path():
    with pytest.raises(UsageError, match="LogisticRegression keeps no path: fit"):
        PathDisplay.from_estimator(LogisticRegression())
    with pytest.raises(UsageError, match=r"coefs has shape .* give one row of weights for each C"):
        PathDisplay([0.1, 1], np.zeros((3, 2)))
    with pytest.raises(ValueError, match="feature_names has 1 names for 2 features"):
        PathDisplay([0.1, 1], np.zeros((2, 2)), feature_names=["a"])


def test_names_are_moved_apart_about_their_mean():
    assert spread([0.0, 0.0, 5.0], 1.0) == [-0.5, 0.5, 5.0]
    assert spread([0.0, 0.2, 0.9], 1.0) == pytest.approx([-0.6333, 0.3667, 1.3667], abs=1e-3)
    moved = spread(np.sort(np.random.default_rng(0).normal(size=20)).tolist(), 0.3)
    assert np.diff(moved).min() >= 0.3 - 1e-12


def test_a_cross_validation_curve_is_the_results(model):
    display = CrossValidationDisplay.from_estimator(model)
    assert [line.get_label() for line in display.lines_] == ["l1_ratio 0", "l1_ratio 1"]
    for line, scores in zip(display.lines_, model.scores_.mean(axis=0), strict=True):
        np.testing.assert_allclose(line.get_ydata(), -scores)
    assert display.ax_.get_ylabel() == "log loss (nats a row)"
    with pytest.raises(UsageError, match="results has no column l1_ratio, mean_score, std_error"):
        CrossValidationDisplay(pd.DataFrame({"C": [1.0]}))
    with pytest.raises(UsageError, match="LogisticRegressionCV has no results_: fit it first"):
        CrossValidationDisplay.from_estimator(LogisticRegressionCV())


def test_a_cross_validation_curve_of_a_gain_and_with_leave_one_out():
    gain = LogisticRegressionCV(Cs=[0.1, 1], cv=3, scoring="roc_auc").fit(X / X.std(), Y)
    display = CrossValidationDisplay.from_estimator(gain)
    assert display.ax_.get_ylabel() == "roc auc"
    np.testing.assert_allclose(display.lines_[0].get_ydata(), gain.results_["mean_score"])
    assert display.ax_.get_legend() is None
    loo = LogisticRegressionCV(Cs=[0.1, 1], cv=3, loo=True).fit(X / X.std(), Y)
    display = CrossValidationDisplay.from_estimator(loo)
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), loo.loo_[0])
    assert display.ax_.get_legend() is not None


def test_coefficients_of_a_frame_are_points_and_intervals_the_largest_first():
    frame = pd.DataFrame(
        {"coef": [0.5, -2.0, 9.0], "ci_low": [-0.1, -3, 8], "ci_high": [1.1, -1, 10]},
        index=["age", "dose", "const"],
    )
    display = CoefficientsDisplay.from_frame(frame)
    assert display.shown_ == ["dose", "age"]
    assert display.ax_.get_xlabel() == "coefficient (log-odds), with its interval"
    ends = [
        sorted(path.vertices[:, 0].tolist())
        for lines in display.ax_.collections
        for path in lines.get_paths()
    ]
    assert sorted(ends) == [[-3, -1], [-0.1, 1.1]]
    shown = CoefficientsDisplay.from_frame(frame, intercept=True, sort=False, exponentiate=True)
    assert shown.shown_ == ["age", "dose", "const"]
    assert shown.ax_.get_xlabel() == "odds ratio, with its interval"
    assert shown.ax_.get_xscale() == "log"
    with pytest.raises(UsageError, match="the frame has no column ci_high, ci_low"):
        CoefficientsDisplay.from_frame(frame[["coef"]])


def test_coefficients_of_several_classes_and_of_arrays():
    index = pd.MultiIndex.from_product([["b", "c"], ["age", "const"]])
    frame = pd.DataFrame({"coef": 1.0, "ci_low": 0.5, "ci_high": 1.5}, index=index)
    assert CoefficientsDisplay.from_frame(frame).shown_ == ["b: age", "c: age"]
    many = CoefficientsDisplay(np.arange(40.0), [f"w{j}" for j in range(40)]).plot()
    assert many.shown_[0] == "w39"
    assert many.ax_.get_title() == "the 25 largest of 40"
    assert many.ax_.get_xlabel() == "coefficient (log-odds)"
    with pytest.raises(UsageError, match="give one of each a coefficient"):
        CoefficientsDisplay([1.0, 2.0], ["a"])


def test_weights_are_pictures_of_their_shape():
    random = np.random.default_rng(0)
    pictures = random.integers(0, 255, (60, 4, 5), dtype=np.uint8)
    labels = np.repeat(["cat", "dog", "owl"], 20)
    fitted = LogisticRegression(scaling=1 / 255).fit(pictures, labels)
    display = WeightsDisplay.from_estimator(fitted, shape=(4, 5))
    assert [ax.get_title() for ax in display.axes_] == ["cat", "dog", "owl"]
    assert display.axes_[0].images[0].get_array().shape == (4, 5, 3)
    with pytest.raises(ShapeError, match=r"weights of shape \(3, 20\) are no pictures of \(4, 4\)"):
        WeightsDisplay.from_estimator(fitted, shape=(4, 4))
    with pytest.raises(UsageError, match="LogisticRegression has no coef_: fit it first"):
        WeightsDisplay.from_estimator(LogisticRegression(), shape=(4, 5))


def test_a_given_axes_is_drawn_on(model):
    _, ax = mpl.pyplot.subplots()
    assert CrossValidationDisplay.from_estimator(model, ax=ax).ax_ is ax
    assert PathDisplay.from_estimator(model, ax=ax, linewidth=3).lines_[0].get_linewidth() == 3
