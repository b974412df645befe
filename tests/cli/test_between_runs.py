"""Training again: as a model was, with labels that a person has corrected; what is replaced."""

import csv
import shlex

import numpy as np
import pandas as pd
import pytest

import onelayer as package
from onelayer.errors import DataError, UsageError


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a table of 120 rows of two classes, some of them wrong, where commands run."""
    random = np.random.default_rng(0)
    x, town = random.normal(size=120), random.choice(["Oslo", "Rome"], 120)
    y = np.where(x > 0, "yes", "no")
    y[:6] = np.where(y[:6] == "yes", "no", "yes")
    frame = pd.DataFrame({"x": x, "town": town, "half price": x / 2, "y": y})
    frame.to_csv(tmp_path / "a table.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


TRAIN = ("train", "a table.csv", "--target", "y", "--C", "2.5", "--drop", "half price")


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fill(path, words):
    """Write into the column relabel of the rows that these speak of."""
    rows = rows_of(path)
    for row in rows:
        row["relabel"] = words.get(row["file"], row["relabel"])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_what_was_asked_for_is_a_command_that_a_shell_takes(onelayer, place):
    done = onelayer(*TRAIN, "-o", "m.safetensors", "--json")
    assert done.json["asked"] == (
        "onelayer train 'a table.csv' --target y --drop 'half price' --C 2.5"
    )
    shown = onelayer("inspect", "m.safetensors").out
    assert f"asked for     {done.json['asked']}\n" in shown
    page = (place / "m.html").read_text(encoding="utf-8").replace("&#39;", "'")
    assert f"Asked for by <code>{done.json['asked']}</code>" in page
    again = onelayer(*shlex.split(done.json["asked"])[1:], "-o", "n.safetensors")
    assert again.code == 0
    one, other = (package.load(place / f"{name}.safetensors") for name in "mn")
    assert one.coef.tobytes() == other.coef.tobytes()


SETTINGS = [
    {"costs": "no:yes=5, yes:no=1"},
    {"costs": {("no", "yes"): 5.0}},
    {"costs": [[0, 3], [1, 0]]},
    {"recall": ("yes", 0.9)},
    {"C": float("inf"), "size": None},
    {"text": "town", "seed": 7, "test_size": 0.3},
    {"class_weight": "balanced", "correct_class_weight": True, "missing": ("-", "none")},
    {"l1_ratio": 0.5, "C": 0.123456789012345678, "decimal": "."},
]


@pytest.mark.parametrize("given", SETTINGS, ids=str)
def test_the_command_of_a_card_makes_the_model_of_the_card(onelayer, place, given):
    model = package.train("a table.csv", target="y", **{"C": 1.0, **given})
    model.save(place / "m.safetensors")
    shown = onelayer("inspect", "m.safetensors").out
    command = next(line for line in shown.splitlines() if line.startswith("asked for"))
    words = shlex.split(command.removeprefix("asked for"))[1:]
    done = onelayer(*words, "-o", "n.safetensors", "--no-report")
    assert done.code == 0, done.err
    assert package.load("n.safetensors").coef.tobytes() == model.coef.tobytes()
    call = model.card.asked
    called = eval(call, {"onelayer": package, "float": float})  # noqa: S307 - our own words
    assert called.coef.tobytes() == model.coef.tobytes()
    like = package.train(like=place / "m.safetensors")
    assert like.coef.tobytes() == model.coef.tobytes()
    assert like.card.decision == model.card.decision


def test_what_stands_beside_like_goes_before(onelayer, place):
    onelayer(*TRAIN, "-o", "m.safetensors", "--seed", 4)
    done = onelayer("train", "--like", "m.safetensors", "--seed", 0, "-o", "n.safetensors")
    assert done.err == (
        "as m.safetensors was trained: "
        "onelayer train 'a table.csv' --target y --drop 'half price' --C 2.5\n"
    )
    settings = package.load("n.safetensors").card.settings
    assert (settings.seed, settings.C, settings.drop) == (0, 2.5, ("half price",))
    chosen = package.train(like="m.safetensors", C=None)
    assert len(chosen.card.choice.tried) > 5
    other = onelayer("train", "a table.csv", "--like", "m.safetensors", "--no-report")
    assert other.code == 0
    assert (place / "model.safetensors").exists()


@pytest.mark.usefixtures("place")
def test_what_is_replaced_is_said_and_compared(onelayer):
    first = onelayer(*TRAIN, "-o", "m.safetensors", "--json")
    assert first.json["before"] is None
    accuracy, made = first.json["test"]["accuracy"], package.load("m.safetensors").card.created
    again = onelayer("train", "--like", "m.safetensors", "-o", "m.safetensors")
    assert (
        f"replaced: m.safetensors of {made[:10]}, accuracy {accuracy:.1%}".replace("%", " %")
        in again.err
    )
    assert f"The model before, of {made[:10]}: accuracy " in again.out
    assert "on other held-out examples" not in again.out
    moved = onelayer(*TRAIN, "--seed", 9, "-o", "m.safetensors")
    assert "on other held-out examples or labels; now " in moved.out
    assert onelayer(*TRAIN, "-o", "m.safetensors", "--json").json["before"]["log_loss"] > 0


def test_two_models_in_a_folder_have_a_report_each(onelayer, place):
    for name in ("one", "two.v2"):
        assert onelayer(*TRAIN, "-o", f"{name}.safetensors").code == 0
    made = {path.name for path in place.iterdir()} - {"a table.csv"}
    files = ("{}.safetensors", "{}.html", "{}.mistakes.csv")
    assert made == {file.format(name) for name in ("one", "two.v2") for file in files}


def test_corrected_labels_are_trained_with_and_kept(onelayer, place):
    onelayer(*TRAIN, "-o", "m.safetensors")
    table = place / "m.mistakes.csv"
    found = rows_of(table)
    assert {int(row["file"]) for row in found} >= {2, 3, 4}  # lines, the first of them the header
    words = {row["file"]: row["predicted"] for row in found[:3]} | {found[3]["file"]: "leave out"}
    fill(table, words)
    refused = onelayer(*TRAIN, "-o", "m.safetensors")
    assert refused.code == 2
    assert "m.mistakes.csv has 4 rows in which a person has filled in relabel" in refused.err
    assert "train with --relabel m.mistakes.csv" in refused.err
    done = onelayer("train", "--like", "m.safetensors", "--relabel", table, "-o", "m.safetensors")
    assert "3 relabelled as " in done.out
    assert f"1 left out, as {table} says: {found[3]['file']}" in done.out
    assert {row["file"]: row["relabel"] for row in rows_of(table)[:4]} == words
    assert not any(row["relabel"] for row in rows_of(table)[4:])
    before = package.load("m.safetensors").coef.tobytes()
    assert onelayer("train", "--like", "m.safetensors", "-o", "m.safetensors").code == 0
    assert package.load("m.safetensors").coef.tobytes() == before


def test_evaluate_lists_mistakes(onelayer, place):
    onelayer(*TRAIN, "-o", "m.safetensors", "--no-report")
    done = onelayer("evaluate", "m.safetensors", "a table.csv", "--mistakes", "wrong.csv")
    assert done.out.endswith("\nMistakes: wrong.csv\n")
    rows = rows_of(place / "wrong.csv")
    assert all(row["label"] != row["predicted"] and not row["relabel"] for row in rows)
    fill(place / "wrong.csv", {rows[0]["file"]: "leave out"})
    again = onelayer(*TRAIN, "--relabel", "wrong.csv", "-o", "n.safetensors")
    assert "1 left out, as wrong.csv says" in again.out
    alone = onelayer(*TRAIN, "--no-report", "--mistakes", "own.csv", "-o", "o.safetensors")
    assert alone.code == 0
    assert len(rows_of(place / "own.csv")) > 3
    assert not (place / "o.html").exists()


NAMED = "file,label,relabel\n"
WRONG = {
    f"{NAMED}999,,no\n": "names 999, and nothing that was read is so called",
    f"{NAMED}2,,maybe\n": "relabels 2 as 'maybe', which is no class: give one of no, yes, or",
    f"{NAMED}2,never,no\n": "says that 2 is labelled never, and it is ",
    f"{NAMED}2,,\n": "says nothing: write the right class, or 'leave out'",
    f"{NAMED}2,,no\n2,,yes\n": "names 2 twice: leave one of the two rows",
    "a,b\n1,2\n": "has no columns file and relabel, as a report's table of mistakes has",
    NAMED + "".join(f"{line},,no\n" for line in range(2, 122)): "leaves no example of yes",
}


@pytest.mark.parametrize(("written", "said"), WRONG.items())
def test_a_table_of_mistakes_that_does_not_fit_is_named(onelayer, place, written, said):
    (place / "wrong.csv").write_text(written)
    done = onelayer(*TRAIN, "--relabel", "wrong.csv", "--no-report")
    assert done.code in {1, 2}
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_table_that_a_spreadsheet_saved_is_read(place):
    rows = pd.DataFrame({"file": [2, 3], "label": ["", ""], "relabel": ["leave out", "yes"]})
    plain = package.train("a table.csv", target="y", C=1.0, relabel={2: "leave out", 3: "yes"})
    rows.to_csv(place / "of excel.csv", sep=";", index=False, encoding="utf-8-sig")
    rows.to_excel(place / "of excel.xlsx", index=False)
    for name in ("of excel.csv", "of excel.xlsx"):
        found = package.train("a table.csv", target="y", C=1.0, relabel=place / name)
        assert found.coef.tobytes() == plain.coef.tobytes()
    assert plain.card.settings.relabel == {"2": "leave out", "3": "yes"}


def test_a_name_is_that_of_its_set(hard):
    common = {"train/cold/00.png": "warm", "test/warm/01.png": "leave out"}
    model = package.train(hard, C=0.01, relabel=common)
    assert "cold to warm 1" in str(model.card.audit)
    assert ("test/warm/01.png", "as relabel says") in model.card.audit.left_out
    with pytest.raises(
        DataError, match=r"which 2 sets have: write train/warm/01\.png or test/warm"
    ):
        package.train(hard, C=0.01, relabel={"warm/01.png": "cold"})


@pytest.mark.usefixtures("place")
def test_what_lay_in_memory_is_to_be_given_again():
    frame = pd.read_csv("a table.csv")
    package.train(frame, target="y", C=1.0, test=frame).save("m.safetensors")
    with pytest.raises(UsageError, match="was trained on the data frame, which no file holds"):
        package.train(like="m.safetensors", test=frame)
    with pytest.raises(UsageError, match="test was the data frame, which is not there, or lay in"):
        package.train(frame, like="m.safetensors")
    again = package.train(frame, like="m.safetensors", test=frame)
    assert again.card.asked.startswith("onelayer.train(the data frame, target='y', C=1.0, test=")
    fitted = package.LogisticRegression().fit(frame[["x"]], frame.y)
    package.save(fitted, "e.safetensors")
    with pytest.raises(UsageError, match="was not made by train, so that it says no settings"):
        package.train(frame, like="e.safetensors")
