"""Tables on the command line: train, evaluate, predict, inspect; and every bad table's message."""

import csv
import io
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import onelayer
from onelayer import load
from onelayer.errors import DataError
from onelayer.inputs.encoding import Encoding


def make_frame(m=300, seed=0):
    """Two numbers, a category with a rare level, one with missing cells, an id and a date."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 10, m).round(1)
    town = random.choice(["Oslo", "Rome", "Lima"], m, p=[0.5, 0.3, 0.2])
    z = (age - 40) / 5 + 2 * (town == "Rome") - 1
    return pd.DataFrame(
        {
            "id": np.arange(m),
            "age": np.where(random.random(m) < 0.1, np.nan, age),
            "town": town,
            "member": random.choice(["True", "FALSE", "?"], m),
            "date": "2024-01-31",
            "weight": random.integers(1, 4, m),
            "house": random.integers(0, m // 3, m),
            "bought": np.where(random.random(m) < 1 / (1 + np.exp(-z)), "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def frame():
    return make_frame()


@pytest.fixture(scope="module")
def table(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "shop.csv"
    frame.to_csv(path, index=False)
    return path


USUAL = ("--target", "bought", "--drop", "date", "--drop", "id", "--C", 1, "--no-report")


@pytest.fixture(scope="module")
def model(table, onelayer, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "m.safetensors"
    assert onelayer("train", table, *USUAL, "-o", path).code == 0
    return path


def test_a_table_is_trained_on_and_what_was_done_is_said(table, frame, tmp_path, onelayer):
    done = onelayer("train", table, *USUAL, "-o", tmp_path / "m.safetensors", "--json").json
    counts = frame.bought.value_counts().to_dict()
    assert done["audit"]["by_class"] == dict(sorted(counts.items()))
    assert (done["train"]["n"], done["test"]["n"]) == (240, 60)
    assert done["baseline"]["accuracy"] == pytest.approx(max(counts.values()) / 300, abs=0.01)
    assert done["test"]["accuracy"] > done["baseline"]["accuracy"] + 0.05
    gone = int(frame.age.isna().sum())
    unknown = int((frame.member == "?").sum())
    median = "missing ones count as the median, and have a feature"
    assert done["audit"]["notes"] == [
        "target bought, 2 dropped",
        f"missing in shop.csv: age {gone}, member {unknown} ('?' {unknown})",
        "2 rows are the same as one of another class, and were kept",
        f"3 numbers, standardised: age, weight, house; {median}: age",
        "2 categories, one feature a level: town 3, member 3",
        "a level that was not seen in training is all zeros, as none of the others",
        "10 features of 5 columns, dense",
    ]


def test_it_is_scikit_learns_optimum(frame, tmp_path):
    """The oracle is a pipeline of scikit-learn's own, fitted on the rows that were trained on."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import MissingIndicator, SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    held = pd.read_csv(io.StringIO(frame.to_csv(index=False)), na_values="?")
    numbers = ["age", "weight", "house"]
    features = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (MissingIndicator(), ["age"]),
        (OneHotEncoder(), ["town", "member"]),
    )
    peer = make_pipeline(features, LogisticRegression(C=1, tol=1e-10, max_iter=1000))
    everything = onelayer.train(
        _written(frame, tmp_path / "all.csv"),
        target="bought",
        drop=("date", "id"),
        C=1.0,
        test_size=0,
        calibrate="none",
    )
    expected = peer.fit(held, held.bought).predict_proba(held)
    np.testing.assert_allclose(everything.predict_proba(frame), expected, atol=1e-5)


def _written(frame, path):
    frame.to_csv(path, index=False)
    return path


def test_predictions_do_not_depend_on_how_the_rows_come(frame, table, model, tmp_path):
    loaded = load(model)
    expected = loaded.predict_proba(table)
    backwards = frame[frame.columns[::-1]].drop(columns=["bought", "id"])
    backwards.to_parquet(tmp_path / "b.parquet")
    backwards.to_csv(tmp_path / "b.csv", sep=";", index=False)
    for rows in (tmp_path / "b.parquet", tmp_path / "b.csv", backwards, frame.to_dict("records")):
        np.testing.assert_array_equal(loaded.predict_proba(rows), expected)
    with pytest.raises(DataError, match="the rows given has no column 'member'"):
        loaded.predict([{"age": "33", "town": "Rome", "weight": 1, "house": 2}])
    shares = loaded.contributions(frame)
    assert shares.shape == (300, len(loaded.columns))
    z = loaded.temperature * np.log(expected[:, 1] / expected[:, 0])
    np.testing.assert_allclose(shares.sum(axis=1) + loaded.intercept, z, atol=1e-12)


