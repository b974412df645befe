"""`y ~ 1`: the log odds, in every kind of fit, from closed forms."""

import numpy as np
import pandas as pd
import pytest

import onelayer

FRAME = pd.DataFrame(
    {
        "y": [0, 1, 1, 0, 1] * 8,
        "v": list("abcab") * 8,
        "n": np.arange(40) % 4,
        "x": np.arange(40.0),
        "firm": np.arange(40) % 7,
    }
)


@pytest.mark.parametrize("formula", ["y ~ 1", "y ~ x - x", "I(y > 0) ~ 1"])
def test_the_log_odds(formula):
    """Coefficient log(24/16), error (1/24 + 1/16)^(1/2), l = sum n log share."""
    result = onelayer.logit(formula, FRAME)
    frame = result.summary().frame
    assert list(frame.index) == ["const"]
    assert frame.coef["const"] == pytest.approx(np.log(24 / 16), rel=1e-12)
    assert frame.std_err["const"] == pytest.approx(np.sqrt(1 / 24 + 1 / 16), rel=1e-12)
    assert result.loglik == pytest.approx(24 * np.log(0.6) + 16 * np.log(0.4), rel=1e-12)
    assert result.summary().null_loglik == pytest.approx(result.loglik, rel=1e-12)
    assert "likelihood ratio  nothing to test" in str(result.summary())


def test_of_counts():
    first, second = FRAME.n[FRAME.y == 0].sum(), FRAME.n[FRAME.y == 1].sum()
    frame = onelayer.logit("y ~ 1", FRAME, weights="n").summary().frame
    assert frame.coef["const"] == pytest.approx(np.log(second / first), rel=1e-12)
    assert frame.std_err["const"] == pytest.approx(np.sqrt(1 / first + 1 / second), rel=1e-12)


def test_of_three_classes():
    frame = onelayer.logit("v ~ 1", FRAME).summary().frame
    np.testing.assert_allclose(frame.coef, np.log([16 / 16, 8 / 16]), atol=1e-12)
    np.testing.assert_allclose(frame.std_err, np.sqrt([1 / 16 + 1 / 16, 1 / 8 + 1 / 16]))


def test_firth_adds_half_a_row_to_each_class():
    frame = onelayer.logit("y ~ 1", FRAME, firth=True).summary().frame
    assert frame.coef["const"] == pytest.approx(np.log(24.5 / 16.5), rel=1e-10)


def test_robust_and_clustered():
    """Of a saturated model the sandwich is Fisher's; clusters by the sums of their residuals."""
    robust = onelayer.logit("y ~ 1", FRAME, robust="HC0").summary().frame
    assert robust.std_err["const"] == pytest.approx(np.sqrt(1 / 24 + 1 / 16), rel=1e-10)
    sums = (FRAME.y - 0.6).groupby(FRAME.firm).sum()
    clustered = onelayer.logit("y ~ 1", FRAME, cluster="firm").summary().frame
    expected = np.sqrt(7 / 6 * (sums**2).sum()) / (40 * 0.24)
    assert clustered.std_err["const"] == pytest.approx(expected, rel=1e-10)


def test_the_profile_falls_to_its_bound():
    frame = onelayer.logit("y ~ 1", FRAME).summary(interval="profile").frame
    for bound in frame.loc["const", ["ci_low", "ci_high"]]:
        a = 1 / (1 + np.exp(-bound))
        lost = 24 * np.log(0.6 / a) + 16 * np.log(0.4 / (1 - a))
        assert 2 * lost == pytest.approx(3.841458820694124, rel=1e-8)


def test_it_is_nested_in_others():
    comparison = onelayer.compare(onelayer.logit("y ~ 1", FRAME), onelayer.logit("y ~ x", FRAME))
    assert list(comparison.tests) == [(0, 1)]
    assert comparison.tests[0, 1].df == 1


@pytest.mark.parametrize("form", ["text", "html", "latex", "md", "csv"])
def test_every_format_shows_it(form):
    assert "const" in onelayer.logit("y ~ 1", FRAME).summary().to(form)
