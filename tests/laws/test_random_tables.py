"""Round trip of tables at random: every kind of column, in every order, weighted and grouped."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from law_tables import random_tables, tries

import onelayer
from onelayer.server import create_app


@given(random_tables())
@tries(15)
def test_what_training_said_is_what_the_loaded_model_says(made):
    with tempfile.TemporaryDirectory() as name:
        train, test = made.written(Path(name))
        model = onelayer.train(train, test=test, **made.settings)
        model.save(Path(name) / "m.safetensors")
        loaded = onelayer.load(Path(name) / "m.safetensors")
        assert loaded.evaluate(test) == model.card.test
        expected = model.predict_proba(test)
        np.testing.assert_array_equal(loaded.predict_proba(test), expected)
        np.testing.assert_array_equal(loaded.predict_proba(made.rows), expected)
        right = loaded.predict(test) == made.test.y
        accuracy = np.average(right, weights=made.test.get("weight"))
        assert accuracy == pytest.approx(model.card.test.accuracy, rel=1e-14)


@given(random_tables())
@tries(10)
def test_what_was_held_out_is_judged_as_the_loaded_model_does(made):
    """All rows are trained on or held out, so that what is said of both is said of the whole."""
    with tempfile.TemporaryDirectory() as name:
        train, _ = made.written(Path(name), ".parquet")
        model = onelayer.train(train, **made.settings)
        model.save(Path(name) / "m.safetensors")
        found = onelayer.load(Path(name) / "m.safetensors").evaluate(train)
    parts = model.card.train, model.card.test
    sizes = [part.n for part in parts]
    assert found.n == sum(sizes)
    for measure in ("accuracy", "log_loss", "brier"):
        said = np.average([getattr(part, measure) for part in parts], weights=sizes)
        assert said == pytest.approx(getattr(found, measure), rel=1e-12)


@given(random_tables())
@tries(5)
def test_the_command_line_and_the_server_answer_as_training_did(command, running, made):
    with tempfile.TemporaryDirectory() as name:
        train, test = made.written(Path(name))
        model = onelayer.train(train, test=test, **made.settings)
        file = Path(name) / "m.safetensors"
        model.save(file)
        assert command("evaluate", file, test) == model.card.test.to_dict()
        expected = model.predict_proba(test)
        found = command("predict", file, test)["predictions"]
        assert [one["probability"] for one in found] == expected.max(axis=1).tolist()
        command("predict", file, test, "-o", Path(name) / "scored.parquet")
        scored = pd.read_parquet(Path(name) / "scored.parquet")
        np.testing.assert_array_equal(scored[["P(no)", "P(yes)"]], expected)
        names = [column.name for column in model.columns]
        rows = made.rows[names].astype(object).where(made.rows[names].notna(), None)
        with running(create_app(onelayer.load(file))) as client:
            answered = client.post("/v1/predict", json={"rows": rows.to_dict("records")}).json()
    probabilities = [list(one["probabilities"].values()) for one in answered["predictions"]]
    np.testing.assert_array_equal(probabilities, expected)