def test_what_was_judged_is_judged_again_to_the_last_digit(table, tmp_path, onelayer):
    frame = make_frame(200, seed=1)
    test = _written(frame.drop(columns="id"), tmp_path / "test.csv")
    output = tmp_path / "m.safetensors"
    done = onelayer("train", table, *USUAL, "--test", test, "-o", output, "--json").json
    assert done["test"]["n"] == 200
    assert onelayer("evaluate", output, test, "--json").json == done["test"]
    assert "test.csv: not looked at: date" in done["audit"]["notes"]


@pytest.mark.parametrize("wrong", ["dot", "level"])
def test_a_test_file_may_spell_its_classes_with_a_dot_and_have_other_levels(
    table, tmp_path, onelayer, wrong
):
    frame = make_frame(100, seed=2)
    if wrong == "dot":
        frame["bought"] += "."
        note = "test.csv: the classes end in a dot, which is passed over"
    else:
        frame.loc[:4, "town"] = "Cairo"
        note = "test.csv: rows with a level not seen in training: town 5"
    test = _written(frame, tmp_path / "test.csv")
    output = tmp_path / "m.safetensors"
    done = onelayer("train", table, *USUAL, "--test", test, "-o", output, "--json").json
    assert note in done["audit"]["notes"]
    assert done["test"]["n"] == 100


def test_no_header_and_the_target_by_place(frame, tmp_path, onelayer):
    path, output = tmp_path / "t.csv", tmp_path / "m.safetensors"
    frame.drop(columns="date").to_csv(path, index=False, header=False)
    options = ("--no-header", "--target", "-1", "--drop", "0", "--C", 1, "--no-report")
    done = onelayer("train", path, *options, "-o", output, "--json").json
    assert done["audit"]["notes"][0] == "target column 6, 1 dropped"
    shown = onelayer("predict", output, path, "--format", "csv")
    assert len(list(csv.DictReader(io.StringIO(shown.out)))) == 300
    hinted = onelayer("train", path, "--target", "income")
    assert hinted.code == 2
    assert "The first row looks like data (0, " in hinted.err


QUIET = ("--no-report", "--overwrite")
BOTH = (
    "--calibrate",
    "none",
    "--test-size",
    0,
    "--C",
    1,
    "--no-report",
    "--overwrite",
    "--target",
    "bought",
)


def _trained(onelayer, frame, folder, *options):
    path, output = folder / "w.csv", folder / "w.safetensors"
    frame.to_csv(path, index=False)
    done = onelayer(
        "train", path, *BOTH, *QUIET, "--drop", "date", "--drop", "id", *options, "-o", output
    )
    assert done.code == 0, done.err
    return load(output)


