"""Charts: places on their axes, numbers that stand there, nothing of another's words as markup."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.report.axis import MOST_TICKS, Axis, power_of_ten
from onelayer.report.chart import ACCENT, INK, SIZE, Chart, Pen

NUMBERS = st.floats(-1e300, 1e300, allow_nan=False)


def places(svg, color=ACCENT):
    """The places that the first path of a colour goes through."""
    path = re.search(rf'<path d="([^"]*)" fill="none" stroke="{re.escape(color)}"', svg)[1]
    return np.array([pair.split() for pair in re.split("[ML]", path)[1:]], dtype=float)


def window(svg):
    """Left, top, right and bottom of what is drawn in."""
    left, top, wide, high = (
        float(re.search(rf'<rect [^>]*\b{name}="([^"]*)"', svg)[1])
        for name in ("x", "y", "width", "height")
    )
    return left, top, left + wide, top + high


def test_a_point_lies_at_its_share_of_the_axes():
    chart = Chart("a", Axis(low=0, high=10), Axis("J", low=-1, high=1))
    chart.line([0, 10, 5], [-1, 1, 0.5], Pen(ACCENT))
    left, top, right, bottom = window(chart.svg())
    assert 0 < left < right < SIZE[0]
    assert 0 < top < bottom < SIZE[1]
    three_quarters = bottom - 0.75 * (bottom - top)
    expected = [[left, bottom], [right, top], [(left + right) / 2, three_quarters]]
    np.testing.assert_allclose(places(chart.svg()), expected, atol=0.06)


def test_equal_factors_are_equal_steps_of_a_logarithmic_axis():
    chart = Chart("a", Axis(logarithmic=True), Axis())
    chart.line([0.01, 1, 100], [0, 1, 2], Pen(ACCENT))
    x = places(chart.svg())[:, 0]
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.11)
    assert re.findall(">0.01<|>1<|>100<", chart.svg()) == [">0.01<", ">1<", ">100<"]


def test_a_curve_has_a_gap_where_a_value_is_none():
    chart = Chart("a", Axis(), Axis())
    chart.line([0, 1, 2, 3], [0, 1, math.nan, 1], Pen(ACCENT))
    chart.dots([0, 1], [0, math.inf], INK, 2)
    assert len(places(chart.svg())) == 3
    assert re.search(r'd="M[^ML"]*L[^ML"]*M[^ML"]*"', chart.svg())
    assert chart.svg().count("<circle") == 1


def test_names_are_text():
    chart = Chart("a", Axis("<i>x</i>"), Axis("y & z"))
    chart.line([0, 1], [0, 1], Pen(ACCENT), "<script>")
    chart.legend()
    svg = chart.svg()
    assert "<script>" not in svg
    assert "&lt;script&gt;" in svg
    assert "&lt;i&gt;x&lt;/i&gt;" in svg
    assert "y &amp; z" in svg


def test_a_legend_stands_where_nothing_is_drawn():
    chart = Chart("a", Axis(), Axis())
    chart.line([0, 1, 2], [1, 0, 1], Pen(ACCENT), "a")
    chart.line([0, 2], [1, 1], Pen(INK), "b")
    chart.legend()
    left, top, right, bottom = window(chart.svg())
    x, y = (float(v) for v in re.search(r"translate\((\S+) (\S+)\)", chart.svg()).groups())
    assert y > (top + bottom) / 2
    assert abs(x - (left + right) / 2) > 20


@given(NUMBERS, NUMBERS)
def test_numbers_on_an_axis_are_few_rise_and_are_told_apart(one, other):
    span = Axis().around(np.array([one, other]))
    ticks = span.ticks()
    values, texts = zip(*ticks, strict=True)
    assert 2 <= len(ticks) <= MOST_TICKS + 1
    assert (np.diff(values) > 0).all()
    assert len(set(texts)) == len(texts)
    shares = span.share(np.array(values))
    assert (shares > -1e-6).all()
    assert (shares < 1 + 1e-6).all()
    step = values[1] - values[0]
    assert [float(text) for text in texts] == pytest.approx(list(values), abs=1e-3 * step)


@given(st.integers(-8, 8), st.integers(0, 12))
def test_powers_of_ten_are_written_as_they_are(first, more):
    span = Axis(logarithmic=True).around(10.0 ** np.array([first, first + more]))
    ticks = span.ticks()
    assert 1 <= len(ticks) <= MOST_TICKS + 1
    texts = {10.0**k: power_of_ten(k) for k in range(-30, 30)}
    if more:
        assert all(texts[value] == text for value, text in ticks)


def test_numbers_are_written_without_what_nobody_reads():
    def texts(low, high, **asked):
        span = Axis(low=low, high=high, **asked).around(np.empty(0))
        return [text for _, text in span.ticks(5)]

    assert texts(0, 1) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert texts(1990, 2010) == ["1990", "1995", "2000", "2005", "2010"]
    assert texts(0, 1e9) == ["0", "2e8", "4e8", "6e8", "8e8", "1e9"]
    assert texts(0, 1e-7) == ["0", "2e-8", "4e-8", "6e-8", "8e-8", "1e-7"]
    assert texts(-1, 1) == ["-1.0", "-0.5", "0.0", "0.5", "1.0"]
    assert texts(1e-3, 1e3, logarithmic=True) == ["0.001", "0.1", "10", "1,000"]
    assert power_of_ten(-12) == "10⁻¹²"


@pytest.mark.parametrize("values", [[], [math.nan], [3.0], [0.0, 0.0], [1e308, -1e308], [math.inf]])
def test_odd_values_make_an_axis(values):
    chart = Chart("a", Axis("x"), Axis("y", low=0))
    chart.line(range(len(values)), values, Pen(ACCENT))
    assert "nan" not in chart.svg()
    assert "inf" not in chart.svg()
