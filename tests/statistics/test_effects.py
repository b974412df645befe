"""Marginal effects against the mean prediction itself, its columns written out by hand."""

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.errors import DataError
from onelayer.statistics.derivative import derivative


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    m = 400
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=m),
            "u": rng.random(m) + 0.01,
            "d": rng.integers(0, 2, m),
            "k": rng.integers(1, 5, m),
            "b": rng.random(m) < 0.4,
            "g": rng.choice(list("abc"), m),
            "h": pd.Categorical(rng.choice(list("pq"), m), ["q", "p"], ordered=True),
            "n": rng.integers(0, 4, m),
            "firm": rng.integers(0, 30, m),
            "my age": rng.normal(size=m),
            "größe-1": rng.normal(size=m),
        }
    )
    z = frame.x * (1 + frame.b) + 0.3 * frame.x**2 - frame.b + 0.5 * (frame.g == "b")
    frame["y"] = np.where(rng.random(m) < 1 / (1 + np.exp(-z)), "yes", "no")
    frame["v"] = np.where(rng.random(m) < 0.3, "maybe", frame.y)
    return frame


# The columns of each formula, in the order of its summary; the constant is put behind.
WRITTEN = {
    "y ~ x": lambda f: [f.x],
    "y ~ g": lambda f: [f.g == "b", f.g == "c"],
    "y ~ x*d": lambda f: [f.x, f.d, f.x * f.d],
    "y ~ x + I(x**2)": lambda f: [f.x, f.x**2],
    "y ~ x*g": lambda f: [
        f.x, f.g == "b", f.g == "c", f.x * (f.g == "b"), f.x * (f.g == "c"),
    ],
    "y ~ g*h": lambda f: [
        f.g == "b", f.g == "c", f.h == "p",
        (f.g == "b") & (f.h == "p"), (f.g == "c") & (f.h == "p"),
    ],
    "y ~ x + g:h": lambda f: [
        f.x, f.h == "p", *((f.g == level) & (f.h == end) for end in "qp" for level in "bc"),
    ],
    "y ~ x:d:u + x:d": lambda f: [f.x * f.d, f.x * f.d * f.u],
    "y ~ b/x": lambda f: [f.b, ~f.b * f.x, f.b * f.x],
    "y ~ x*g*b": lambda f: [
        f.x, f.g == "b", f.g == "c", f.b, f.x * (f.g == "b"), f.x * (f.g == "c"), f.x * f.b,
        (f.g == "b") & f.b, (f.g == "c") & f.b,
        f.x * ((f.g == "b") & f.b), f.x * ((f.g == "c") & f.b),
    ],
    "y ~ np.log(u) + u*x": lambda f: [np.log(f.u), f.u, f.x, f.u * f.x],
    "y ~ center(x)*u": lambda f: [f.x - X_MEAN, f.u, (f.x - X_MEAN) * f.u],
    "y ~ standardize(x) + scale(u)": lambda f: [
        (f.x - X_MEAN) / X_DEVIATION, (f.u - U_MEAN) / U_DEVIATION,
    ],
    "y ~ C(k)*u": lambda f: [
        *(f.k == k for k in (2, 3, 4)), f.u, *((f.k == k) * f.u for k in (2, 3, 4)),
    ],
    "y ~ C(g, Treatment('b')) + x": lambda f: [f.g == "a", f.g == "c", f.x],
    "y ~ C(g, Sum)": lambda f: [
        (f.g == "a") * 1.0 - (f.g == "c"), (f.g == "b") * 1.0 - (f.g == "c"),
    ],
    "y ~ Q('my age')*x": lambda f: [f["my age"], f.x, f["my age"] * f.x],
    "y ~ `größe-1` + I(`größe-1`**2)": lambda f: [f["größe-1"], f["größe-1"] ** 2],
    "y ~ np.where(g == 'a', x, 0) + d": lambda f: [np.where(f.g == "a", f.x, 0), f.d],
    "y ~ np.maximum(x, 0.15)": lambda f: [np.maximum(f.x, 0.15)],
    "v ~ x*g + I(u**2)": lambda f: [
        f.x, f.g == "b", f.g == "c", f.u**2, f.x * (f.g == "b"), f.x * (f.g == "c"),
    ],
}  # fmt: skip
X_MEAN = X_DEVIATION = U_MEAN = U_DEVIATION = None
ENDS = {
    **{f"g[{level}]": ("g", "a", level) for level in "bc"},
    **{f"k[{level}]": ("k", 1, level) for level in (2, 3, 4)},
    "g[a]": ("g", "b", "a"),
    "h[p]": ("h", "q", "p"),
    "b[True]": ("b", False, True),
}
AGAINST = {"y ~ C(g, Treatment('b')) + x": {"g[c]": ("g", "b", "c")}}