def test_weight_2_is_a_row_given_twice_and_weight_0_a_row_removed(frame, tmp_path, onelayer):
    weighted = frame.assign(weight=np.where(np.arange(300) % 5 == 0, 0, frame.weight))
    once = _trained(onelayer, weighted, tmp_path, "--weights", "weight")
    repeated = weighted.loc[weighted.index.repeat(weighted.weight)]
    twice = _trained(onelayer, repeated, tmp_path, "--drop", "weight")
    np.testing.assert_allclose(once.coef, twice.coef, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(once.intercept, twice.intercept, rtol=1e-6)
    assert once.inputs.encoding.columns == twice.inputs.encoding.columns
    assert once.inputs.encoding.pieces == twice.inputs.encoding.pieces
    for measure in ("accuracy", "log_loss", "auc", "balanced_accuracy"):
        assert getattr(once.card.train, measure) == pytest.approx(
            getattr(twice.card.train, measure), rel=1e-9
        )
    assert once.card.baseline.accuracy == pytest.approx(twice.card.baseline.accuracy)
    assert "60 rows have the weight 0, and were left out" in once.card.audit.notes


def test_the_order_of_rows_changes_nothing(frame, tmp_path, onelayer):
    first = _trained(onelayer, frame, tmp_path)
    second = _trained(onelayer, frame.sample(frac=1, random_state=1), tmp_path)
    np.testing.assert_allclose(first.coef, second.coef, rtol=1e-8, atol=1e-11)
    assert first.inputs.encoding.pieces == second.inputs.encoding.pieces


def test_groups_stay_on_one_side(table):
    trained = onelayer.train(table, target="bought", drop=("date", "id"), group="house", C=1.0)
    parts = trained.evidence.parts
    inside, outside = (set(part.group.tolist()) for part in (parts.train, parts.test))
    assert not inside & outside
    assert len(parts.test) == pytest.approx(60, abs=5)
    assert "each house on one side" in trained.card.judge
    assert [column.name for column in trained.columns] == ["age", "town", "member", "weight"]


def test_the_encoding_knows_nothing_of_what_judges(table, frame):
    trained = onelayer.train(table, target="bought", drop=("date", "id"), C=1.0)
    rows = trained.evidence.parts.train.names.astype(int)
    age = frame.age[rows]
    assert trained.columns[0].median == np.nanmedian(age)
    filled = age.fillna(age.median())
    assert trained.inputs.encoding.centre[0] == pytest.approx(filled.mean(), rel=1e-12)
    assert 1 / trained.inputs.encoding.scale[0] == pytest.approx(filled.std(ddof=0), rel=1e-12)


def test_a_missing_target_is_left_out_and_counted(frame, tmp_path, onelayer):
    lacking = frame.assign(bought=frame.bought.where(frame.index >= 10, "NA"))
    path, output = _written(lacking, tmp_path / "t.csv"), tmp_path / "m.safetensors"
    done = onelayer("train", path, *USUAL, "-o", output, "--json").json
    assert done["audit"]["read"] == 290
    assert "10 rows have no bought ('NA' 10), and were left out" in done["audit"]["notes"]
    strict = onelayer("train", path, *USUAL, "-o", output, "--strict")
    assert (strict.code, strict.err) == (
        1,
        f"error: {path}: 10 rows have no bought ('NA' 10), and were left out (strict)\n",
    )


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([0, 1], [0, 1]),
        (["0.0", "1.0"], [0, 1]),
        (["TRUE", "false"], [False, True]),
        ([1.5, 2.5], ["1.5", "2.5"]),
    ],
)
def test_classes_keep_their_type(frame, tmp_path, labels, classes):
    values = np.where(frame.bought == "yes", labels[1], labels[0])
    path = _written(frame.assign(bought=values), tmp_path / "t.csv")
    trained = onelayer.train(path, target="bought", drop=("date", "id"), C=1.0)
    assert trained.classes.tolist() == classes
    assert set(trained.predict(frame[:50]).tolist()) <= set(classes)


def change(**columns):
    return lambda frame: frame.assign(**columns)


