"""`predict --all` and `--abstain`: every probability, and no answer where none is likely."""

import numpy as np
import pandas as pd
import pytest

import onelayer as package


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model of a table with classes 0, 1, 2, one of a set of arrays, and rows for each."""
    folder = tmp_path_factory.mktemp("more")
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=90), "y": random.integers(0, 3, 90)})
    frame["x"] += frame.y
    frame.to_csv(folder / "t.csv", index=False)
    np.save(folder / "X.npy", frame[["x"]].to_numpy())
    for name, source, target in (
        ("t", frame, "y"),
        ("a", (frame[["x"]].to_numpy(), frame.y), None),
    ):
        model = package.train(source, target=target, C=1.0, calibrate="none")
        model.save(folder / f"{name}.safetensors")
    return folder, model, frame


@pytest.mark.parametrize(("name", "file"), [("t", "t.csv"), ("a", "X.npy")])
def test_every_probability_is_said_and_adds_up(saved, onelayer, name, file):
    folder, _, frame = saved
    model = package.load(folder / f"{name}.safetensors")
    A = model.predict_proba(folder / file)
    found = onelayer("predict", folder / f"{name}.safetensors", folder / file, "--all", "--json")
    rows = found.json["predictions"]
    named = ["P(0)", "P(1)", "P(2)"]
    np.testing.assert_array_equal([[row[one] for one in named] for row in rows], A)
    table = onelayer("predict", folder / f"{name}.safetensors", folder / file, "--all").out
    assert table.splitlines()[0].split() == ["file", "row", "class", "probability", *named]
    assert len(rows) == len(frame)


@pytest.mark.parametrize(("name", "file"), [("t", "t.csv"), ("a", "X.npy")])
def test_below_the_share_asked_for_the_answer_is_unsure(saved, onelayer, tmp_path, name, file):
    folder, _, _ = saved
    model = package.load(folder / f"{name}.safetensors")
    sure = model.predict_proba(folder / file).max(axis=1) >= 0.6
    expected = np.where(sure, model.predict(folder / file).astype(str), "unsure").tolist()
    assert 10 < sure.sum() < 80
    asked = (folder / f"{name}.safetensors", folder / file, "--abstain", "0.6")
    rows = onelayer("predict", *asked, "--json").json["predictions"]
    assert [row["class"] for row in rows] == expected
    assert onelayer("predict", *asked, "-o", tmp_path / "s.csv").code == 0
    assert pd.read_csv(tmp_path / "s.csv", dtype=str)["class"].tolist() == expected


def test_a_class_called_unsure_cannot_be_told_from_it(tmp_path, onelayer):
    frame = pd.DataFrame({"x": np.arange(40.0), "y": np.repeat(["sure", "unsure"], 20)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    package.train(frame, target="y", C=1.0, calibrate="none").save(tmp_path / "m.safetensors")
    done = onelayer("predict", tmp_path / "m.safetensors", tmp_path / "t.csv", "--abstain", "0.9")
    assert done.code == 2
    assert "a class is called 'unsure', so --abstain could not be told from it" in done.err
    plain = onelayer("predict", tmp_path / "m.safetensors", tmp_path / "t.csv", "--json")
    assert {row["class"] for row in plain.json["predictions"]} == {"sure", "unsure"}
