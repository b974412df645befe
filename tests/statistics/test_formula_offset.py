"""`offset(...)` in formulas: a column whose coefficient is 1, in every figure that follows."""

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer import LogisticRegression
from onelayer.errors import DataError

FORMULA = "y ~ x + g + offset(log(t))"


@pytest.fixture(scope="module")
def frame():
    rng, m = np.random.default_rng(3), 400
    frame = pd.DataFrame({
        "x": rng.normal(size=m),
        "t": rng.gamma(2, 1, m) + 0.05,
        "g": rng.choice(list("abc"), m),
        "n": rng.integers(1, 4, m),
        "firm": rng.integers(0, 25, m),
        "offset": rng.normal(size=m),
        "my t": rng.normal(size=m),
    })  # fmt: skip
    z = 0.5 + frame.x - 0.7 * (frame.g == "b") + np.log(frame.t)
    frame["y"] = (rng.random(m) < 1 / (1 + np.exp(-z))).astype(int)
    return frame


def columns(frame):
    g = frame.g
    return np.column_stack([frame.x, g == "b", g == "c", np.ones(len(g))]).astype(float)


def peer(frame, X=None, offset=None, *, freq_weights=None, **how):
    """statsmodels' GLM, twice: its errors are those of the last step but one."""
    sm = pytest.importorskip("statsmodels.api")
    given = {} if freq_weights is None else {"freq_weights": freq_weights}
    X = columns(frame) if X is None else X
    offset = np.log(frame.t) if offset is None else offset
    model = sm.GLM(frame.y, X, family=sm.families.Binomial(), offset=offset, **given)
    return model.fit(tol=1e-14, start_params=model.fit(tol=1e-14).params, **how)


