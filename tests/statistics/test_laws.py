"""What must not change a figure: how rows are counted and ordered, columns scaled and coded."""

import numpy as np
import pytest

import onelayer

FORMULAS = {"binary": "y ~ age * sex + race", "softmax": "vote ~ age + sex"}
KINDS = {
    "fisher": {},
    "HC0": {"robust": "HC0"},
    "HC1": {"robust": True},
    "cluster": {"cluster": "firm"},
}
FIGURES = ("nobs", "loglik", "null_loglik", "deviance", "aic", "bic", "pseudo_r2")


def figures(result, profile):
    """Every number that a result gives."""
    summary = result.summary()
    effects = [result.marginal_effects(dummies=dummies).values.ravel() for dummies in (False, True)]
    bounds = [result.summary(interval="profile", level=0.9).values.ravel()] if profile else []
    tests = [
        value
        for test in (summary.lr_test, summary.wald_test)
        for value in (test.statistic, test.df, test.p_value)
    ]
    scalars = [getattr(summary, name) for name in FIGURES]
    return np.concatenate([summary.values.ravel(), *effects, *bounds, tests, scalars])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", FORMULAS)
def test_a_count_of_two_is_the_row_twice_and_of_zero_none(counted, model, kind):
    repeated = counted.loc[counted.index.repeat(counted.n)]
    profile = model == "binary" and kind == "fisher"
    ours = onelayer.logit(FORMULAS[model], counted, weights="n", **KINDS[kind])
    expected = onelayer.logit(FORMULAS[model], repeated, **KINDS[kind])
    np.testing.assert_allclose(figures(ours, profile), figures(expected, profile), rtol=1e-8)
    assert ours.errors.words == expected.errors.words


@pytest.mark.parametrize("model", FORMULAS)
def test_counts_in_comparisons(counted, model):
    repeated = counted.loc[counted.index.repeat(counted.n)]
    response = FORMULAS[model].split()[0]

    def compared(frame, **how):
        return onelayer.compare(
            onelayer.logit(f"{response} ~ sex", frame, **how),
            onelayer.logit(f"{response} ~ sex + age", frame, **how),
        )

    a, b = compared(counted, weights="n"), compared(repeated)
    assert a.tests[0, 1].statistic == pytest.approx(b.tests[0, 1].statistic, rel=1e-8)
    np.testing.assert_allclose(a.frame, b.frame, rtol=1e-8)


@pytest.mark.parametrize("model", FORMULAS)
def test_the_order_of_rows_changes_nothing(counted, model):
    shuffled = counted.sample(frac=1, random_state=0)
    a, b = (onelayer.logit(FORMULAS[model], frame, cluster="firm") for frame in (counted, shuffled))
    np.testing.assert_allclose(figures(a, False), figures(b, False), rtol=1e-8)


def test_a_shift_and_a_scale_change_the_coefficient_alone(counted):
    """A mean of 1e7 beside a deviation of 1e-3: the variance that it has to all digits."""
    far = counted.assign(age=1e7 + counted.age / 1000)
    a = onelayer.logit("y ~ age", counted).summary()
    b = onelayer.logit("y ~ age", far).summary()
    assert b.frame.coef["age"] == pytest.approx(1000 * a.frame.coef["age"], rel=1e-6)
    assert b.frame.z["age"] == pytest.approx(a.frame.z["age"], rel=1e-6)
    assert b.loglik == pytest.approx(a.loglik, rel=1e-8)


def test_another_reference_is_the_same_model(counted):
    a = onelayer.logit("y ~ race + age", counted)
    b = onelayer.logit("y ~ race + age", counted, reference={"race": "white"})
    c = onelayer.logit("y ~ C(race, contr.treatment('white')) + age", counted)
    assert a.loglik == pytest.approx(b.loglik, rel=1e-12)
    assert list(b.summary().frame.index) == ["race[asian]", "race[black]", "age", "const"]
    difference = a.summary().frame.coef["race[black]"] - a.summary().frame.coef["race[white]"]
    assert b.summary().frame.coef["race[black]"] == pytest.approx(difference, rel=1e-8)
    np.testing.assert_allclose(b.summary().frame, c.summary().frame, rtol=1e-10)
    assert list(c.summary().frame.index) == list(b.summary().frame.index)
    assert b.context.references == c.context.references == (("race", "white"),)


def test_the_other_class_first_turns_signs(counted):
    a = onelayer.logit("y ~ age", counted).summary()
    b = onelayer.logit("y ~ age", counted.replace({"yes": "a"})).summary()
    np.testing.assert_allclose(a.frame.coef, -b.frame.coef, rtol=1e-9)
    np.testing.assert_allclose(a.frame.std_err, b.frame.std_err, rtol=1e-9)


def test_softmax_on_two_classes_in_common_is_binary(counted):
    """Against the same class, effects of a two-class model are those of one class alone."""
    binary = onelayer.logit("y ~ age + sex", counted)
    assert binary.marginal_effects().frame.shape == (2, 6)
    assert onelayer.logit("vote ~ age", counted).marginal_effects().frame.shape == (3, 6)
