"""Profile intervals against a slow twin: refits with an offset, and a root between two points."""

import re

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtri

import onelayer
from onelayer.errors import UsageError

sm = pytest.importorskip("statsmodels.api")


def twin(X, y, j, level):
    """Both bounds of the coefficient of column j, by statsmodels' GLM and Brent's method."""
    others = np.delete(X, j, axis=1)
    best = sm.Logit(y, X).fit(disp=0, tol=1e-13)
    goal = float(ndtri(0.5 + level / 2)) ** 2

    def beyond(t):
        held = sm.GLM(y, others, family=sm.families.Binomial(), offset=t * X[:, j])
        return 2 * (best.llf - held.fit(tol=1e-13, maxiter=200).llf) - goal

    middle, step = best.params[j], 4 * best.bse[j]
    return [brentq(beyond, *sorted((middle, middle + s * step)), xtol=1e-11) for s in (-1, 1)]


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_spector(spector, level):
    ours = onelayer.logit(spector.formula, spector.frame).summary(interval="profile", level=level)
    expected = [twin(spector.X, spector.y, j, level) for j in range(4)]
    np.testing.assert_allclose(ours.frame[["ci_low", "ci_high"]], expected, rtol=1e-7)


def test_far_from_the_origin_and_nearly_separable():
    """12 rows of which one stands in the way: bounds lie far apart, and far from Wald's."""
    x = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    y = (x > 6.5).astype(float)
    y[5] = 1
    y[6] = 0
    X = np.column_stack([1000 + x, np.ones(12)])
    frame = __import__("pandas").DataFrame({"x": X[:, 0], "y": y})
    summary = onelayer.logit("y ~ x", frame).summary(interval="profile")
    shifted = twin(np.column_stack([x, np.ones(12)]), y, 0, 0.95)
    np.testing.assert_allclose(summary.frame.loc["x", ["ci_low", "ci_high"]], shifted, rtol=1e-6)


def test_without_a_constant(spector):
    ours = onelayer.logit("GRADE ~ 0 + GPA + PSI", spector.frame).summary(interval="profile")
    X = spector.X[:, [0, 2]]
    expected = [twin(X, spector.y, j, 0.95) for j in range(2)]
    np.testing.assert_allclose(ours.frame[["ci_low", "ci_high"]], expected, rtol=1e-7)


def test_what_it_is_not_for(anes, spector):
    with pytest.raises(UsageError, match="are for two classes: take interval='wald'"):
        onelayer.logit("PID ~ age", anes.frame).summary(interval="profile")
    with pytest.raises(UsageError, match="believe the model, robust standard errors do not"):
        onelayer.logit(spector.formula, spector.frame, robust=True).summary(interval="profile")
    with pytest.raises(UsageError, match="expected 'wald' or 'profile'"):
        onelayer.logit(spector.formula, spector.frame).summary(interval="bootstrap")
    result = onelayer.logit(spector.formula, spector.frame)
    for level in (95, "x", "0.9", None, [0.9], True, float("nan")):
        said = f"level={level!r}: expected a number between 0 and 1"
        with pytest.raises(UsageError, match=re.escape(said)):
            result.summary(level=level)
        with pytest.raises(UsageError, match=re.escape(said)):
            result.marginal_effects(level=level)