def agree(summary, theirs):
    found = summary.frame
    np.testing.assert_allclose(found.coef, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(found.std_err, theirs.bse, rtol=1e-9)
    assert summary.loglik == pytest.approx(theirs.llf, rel=1e-11)
    assert summary.null_loglik == pytest.approx(theirs.llnull, rel=1e-11)


def test_figures_are_statsmodels(frame):
    agree(onelayer.logit(FORMULA, frame).summary(), peer(frame))


def test_robust_and_clustered_errors_are_statsmodels(frame):
    robust = onelayer.logit(FORMULA, frame, robust="HC0").summary()
    agree(robust, peer(frame, cov_type="HC0"))
    clustered = onelayer.logit(FORMULA, frame, cluster="firm").summary()
    groups = {"groups": frame.firm}
    agree(clustered, peer(frame, cov_type="cluster", cov_kwds=groups))


def test_counts_are_statsmodels(frame):
    agree(onelayer.logit(FORMULA, frame, weights="n").summary(), peer(frame, freq_weights=frame.n))


def test_several_add_up_whatever_their_names(frame):
    found = onelayer.logit("y ~ x + offset(offset) + offset(`my t`) + offset(0.5)", frame)
    X = np.column_stack([frame.x, np.ones(len(frame))])
    theirs = peer(frame, X, frame.offset + frame["my t"] + 0.5)
    np.testing.assert_allclose(found.summary().frame.coef, theirs.params, rtol=1e-9)
    assert "offset      offset + `my t` + 0.5, whose coefficient is 1" in str(found.summary())
    assert found.summary().to_dict()["offset"] == ["offset", "`my t`", "0.5"]


def test_without_a_constant_the_offset_alone_is_the_model_without_features(frame):
    summary = onelayer.logit("y ~ 0 + x + offset(log(t))", frame).summary()
    alone = -np.logaddexp(0, np.where(frame.y == 1, -1, 1) * np.log(frame.t)).sum()
    assert summary.null_loglik == pytest.approx(alone, rel=1e-12)
    assert summary.lr_test.df == 1


def test_a_row_whose_offset_is_missing_is_left_out(frame):
    given = frame.assign(t=frame.t.mask(frame.index < 3))
    result = onelayer.logit(FORMULA, given)
    assert result.context.dropped == (("t", 3),)
    kept = onelayer.logit(FORMULA, frame[3:])
    np.testing.assert_array_equal(result.summary().values, kept.summary().values)


def test_zero_changes_no_byte(frame):
    one, other = (onelayer.logit(f"y ~ x + g{more}", frame) for more in ("", " + offset(0 * t)"))
    np.testing.assert_array_equal(one.summary().values, other.summary().values)


def test_a_column_of_x_in_the_offset_is_taken_from_its_coefficient(frame):
    one = onelayer.logit("y ~ x + t", frame).summary()
    other = onelayer.logit("y ~ x + t + offset(3 * x)", frame).summary()
    np.testing.assert_allclose(one.frame.coef - [3, 0, 0], other.frame.coef, atol=1e-9)
    np.testing.assert_allclose(one.frame.std_err, other.frame.std_err, rtol=1e-9)
    assert other.null_loglik < one.null_loglik


def mean_probabilities(frame, coef, move):
    """Of class 1, x or g moved by hand."""
    moved = frame.assign(**move)
    z = columns(moved) @ coef + np.log(moved.t)
    return (1 / (1 + np.exp(-z))).mean()


def test_marginal_effects_are_those_of_the_mean_prediction(frame):
    result = onelayer.logit(FORMULA, frame)
    coef, found = result.summary().frame.coef.to_numpy(), result.marginal_effects().frame
    up, down = (mean_probabilities(frame, coef, {"x": frame.x + h}) for h in (1e-5, -1e-5))
    assert found.effect["x"] == pytest.approx((up - down) / 2e-5, rel=1e-8)
    a, b = (mean_probabilities(frame, coef, {"g": level}) for level in "ab")
    assert found.effect["g[b]"] == pytest.approx(b - a, rel=1e-10)
    moved = [
        [mean_probabilities(frame, coef + e, {"g": g}) for g in "ab"] for e in 1e-6 * np.eye(4)
    ]
    slopes = (np.diff(moved)[:, 0] - (b - a)) / 1e-6
    error = np.sqrt(slopes @ result.covariance.to_numpy() @ slopes)
    assert found.std_err["g[b]"] == pytest.approx(error, rel=1e-4)


def test_what_is_in_the_offset_too_has_no_effect_by_itself(frame):
    with pytest.raises(DataError, match="t is in the offset too, so that moving it would move bo"):
        onelayer.logit("y ~ x + t + offset(log(t))", frame).marginal_effects()


def test_profile_bounds_are_where_the_likelihood_falls_that_far(frame):
    summary = onelayer.logit(FORMULA, frame).summary(interval="profile")
    others = columns(frame)[:, 1:]
    for side in ("ci_low", "ci_high"):
        offset = np.log(frame.t) + summary.frame[side]["x"] * frame.x
        fall = 2 * (summary.loglik - peer(frame, others, offset).llf)
        assert fall == pytest.approx(3.841458820694124, rel=1e-6)


def test_firth_with_an_offset_solves_the_modified_score(frame):
    """sum x (y - a + h (1/2 - a)) = 0, the leverages h of the hat matrix in full."""
    summary = onelayer.logit(FORMULA, frame[:60], firth=True).summary()
    rows, X = frame[:60], columns(frame[:60])
    a = 1 / (1 + np.exp(-X @ summary.frame.coef.to_numpy() - np.log(rows.t.to_numpy())))
    root = X * np.sqrt(a * (1 - a))[:, None]
    h = np.diag(root @ np.linalg.inv(root.T @ root) @ root.T)
    np.testing.assert_allclose(X.T @ (rows.y - a + h * (0.5 - a)), 0, atol=1e-7)
    X = np.column_stack([rows.x, rows.g == "b", rows.g == "c"]).astype(float)
    model = LogisticRegression(C=np.inf, firth=True).fit(X, rows.y, offset=np.log(rows.t))
    np.testing.assert_allclose(model.coef_[0], summary.frame.coef[:3], rtol=1e-6)


def test_a_half_separated_model_has_the_limit_of_its_offset(frame):
    """The rows of a level that all share one response leave; the others keep their offset."""
    given = frame.assign(y=np.where(frame.g == "c", 1, frame.y))
    found = onelayer.logit(FORMULA, given).summary().frame.coef
    rest = onelayer.logit(FORMULA, given[given.g != "c"]).summary().frame.coef
    assert found["g[c]"] == np.inf
    np.testing.assert_allclose(found[["x", "g[b]", "const"]], rest, rtol=1e-7)


def test_nested_models_need_the_same_offset(frame):
    large, small = onelayer.logit(FORMULA, frame), onelayer.logit("y ~ x + offset(log(t))", frame)
    tested = onelayer.compare(small, large).tests[0, 1]
    fall = peer(frame).llf - peer(frame, columns(frame)[:, [0, 3]]).llf
    assert tested.statistic == pytest.approx(2 * fall, rel=1e-8)
    with pytest.raises(DataError, match="different offsets, so a test of one against the other"):
        onelayer.compare(onelayer.logit("y ~ x", frame), large)


def test_the_estimators_summary_takes_what_fit_took(frame):
    X, offset = columns(frame)[:, :3], np.log(frame.t)
    model = LogisticRegression(C=np.inf).fit(X, frame.y, offset=offset)
    agree(model.summary(X, frame.y, offset=offset), peer(frame))
    with pytest.raises(DataError, match=r"X and y \(and sample_weight, offset\) are not what"):
        model.summary(X, frame.y)


def test_of_three_classes_a_column_a_class(frame):
    """Their standard errors against the inverse of a Hessian by differences of the gradient."""
    y, X = frame.g.to_numpy(), frame[["x", "t"]].to_numpy()
    offset = np.column_stack([frame.offset, frame["my t"], 0 * frame.t])
    model = LogisticRegression(C=np.inf, tol=1e-13).fit(X, y, offset=offset)
    summary = model.summary(X, y, offset=offset)
    wide, one_hot = np.column_stack([X, np.ones(len(X))]), (y[:, None] == model.classes_)[:, 1:]

    def score(theta):
        Z = wide @ np.column_stack([np.zeros(3), theta.reshape(2, 3).T]) + offset
        A = np.exp(Z - Z.max(axis=1, keepdims=True))
        return ((one_hot - (A / A.sum(axis=1, keepdims=True))[:, 1:]).T @ wide).ravel()

    theta = summary.frame.coef.to_numpy()
    np.testing.assert_allclose(score(theta), 0, atol=1e-7)
    H = [(score(theta - e) - score(theta + e)) / 2e-5 for e in 1e-5 * np.eye(6)]
    errors = np.sqrt(np.diag(np.linalg.inv(H)))
    np.testing.assert_allclose(summary.frame.std_err, errors, rtol=1e-6)
