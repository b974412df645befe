"""Summaries of Firth's estimate: published figures, a naive twin of the ratio, laws, refusals."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import onelayer
from onelayer import LogisticRegression
from onelayer.errors import UsageError


@pytest.fixture(scope="module")
def endometrial(shared):
    return pd.read_csv(shared / "data" / "endometrial.csv")


@pytest.mark.shared
def test_endometrial_as_published(endometrial, shared):
    """Heinze and Schemper's data: the ratio and NV's interval are those of R's logistf."""
    published = json.loads((shared / "reference" / "inference_values.json").read_text())
    published = published["endometrial"]
    summary = onelayer.logit("HG ~ NV + PI + EH", endometrial, firth=True).summary()
    frame = summary.frame.loc[published["order"]]
    np.testing.assert_allclose(frame.coef, published["bias_reduced"], atol=6e-6)
    np.testing.assert_allclose(frame.std_err, published["bias_reduced_standard_error"], atol=6e-6)
    assert summary.lr_test.statistic == pytest.approx(43.65582, abs=1e-5)
    assert summary.lr_test.df == 3
    assert frame.loc["NV", ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [0.6097, 7.855], rel=1e-3
    )
    assert "Firth's bias reduction: HG ~ NV + PI + EH" in str(summary)


@pytest.mark.shared
def test_separable_classes_name_their_columns(endometrial):
    summary = onelayer.logit("HG ~ NV + PI + EH", endometrial).summary()
    words = " ".join(str(summary).split())
    assert "quasi-complete separation by NV (+inf)" in words
    assert "take Firth's estimate (firth=True), which is finite" in words
    with pytest.warns(match="NV"):
        clf = LogisticRegression(C=np.inf).fit(endometrial[["NV", "PI"]], endometrial.HG)
    assert clf.summary(endometrial[["NV", "PI"]], endometrial.HG).result.separation.columns == (
        "NV",
    )


def twin(X, y, held):
    """The largest l + log(det I) / 2 with the coefficients that are `held` at 0."""

    def lost(free):
        theta = np.zeros(X.shape[1])
        theta[~held] = free
        z = X @ theta
        a = 1 / (1 + np.exp(-z))
        information = (X * (a * (1 - a))[:, None]).T @ X
        return -(y * z - np.logaddexp(0, z)).sum() - 0.5 * np.linalg.slogdet(information)[1]

    found = minimize(lost, np.zeros((~held).sum()), method="BFGS", options={"gtol": 1e-9})
    return -found.fun


def test_ratios_against_a_naive_twin(spector):
    X = spector.X - [3, 20, 0, 0]  # the ratios do not mind, and BFGS does
    summary = onelayer.logit(spector.formula, spector.frame, firth=True).summary()
    best = twin(X, spector.y, np.zeros(4, bool))
    all_slopes = 2 * (best - twin(X, spector.y, np.array([True, True, True, False])))
    assert summary.lr_test.statistic == pytest.approx(all_slopes, rel=1e-7)
    psi = 2 * (best - twin(X, spector.y, np.arange(4) == 2))
    assert summary.frame.z["PSI"] == pytest.approx(np.sqrt(psi), rel=1e-6)
    assert np.isnan([summary.deviance, summary.aic, summary.bic, summary.pseudo_r2]).all()


def test_counts_and_the_estimator(counted):
    rows = counted[counted.n > 0].iloc[:80]
    a = onelayer.logit("y ~ age + sex", rows, weights="n", firth=True)
    b = onelayer.logit("y ~ age + sex", rows.loc[rows.index.repeat(rows.n)], firth=True)
    np.testing.assert_allclose(a.summary().values, b.summary().values, rtol=1e-6)
    effects = a.marginal_effects().values, b.marginal_effects().values
    np.testing.assert_allclose(*effects, rtol=1e-6)
    X = np.column_stack([rows.age, rows.sex == "m"])
    clf = LogisticRegression(C=np.inf, firth=True).fit(X, rows.y, rows.n)
    ours = clf.summary(X, rows.y, rows.n)
    np.testing.assert_allclose(
        np.sort(ours.values[:2], 0), np.sort(a.summary().values[:2], 0), rtol=1e-6
    )
    np.testing.assert_allclose(ours.frame.std_err, clf.firth_.standard_errors, rtol=1e-6)


def test_what_it_is_not_for(anes, spector):
    with pytest.raises(UsageError, match="firth=True is for two classes, and there are 7"):
        onelayer.logit("PID ~ age", anes.frame, firth=True)
    with pytest.raises(UsageError, match="has standard errors of its own"):
        onelayer.logit(spector.formula, spector.frame, firth=True, robust=True)
    result = onelayer.logit("GRADE ~ GPA", spector.frame, firth=True)
    with pytest.raises(UsageError, match="compare is for maximum likelihood"):
        onelayer.compare(result, result)
