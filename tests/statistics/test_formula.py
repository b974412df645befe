"""Complete cases, names, reference levels; and what is refused, in which words."""

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.errors import DataError, UsageError
from onelayer.statistics import matrix


def test_rows_with_missing_values_are_counted(counted):
    frame = counted.copy()
    frame.loc[[0, 1], "age"] = np.nan
    frame.loc[[1, 2, 3], "race"] = None
    frame.loc[4, "sex"] = None  # not in the formula
    frame.loc[5, "y"] = None
    result = onelayer.logit("y ~ age + race", frame)
    assert result.nobs == 295
    assert result.context.dropped == (("age", 2), ("race", 3), ("y", 1))
    assert "rows        295 of 300; 5 left out (age 2, race 3, y 1)" in str(result.summary())
    kept = frame.dropna(subset=["age", "race", "y"])
    np.testing.assert_array_equal(
        result.summary().values, onelayer.logit("y ~ age + race", kept).summary().values
    )


def test_a_cluster_or_weight_that_is_missing_counts_too(counted):
    frame = counted.astype({"firm": float, "n": float})
    frame.loc[0, "firm"] = np.nan
    frame.loc[1, "n"] = np.nan
    result = onelayer.logit("y ~ age", frame, cluster="firm", weights="n")
    assert result.context.dropped == (("n", 1), ("firm", 1))
    assert result.errors.words == "robust to dependence within 25 clusters of firm"


def test_columns_inside_calls_are_looked_at_too(counted):
    frame = counted.rename(columns={"age": "my age"})
    frame.loc[0, "my age"] = np.nan
    formula = "y ~ center(`my age`) + poly(firm, 2) + np.log(n + 1) + {n * firm} + C(race)"
    result = onelayer.logit(formula, frame)
    assert result.nobs == 299
    assert len(result.summary().frame) == 8
    with pytest.raises(UsageError, match=r"no column 'years'\. The columns are my age, race"):
        onelayer.logit("y ~ center(years)", frame)


def test_every_other_column(counted):
    result = onelayer.logit("y ~ .", counted, weights="n", cluster="firm")
    assert [name.split("[")[0] for name in result.summary().frame.index] == [
        "age", "race", "race", "sex", "vote", "vote", "const",
    ]  # fmt: skip


def test_the_matrix_is_the_same_in_parts(counted, monkeypatch):
    """Levels that a part lacks have their column; an expression that looks at all rows does so."""
    frame = counted.sort_values("race")
    for formula in ("y ~ age * race + sex", "y ~ 0 + race + age", "y ~ center(age) * race"):
        whole = onelayer.logit(formula, frame).summary()
        monkeypatch.setattr(matrix, "ROWS", 7)
        parts = onelayer.logit(formula, frame).summary()
        monkeypatch.undo()
        np.testing.assert_allclose(parts.values, whole.values, rtol=1e-12)
        assert parts.frame.index.equals(whole.frame.index)


def test_a_level_that_no_row_has_left_is_no_column(counted):
    frame = counted.assign(race=pd.Categorical(counted.race, [*sorted(set(counted.race)), "other"]))
    frame.loc[frame.race == "black", "age"] = np.nan
    assert list(onelayer.logit("y ~ age + race", frame).summary().frame.index) == [
        "age",
        "race[white]",
        "const",
    ]


@pytest.mark.parametrize(
    ("response", "classes", "head"),
    [
        ([True, False], [False, True], "y = True (2) against False (2)"),
        (["a", "b"], ["a", "b"], "y = b (2) against a (2)"),
        ([2.0, 1.0], [1.0, 2.0], "y = 2 (2) against 1 (2)"),
        (pd.Categorical(["u", "v"], categories=["v", "u"]), ["v", "u"], "y = u (2) against v (2)"),
    ],
)
def test_the_second_value_is_modelled(response, classes, head):
    y = pd.concat([pd.Series(response)] * 2, ignore_index=True)
    result = onelayer.logit("y ~ x", pd.DataFrame({"y": y, "x": [1.0, 1.0, 2.0, 2.0]}))
    assert result.classes_.tolist() == classes
    assert head in str(result.summary())


def test_polars_and_nullable_columns(counted):
    polars = pytest.importorskip("polars")
    plain = onelayer.logit("y ~ age + race", counted).summary()
    for frame in (polars.from_pandas(counted), counted.convert_dtypes()):
        np.testing.assert_allclose(
            onelayer.logit("y ~ age + race", frame).summary().values, plain.values, rtol=1e-12
        )


def test_a_response_is_an_expression(counted):
    frame = counted.assign(win=(counted.y == "yes").astype(int))
    a = onelayer.logit("I(win > 0) ~ age", frame)
    assert a.classes_.tolist() == [False, True]
    np.testing.assert_allclose(
        a.summary().values, onelayer.logit("win ~ age", frame).summary().values
    )


