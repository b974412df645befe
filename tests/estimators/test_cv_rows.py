"""Rows without weight, folds that lack a class, and the paths that they once led astray."""

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.errors import DataError

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 5))
Y = (X[:, 0] + RANDOM.normal(size=120) > 0).astype(int)
HALF = np.repeat([2.5, 0.0], 60)


@pytest.mark.parametrize("given", [{}, {"groups": np.arange(120) // 3}])
def test_rows_without_weight_are_as_if_they_were_not_there(given):
    """Folds of them alone scored NaN, and C was arbitrary."""
    weighted = LogisticRegressionCV(cv=4).fit(X, Y, sample_weight=HALF, **given)
    half = {name: values[:60] for name, values in given.items()}
    without = LogisticRegressionCV(cv=4).fit(X[:60], Y[:60], sample_weight=HALF[:60], **half)
    assert np.isfinite(weighted.scores_).all()
    assert weighted.C_ == without.C_
    np.testing.assert_allclose(weighted.scores_, without.scores_, rtol=1e-9)
    np.testing.assert_allclose(weighted.coef_, without.coef_, rtol=1e-7)


def test_a_given_fold_that_judges_no_weight_is_refused():
    cv = [(np.arange(30, 120), np.arange(30)), (np.arange(60), np.arange(60, 120))]
    with pytest.raises(DataError, match="fold 1 of cv judges no row with a weight above zero"):
        LogisticRegressionCV(cv=cv).fit(X, Y, sample_weight=HALF)


def test_training_chooses_and_calibrates_as_if_they_were_not_there(tmp_path):
    frame = pd.DataFrame(X, columns=list("abcde")).assign(y=Y, w=HALF)
    frame.to_csv(tmp_path / "all.csv", index=False)
    frame[:60].to_csv(tmp_path / "half.csv", index=False)
    options = {"target": "y", "weights": "w", "test_size": 0}
    whole, half = (onelayer.train(tmp_path / f, **options) for f in ("all.csv", "half.csv"))
    assert whole.card.choice.C == half.card.choice.C
    assert whole.card.calibration.temperature == half.card.calibration.temperature
    np.testing.assert_allclose(whole.coef, half.coef, rtol=1e-7)


@pytest.mark.parametrize("counts", [(80, 100, 10, 10), (190, 4, 3, 3), (97, 97, 2, 2, 2)])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_a_fold_may_lack_rare_classes_under_l1(counts, ratio):
    """The curvature of their intercepts is nothing: it ended in "Singular matrix".

    What the fold's layer says of the classes that it has is what softmax of these alone says.
    """
    rows, y = np.random.default_rng(1).normal(size=(200, 4)), np.repeat(range(len(counts)), counts)
    rows[:, 0] += y == 1
    inside = np.arange(sum(counts[:2]))
    cv = [(inside, np.arange(200)[len(inside) :]), (np.arange(50, 200), np.arange(50))]
    ours = LogisticRegressionCV(l1_ratios=[ratio], cv=cv, Cs=[0.5], tol=1e-9).fit(rows, y)
    W = ours.coefs_paths_[0, 0, 0]
    assert (W[2:, :-1] == 0).all()
    z = rows @ (W[1] - W[0])[:-1] + W[1, -1] - W[0, -1]
    np.testing.assert_allclose(z, _softmax_pair(rows[inside], y[inside], ratio, rows), atol=2e-3)


def _softmax_pair(rows, y, ratio, judged):
    """z of class 1 less z of class 0, of a softmax layer of two classes, by proximal descent."""
    W, b, lam = np.zeros((2, 4)), np.zeros(2), 1 / (0.5 * len(y))
    Y = np.eye(2)[y]
    for _ in range(4000):
        z = rows @ W.T + b
        a = np.exp(z - z.max(axis=1, keepdims=True))
        dz = (a / a.sum(axis=1, keepdims=True) - Y) / len(y)
        W = W - 0.5 * (dz.T @ rows + lam * (1 - ratio) * W)
        W = np.sign(W) * np.maximum(np.abs(W) - 0.5 * lam * ratio, 0)
        b = b - 0.5 * dz.sum(axis=0)
    return judged @ (W[1] - W[0]) + b[1] - b[0]


def test_uneven_classes_under_l1_reach_their_optimum():
    """Newton's steps on the intercepts went astray: J was 0.995, "stalled"."""
    rows = np.random.default_rng(0).normal(size=(152, 4))
    counts = np.array([5, 8, 10, 127, 1, 1])
    model = LogisticRegression(C=0.01, l1_ratio=1).fit(rows, np.repeat(range(6), counts))
    shares = counts / counts.sum()
    assert model.solution_.status == "converged"
    assert model.solution_.objective == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-12)
    assert not model.coef_.any()
    np.testing.assert_allclose(np.diff(model.intercept_), np.diff(np.log(shares)), rtol=1e-6)