BAD = {
    "no target": (None, (), 2, "t.csv is a table: name the column of its classes with --target"),
    "no such target": (
        None,
        ("--target", "bougth"),
        2,
        "t.csv has no column 'bougth': 'bought'? It has id, age, town,",
    ),
    "no such drop": (None, ("--target", "bought", "--drop", "x"), 2, "has no column 'x'. It has"),
    "no such weights": (None, ("--target", "bought", "--weights", "w"), 2, "has no column 'w'"),
    "dropped target": (
        None,
        ("--target", "bought", "--drop", "bought"),
        2,
        "column 'bought' is dropped, and is the target",
    ),
    "two roles": (
        None,
        ("--target", "bought", "--group", "bought"),
        2,
        "column 'bought' is both the target and the group",
    ),
    "constant target": (
        change(bought="yes"),
        ("--target", "bought", "--drop", "date"),
        1,
        "the target 'bought' is yes in every row: a classifier needs two classes or more",
    ),
    "target of nothing": (
        change(bought="NA"),
        ("--target", "bought", "--drop", "date"),
        1,
        "no row has a bought\n",
    ),
    "numbers to predict": (
        None,
        ("--target", "age", "--drop", "date"),
        1,
        "this is a classifier, and needs classes. Make some of it, as above and below a value",
    ),
    "texts to predict": (
        change(bought=[f"text {j}" for j in range(300)]),
        ("--target", "bought", "--drop", "date"),
        1,
        "the target 'bought' has 300 different values in 300 rows, as text 0, text 1, text 10",
    ),
    "dates of no calendar": (
        change(date="99/99/2024"),
        ("--target", "bought"),
        1,
        "as '99/99/2024': write all as 2024-12-31, say which stand for nothing (--missing 99/99/20",
    ),
    "negative weights": (
        change(weight=[-1] + [1] * 299),
        ("--target", "bought", "--drop", "date", "--weights", "weight"),
        1,
        "the weights 'weight' have -1 in row 0, counted from 0: give numbers, at least 0",
    ),
    "weights whose sum overflows": (
        change(weight=[1e308] * 300),
        ("--target", "bought", "--drop", "date", "--weights", "weight"),
        1,
        "the weights 'weight' are at most 1e+308, whose sums and squares no float holds: multiply",
    ),
    "weights whose squares vanish": (
        change(weight=[1e-300] * 300),
        ("--target", "bought", "--drop", "date", "--weights", "weight"),
        1,
        "the weights 'weight' are at most 1e-300, whose sums and squares no float holds: multiply",
    ),
    "missing weights": (
        change(weight=[1, None] + [1] * 298),
        ("--target", "bought", "--drop", "date", "--weights", "weight"),
        1,
        "the weights 'weight' have nothing in row 1",
    ),
    "infinity": (
        change(age=[np.inf] + [1] * 299),
        ("--target", "bought", "--drop", "date"),
        1,
        "column 'age' has inf in row 0, counted from 0: leave the row out, or give a number",
    ),
    "no columns": (
        lambda frame: frame[["bought"]],
        ("--target", "bought"),
        1,
        "t.csv has no column beside bought",
    ),
}


@pytest.mark.parametrize(("changed", "options", "code", "message"), BAD.values(), ids=BAD)
def test_a_bad_table_says_what_is_wrong(frame, tmp_path, onelayer, changed, options, code, message):
    path = _written(frame if changed is None else changed(frame), tmp_path / "t.csv")
    done = onelayer("train", path, *options, "--no-report", "-o", tmp_path / "m.safetensors")
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_a_target_is_for_tables(colours, tmp_path, onelayer):
    done = onelayer("train", colours, "--target", "y", "-o", tmp_path / "m.safetensors")
    assert (done.code, done.err) == (
        2,
        f"error: {colours} is no table, .csv or .parquet: it has no column for --target\n",
    )


def test_a_file_of_another_name_is_text_where_it_has_a_target(frame, tmp_path, onelayer):
    path = _written(frame, tmp_path / "shop.data")
    output = tmp_path / "m.safetensors"
    assert onelayer("train", path, *USUAL, "-o", output, "--json").json["examples"] == 300


def test_a_column_that_is_missing_at_prediction_is_named(frame, model, tmp_path, onelayer):
    path = _written(frame.drop(columns=["age", "town"]), tmp_path / "t.csv")
    done = onelayer("predict", model, path)
    message = f"error: {path} has no column 'age', 'town': the model looks at them. "
    message += "It has id, member, date, weight, house, bought\n"
    assert (done.code, done.err) == (1, message)
    wrong = _written(frame.assign(age="old"), tmp_path / "w.csv")
    done = onelayer("evaluate", model, wrong)
    assert (
        f"{wrong}: column 'age' is one of numbers, written as 1234.5, and has 'old' in row 0"
        in done.err
    )


