"""Every figure that statsmodels gives too, to 1e-6; and the published ones."""

import json

import numpy as np
import pandas as pd
import pytest

import onelayer

sm = pytest.importorskip("statsmodels.api")
from statsmodels.stats import sandwich_covariance as sandwich  # noqa: E402

EXACT = 1e-6


def agree(ours, theirs):
    np.testing.assert_allclose(np.asarray(ours, float), theirs, rtol=EXACT, atol=1e-12)


def peer(case, model=sm.Logit, **how):
    return model(case.y, case.X).fit(disp=0, method="newton", tol=1e-13, maxiter=100, **how)


def agree_on_the_table(summary, theirs):
    frame = summary.frame
    agree(frame.coef, np.asarray(theirs.params).T.ravel())
    agree(frame.std_err, np.asarray(theirs.bse).T.ravel())
    agree(frame.z, np.asarray(theirs.tvalues).T.ravel())
    agree(frame.p_value, np.asarray(theirs.pvalues).T.ravel())
    bounds = np.asarray(theirs.conf_int(0.05))
    agree(frame[["ci_low", "ci_high"]], bounds.reshape(-1, 2))
    agree(frame.odds_ratio, np.exp(frame.coef))


def agree_on_the_figures(summary, theirs):
    agree(summary.loglik, theirs.llf)
    agree(summary.null_loglik, theirs.llnull)
    agree(summary.aic, theirs.aic)
    agree(summary.bic, theirs.bic)
    agree(summary.pseudo_r2, theirs.prsquared)
    agree(summary.lr_test.statistic, theirs.llr)
    agree(summary.lr_test.p_value, theirs.llr_pvalue)
    assert summary.lr_test.df == theirs.df_model
    agree(summary.deviance, -2 * theirs.llf)


@pytest.mark.shared
def test_spector_as_published(spector, shared):
    """Stata's search ended at 1e-7: the likelihood equations hold for ours to 1e-13."""
    published = json.loads((shared / "reference" / "inference_values.json").read_text())["spector"]
    frame = onelayer.logit(spector.formula, spector.frame).summary().frame
    assert list(frame.index) == published["order"]
    np.testing.assert_allclose(frame.coef, published["coef"], rtol=1.5e-7)
    np.testing.assert_allclose(frame.std_err, published["standard_error"], rtol=1.5e-7)
    a = 1 / (1 + np.exp(-spector.X @ frame.coef.to_numpy()))
    assert np.abs(spector.X.T @ (spector.y - a)).max() < 1e-12


def test_binary(binary):
    summary = onelayer.logit(binary.formula, binary.frame).summary()
    theirs = peer(binary)
    agree_on_the_table(summary, theirs)
    agree_on_the_figures(summary, theirs)
    agree(summary.result.covariance, theirs.cov_params())


def test_multinomial(anes):
    summary = onelayer.logit(anes.formula, anes.frame).summary()
    theirs = peer(anes, sm.MNLogit)
    agree_on_the_table(summary, theirs)
    agree_on_the_figures(summary, theirs)
    agree(summary.result.covariance, theirs.cov_params())
    assert summary.frame.index.names == ["class", "feature"]
    assert list(summary.frame.index[:6]) == [(1, name) for name in (*anes.features, "const")]


def test_robust(binary):
    agree_on_the_table(
        onelayer.logit(binary.formula, binary.frame, robust="HC0").summary(),
        peer(binary, cov_type="HC0"),
    )
    corrected = sandwich.cov_white_simple(peer(binary), use_correction=True)
    ours = onelayer.logit(binary.formula, binary.frame, robust=True)
    agree(ours.covariance, corrected)
    assert "HC1" in ours.summary().errors


def test_robust_multinomial(anes):
    agree_on_the_table(
        onelayer.logit(anes.formula, anes.frame, robust="HC0").summary(),
        peer(anes, sm.MNLogit, cov_type="HC0"),
    )