def mean_prediction(formula, frame, B, weights):
    """The mean of a (K,) by counts, for coefficients B (q, rows)."""
    X = np.column_stack([*WRITTEN[formula](frame), np.ones(len(frame))]).astype(float)
    Z = np.column_stack([np.zeros(len(frame)), X @ B.T])
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return weights @ (E / E.sum(axis=1, keepdims=True)) / weights.sum()


def moved(formula, frame, name, B, weights, *, dummy=False):
    """The difference that moving a variable makes to it, or the derivative."""
    if name in ENDS or dummy:
        column, low, high = AGAINST.get(formula, {}).get(name) or ENDS.get(name, (name, 0, 1))
        ends = [frame.assign(**{column: level}) for level in (low, high)]
        low, high = (mean_prediction(formula, end, B, weights) for end in ends)
        return high - low
    h = 1e-4
    ends = [frame.assign(**{name: frame[name] + i * h}) for i in (-2, -1, 1, 2)]
    a, b, c, d = (mean_prediction(formula, end, B, weights) for end in ends)
    return (8 * (c - b) - (d - a)) / (12 * h)


def by_differences(formula, frame, result, name, weights, *, dummy=False):
    """The delta method with a numerical Jacobian."""
    B = result.summary().frame.coef.to_numpy().reshape(len(result.classes_) - 1, -1)
    value = moved(formula, frame, name, B, weights, dummy=dummy)
    G = []
    for unit in np.eye(B.size):
        step = (1e-4 * unit).reshape(B.shape)
        ends = [
            moved(formula, frame, name, B + sign * step, weights, dummy=dummy) for sign in (-1, 1)
        ]
        G.append((ends[1] - ends[0]) / 2e-4)
    errors = np.sqrt(np.einsum("pk,pq,qk->k", G, result.covariance.to_numpy(), G))
    shown = slice(1 if len(value) == 2 else 0, None)
    return value[shown], errors[shown]


@pytest.mark.parametrize("formula", WRITTEN)
def test_the_whole_variable_moves(frame, formula, monkeypatch):
    for name, column in (("X", frame.x), ("U", frame.u)):
        monkeypatch.setitem(globals(), f"{name}_MEAN", column.mean())
        ddof = 0 if name == "X" else 1
        monkeypatch.setitem(globals(), f"{name}_DEVIATION", column.std(ddof=ddof))
    result = onelayer.logit(formula, frame)
    check(frame, formula, result, np.ones(len(frame)))


def check(frame, formula, result, weights, *, dummies=False):
    effects = result.marginal_effects(dummies=dummies)
    found = effects.values.reshape(-1, len(effects.names), 6)
    for place, name in enumerate(effects.names):
        value, errors = by_differences(
            formula, frame, result, name, weights, dummy=name in effects.dummies
        )
        np.testing.assert_allclose(found[:, place, 0], value, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found[:, place, 1], errors, rtol=1e-4)


@pytest.mark.parametrize(
    "how", [{"robust": True}, {"cluster": "firm"}, {"firth": True}, {"weights": "n"}]
)
def test_with_other_errors_and_with_counts(frame, how):
    result = onelayer.logit("y ~ x*g", frame, **how)
    check(frame, "y ~ x*g", result, frame.n if "weights" in how else np.ones(len(frame)))


def test_zeros_and_ones_are_changed_through_the_formula(frame):
    result = onelayer.logit("y ~ x*d", frame)
    assert result.marginal_effects(dummies=True).dummies == ("d",)
    check(frame, "y ~ x*d", result, np.ones(len(frame)), dummies=True)