def test_a_reference_makes_a_category_of_numbers(counted):
    frame = counted.assign(year=2000.0 + counted.firm % 3)
    result = onelayer.logit("y ~ year", frame, reference={"year": "2001"})
    assert list(result.summary().frame.index) == ["year[2000]", "year[2002]", "const"]
    assert result.context.references == (("year", "2001"),)


def test_without_a_constant_every_level_has_a_column(counted):
    result = onelayer.logit("y ~ 0 + race", counted)
    assert list(result.summary().frame.index) == ["race[asian]", "race[black]", "race[white]"]
    assert result.context.references == ()
    constant = onelayer.logit("y ~ race", counted).summary()
    assert result.summary().null_loglik == pytest.approx(constant.null_loglik, rel=1e-12)
    assert result.summary().lr_test.df == 2
    bare = onelayer.logit("y ~ 0 + age", counted).summary()
    assert bare.null_loglik == pytest.approx(300 * np.log(0.5))
    assert bare.lr_test.df == 1


COLLINEAR = {
    "y ~ age + twice": "'twice' is 'age' again, scaled or shifted",
    "y ~ age + firm + total": "'total' is a combination of 'age' and 'firm'",
    "y ~ age + one": "'one' is constant",
    "y ~ race + C(race, contr.treatment('white'))": "is a combination of",
}


@pytest.mark.parametrize("formula", COLLINEAR)
def test_collinear_columns_are_named(counted, formula):
    frame = counted.assign(
        twice=3 * counted.age - 7, total=counted.age + counted.firm, one=3.3, half=0.5
    )
    with pytest.raises(DataError, match="Columns of X are collinear") as caught:
        onelayer.logit(formula, frame)
    assert COLLINEAR[formula] in str(caught.value)
    remedies = ("Leave those columns out", "merge levels that stand for the same rows")
    assert str(caught.value).endswith(remedies["race" in formula])


def test_nearly_collinear_columns_have_wide_intervals_rather_than_none(counted):
    rng = np.random.default_rng(0)
    frame = counted.assign(near=counted.age + rng.normal(size=300) * 1e-4)
    frame = onelayer.logit("y ~ age + near", frame).summary().frame
    assert 300 < frame.std_err["near"] < 3e4
    assert frame.notna().all().all()


REFUSED = [
    (UsageError, "y ~ aged", {}, r"There is no column 'aged'; did you mean 'age'\?"),
    (UsageError, "y ~ age", {"weights": "k"}, "There is no column 'k'"),
    (UsageError, "~ age", {}, "needs one response, as in 'y ~ age"),
    (UsageError, "y ~ age +* sex", {}, "The formula 'y ~ age .* sex' cannot be read"),
    (UsageError, "y ~ age", {"reference": {"race": "white"}}, "reference names 'race', which is"),
    (UsageError, "y ~ race", {"reference": {"race": "w"}}, "'race' has no level 'w'; it has asian"),
    (UsageError, "y ~ age", {"robust": "HC3"}, "robust='HC3': expected False, True"),
    (UsageError, "y ~ age", {"robust": True, "cluster": "firm"}, "are robust already"),
    (DataError, "age ~ n", {}, r"age holds 53 different numbers.*'I\(age > 39\)"),
    (DataError, "score ~ n", {}, r"score holds 300 different numbers.*'I\(score > "),
    (
        DataError,
        "same ~ n",
        {},
        "The response same has one value only in the rows that are used: 1",
    ),
    (DataError, "y ~ log(n)", {}, r"'log\(n\)' is -inf in 80 complete rows"),
    (DataError, "y ~ name", {}, "'name' holds 300 different texts, more than the 100"),
    (DataError, "y ~ day", {}, "'day' holds dates: make a number or a category"),
    (DataError, "y ~ age", {"weights": "minus"}, "'minus' holds -1"),
    (DataError, "y ~ age", {"cluster": "same"}, "need two clusters at least"),
    (DataError, "y ~ empty", {}, "No row is complete.*; of 300 rows.* missing of empty in 300$"),
    (UsageError, 3, {}, "the formula is of type int: give text, as in"),
    (UsageError, "y ~ age", {"weights": pd.Series([1.0])}, "weights is of type Series: give the"),
    (UsageError, "y ~ age", {"cluster": [1, 2]}, "cluster is of type list: give the name of a col"),
]


@pytest.mark.parametrize(("error", "formula", "how", "text"), REFUSED)
def test_what_is_refused(counted, error, formula, how, text):
    frame = counted.assign(
        score=np.random.default_rng(0).normal(size=300),
        same=1,
        name=[f"row {i}" for i in range(300)],
        day=pd.date_range("2020-01-01", periods=300),
        minus=-1.0,
        empty=np.nan,
    )
    with pytest.raises(error, match=text):
        onelayer.logit(formula, frame, **how)