def test_clusters(binary):
    frame = binary.frame.assign(group=binary.groups)
    ours = onelayer.logit(binary.formula, frame, cluster="group").summary()
    how = {"cov_type": "cluster", "cov_kwds": {"groups": binary.groups}}
    agree_on_the_table(ours, peer(binary, **how))
    slopes = np.eye(len(binary.features) + 1)[:-1]
    wald = peer(binary, **how).wald_test(slopes, scalar=True, use_f=False)
    agree(ours.wald_test.statistic, float(wald.statistic))


def test_clusters_multinomial(anes):
    frame = anes.frame.assign(group=anes.groups)
    theirs = peer(anes, sm.MNLogit, cov_type="cluster", cov_kwds={"groups": anes.groups})
    agree_on_the_table(onelayer.logit(anes.formula, frame, cluster="group").summary(), theirs)


@pytest.mark.parametrize("dummies", [False, True])
def test_marginal_effects(binary, dummies):
    ours = onelayer.logit(binary.formula, binary.frame).marginal_effects(dummies=dummies)
    theirs = peer(binary).get_margeff(dummy=dummies)
    agree_on_the_effects(ours, theirs)
    assert ours.dummies == (("PSI",) if dummies and "PSI" in binary.features else ())


def test_marginal_effects_multinomial(anes):
    ours = onelayer.logit(anes.formula, anes.frame).marginal_effects()
    agree_on_the_effects(ours, peer(anes, sm.MNLogit).get_margeff())
    assert np.abs(ours.frame.effect.groupby(level="feature").sum()).max() < 1e-15


def test_marginal_effects_with_robust_errors(spector):
    ours = onelayer.logit(spector.formula, spector.frame, robust="HC0").marginal_effects()
    agree_on_the_effects(ours, peer(spector, cov_type="HC0").get_margeff())


def agree_on_the_effects(ours, theirs):
    agree(ours.frame.effect, theirs.margeff.T.ravel())
    agree(ours.frame.std_err, theirs.margeff_se.T.ravel())
    agree(ours.frame.z, theirs.tvalues.T.ravel())
    agree(ours.frame.p_value, theirs.pvalues.T.ravel())


def test_counts_are_the_weights_of_a_glm(counted):
    """GLM's freq_weights, the only weights that statsmodels has for a logistic regression."""
    ours = onelayer.logit("y ~ age * sex + race", counted, weights="n").summary()
    rows = counted[counted.n > 0]
    X = pd.DataFrame(
        {
            "sex[m]": rows.sex == "m",
            "race[black]": rows.race == "black",
            "race[white]": rows.race == "white",
            "age": rows.age,
            "age:sex[m]": rows.age * (rows.sex == "m"),
            "const": 1.0,
        }
    ).astype(float)[list(ours.frame.index)]
    y = (rows.y == "yes").astype(float)
    model = sm.GLM(y, X, family=sm.families.Binomial(), freq_weights=rows.n)
    theirs = model.fit(tol=1e-14, maxiter=100)
    agree_on_the_table(ours, theirs)
    agree(ours.loglik, theirs.llf)
    agree(ours.null_loglik, theirs.llnull)
    agree(ours.deviance, theirs.deviance)
    agree(ours.aic, theirs.aic)
    agree(ours.bic, theirs.bic_llf)


def test_the_likelihood_ratio_of_nested_models(spector):
    comparison = onelayer.compare(
        onelayer.logit("GRADE ~ GPA", spector.frame),
        onelayer.logit(spector.formula, spector.frame),
        onelayer.logit("GRADE ~ TUCE", spector.frame),
    )
    small = sm.Logit(spector.y, spector.X[:, [0, 3]]).fit(disp=0, tol=1e-13)
    other = sm.Logit(spector.y, spector.X[:, [1, 3]]).fit(disp=0, tol=1e-13)
    large = peer(spector)
    assert list(comparison.tests) == [(0, 1), (2, 1)]
    agree(comparison.tests[0, 1].statistic, 2 * (large.llf - small.llf))
    agree(comparison.tests[2, 1].statistic, 2 * (large.llf - other.llf))
    assert comparison.tests[0, 1].df == 2
    agree(comparison.frame.loc["AIC"], [small.aic, large.aic, other.aic])
    assert comparison.frame.loc["TUCE"].isna().tolist() == [True, False, False]