@pytest.mark.parametrize("suffix", ["csv", "parquet", "tsv"])
def test_a_table_is_scored_into_a_file_in_batches(
    frame, model, tmp_path, onelayer, monkeypatch, suffix
):
    monkeypatch.setattr("onelayer.readers.tables.table_files.BATCH", 70)
    source = tmp_path / "s.parquet"
    frame.assign(town=frame.town.where(frame.index != 3, 'A "new"\ntown')).to_parquet(source)
    output = tmp_path / f"scored.{suffix}"
    done = onelayer("predict", model, source, "-o", output, "--keep", "id,date", "--keep", "town")
    assert (done.code, done.out) == (0, f"Written: {output}, 300 rows\n")
    assert done.err == (
        f"note: {source}: not looked at: bought\n"
        f"note: {source}: 1 of 300 examples is unlike any trained on: town 1\n"
    )
    readers = {"csv": pd.read_csv, "tsv": pd.read_table, "parquet": pd.read_parquet}
    scored = readers[suffix](output)
    assert scored.columns.tolist() == [
        "id",
        "date",
        "town",
        "class",
        "probability",
        "P(no)",
        "P(yes)",
        "unlike",
    ]
    assert scored.unlike[3] == "town has a level that was not seen in training"
    assert scored.id.tolist() == list(range(300))
    assert scored.town[3] == 'A "new"\ntown'
    loaded = load(model)
    expected = loaded.predict_proba(source)
    np.testing.assert_allclose(scored[["P(no)", "P(yes)"]], expected, rtol=1e-14)
    np.testing.assert_allclose(scored.probability, expected.max(axis=1), rtol=1e-14)
    assert scored["class"].tolist() == loaded.predict(source).tolist()
    if suffix == "parquet":
        assert pq.read_metadata(output).num_rows == 300


def test_a_hyphen_is_standard_input(table, model, onelayer, process):
    there = onelayer("predict", model, table, "--format", "csv").out
    here = process("predict", model, "-", "--format", "csv", input=table.read_text())
    assert here.code == 0
    assert here.out.replace("/dev/stdin", str(table)) == there


def test_where_scores_must_not_go(frame, table, model, tmp_path, onelayer):
    there = _written(frame, tmp_path / "there.csv")
    wrong = {
        (there, "-o", there): "cannot be both read and written: give another name",
        (table, "-o", there): f"{there} exists: give another name with -o, or --overwrite",
        (table, "-o", tmp_path / "s.txt"): "s.txt: no table is written as .txt; give .csv or",
        (table, there, "-o", tmp_path / "s.csv"): "takes the rows of one table: give one file",
        (table, "--keep", "x"): "has no column 'x'. It has id, age",
    }
    for options, message in wrong.items():
        done = onelayer("predict", model, *options)
        assert done.code == 2
        assert message in done.err
    clash = _written(frame.assign(probability=1), tmp_path / "clash.csv")
    done = onelayer("predict", model, clash, "--keep", "probability")
    assert "column 'probability' cannot be kept: the result has one of that name" in done.err


def test_an_output_is_there_whole_or_not_at_all(frame, model, tmp_path, onelayer, monkeypatch):
    monkeypatch.setattr("onelayer.readers.tables.table_files._BLOCK", 2000)
    late = frame.assign(age=frame.age.astype(object).where(frame.index != 290, "inf"))
    path, output = _written(late, tmp_path / "late.csv"), tmp_path / "out.csv"
    output.write_text("before")
    done = onelayer("predict", model, path, "-o", output, "--overwrite")
    assert done.code == 1
    assert "column 'age' has inf in row 290, counted from 0: leave the row out" in done.err
    assert output.read_text() == "before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["late.csv", "out.csv"]


def test_pictures_and_arrays_are_written_too(colours, model_file, tmp_path, onelayer):
    output = tmp_path / "p.csv"
    done = onelayer("predict", model_file, colours, "-o", output)
    assert done.out == f"Written: {output}, 40 rows\n"
    scored = pd.read_csv(output)
    assert scored.columns.tolist() == ["file", "class", "probability", "unlike"]
    assert len(scored) == 40
    kept = onelayer("predict", model_file, colours, "--keep", "id")
    assert "is no model of a table: it has no columns to --keep" in kept.err
    assert kept.code == 2


