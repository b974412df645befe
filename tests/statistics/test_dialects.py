"""Formulas that would not mean what they seem to: refused, with the right one."""

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.errors import DataError, UsageError


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=200),
            "k": rng.integers(1, 9, 200),
            "t": rng.random(200) + 0.5,
            "g": rng.choice(list("abc"), 200),
            "x-ray": rng.normal(size=200),
            "my age": rng.normal(size=200),
            "größe": rng.normal(size=200),
            "v.1": rng.normal(size=200),
            "2nd": rng.normal(size=200),
        }
    )
    return frame.assign(y=rng.random(200) < 1 / (1 + np.exp(-frame.x)), one="a")


MEANT = {
    "y ~ as.factor(g)": "y ~ C(g)",
    "y ~ x + factor(g)": "y ~ x + C(g)",
    "y ~ factor(g)*x": "y ~ C(g)*x",
    "y ~ relevel(g, ref='b')": "y ~ C(g, Treatment('b'))",
    "y ~ ns(x, 3)": "y ~ cr(x, df=3, constraints='center')",
    "y ~ s(x)": "y ~ bs(x, df=4)",
    "y ~ ifelse(x > 0, 1, 0)": "y ~ np.where(x > 0, 1, 0)",
    "y ~ I(k^2)": "y ~ I(k**2)",
    "y ~ x + np.log(t^2)": "y ~ x + np.log(t**2)",
    "y ~ {k^2}": "y ~ {k**2}",
    "y ~ x^2": "y ~ x + I(x**2)",
    "y ~ g + k**2": "y ~ g + k + I(k**2)",
    "y = x": "y ~ x",
    "y ~ x-ray": "y ~ `x-ray`",
    "y ~ x + x-ray": "y ~ x + `x-ray`",
    "y ~ my age + x": "y ~ `my age` + x",
}


@pytest.mark.parametrize("formula", MEANT)
def test_the_formula_that_was_meant_is_named_and_works(frame, formula):
    with pytest.raises(UsageError, match="cannot be used") as caught:
        onelayer.logit(formula, frame)
    assert str(caught.value).split(". Write ")[1] in (f"'{MEANT[formula]}'", f'"{MEANT[formula]}"')
    onelayer.logit(MEANT[formula], frame).summary()


@pytest.mark.parametrize("formula", ["y ~ x | g", "y ~ x + (1|g)", "y ~ x + (x | g)"])
def test_groups_are_of_two_kinds(frame, formula):
    text = r"write 'y ~ x \+ C\(g\)'.*write 'y ~ x' with cluster='g'"
    with pytest.raises(UsageError, match=text):
        onelayer.logit(formula, frame)


@pytest.mark.parametrize(
    ("formula", "error", "text"),
    [
        ("y ~ sqrt(t)", UsageError, r"no function 'sqrt' in formulas: write np\.sqrt"),
        ("y ~ poyl(x, 2)", UsageError, r"no function 'poyl' in formulas; did you mean 'poly'\?"),
        ("cbind(k, t) ~ x", UsageError, "no function 'cbind'"),
        ("y ~ x.ray", UsageError, "no column 'x.ray'; did you mean `x-ray`"),
        ("y ~ x - rya", UsageError, "There is no column 'rya'"),
        ("y ~ (x + rya)^2 - rya", UsageError, "There is no column 'rya'"),
        ("y ~ 0", UsageError, "neither columns nor a constant.*'y ~ 1' estimates the constant"),
        ("y ~ x - 1 - x", UsageError, "neither columns nor a constant"),
        ("y ~ x + one", DataError, "'one' is 'a' in all rows that are used: leave it out"),
        ("y ~ x - offset(t):x + offset(t):k", UsageError, "multiplies an offset by other columns"),
        ("y ~ x * offset(log(t))", UsageError, "an offset stands alone, as in .*coefficient is 1"),
        ("y ~ x + offset(log(-t))", DataError, r"offset log\(-t\) is nan in .* a logarithm needs"),
        ("y ~ log(-t)", DataError, r"'log\(-t\)' is nan in .* a logarithm needs"),
        (
            "y ~ lag(x)",
            DataError,
            r"'lag\(x\)' is nan in 1 complete row: leave .* a lag has no value",
        ),
        (
            "y ~ exp(1e9 + x)",
            DataError,
            r"is inf in .* complete rows: .* beyond 1.8e308 is infinite",
        ),
        ("y ~ np.sqrt(x - 1e9)", DataError, "is nan in .* what is computed of them is no number"),
        (
            "y ~ x + offset(exp(1e9 + x))",
            DataError,
            "exp.* is inf in .* beyond 1.8e308 is infinite",
        ),
        ("y ~ x + offset(g)", DataError, "The offset g is not a number in each row"),
        ("y ~ x + offset(tt)", UsageError, "There is no column 'tt'"),
        ("y ~ x + offset(poly(x, 2))", DataError, "is not a number in each row"),
        ("g ~ x + offset(k)", UsageError, "for two classes, and the response has 3"),
        ("C(y, Treatment(True)) ~ x", UsageError, "name the class .* by reference="),
        ("y ~ cr(x, df=3)", DataError, r"written cr\(x, df=3, constraints='center'\)"),
        ("y ~ x +", UsageError, "cannot be read"),
    ],
)
def test_what_is_refused_says_why(frame, formula, error, text):
    with pytest.raises(error, match=text):
        onelayer.logit(formula, frame)


@pytest.mark.parametrize(
    ("formula", "features"),
    [
        ("y ~ `x-ray`", ["x-ray"]),
        ("y ~ größe + v.1 + 2nd", ["größe", "v.1", "2nd"]),
        ("y ~ Q('my age'):`x-ray`", ["Q('my age'):x-ray"]),
        ("y ~ (x + k)^2", ["x", "k", "x:k"]),
        ("y ~ x + k - k", ["x"]),
        ("y ~ x %in% g", ["g[b]", "g[c]", "g[a]:x", "g[b]:x", "g[c]:x"]),
        ("y ~ np.where(g == 'a', x, 0)", ["np.where(g == 'a', x, 0)"]),
        ("y ~ poly(x, 2) + I(k**2) + {k + t}", None),
    ],
)
def test_what_is_right_is_left_alone(frame, formula, features):
    index = list(onelayer.logit(formula, frame).summary().frame.index)
    assert features is None or index == [*features, "const"]


def test_a_hyphen_is_a_minus_where_both_sides_are_columns(frame):
    both = frame.assign(ray=frame.k)
    assert list(onelayer.logit("y ~ x + ray - ray", both).summary().frame.index) == ["x", "const"]
    assert list(onelayer.logit("y ~ x-ray", both).summary().frame.index) == ["x", "const"]


def test_levels_that_a_formula_names_are_all_that_there_are():
    """What formulaic does with the others is to make them the reference, and to warn."""
    rows = pd.DataFrame({"y": [0, 1, 1, 0, 0, 1] * 6, "g": list("abca") * 9})
    with pytest.raises(UsageError, match=r"the formula names leave out 'c', which rows have: name"):
        onelayer.logit("y ~ C(g, levels=['a', 'b'])", rows)
    whole = str(onelayer.logit("y ~ C(g, levels=['c', 'a', 'b'])", rows).summary())
    assert "g = c" in whole
    assert "g[b]" in whole