def test_a_frame_is_due(counted):
    with pytest.raises(DataError, match="The frame has no rows"):
        onelayer.logit("y ~ age", counted[:0])
    with pytest.raises(UsageError, match="frame is a list: expected a data frame"):
        onelayer.logit("y ~ x", [1, 2])


def test_separable_classes_have_no_estimates():
    frame = pd.DataFrame({"x": np.arange(10.0), "y": np.arange(10) > 4})
    result = onelayer.logit("y ~ x", frame)
    summary = result.summary()
    assert summary.separable
    assert summary.frame.shape == (2, 9)
    assert summary.frame.isna().all().all()
    for form in ("text", "html", "latex", "md"):
        assert "NO ESTIMATES" in summary.to(form)
        assert "std errors" not in summary.to(form)
    with pytest.raises(DataError, match="without estimates there are no effects"):
        result.marginal_effects()
    with pytest.raises(DataError, match="has no estimates: its classes are separable"):
        onelayer.compare(result, result)


@pytest.mark.shared
def test_what_is_left_of_half_separated_classes_is_shown(shared):
    """The published estimates of brglm2; errors are statsmodels', of the rows where NV is 0."""
    frame = pd.read_csv(shared / "data" / "endometrial.csv")
    summary = onelayer.logit("HG ~ NV + PI + EH", frame).summary()
    published = [np.inf, -0.04218, -2.90261, 4.30452]
    np.testing.assert_allclose(summary.frame.coef, published, rtol=1e-3)
    np.testing.assert_allclose(summary.frame.std_err[1:], [0.044332, 0.845552, 1.637299], rtol=1e-5)
    assert np.isnan(summary.frame.std_err["NV"])
    text = " ".join(str(summary).split())
    assert "NOT ALL ESTIMATES EXIST" in text
    assert "quasi-complete separation by NV (+inf); all 13 rows with NV = 1 have HG = 1" in text
    assert "estimated from the 66 rows that are not separated" in text


def test_what_the_rows_that_are_left_say_nothing_of_has_a_note(counted):
    """Level c is met among rows alone that x separates."""
    x = (counted.index % 5 == 0).astype(int)
    g = np.where(x == 0, np.where(counted.index % 2, "a", "b"), "c")
    g[0] = "a"
    y = np.where(x == 1, 1, (counted.index // 3) % 2)
    frame = pd.DataFrame({"y": y, "x": x, "g": g})
    text = " ".join(str(onelayer.logit("y ~ x + g", frame).summary()).split())
    assert "NOT ALL ESTIMATES EXIST" in text
    assert "Where there is no coefficient, the rows that are left say nothing of it." in text


@pytest.mark.parametrize("formula", ["y ~ race * age", "y ~ 0 + race + age", "y ~ age + race"])
def test_a_level_that_separates_is_named_and_the_rest_is_as_without_its_rows(counted, formula):
    frame = counted.assign(y=np.where(counted.race == "black", "yes", counted.y))
    found = onelayer.logit(formula, frame).summary()
    others = onelayer.logit(formula, frame[frame.race != "black"]).summary().frame
    shared = [name for name in others.index if np.isfinite(found.frame.coef[name])]
    assert shared == list(others.index)
    np.testing.assert_allclose(found.frame.loc[shared], others, rtol=1e-6)
    rows = (frame.race == "black").sum()
    assert f"all {rows} rows with race = black have y = yes" in " ".join(str(found).split())


@pytest.mark.shared
def test_quasi_separation_is_told(shared):
    frame = pd.read_csv(shared / "data" / "endometrial.csv")
    assert onelayer.logit("HG ~ NV + PI + EH", frame).summary().separable
    assert not onelayer.logit("HG ~ PI + EH", frame).summary().separable


def test_comparisons_refuse_other_data(counted):
    a = onelayer.logit("y ~ age", counted)
    with pytest.raises(DataError, match=r"fitted to different data \(300 rows and 290"):
        onelayer.compare(a, onelayer.logit("y ~ age", counted[10:]))
    with pytest.raises(UsageError, match=r"takes results of logit, .* is of type str: models of"):
        onelayer.compare(a, "b")
    with pytest.raises(UsageError, match="two models at least"):
        onelayer.compare(a)
    both = onelayer.compare(a, onelayer.logit("y ~ firm", counted))
    assert both.tests == {}
    assert "no model is nested in another" in str(both)


def test_nesting_is_looked_for_in_x_and_not_in_names(counted):
    frame = counted.assign(decade=counted.age.floordiv(20), older=2 * counted.age + 1)
    comparison = onelayer.compare(
        onelayer.logit("y ~ decade", frame),
        onelayer.logit("y ~ C(decade)", frame),
        onelayer.logit("y ~ older + sex", frame),
        onelayer.logit("y ~ age", frame),
    )
    assert sorted(comparison.tests) == [(0, 1), (3, 2)]
