"""Round trip: what `train` said of the test set is what the saved and loaded model says of it.

To the last bit, by every way in: `evaluate`, `predict`, `predict_proba`, command line and server.
"""

from pathlib import Path

import numpy as np
import pytest
from law_kinds import KINDS
from scipy.sparse import issparse

import onelayer
from onelayer.server import create_app


def test_the_loaded_model_judges_the_test_set_as_training_did(trained):
    found = onelayer.load(trained.file).evaluate(trained.test_source)
    assert found == trained.model.card.test


def test_the_loaded_model_answers_as_the_trained_one(trained):
    loaded = onelayer.load(trained.file)
    expected = trained.model.predict_proba(trained.inputs)
    np.testing.assert_array_equal(loaded.predict_proba(trained.inputs), expected)
    np.testing.assert_array_equal(
        loaded.predict(trained.inputs), trained.model.predict(trained.inputs)
    )


def test_what_is_predicted_is_what_was_judged(trained):
    """`predict` reads its rows by another way in than what judged."""
    model, y = trained.model, trained.test.y
    answers, A = model.predict(trained.inputs), model.predict_proba(trained.inputs)
    of_truth = A[np.arange(len(y)), np.searchsorted(model.classes, y)]
    judged = model.card.test
    assert np.mean(answers == y) == judged.accuracy
    assert np.mean(-np.log(of_truth)) == pytest.approx(judged.log_loss, rel=1e-12)


def require_path(trained):
    if not isinstance(trained.test_source, (str, Path)):
        pytest.skip("what has no path is not for the command line")


def test_the_command_line_judges_as_training_did(trained, command):
    require_path(trained)
    found = command("evaluate", trained.file, trained.test_source)
    assert found == trained.model.card.test.to_dict()


def test_the_command_line_predicts_as_the_model_does(trained, command):
    require_path(trained)
    given = trained.inputs if isinstance(trained.inputs, list) else [trained.test_source]
    found = command("predict", trained.file, *given)["predictions"]
    A = trained.model.predict_proba(trained.inputs)
    answers = trained.model.predict(trained.inputs)
    assert [one["class"] for one in found] == answers.tolist()
    of_answers = A[np.arange(len(A)), np.searchsorted(trained.model.classes, answers)]
    assert [one["probability"] for one in found] == of_answers.tolist()


def test_the_server_answers_as_the_model_does(trained, running, tmp_path):
    few = trained.test.take(np.arange(16))
    with running(create_app(onelayer.load(trained.file))) as client:
        answered = client.post("/v1/predict", **trained.kind.request(few)).json()
    assert "predictions" in answered, answered
    found = [list(one["probabilities"].values()) for one in answered["predictions"]]
    inputs = trained.kind.inputs(few, tmp_path / "few")
    # JSON has no sparse rows.
    expected = trained.model.predict_proba(inputs.toarray() if issparse(inputs) else inputs)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("trained", ["digits"], indirect=True)
def test_what_evaluate_takes_predict_takes(trained):
    """Grey pictures have no channels, (m, height, width); and there may be none."""
    grey, model = trained.test.X, trained.model
    assert np.mean(model.predict(grey) == trained.test.y) == model.card.test.accuracy
    assert model.predict_proba(grey[:0]).shape == (0, 10)


@pytest.mark.parametrize("name", KINDS)
def test_what_was_held_out_is_judged_as_the_loaded_model_does(name, tmp_path):
    """Every example is trained on or held out: what is said of both is said of the whole."""
    kind = KINDS[name]
    source = kind.source(kind.make(0), tmp_path / "source")
    model = onelayer.train(source, **{**kind.settings, "C": 1.0, "calibrate": "none"})
    model.save(tmp_path / "m.safetensors")
    found = onelayer.load(tmp_path / "m.safetensors").evaluate(source)
    parts = model.card.train, model.card.test
    sizes = [part.n for part in parts]
    assert found.n == sum(sizes)
    for measure in ("accuracy", "log_loss", "brier"):
        said = np.average([getattr(part, measure) for part in parts], weights=sizes)
        assert said == pytest.approx(getattr(found, measure), rel=1e-12)