def test_l1_leaves_few_weights_and_lists_them(table, tmp_path, onelayer):
    output = tmp_path / "l1.safetensors"
    options = ("--target", "bought", "--drop", "date", "--drop", "id", "-o", output)
    shown = onelayer("train", table, *options, "--l1-ratio", 1, "--C", 0.05)
    loaded = load(output)
    left = int((np.abs(loaded.coef) > 1e-9).sum())
    assert 1 <= left < loaded.coef.size
    assert f"Weights: L1 has left {left} of {loaded.coef.size}; the largest, above 0 for yes:" in (
        shown.out
    )
    assert re.search(r"\+[\d.]+   age\n", shown.out)
    listed = onelayer("inspect", output, "--json").json
    assert len(listed["coefficients"]) == left
    assert listed["coefficients"][0]["feature"] == "age"
    assert [column["name"] for column in listed["columns"]][:2] == ["age", "town"]
    page = (tmp_path / "l1.html").read_text()
    assert (
        f"{left} of {loaded.coef.size} weights are not zero. The largest weights, numbers" in page
    )
    wrong = onelayer("train", table, *options, "--l1-ratio", 2)
    assert wrong.code == 2


def test_inspect_names_columns_and_the_largest_weights(model, onelayer):
    shown = onelayer("inspect", model).out
    assert re.search(r"\ncolumns +age: number, median \d", shown)
    assert "town: 3 levels, Lima, Oslo, Rome" in shown
    assert "weights       10; the largest, above 0 for yes" in shown
    loaded = load(model)
    largest = loaded.inputs.encoding.features[int(np.abs(loaded.coef[0]).argmax())]
    assert (
        largest
        in shown.splitlines()[
            shown.splitlines().index(
                next(line for line in shown.splitlines() if line.startswith("weights"))
            )
            + 1
        ]
    )


def test_contributions_are_those_of_columns_for_every_class(frame, tmp_path):
    towns = _written(frame.drop(columns=["date", "id"]), tmp_path / "t.csv")
    trained = onelayer.train(towns, target="town", C=1.0)
    shares = trained.contributions(frame)
    assert shares.shape == (300, len(trained.columns), 3)
    Z = shares.sum(axis=1) + trained.intercept
    A = np.exp(Z / trained.temperature)
    expected = trained.predict_proba(frame)
    np.testing.assert_allclose(A / A.sum(axis=1, keepdims=True), expected, atol=1e-12)
    assert onelayer.train((np.eye(40), np.arange(40) % 2), C=1.0).columns == ()


def test_a_model_file_holds_the_table_as_json_and_no_code(model):
    from onelayer.model_file import read

    record = read(model)
    again = Encoding.from_dict(json.loads(json.dumps(record.metadata["inputs"])))
    assert again.columns == load(model).columns
    assert b"pickle" not in model.read_bytes()


def test_predicting_a_table_loads_neither_scikit_learn_nor_pandas(table, model, environment):
    script = (
        "import sys; from onelayer.cli.predict import predict; from pathlib import Path; "
        f"predict(Path({str(model)!r}), [Path({str(table)!r})]); "
        "print([m for m in ('sklearn', 'pandas', 'matplotlib', 'numba') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_report_on_a_table_says_what_its_weights_are_for(table, tmp_path, onelayer):
    report = tmp_path / "r.html"
    options = ("--target", "bought", "--drop", "date", "--drop", "id", "--C", 1)
    output = tmp_path / "m.safetensors"
    done = onelayer(
        "train", table, *options, "--weights", "weight", "-o", output, "--report", report
    )
    assert done.code == 0
    page = report.read_text()
    assert "The largest weights, numbers for a change by one standard deviation, levels for" in page
    assert "town = Rome" in page
    assert "The table weighs its rows: one of weight 2 counts as two examples in every" in page
    assert "each row with all of its weight, seed 0" in page


@pytest.mark.shared
def test_adult_from_its_file(shared, tmp_path, onelayer):
    folder = shared / "data" / "adult"
    output = tmp_path / "m.safetensors"
    options = ("--target", "income", "--test", folder / "test.csv", "-o", output, "--no-report")
    done = onelayer("train", folder / "train.csv", *options, "--json").json
    assert done["test"]["n"] == 16281
    assert done["test"]["accuracy"] >= 0.850
    assert done["test"]["auc"] >= 0.904
    assert done["features"] == 108
    headerless = folder / "headerless_500_rows.csv"
    done = onelayer(
        "train",
        headerless,
        "--no-header",
        "--target",
        14,
        "-o",
        tmp_path / "h",
        "--json",
        "--no-report",
    ).json
    assert done["examples"] == 500