def test_a_factor_alone_has_the_raw_differences(frame):
    """The model of a factor reproduces each level's share."""
    effects = onelayer.logit("y ~ g", frame).marginal_effects().frame.effect
    shares = (frame.y == "yes").groupby(frame.g).mean()
    np.testing.assert_allclose(effects, shares[["b", "c"]] - shares["a"], rtol=1e-10)


@pytest.mark.parametrize("formula", ["y ~ 0 + g", "y ~ C(g)", "y ~ C(g, Sum)", "y ~ I(g)"])
def test_how_a_factor_is_coded_changes_nothing(frame, formula):
    expected = onelayer.logit("y ~ g", frame).marginal_effects()
    found = onelayer.logit(formula, frame).marginal_effects()
    assert found.names == expected.names
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-8)


@pytest.mark.parametrize(
    "spline", ["bs(x, df=5)", "bs(x, df=4)*g", "cr(x, df=4, constraints='center')", "poly(x, 3)*u"]
)
def test_splines(frame, spline):
    """Against the refitted matrix with x moved by hand inside of its range."""
    from onelayer.statistics.matrix import computed

    result = onelayer.logit(f"y ~ {spline}", frame)
    rows, B = result.matrix.rows, result.estimate.coefficients[0]
    inside = rows.x.clip(rows.x.min() + 1e-5, rows.x.max() - 1e-5)
    ends = [computed(result.matrix.spec, rows.assign(x=inside + end))[0] for end in (-1e-5, 1e-5)]
    low, high = (1 / (1 + np.exp(-(X[:, 1:] @ B[:-1] + B[-1]))) for X in ends)
    effect = result.marginal_effects().frame.effect["x"]
    assert effect == pytest.approx((high - low).mean() / 2e-5, rel=1e-5)


def test_a_boolean_of_a_number_is_moved_itself(frame):
    effects = onelayer.logit("y ~ I(x > 0)", frame).marginal_effects().frame.effect
    shares = (frame.y == "yes").groupby(frame.x > 0).mean()
    assert effects["I(x > 0)[True]"] == pytest.approx(shares[True] - shares[False], rel=1e-10)


def test_a_jump_beside_a_slope_is_said(frame):
    shown = onelayer.logit("y ~ x + I(x > 0)", frame).marginal_effects()
    assert shown.names == ("x",)
    assert "x is in I(x > 0) too, whose jump its derivative does not see." in str(shown)


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("y ~ k + I(k % 2)", "no derivative where k is .*make a category of it"),
        ("y ~ {x - x.mean()}", r"looks at other rows too.*write center\(x\)"),
        ("y ~ I(x / x.max()) + u", "looks at other rows too"),
        ("y ~ 1", "no marginal effects: the model has no variables"),
    ],
)
def test_what_has_no_effect(frame, formula, text):
    with pytest.raises(DataError, match=text):
        onelayer.logit(formula, frame).marginal_effects()


def test_derivatives_near_the_ends_of_what_is_defined():
    """1/x over nine powers of ten, a square far from 0; a step has none."""
    x = np.r_[1e-9, np.logspace(-8, 0, 50)]
    found, close = derivative(lambda v: np.log(v)[:, None], x)
    assert close.all()
    np.testing.assert_allclose(found[:, 0], 1 / x, rtol=1e-3)
    x = np.linspace(1000, 1001, 40)
    found, close = derivative(lambda v: np.column_stack([v**2, np.sin(v)]), x)
    assert close.all()
    np.testing.assert_allclose(found, np.column_stack([2 * x, np.cos(x)]), rtol=1e-7, atol=1e-9)
    _, close = derivative(lambda v: np.floor(v)[:, None], np.arange(5.0))
    assert not close[1:].all()


def test_the_cost_is_passes_and_not_the_number_of_columns():
    """All columns that are changed from 0 to 1 share a pass: `dummies` reads X four times."""
    rng = np.random.default_rng(0)
    X = (rng.random((2000, 30)) < 0.4).astype(float)
    y = rng.random(2000) < 1 / (1 + np.exp(-X[:, 0]))
    summary = onelayer.LogisticRegression(C=np.inf).fit(X, y).summary(X, y)
    design = summary.result.estimate.sample.design
    before = design.ledger.bytes_read
    effects = summary.marginal_effects(dummies=True)
    assert len(effects.dummies) == 30
    assert design.ledger.bytes_read - before <= 4 * design.traits.nbytes
