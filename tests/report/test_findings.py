"""What next: twelve made sources, each with one thing to be found, and nothing false beside it."""

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.model.reporting import _of_training
from onelayer.report.page import render
from onelayer.report.results import collect
from onelayer.words import options_spoken

WEIGHTS = np.array([2.0, -1.5, 1.0, -1.0])


def clean(m=1500, seed=0, *, shift=0.0, mean=0.0, weights=WEIGHTS):
    """Columns that each carry something, two classes that overlap."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, len(weights))) + mean
    p = 1 / (1 + np.exp(-(X - mean) @ weights - shift))
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
    return frame.assign(answer=np.where(random.random(m) < p, "yes", "no")), random


def leak():
    frame, random = clean()
    return frame.assign(refund=(frame.answer == "yes") * 5.0 + random.normal(size=len(frame))), {}


def useless():
    frame, random = clean(3000)
    return frame.assign(colour=random.choice(["red", "blue"], len(frame))), {}


def rare():
    return clean(4000, shift=-5.5)[0], {}


def zeros():
    frame, random = clean()
    pressure = 70 + 8 * (frame.answer == "yes") + 9 * random.normal(size=len(frame))
    return frame.assign(pressure=np.where(random.random(len(frame)) < 0.06, 0, pressure)), {}


def more():
    """Many columns, each of some use, and few rows."""
    return clean(240, 3, weights=np.tile(WEIGHTS, 6) / 2)[0], {}


def enough():
    return clean(3000)[0], {}


def over_fit():
    frame, random = clean(300)
    noise = pd.DataFrame(random.normal(size=(300, 120)), columns=[f"n{j}" for j in range(120)])
    return pd.concat([noise, frame], axis=1), {"C": 1000.0}


def calibration():
    val, random = clean(800, 1)
    turned = random.random(len(val)) < 0.15
    other = np.where(val.answer == "yes", "no", "yes")
    val["answer"] = np.where(turned, other, val.answer)
    return clean()[0], {"C": 1.0, "val": val, "test": clean(3000, 2)[0]}


def pair():
    """Four classes in a row of their own, two of them close."""
    random = np.random.default_rng(5)
    centres = np.array([[0, 0, 4], [0, 4, 0], [4, 0, 0], [4.9, 0, 0]])
    labels = random.integers(0, 4, 2000)
    X = random.normal(size=(2000, 3)) + centres[labels]
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    return frame.assign(answer=np.array(["ash", "birch", "cedar", "fir"])[labels]), {}


def repeats():
    frame, _ = clean()
    copies = frame.sample(len(frame) // 4, random_state=0)
    return pd.concat([frame, copies]).sample(frac=1, random_state=1), {}


def drift():
    test, _ = clean(600, 7)
    return clean()[0], {"test": test.assign(x1=test.x1 + 1.0)}


def pixels(folder):
    """Discs and squares, anywhere, of any tint: what sets them apart is shape alone."""
    from PIL import Image, ImageDraw

    random = np.random.default_rng(0)
    for name in ("disc", "square"):
        (folder / name).mkdir(parents=True)
        for number in range(150):
            picture = Image.new("RGB", (24, 24), tuple(random.integers(0, 255, 3).tolist()))
            x, y, size = random.integers(0, 12), random.integers(0, 12), random.integers(7, 12)
            draw = ImageDraw.Draw(picture)
            shape = draw.ellipse if name == "disc" else draw.rectangle
            shape((x, y, x + size, y + size), fill=tuple(random.integers(0, 255, 3).tolist()))
            picture.save(folder / name / f"{number}.png")
    return folder


def results_of(source, **options):
    model = onelayer.train(source, **options)
    return collect(_of_training(model, model.evidence))


def blind():
    """Numbers that say nothing, and rows enough to know."""
    frame, random = clean(3000)
    return frame.assign(answer=random.choice(["yes", "no"], 3000)), {}


def few():
    """Columns that say something, and fourteen rows to judge by."""
    return clean(70, 11, weights=WEIGHTS / 2)[0], {}


MADE = {
    "blind": blind,
    "few": few,
    "leak": leak,
    "useless": useless,
    "rare": rare,
    "zeros": zeros,
    "more": more,
    "enough": enough,
    "over-fit": over_fit,
    "calibration": calibration,
    "pair": pair,
    "repeats": repeats,
    "drift": drift,
}


@pytest.mark.parametrize("kind", MADE)
def test_what_was_planted_is_named_first_and_nothing_false_beside_it(kind):
    frame, options = MADE[kind]()
    found = results_of(frame, target="answer", **options).findings
    assert found[0].kind == kind
    # That more of the same changes little is so of most of these; it is the last thing said.
    assert {one.kind for one in found[1:]} <= {"enough"}


@pytest.mark.parametrize(("copies", "found"), [(0, []), (120, ["repeats"])])
def test_rows_that_rounding_or_gaps_have_made_alike_are_no_copies(copies, found):
    random = np.random.default_rng(0)
    fee = random.normal(50, 10, 400).round(2)
    frame = pd.DataFrame({"fee": np.where(random.random(400) < 0.1, np.nan, fee)})
    frame["town"] = random.choice(["Oslo", "Rome", "Lima"], 400, p=[0.5, 0.4, 0.1])
    frame["answer"] = np.where(fee + random.normal(0, 8, 400) > 52, "yes", "no")
    frame = pd.concat([frame, frame.head(copies)])
    kinds = [one.kind for one in results_of(frame, target="answer").findings]
    assert [kind for kind in kinds if kind == "repeats"] == found


def test_shapes_on_raw_pixels(tmp_path):
    found = results_of(pixels(tmp_path / "shapes")).findings
    assert found[0].kind == "pixels"
    assert {one.kind for one in found[1:]} <= {"enough"}


def test_a_finding_stands_on_the_page_in_the_callers_words():
    frame, _ = leak()
    found = results_of(frame, target="answer")
    with options_spoken():
        said = results_of(frame, target="answer").findings[0]
    assert "train without it (drop=['refund'])" in found.findings[0].advice
    assert "train without it (--drop refund)" in said.advice
    page = render(found)
    assert "<h3>refund nearly decides the answer alone</h3>" in page
    assert page.index('id="next"') < page.index('id="data"')


def test_the_learning_curve_ends_with_the_folds_and_begins_worse():
    frame, _ = enough()
    model = onelayer.train(frame, target="answer")
    curve = collect(_of_training(model, model.evidence)).curve
    sizes = [step.trained_on for step in curve.steps]
    assert sizes == pytest.approx([120, 240, 480, 960, 1920], rel=0.06)
    losses = [step.loss.value for step in curve.steps]
    assert losses[0] > losses[-1]
    assert losses[-2] - losses[-1] == pytest.approx(curve.gain.value)
    folds, labels = model.evidence.folds, model.evidence.parts.train.labels
    Z = folds.Z[:, 0] * (2 * labels[folds.rows] - 1)
    assert losses[-1] == pytest.approx(np.log1p(np.exp(-Z)).mean(), rel=0.05)


def test_layers_of_fewer_examples_have_the_same_c(monkeypatch):
    """Twice the rows at the same C: half the penalty, as a person with fewer rows would have it."""
    from onelayer.estimators import fewer

    asked = []
    monkeypatch.setattr(fewer, "out_of_fold", asked.append)
    model = onelayer.train(enough()[0], target="answer", C=3.0)
    from onelayer.model.reporting import _folding

    folding = _folding(model.evidence)
    fewer.of_fewer(folding, 1920)
    drawn = [one.most * 5 / 4 for one in asked]
    # What is passed on is multiplied by the rows there are over those drawn.
    Cs = [one.asked.C * len(folding.labels) / rows for one, rows in zip(asked, drawn, strict=True)]
    assert pytest.approx([3.0] * 4) == Cs
    assert folding.asked.C == 3.0


def test_a_mistake_of_a_table_shows_its_cells_and_what_spoke_for_the_answer():
    frame, random = clean(600)
    frame["town"] = np.where(random.random(600) < 0.3, None, random.choice(["Ulm", "Bonn"], 600))
    model = onelayer.train(frame, target="answer")
    mistake = collect(_of_training(model, model.evidence)).judgement.mistakes[0]
    row = frame.iloc[int(mistake.name)]
    assert row.answer == mistake.label
    for cell in mistake.cells:
        told = row[cell.column]
        if cell.column == "town":
            assert cell.text == ("missing" if pd.isna(told) else told)
        else:
            assert float(cell.text) == pytest.approx(told, rel=1e-4)
    shares = model.contributions(frame.iloc[[int(mistake.name)]])[0]
    most = max(shares) if mistake.answer == "yes" else -min(shares)
    assert mistake.cells[0].speaks == pytest.approx(most)
    assert all(cell.speaks > 0 for cell in mistake.cells)


def test_rows_of_a_file_are_called_by_their_lines(tmp_path):
    frame, _ = clean(300)
    frame.to_csv(tmp_path / "t.csv", index=False)
    model = onelayer.train(tmp_path / "t.csv", target="answer")
    found = collect(_of_training(model, model.evidence))
    lines = (tmp_path / "t.csv").read_text().splitlines()
    examples = [*found.judgement.mistakes, *found.suspects.examples]
    assert {lines[int(one.name) - 1].split(",")[-1] == one.label for one in examples} == {True}
    for one in found.judgement.mistakes:
        cells = dict(zip(lines[0].split(","), lines[int(one.name) - 1].split(","), strict=True))
        assert all(float(cells[c.column]) == pytest.approx(float(c.text), 1e-4) for c in one.cells)
    assert "Lines are numbered as a spreadsheet shows them" in render(found)
    assert "Rows are counted from 0" in render(results_of(frame, target="answer"))
