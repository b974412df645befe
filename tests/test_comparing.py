"""Two models on the same examples: the test, the interval, and what they say of whom."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.errors import UsageError
from onelayer.model.comparing import compare, mcnemar


def table(m, seed):
    random = np.random.default_rng(seed)
    X = random.normal(size=(m, 3))
    y = np.where(X @ [2.0, -1.0, 1.5] + random.logistic(size=m) > 0, "yes", "no")
    return pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y)


@pytest.fixture(scope="module")
def models():
    frame = table(800, 0)
    options = {"target": "y", "C": 1.0}
    return onelayer.train(frame, **options), onelayer.train(frame.drop(columns="a"), **options)


def test_the_test_is_the_textbooks():
    assert mcnemar(5, 15) == pytest.approx(0.04138947)
    assert mcnemar(15, 5) == mcnemar(5, 15)
    assert mcnemar(0, 0) == mcnemar(7, 7) == 1


def test_models_of_other_columns_are_compared_row_by_row(models):
    judge = table(1000, 1)
    found = compare(*models, judge)
    answers = [model.predict(judge) == judge.y for model in models]
    assert found.accuracy == pytest.approx(tuple(right.mean() for right in answers))
    assert found.only_first == (answers[0] & ~answers[1]).sum()
    assert found.only_second == (answers[1] & ~answers[0]).sum()
    p = [model.predict_proba(judge)[np.arange(1000), (judge.y == "yes") * 1] for model in models]
    gain = np.log(p[0]) - np.log(p[1])
    assert found.log_loss_gain.value == pytest.approx(gain.mean())
    half = 1.959964 * gain.std(ddof=1) / np.sqrt(1000)
    assert found.log_loss_gain.interval == pytest.approx((gain.mean() - half, gain.mean() + half))
    assert found.verdict[0].startswith("The first answers better; they differ in being right on ")
    assert found.verdict[1].startswith("The first has better probabilities")


def test_changing_places_changes_the_sign_and_nothing_else(models):
    judge = table(300, 2)
    found, turned = compare(*models, judge), compare(*models[::-1], judge)
    assert turned.p == found.p
    assert turned.accuracy == found.accuracy[::-1]
    assert turned.log_loss_gain.value == -found.log_loss_gain.value
    low, high = found.log_loss_gain.interval
    assert turned.log_loss_gain.interval == pytest.approx((-high, -low))
    assert "The second answers better" in turned.verdict[0]


def test_a_model_and_itself_are_the_same(models):
    found = compare(models[0], models[0], table(100, 3))
    assert (found.only_first, found.only_second, found.p) == (0, 0, 1.0)
    assert found.verdict[0] == "Both are right on the same examples."
    assert found.verdict[1].startswith("Neither has better probabilities")


def test_other_classes_cannot_be_compared(models):
    other = onelayer.train(table(100, 4).replace({"yes": "perhaps"}), target="y", C=1.0)
    with pytest.raises(UsageError, match="only models of the same classes can be compared"):
        compare(models[0], other, table(100, 3))


def test_what_is_no_model_is_said(models):
    with pytest.raises(UsageError, match="two models are compared, and this is a str"):
        compare(models[0], "model.safetensors", table(100, 3))


def test_on_the_command_line(models, tmp_path):
    paths = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for model, path in zip(models, paths, strict=True):
        model.save(path)
    table(500, 5).to_csv(tmp_path / "t.csv", index=False)
    given = ["compare", *map(str, paths), str(tmp_path / "t.csv")]
    said = CliRunner().invoke(app, given)
    assert said.exit_code == 0
    assert "right alone" in said.stdout
    assert "The first answers better" in " ".join(said.stdout.split())
    told = json.loads(CliRunner().invoke(app, [*given, "--json"]).stdout)
    assert told["n"] == 500
    assert told["log_loss_gain"]["interval"][0] > 0
