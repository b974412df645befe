"""A SELECT answers as the model does, in SQLite and in DuckDB; what SQL cannot say is refused."""

import json
import re
import sqlite3
import warnings
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from law_kinds import KINDS
from law_tables import random_tables, tries
from typer.testing import CliRunner

import onelayer
from onelayer.calibration import Costs, Threshold
from onelayer.cli.app import app
from onelayer.errors import ExportError, UsageError
from onelayer.export.sql import ANSWER, TABLE, nothing_words, sql_of
from onelayer.readers.tables.notation import NOTHING

EXACT = {"rtol": 0, "atol": 1e-12}


def in_sqlite(select, frame):
    with warnings.catch_warnings(), sqlite3.connect(":memory:") as base:
        warnings.simplefilter("ignore")
        frame.to_sql("data", base, index=False)
        found = pd.read_sql_query(select, base)
    base.close()
    return found


def in_duckdb(select, frame):
    with duckdb.connect() as base:
        base.register("data", frame)
        return base.sql(select).df()


ENGINES = pytest.mark.parametrize("engine", [in_sqlite, in_duckdb])


def probabilities(found, model):
    return found[[f"P({name})" for name in model.classes.tolist()]].to_numpy(np.float64)


@pytest.fixture(scope="module")
def table():
    """Three classes by a number with gaps, a category with odd levels and a boolean."""
    random = np.random.default_rng(0)
    x, town = random.normal(size=400), random.choice(["Oslo", "L'Aquila", 'a "b"', "ü"], 400)
    member = random.random(400) < 0.5
    score = x + (town == "Oslo") + member + random.normal(size=400)
    frame = pd.DataFrame({'x "1"': np.where(random.random(400) < 0.1, np.nan, x), "town": town})
    frame["member"] = np.where(member, "True", "false")
    frame["y"] = np.select([score < 0, score < 1], ["low", "it's middling"], "high")
    return frame


@pytest.fixture(scope="module", params=[2, 3])
def model(request, table):
    frame = table if request.param == 3 else table[table["y"] != "high"]
    return onelayer.train(frame, target="y", C=1.0)


ODD = pd.DataFrame(
    {
        'x "1"': [0.5, np.nan, 800.0, -800.0, 1e30, 0.0, 1.0, 2.0],
        "town": ["Oslo", None, " Oslo\t", "oslo", "", "NA", "never seen", "L'Aquila"],
        "member": ["TRUE", "false", None, "unknown", "none", " true ", "1", "maybe"],
    }
)


@ENGINES
def test_missing_unseen_and_extreme_cells_are_answered_as_the_model_does(
    model, table, engine, tmp_path
):
    model.export(tmp_path / "m.sql")
    select = (tmp_path / "m.sql").read_text()
    for frame in (ODD, table.drop(columns="y")):
        found = engine(select, frame)
        np.testing.assert_allclose(probabilities(found, model), model.predict_proba(frame), **EXACT)
        np.testing.assert_array_equal(found[ANSWER], model.predict(frame))
        assert found.columns[: frame.shape[1]].tolist() == frame.columns.tolist()


@given(random_tables(extra=False, without=("sentences", "dates")))
@tries(8)
def test_tables_at_random_are_answered_as_the_model_does(tmp_path_factory, made):
    path = tmp_path_factory.mktemp("table") / "m.sql"
    model = onelayer.train(made.train, **made.settings)
    model.export(path)
    held = pd.DataFrame(
        {
            column.name: (
                made.test[column.name].astype(np.float64)
                if column.kind == "number"
                else made.test[column.name].astype(object).where(made.test[column.name].notna())
            )
            for column in model.columns
        }
    )
    for engine in (in_sqlite, in_duckdb):
        found = engine(path.read_text(), held)
        np.testing.assert_allclose(
            probabilities(found, model), model.predict_proba(made.rows), **EXACT
        )


RULES = {
    "costs": lambda K: Costs((1.0 - np.eye(K)) * np.arange(1.0, K + 1)[:, None] ** 4),
    "threshold": lambda K: Threshold(K - 1, 0.31),
}


@ENGINES
@pytest.mark.parametrize("rule", RULES)
def test_rules_temperatures_and_class_weights_are_in_the_select(
    model, table, rule, engine, tmp_path
):
    K = len(model.classes)
    readout = replace(
        model.readout,
        temperature=1.7,
        class_weights=np.arange(1.0, K + 1),
        decision=RULES[rule](K),
    )
    other = replace(model, readout=readout)
    other.export(tmp_path / "m.sql")
    frame = table.drop(columns="y")
    found = engine((tmp_path / "m.sql").read_text(), frame)
    np.testing.assert_allclose(probabilities(found, other), other.predict_proba(frame), **EXACT)
    np.testing.assert_array_equal(found[ANSWER], other.predict(frame))
    assert (other.predict(frame) != model.predict(frame)).any()


def test_nothing_is_written_where_sqlite_answers_otherwise(model, tmp_path, monkeypatch):
    def tampered(subject):
        layer = replace(subject.layer, b=subject.layer.b + np.arange(1, len(subject.layer.b) + 1))
        return sql_of(replace(subject, layer=layer))

    monkeypatch.setattr("onelayer.export.sql.sql_of", tampered)
    with pytest.raises(ExportError, match="nothing was written, as SQLite does not answer"):
        model.export(tmp_path / "m.sql")
    assert list(tmp_path.iterdir()) == []


def test_the_words_for_nothing_are_those_of_the_reader():
    words = nothing_words()
    assert {"?", "n.a", "n.a.", ".", "..", "none", "<na>"} <= set(words)
    assert [word for word in words if not re.match(NOTHING, word)] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [("P(yes)", "'P\\(yes\\)' is called as a column of the result"), ("PREDICTION", "rename it")],
)
def test_columns_called_as_the_result_are_refused(name, message, tmp_path):
    x = np.random.default_rng(0).normal(size=100)
    frame = pd.DataFrame({name: x, "y": np.where(x > 0.1, "yes", "no")})
    model = onelayer.train(frame, target="y", C=1.0)
    with pytest.raises(UsageError, match=message):
        model.export(tmp_path / "m.sql")


def test_what_sql_cannot_say_is_refused_in_words(tmp_path, model):
    digits = KINDS["digits"]
    pictures = onelayer.train(digits.source(digits.make(0), tmp_path / "d"), C=1.0)
    with pytest.raises(UsageError, match="models of tables can"):
        pictures.export(tmp_path / "m.sql")
    with pytest.raises(UsageError, match="no numbers of 4 bytes: export it in float64"):
        model.export(tmp_path / "m.sql", dtype="float32")
    with pytest.raises(UsageError, match=r"give model\.onnx, or of a model of a table model\.sql"):
        model.export(tmp_path / "m.pmml")


def test_the_command_writes_a_select(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    arguments = ["export", str(tmp_path / "m.safetensors"), str(tmp_path / "m.sql"), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    checked = json.loads(done.stdout)["check"]["SQLite"]
    assert checked["labels"] == 0
    text = (tmp_path / "m.sql").read_text()
    assert text.count(TABLE) == 2  # in the words above it, and once below
    assert json.dumps(checked) in text
