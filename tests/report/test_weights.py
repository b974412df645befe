"""A table that weighs its rows: weight 2 is the row twice, in every figure of the page that judges.

The table has groups, so that both tables have the same folds; what judges is a file of its own, as
a random hold-out of a table would not be that of another.
"""

import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.model.reporting import _of_training
from onelayer.report.page import render
from onelayer.report.results import collect

FIGURES = ("judgement", "classes", "confidence")


def make_frame(classes, seed, m=250):
    """A number, a category, a class that is hard to tell, and weights of 1 to 3."""
    random = np.random.default_rng(seed)
    age, town = random.normal(40, 10, m).round(1), random.choice(["Oslo", "Rome", "Lima"], m)
    z = (age[:, None] - 40) / 8 * np.linspace(-1, 1, len(classes)) + random.gumbel(size=(m, 1))
    chosen = (z + 1.5 * random.gumbel(size=(m, len(classes)))).argmax(axis=1)
    bought = np.array(classes)[chosen]
    weight = random.integers(1, 4, m)
    return pd.DataFrame(
        {"id": np.arange(m), "age": age, "town": town, "weight": weight, "bought": bought}
    )


def repeated(frame):
    return frame.loc[frame.index.repeat(frame.weight)].assign(weight=1)


def trained(folder, train, test, **settings):
    folder.mkdir(exist_ok=True)
    files = folder / "train.csv", folder / "test.csv"
    for frame, file in zip((train, test), files, strict=True):
        frame.to_csv(file, index=False)
    return onelayer.train(
        files[0], test=files[1], target="bought", group="id", weights="weight", **settings
    )


def results_of(model):
    return collect(_of_training(model, model.evidence))


def section(page, name):
    """The words and numbers of a section, without its figures, and how many rows calibrated."""
    text = re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL)[0]
    text = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    words = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return re.sub(r"on \d+ out-of-fold rows", "", words)


def numbers_of(value):
    """All that is in nested results, a number or an array or a text each."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for one in value for number in numbers_of(one)]
    return [value]


@pytest.fixture(scope="module", params=[2, 3])
def both(request, tmp_path_factory):
    """Results of a table with weights, and of the table that has its rows as often."""
    folder, classes = tmp_path_factory.mktemp("weights"), ("no", "perhaps", "yes")[-request.param :]
    train, test = make_frame(classes, 0), make_frame(classes, 1)
    rule = {"costs": 1.0 + np.arange(len(classes)) - len(classes) * np.eye(len(classes))}
    once = trained(folder / "a", train, test, **rule)
    twice = trained(folder / "b", repeated(train), repeated(test), **rule)
    return once, twice


def test_every_figure_that_judges_counts_a_row_of_weight_2_twice(both):
    found, expected = (
        asdict(replace(results_of(model).judgement, mistakes=(), rows=None)) for model in both
    )
    assert found.keys() == expected.keys()
    for name, value in found.items():
        for one, other in zip(numbers_of(value), numbers_of(expected[name]), strict=True):
            if isinstance(one, np.ndarray | float):
                np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9, err_msg=name)
            else:
                assert one == other, name


def test_the_choice_the_calibration_and_the_card_do_too(both):
    once, twice = (model.card for model in both)
    assert once.choice.C == twice.choice.C
    for name in ("tried", "std_errors"):
        np.testing.assert_allclose(
            getattr(once.choice, name), getattr(twice.choice, name), rtol=1e-5
        )
    assert once.calibration.temperature == pytest.approx(twice.calibration.temperature, 1e-5)
    for part in ("train", "test", "baseline"):
        values = zip(
            *(numbers_of(getattr(card, part).to_dict()) for card in (once, twice)), strict=True
        )
        for one, other in values:
            assert one == (other if isinstance(one, str | None) else pytest.approx(other, rel=1e-6))


def test_the_page_says_the_same_numbers(both):
    pages = [render(results_of(model)) for model in both]
    for name in FIGURES:
        assert section(pages[0], name) == section(pages[1], name)
    verdict = re.compile(r'<p class="verdict">(.*?)</p>')
    assert verdict.search(pages[0])[1] == verdict.search(pages[1])[1]


def test_the_page_says_how_many_rows_that_are(both):
    once, twice = both
    page, n = render(results_of(once)), len(twice.evidence.parts.test)
    assert f"of {n} rows of the test set, by weight (" in page
    assert f"250 rows judge, and count as {n}; lists of rows have each once." in page
    assert f"<caption>On {n} rows of the test set, by weight</caption>" in page
    assert f"Trained on {len(twice.evidence.parts.train)} by weight, judged by" in page
    assert once.card.test.n == twice.card.test.n == n
    last = list(once.card.audit.weights)[-1]
    row = f'{last}</th><td class="n">{once.card.audit.by_class[last]}</td><td class="n">'
    assert f"{row}{twice.card.audit.by_class[last]}</td>" in page


def test_fractional_weights_are_shares_of_examples(tmp_path):
    train, test = make_frame(("no", "yes"), 0), make_frame(("no", "yes"), 1)
    whole = trained(tmp_path, train, test, C=1.0, calibrate="none")
    half = trained(
        tmp_path,
        train.assign(weight=train.weight / 4),
        test.assign(weight=test.weight / 4),
        C=4.0,
        calibrate="none",
    )
    assert half.card.test.n == whole.card.test.n / 4
    assert half.card.test.accuracy == pytest.approx(whole.card.test.accuracy, rel=1e-12)
    few, many = (results_of(model).judgement for model in (half, whole))
    assert np.ptp(few.accuracy.interval) == pytest.approx(2 * np.ptp(many.accuracy.interval), 0.05)
    np.testing.assert_allclose(4 * few.counts, many.counts, rtol=1e-12)
    n = f"{test.weight.sum() / 4:,.1f}".removesuffix(".0")
    assert f"On {n} rows of the test set, by weight" in render(results_of(half))


def test_what_has_no_weights_judges_row_by_row(both, tmp_path):
    once, twice = both
    plain = make_frame(once.card.classes, 1).drop(columns=["weight"])
    plain.to_csv(tmp_path / "plain.csv", index=False)
    once.report(tmp_path / "r.html", tmp_path / "plain.csv")
    page = (tmp_path / "r.html").read_text()
    assert "The layer was trained with weights; here there are none: every row counts as" in page
    assert "<caption>On 250 rows of" in page
    repeated(make_frame(once.card.classes, 1)).to_csv(tmp_path / "twice.csv", index=False)
    pages = []
    for model in (once, twice):
        model.report(tmp_path / "r.html", tmp_path / "twice.csv")
        pages.append((tmp_path / "r.html").read_text())
    guessing = [section(page, "judgement") for page in pages]
    assert guessing[0] == guessing[1], "the shares of training are those by weight"
