"""Probabilities and answers on the command line."""

import csv

import numpy as np
import pandas as pd
import pytest

import onelayer as package
from onelayer.cli.outcome import WRONG_USE


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A table of two classes that overlap."""
    random = np.random.default_rng(0)
    y = np.repeat(["ill", "well"], [100, 300])
    X = random.normal(size=(400, 25)) + 0.8 * (y == "ill")[:, None] * (np.arange(25) < 3)
    path = tmp_path_factory.mktemp("data") / "table.npz"
    np.savez(path, X=X, y=y)
    return path


@pytest.fixture
def output(tmp_path):
    return tmp_path / "m.safetensors"


def test_where_calibration_did_not_help_what_it_gained_where_it_was_found_is_said(onelayer, output):
    done = onelayer("train", "digits", "-o", output, "--no-report")
    card = package.load(output).card
    assert card.test.log_loss > card.test.uncalibrated.log_loss
    was, became = (f"{at.log_loss:.3f}" for at in (card.calibration.before, card.calibration.after))
    assert became < was
    said = (
        "Here it did not help; where the temperature was found, the log loss fell from "
        f"{was} to {became}."
    )
    assert said in done.out


def test_it_says_the_temperature_and_what_it_changed(onelayer, source, output):
    done = onelayer("train", source, "--C", "inf", "-o", output, "--no-report")
    T, card = package.load(output).temperature, package.load(output).card
    assert f"Calibrated: temperature {T:.3g} (95 %: " in done.out
    assert "), on 320 out-of-fold rows: z was too sure, and is divided by it" in done.out
    before, now = card.test.uncalibrated, card.test
    assert f"Before calibration: log loss {before.log_loss:.3f}, calibration error" in done.out
    assert now.log_loss < before.log_loss
    seen = onelayer("inspect", output).out
    assert "calibrated    temperature" in seen
    error = f"calibration error {100 * now.calibration_error:.1f} %, of which chance may be up to "
    assert f"{error}{100 * now.chance_limit:.1f} % (before" in seen


def test_evaluate_has_before_and_after(onelayer, source, output):
    onelayer("train", source, "--C", "inf", "-o", output, "--no-report")
    done = onelayer("evaluate", output, source)
    found = onelayer("evaluate", output, source, "--json").json
    both = f"{found['log_loss']:.3f}  ({found['uncalibrated']['log_loss']:.3f} before calibration)"
    assert f"log loss            {both}" in done.out
    assert f"Brier score         {found['brier']:.4f}  (" in done.out
    assert f"calibration error   {100 * found['calibration_error']:.1f} %  (" in done.out


def test_none_is_said(onelayer, source, output):
    done = onelayer("train", source, "--C", 1, "--calibrate", "none", "-o", output, "--no-report")
    assert "Calibrated: none, as asked\n" in done.out
    assert "Before calibration" not in done.out
    assert "uncalibrated" not in onelayer("evaluate", output, source, "--json").json


def test_predict_answers_by_the_models_rule(onelayer, source, output):
    options = ("--C", 1, "--recall", "ill=0.95", "--json", "--no-report")
    done = onelayer("train", source, *options, "-o", output)
    threshold = done.json["decision"]["threshold"]
    assert done.json["decision"]["class"] == "ill"
    found = onelayer("predict", output, source, "--json").json["predictions"]
    model = package.load(output)
    p = model.predict_proba(np.load(source)["X"])[:, 0]
    assert [row["class"] for row in found] == np.where(p > threshold, "ill", "well").tolist()
    said = np.where(p > threshold, p, 1 - p)
    np.testing.assert_allclose([row["probability"] for row in found], said, rtol=1e-12)
    assert "answers       ill where its probability is above" in onelayer("inspect", output).out


def test_costs_in_words_and_from_a_file(onelayer, source, output, tmp_path):
    file = tmp_path / "costs.csv"
    with file.open("w", newline="") as text:
        csv.writer(text).writerows([["true", "ill", "well"], ["ill", 0, 9], ["well", 1, 0]])
    cards = []
    for costs in (file, "ill:well=9"):
        options = ("--C", 1, "--costs", costs, "--overwrite", "--no-report")
        done = onelayer("train", source, *options, "-o", output)
        rule = "what costs least on average: well where its probability is above 0.9, else ill"
        assert f"Answers: {rule}\n" in done.out
        cards.append(package.load(output).card.decision)
    assert cards[0] == cards[1]
    assert "mean cost" in onelayer("evaluate", output, source).out


WRONG = {
    ("--costs", "ill:sick=2"): "costs speak of 'sick': the classes are ill, well",
    ("--costs", "nothing.csv"): "costs are 'nothing.csv', which is neither a file nor costs",
    ("--recall", "ill"): "--recall is 'ill': give a class and a share above 0 and at most 1",
    (
        "--recall",
        "ill=0.9",
        "--costs",
        "a:b=1",
    ): "--costs and --recall are two rules for one answer",
    ("--correct-class-weight",): "--correct-class-weight takes class weights out",
}


@pytest.mark.parametrize(("options", "message"), WRONG.items())
def test_what_cannot_be_asked_for_is_wrong_use(onelayer, source, output, options, message):
    done = onelayer("train", source, *options, "-o", output)
    assert done.code == WRONG_USE
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not output.exists()


def test_the_report_shows_before_and_after(onelayer, source, output, tmp_path):
    options = ("--C", "inf", "--recall", "ill=0.9", "--report", tmp_path / "r.html")
    onelayer("train", source, *options, "-o", output)
    page = (tmp_path / "r.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    card = package.load(output).card
    assert card.calibration.words in page
    assert f"Its answer is {card.decision.words}." in page
    for measures in (card.test, card.test.uncalibrated):
        assert f">{measures.brier:.4f}</" in page
    assert "Predictions by their probability of well, in 10 bins of equally many" in page
    assert "perfect probabilities would show an ECE of" in page
    # All are looked at: the examples of training by folds, those held out by the layer.
    assert "Each of 400 rows was shown to a layer trained without it" in page
    assert "what was held out, to the layer itself" in page


def test_a_calibration_error_that_may_be_chance_is_said_to_be(onelayer, tmp_path, output):
    rng = np.random.default_rng(4)
    x = rng.normal(size=300)
    frame = pd.DataFrame({"x": x, "y": rng.random(300) < 1 / (1 + np.exp(-x))})
    frame.to_csv(tmp_path / "t.csv", index=False)
    done = onelayer("train", tmp_path / "t.csv", "--target", "y", "-o", output, "--no-report")
    test = package.load(output).card.test
    error, limit = (f"{100 * one:.1f} %" for one in (test.calibration_error, test.chance_limit))
    assert test.n == 60
    assert 0.02 < test.calibration_error < test.chance_limit < 0.25
    assert (
        f"The calibration error of {error} may be chance: on 60 examples perfect probabilities "
        f"show up to {limit}."
    ) in done.out
    shown = onelayer("evaluate", output, tmp_path / "t.csv").out
    assert "chance alone        up to " in shown


def noisy(path, slope, shift, m=500):
    """A table of one number and two classes, and what tells nothing beside it."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, m))
    y = np.where(rng.random(m) < 1 / (1 + np.exp(-slope * x - shift)), "yes", "no")
    pd.DataFrame({"x": x, "z": z, "y": y}).to_csv(path, index=False)
    return path


def test_a_class_that_is_never_answered_is_named_with_what_finds_it(onelayer, tmp_path, output):
    source = noisy(tmp_path / "t.csv", slope=0.9, shift=-3.5)
    how = (source, "--target", "y", "-o", output, "--no-report")
    done = onelayer("train", *how)
    never = "It never answers yes, nowhere the likeliest; --recall yes=0.8 lowers the bar.\n"
    assert never in done.out
    lowered = onelayer("train", *how, "--recall", "yes=0.8", "--overwrite").out
    assert "never answers" not in lowered
    assert package.load(output).card.test.recall["yes"] > 0


@pytest.mark.filterwarnings("ignore:The layer has no weight")
def test_a_layer_that_knows_nothing_tells_no_temperature(onelayer, tmp_path, output):
    source = noisy(tmp_path / "t.csv", slope=0, shift=-0.1)
    how = ("--target", "y", "-o", output, "--no-report", "--l1-ratio", 1, "--C", 0.001)
    done = onelayer("train", source, *how)
    assert "Calibrated: none: 400 out-of-fold rows do not tell a temperature (" in done.out
    assert "It never answers yes, nowhere the likeliest.\n" in done.out
    assert done.out.endswith("\nWeights: L1 has left none of 2.\n")
