"""Booleans as factors, decimals as numbers, the order of levels, the class to compare with."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.errors import DataError, UsageError

sm = pytest.importorskip("statsmodels.api")


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=500),
            "b": rng.random(500) < 0.4,
            "g": rng.choice(list("uvw"), 500),
        }
    )
    z = frame.x * np.where(frame.b, 1.2, -0.4) + 0.5 * frame.b
    return frame.assign(y=np.where(rng.random(500) < 1 / (1 + np.exp(-z)), "good", "bad"))


def log_likelihood(frame, *columns):
    """statsmodels' maximum, of columns written out as R's model.matrix has them."""
    X = np.column_stack(columns).astype(float)
    return sm.Logit((frame.y == "good").astype(float), X).fit(disp=0, tol=1e-12).llf


def columns_of_r(frame):
    """R's model.matrix of each formula."""
    one, x, b = np.ones(len(frame)), frame.x, frame.b
    g = [frame.g == level for level in "uvw"]
    return {
        "y ~ b": (one, b),
        "y ~ b:x": (one, ~b * x, b * x),
        "y ~ 0 + b": (~b, b),
        "y ~ b - 1": (~b, b),
        "y ~ 0 + b + x": (~b, b, x),
        "y ~ b:g": (one, *(b * level for level in g), *g[1:]),
        "y ~ b*g": (one, b, *g[1:], *(b * level for level in g[1:])),
        "y ~ b/x": (one, b, ~b * x, b * x),
        "y ~ b*x": (one, b, x, b * x),
        "y ~ I(x > 0):x": (one, (x <= 0) * x, (x > 0) * x),
        "y ~ I(x > 0.5) + x": (one, x > 0.5, x),
        "y ~ I(~b):x": (one, b * x, ~b * x),
        "y ~ C(b):x": (one, ~b * x, b * x),
        "y ~ I(b * 2) + x": (one, 2 * b, x),
        "y ~ b:x:g": (one, *(~b * x * level for level in g), *(b * x * level for level in g)),
    }


def test_booleans_are_factors_as_in_r(frame):
    for formula, columns in columns_of_r(frame).items():
        result = onelayer.logit(formula, frame)
        assert result.parameters == len(columns), formula
        assert result.loglik == pytest.approx(log_likelihood(frame, *columns), rel=1e-10), formula


@pytest.mark.parametrize("kind", ["nullable", "objects", "category", "polars"])
def test_booleans_with_missing_values_are_factors_too(frame, kind):
    plain = onelayer.logit("y ~ b:x", frame[3:])
    held = frame.astype({"b": object})
    held.loc[:2, "b"] = None
    if kind == "nullable":
        held = held.astype({"b": "boolean"})
    elif kind == "category":
        held = held.astype({"b": "category"})
    elif kind == "polars":
        held = pytest.importorskip("polars").from_pandas(held.astype({"b": "boolean"}))
    found = onelayer.logit("y ~ b:x", held)
    assert list(found.summary().frame.index) == ["b[False]:x", "b[True]:x", "const"]
    np.testing.assert_allclose(found.summary().values, plain.summary().values, rtol=1e-12)
    assert found.context.dropped == (("b", 3),)


def test_true_and_false_in_a_file_are_booleans(frame, tmp_path):
    from onelayer.readers.tables.table_files import open_table
    from onelayer.statistics.frames import read_frame

    written = frame.assign(b=np.where(frame.b, "TRUE", "FALSE"))
    written.to_csv(tmp_path / "t.csv", index=False)
    read = read_frame(open_table(tmp_path / "t.csv"), ["x", "b", "y"])
    found = onelayer.logit("y ~ b:x", read)
    assert found.loglik == pytest.approx(onelayer.logit("y ~ b:x", frame).loglik, rel=1e-12)


@pytest.mark.parametrize("kind", ["decimals", "fractions", "mixed", "arrow"])
def test_decimals_are_numbers(frame, kind):
    x = frame.x.round(3)
    makers = {
        "decimals": lambda values: [Decimal(f"{v:.3f}") for v in values],
        "fractions": lambda values: [Fraction(f"{v:.3f}") for v in values],
        "mixed": lambda values: [Decimal(f"{v:.3f}") if v > 0 else v for v in values],
        "arrow": arrow_decimals,
    }
    held = frame.assign(x=makers[kind](x))
    found = onelayer.logit("y ~ x", held).summary()
    expected = onelayer.logit("y ~ x", frame.assign(x=x)).summary()
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)
    assert list(found.frame.index) == ["x", "const"]


