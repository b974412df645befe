"""What people see: 80 columns, points in one line, and the same cells in every format."""

import csv
import io
import re

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.errors import UsageError
from onelayer.statistics import numbers

SPECTOR = """\
Logistic regression without a penalty: GRADE ~ GPA + TUCE + PSI

  response    GRADE = 1 (11) against 0 (21)
  rows        32
  std errors  Fisher information
  intervals   95 %, Wald

           coef std err     z     p   2.5 % 97.5 % odds ratio    2.5 %   97.5 %
  ─────────────────────────────────────────────────────────────────────────────
"""


def test_the_text_of_spector(spector):
    text = str(onelayer.logit(spector.formula, spector.frame).summary())
    lines = text.splitlines()
    assert lines[:9] == SPECTOR.splitlines()
    row = next(line for line in lines if line.startswith("  PSI"))
    assert row.split() == [
        "PSI",
        "2.38",
        "1.06",
        "2.23",
        "0.025",
        "0.29",
        "4.47",
        "10.79",
        "1.339",
        "86.94",
    ]
    assert "  likelihood ratio  15.404 on 3 df, p = 0.002" in text
    assert "deviance          25.779" in text
    assert "pseudo R2  0.3740 (McFadden)" in text


def long_names(counted):
    frame = counted.rename(columns={"age": "age_of_the_person_in_years_at_the_visit"})
    return onelayer.logit("y ~ age_of_the_person_in_years_at_the_visit * race", frame)


def results(counted, anes):
    wide = onelayer.logit(anes.formula, anes.frame, robust=True)
    small = counted.assign(tiny=counted.age * 1e-7, huge=counted.age**2 * 1e6)
    named = long_names(counted)
    return [
        wide.summary(),
        wide.marginal_effects(),
        named.summary(interval="profile"),
        named.marginal_effects(dummies=True),
        onelayer.logit("y ~ tiny + huge", small, cluster="firm").summary(),
        onelayer.compare(named, onelayer.logit("y ~ race", counted)),
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_line_is_longer_than_the_page(counted, anes, width):
    for shown in results(counted, anes):
        lines = shown.to_text(width).splitlines()
        assert max(map(len, lines)) <= width
        assert lines == [line.rstrip() for line in lines]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_every_number_is_there_however_narrow_the_page(counted, anes, width):
    for shown in results(counted, anes):
        words = shown.to_text(width).split()
        for group in shown.sheet.groups:
            for cell in (cell for row in group.rows for cell in row[1:] if cell.strip()):
                assert all(word in words for word in cell.split())


def test_odds_ratios_have_their_interval_together(spector):
    summary = onelayer.logit(spector.formula, spector.frame).summary(level=0.9)
    np.testing.assert_allclose(summary.frame.odds_low, np.exp(summary.frame.ci_low))
    np.testing.assert_allclose(summary.frame.odds_high, np.exp(summary.frame.ci_high))
    heads = [line.split() for line in summary.to_text(60).splitlines() if "%" in line]
    assert heads[1] == ["coef", "std", "err", "z", "p", "5", "%", "95", "%"]
    assert heads[2] == ["odds", "ratio", "5", "%", "95", "%"]


def test_points_stand_in_one_line(counted, anes):
    for shown in results(counted, anes)[:2]:
        text = shown.to_text(100)  # all columns side by side
        rows = [line for line in text.splitlines() if re.match(r"  (age|educ|const) ", line)]
        points = [[match.start() for match in re.finditer(r"\.", line)] for line in rows]
        assert len(rows) >= 12
        assert all(found[:6] == points[0][:6] for found in points)


def test_all_formats_have_the_same_cells(counted, anes):
    for shown in results(counted, anes):
        cells = [c.strip() for g in shown.sheet.groups for row in g.rows for c in row if c.strip()]
        html, tex, md = shown.to_html(), shown.to_latex(), shown.to_markdown()
        for cell in cells:
            assert cell.replace("<", "&lt;") in html
            assert cell.replace("<", "\\<").replace("_", "\\_") in md
            plain = cell.removeprefix("-").replace("<", "$<$").replace("[", "{[}")
            assert plain.replace("_", "\\_") in tex
        for label, words in (*shown.sheet.facts, *shown.sheet.figures):
            assert label in html
            assert words.replace("<", "&lt;") in html


def test_csv_has_all_digits(spector, anes):
    summary = onelayer.logit(spector.formula, spector.frame).summary()
    again = pd.read_csv(io.StringIO(summary.to("csv")), index_col=0)
    pd.testing.assert_frame_equal(again, summary.frame, rtol=1e-15)
    first = summary.to_csv().splitlines()[1].split(",")
    assert float(first[1]) == summary.frame.coef.iloc[0]
    wide = onelayer.logit(anes.formula, anes.frame).summary().to_csv()
    assert next(csv.reader(io.StringIO(wide)))[:3] == ["class", "feature", "coef"]


def test_columns_of_the_frame_are_floats(spector):
    frame = onelayer.logit(spector.formula, spector.frame).summary().frame
    assert list(frame.columns) == [
        "coef", "std_err", "z", "p_value", "ci_low", "ci_high",
        "odds_ratio", "odds_low", "odds_high",
    ]  # fmt: skip
    assert set(frame.dtypes) == {np.dtype(float)}
    assert list(frame.index) == ["GPA", "TUCE", "PSI", "const"]


def test_an_unknown_format(spector):
    with pytest.raises(UsageError, match="'pdf': choose one of text, html, latex, md, csv"):
        onelayer.logit(spector.formula, spector.frame).summary().to("pdf")


def test_names_cannot_break_a_page(counted):
    frame = counted.assign(**{"a<b & c_d|e": counted.age})
    summary = onelayer.logit("y ~ `a<b & c_d|e`", frame).summary()
    assert "a&lt;b &amp; c_d|e" in summary.to_html()
    assert "a<b" not in summary.to_html()
    assert r"a\<b & c\_d\|e" in summary.to_markdown()
    assert r"a$<$b \& c\_d\textbar{}e" in summary.to_latex()


def test_few_clusters_are_remarked_on(counted):
    frame = counted.assign(three=counted.firm % 3)
    text = str(onelayer.logit("y ~ age + race + sex", frame, cluster="three").summary())
    assert "Wald              none: too few clusters for 4 df" in text
    assert "Few clusters: these standard errors tend to be too small" in text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (2.82611, 1.26294, "2.83"),
        (-13.0213, 4.93132, "-13.02"),
        (1234.5678, 100.0, "1235"),
        (0.000123456, 0.00000321, "1.23e-04"),
        (2.5e7, 1e4, "2.50e+07"),
        (np.nan, 1.0, ""),
        (-np.inf, 1.0, "-inf"),
    ],
)
def test_values_have_the_digits_of_their_errors(value, error, text):
    assert numbers.by_error(value, error) == text


def test_p_values_and_ratios_in_words():
    assert [numbers.p_value(p) for p in (0.02549, 0.00049, 0.0005, 1.0)] == [
        "0.025", "< 0.001", "0.001", "1.000",
    ]  # fmt: skip
    assert [numbers.ratio(r) for r in (16.8797, 1.09983, 0.4886, 0.00297, 2e-6, 3e5)] == [
        "16.88", "1.100", "0.489", "0.00297", "2.00e-06", "3.00e+05",
    ]  # fmt: skip
    assert numbers.aligned(["1.5", "10", "-0.25", "1e-09", ""]) == [
        "1.5 ", "10   ", "-0.25", "1e-09", "",
    ]  # fmt: skip
