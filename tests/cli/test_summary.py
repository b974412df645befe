"""`onelayer summary`: tables in, figures out, wrong use told."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A CSV of 200 rows, a few of them with the words that stand for nothing."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": rng.integers(20, 70, 200).astype(str),
            "race": rng.choice(["white", "black", "asian"], 200),
            "firm": rng.integers(0, 40, 200),
            "n": rng.integers(1, 3, 200),
        }
    )
    z = (frame.age.astype(int) - 45) / 15 + (frame.race == "white")
    frame["cured"] = np.where(rng.random(200) < 1 / (1 + np.exp(-z)), "yes", "no")
    frame.loc[3, "age"] = "?"
    frame.loc[4, "race"] = "N/A"
    path = tmp_path_factory.mktemp("tables") / "trial.csv"
    frame.to_csv(path, index=False)
    return path


def test_text(onelayer, table):
    outcome = onelayer("summary", table, "--formula", "cured ~ age + race")
    assert (outcome.code, outcome.err) == (0, "")
    assert "response    cured = yes (" in outcome.out
    assert "rows        198 of 200; 2 left out (age 1, race 1)" in outcome.out
    assert "reference   race = asian" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_an_offset_is_said_and_its_missing_cells_are_counted(onelayer, table):
    outcome = onelayer("summary", table, "--formula", "cured ~ race + offset(age / 15)")
    assert (outcome.code, outcome.err) == (0, "")
    assert "offset      age / 15, whose coefficient is 1" in outcome.out
    assert "2 left out (age 1, race 1)" in outcome.out
    words = onelayer("summary", table, "--formula", "cured ~ age + offset(race)")
    assert (words.code, words.out) == (1, "")
    assert "The offset race is not a number in each row" in words.err


def test_a_target_and_references_say_the_same(onelayer, table):
    how = ("--weights", "n", "--cluster", "firm", "--format", "csv")
    a = onelayer("summary", table, "--target", "cured", "--reference", "race=white", *how)
    formula = "cured ~ age + C(race, contr.treatment('white'))"
    b = onelayer("summary", table, "--formula", formula, *how)
    assert a.code == b.code == 0
    a, b = (np.genfromtxt(o.out.splitlines(), delimiter=",", skip_header=1) for o in (a, b))
    np.testing.assert_allclose(a[:, 1:], b[:, 1:], rtol=1e-12)


def test_the_class_to_compare_with(onelayer, table):
    """Both are the same model, its signs turned."""
    plain, turned = (
        onelayer("summary", table, "--target", "cured", "--drop", "firm", *how, "--json").json
        for how in ((), ("--reference", "cured=yes"))
    )
    assert plain["classes"] == ["no", "yes"]
    assert turned["classes"] == ["yes", "no"]
    for a, b in zip(plain["coefficients"], turned["coefficients"], strict=True):
        assert a["feature"] == b["feature"] != "firm"
        assert a["coef"] == pytest.approx(-b["coef"], rel=1e-8)


def test_json(onelayer, table):
    found = onelayer("summary", table, "--target", "cured", "--robust", "--json").json
    assert found["classes"] == ["no", "yes"]
    assert found["missing"] == {"age": 1, "race": 1}
    assert found["errors"].startswith("robust (sandwich, HC1")
    assert [row["feature"] for row in found["coefficients"]] == [
        "age", "race[black]", "race[white]", "firm", "n", "const",
    ]  # fmt: skip
    assert 0 < found["lr_test"]["p_value"] < 1
    effects = onelayer("summary", table, "--target", "cured", "--effects", "--json").json
    assert set(effects["effects"][0]) >= {"feature", "effect", "std_err"}


@pytest.mark.parametrize("form", ["html", "latex", "md"])
def test_formats(onelayer, table, form):
    outcome = onelayer("summary", table, "--target", "cured", "--format", form)
    assert outcome.code == 0
    start = {"html": "<!doctype html>", "latex": r"\begin{table}", "md": "## Logistic"}
    assert outcome.out.startswith(start[form])


def test_profile_intervals_and_effects(onelayer, table):
    how = ("summary", table, "--formula", "cured ~ age")
    assert "90 %, profile" in onelayer(*how, "--interval", "profile", "--level", "0.9").out
    assert "from 0 to 1" not in onelayer(*how, "--effects").out
    assert "one unit more" in onelayer(*how, "--effects", "--dummies").out


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 2, "give either --formula 'y ~ age + sex' or --target y"),
        (("--formula", "cured ~ age", "--target", "cured"), 2, "give either --formula"),
        (("--target", "cured", "--drop", "rac"), 2, "no column 'rac'; did you mean 'race'?"),
        (("--target", "curd"), 2, "There is no column 'curd'; did you mean 'cured'?"),
        (
            ("--target", "cured", "--reference", "race"),
            2,
            "expected COLUMN=LEVEL, as in race=white",
        ),
        (("--target", "cured", "--reference", "race=red"), 2, "'race' has no level 'red'"),
        (("--target", "cured", "--level", "95"), 2, "level=95.0: expected a number between"),
        (("--target", "cured", "--robust", "--cluster", "firm"), 2, "robust already"),
        (("--formula", "age ~ race"), 1, "The response age holds 4"),
    ],
)
def test_wrong_use(onelayer, table, arguments, code, text):
    outcome = onelayer("summary", table, *arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert text in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_separable_classes_end_in_failure(onelayer, tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{i > 5}\n" for i in range(12)))
    outcome = onelayer("summary", tmp_path / "t.csv", "--target", "y")
    assert outcome.code == 1
    assert "NO ESTIMATES" in outcome.out
    assert outcome.err == "error: the classes are separable: there are no estimates\n"
    firth = onelayer("summary", tmp_path / "t.csv", "--target", "y", "--firth")
    assert firth.code == 0
    assert "Firth's bias reduction: y ~ ." in firth.out
    found = onelayer("summary", tmp_path / "t.csv", "--target", "y", "--json")
    assert found.json["separable"] is True
    assert json.loads(found.out)["coefficients"][0]["std_err"] is None


def test_as_people_run_it(process, onelayer, table):
    outcome = process("summary", table, "--target", "cured")
    assert outcome.code == 0
    assert "─" * 60 in outcome.out
    assert onelayer("summary", table, "--target", "cured", "--formula", "x").code == 2


def test_a_table_means_to_summary_what_it_means_to_train(onelayer, tmp_path):
    """Blanks round cells, `-` and `NULL` for nothing, semicolons, dates that no formula names."""
    rng = np.random.default_rng(2)
    age, day = rng.integers(20, 70, 120), "2024-01-31"
    cured = rng.random(120) < 1 / (1 + np.exp((45 - age) / 20))
    town = rng.choice(["Oslo", "Rome"], 120)
    rows = [f"{a}; {t}; {c}; {day}\n" for a, t, c in zip(age, town, cured, strict=True)]
    rows[:3] = ["-; Rome; True; NULL\n", "31; NULL; False; ?\n", "33; Rome; nil; ?\n"]
    path = tmp_path / "t.csv"
    path.write_text("age; town; cured; day\n" + "".join(rows))
    found = onelayer("summary", path, "--formula", "cured ~ age + town", "--json").json
    assert found["missing"] == {"age": 1, "town": 1, "cured": 1}
    assert found["classes"] == [False, True]
    assert [row["feature"] for row in found["coefficients"]] == ["age", "town[Rome]", "const"]
    refused = onelayer("summary", path, "--target", "cured")
    assert refused.code == 1
    assert refused.err.endswith("or leave them out: --drop day\n")
    dropped = onelayer("summary", path, "--target", "cured", "--drop", "day", "--json").json
    explicit = onelayer("summary", path, "--formula", "cured ~ . - day", "--json").json
    assert explicit == dropped == found | {"formula": "cured ~ . - day"}
    model = ("-o", tmp_path / "m.safetensors", "--no-report", "--C", 1)
    trained = onelayer("train", path, "--target", "cured", "--drop", "day", *model, "--json").json
    assert trained["audit"]["notes"][2] == "missing in t.csv: age 1 ('-' 1), town 1 ('NULL' 1)"


def test_a_table_without_names(onelayer, table, tmp_path):
    rows = table.read_text().splitlines(keepends=True)[1:]
    (tmp_path / "t.csv").write_text("".join(rows))
    how = ("--formula", "`column 4` ~ `column 0` + `column 1`", "--no-header", "--format", "csv")
    found = onelayer("summary", tmp_path / "t.csv", *how)
    named = onelayer("summary", table, "--formula", "cured ~ age + race", "--format", "csv")
    values = [[line.split(",")[1:] for line in out.out.splitlines()] for out in (found, named)]
    assert values[0] == values[1]


def test_collinear_columns_have_a_way_out_that_can_be_typed(onelayer, table, tmp_path):
    frame = pd.read_csv(table)
    frame["twice of it"] = 2 * frame.firm
    frame.to_csv(tmp_path / "t.csv", index=False)
    done = onelayer("summary", tmp_path / "t.csv", "--target", "cured")
    assert done.code == 1
    assert done.err.endswith("Leave those columns out, as --drop 'twice of it' does\n")
    done = onelayer("summary", tmp_path / "t.csv", "--target", "cured", "--drop", "twice of it")
    assert done.code == 0