def arrow_decimals(values):
    pa = pytest.importorskip("pyarrow")
    array = pa.array([Decimal(f"{v:.3f}") for v in values], pa.decimal128(12, 3))
    return pd.array(array, dtype=pd.ArrowDtype(array.type))


def test_durations_are_told(frame):
    held = frame.assign(d=pd.to_timedelta(np.arange(500), unit="D"))
    with pytest.raises(DataError, match="'d' holds durations: make a number"):
        onelayer.logit("y ~ d", held)


def test_the_class_to_compare_with(frame):
    plain = onelayer.logit("y ~ x", frame)
    turned = onelayer.logit("y ~ x", frame, reference={"y": "good"})
    assert plain.classes_.tolist() == ["bad", "good"]
    assert turned.classes_.tolist() == ["good", "bad"]
    np.testing.assert_allclose(turned.summary().frame.coef, -plain.summary().frame.coef, rtol=1e-9)
    assert "y = bad (" in str(turned.summary())
    assert "against good (" in str(turned.summary())
    effects = [result.marginal_effects().frame.effect["x"] for result in (plain, turned)]
    assert effects[0] == pytest.approx(-effects[1], rel=1e-9)


@pytest.mark.parametrize("level", [True, "True", "true", "TRUE"])
def test_a_boolean_response_has_its_class_too(frame, level):
    held = frame.assign(y=frame.y == "good")
    assert onelayer.logit("y ~ x", held, reference={"y": level}).classes_.tolist() == [True, False]


def test_the_class_to_compare_with_of_three(frame):
    rng = np.random.default_rng(0)
    held = frame.assign(y=rng.choice(["low", "mid", "high"], 500), n=rng.integers(0, 3, 500))
    found = onelayer.logit("y ~ x", held, reference={"y": "mid"}, weights="n")
    assert found.classes_.tolist() == ["mid", "high", "low"]
    X = np.column_stack([held.x, np.ones(500)])[held.n > 0].repeat(held.n[held.n > 0], axis=0)
    codes = held.y.map({"mid": 0, "high": 1, "low": 2}).repeat(held.n)
    theirs = sm.MNLogit(codes.to_numpy(), X).fit(disp=0, method="newton", tol=1e-12)
    np.testing.assert_allclose(found.summary().frame.coef, theirs.params.T.ravel(), rtol=1e-7)
    assert list(found.summary().frame.index.get_level_values(0).unique()) == ["high", "low"]


@pytest.mark.parametrize("ordered", [False, True])
def test_the_order_of_a_category_is_obeyed_in_the_response(frame, ordered):
    levels = ["low", "mid", "high", "never"]
    y = pd.Categorical(np.random.default_rng(1).choice(levels[:3], 500), levels, ordered=ordered)
    found = onelayer.logit("y ~ x", frame.assign(y=y))
    assert found.classes_.tolist() == ["low", "mid", "high"]
    assert "each against low" in " ".join(str(found.summary()).split())
    turned = onelayer.logit("y ~ x", frame.assign(y=y), reference={"y": "high"})
    assert turned.classes_.tolist() == ["high", "low", "mid"]
    inside = onelayer.logit("C(y) ~ x", frame.assign(y=y))
    assert inside.classes_.tolist() == ["low", "mid", "high"]


def test_a_reference_keeps_the_order_of_the_other_levels(frame):
    g = pd.Categorical(frame.g, ["w", "u", "v"], ordered=True)
    found = onelayer.logit("y ~ g", frame.assign(g=g), reference={"g": "v"})
    assert list(found.summary().frame.index) == ["g[w]", "g[u]", "const"]


def test_a_reference_that_would_change_nothing_is_refused(frame):
    with pytest.raises(UsageError, match="'y', which stands in the formula as part of an expr"):
        onelayer.logit("I(y == 'good') ~ x", frame, reference={"y": "bad"})
    with pytest.raises(UsageError, match="'y' has no level 'ugly'; it has bad, good"):
        onelayer.logit("y ~ x", frame, reference={"y": "ugly"})


def test_an_unordered_category_of_polars_is_sorted(frame):
    """Its levels are in the order of first appearance, an accident."""
    polars = pytest.importorskip("polars")
    held = polars.from_pandas(frame[["x", "g", "y"]][::-1])
    held = held.with_columns(polars.col("y", "g").cast(polars.Categorical))
    found = onelayer.logit("y ~ g", held)
    assert found.classes_.tolist() == ["bad", "good"]
    assert found.context.references == (("g", "u"),)
    enum = held.with_columns(polars.col("y").cast(polars.Enum(["good", "bad"])))
    assert onelayer.logit("y ~ g", enum).classes_.tolist() == ["good", "bad"]
