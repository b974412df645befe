"""A column that is left out, wherever it stands, leaves every other column as it is."""

import numpy as np
import pandas as pd
import pytest

import onelayer
from onelayer.server import create_app

ROWS = 200
USELESS = {
    "constant": np.full(ROWS, 1.0),
    "empty": np.full(ROWS, np.nan),
    "identifier": np.array([f"note {row}" for row in range(ROWS)]),
    "mostly rare": np.array([f"town {row}" if row < 150 else "Oslo" for row in range(ROWS)]),
}
PLACES = {"in front": 0, "in the middle": 1, "last": 3}
FORMATS = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "parquet": lambda frame, path: frame.to_parquet(path),
}
ASKED = {"target": "y", "C": 1.0}


def make_frame(seed):
    """A number that decides y, a category and a number that do not."""
    random = np.random.default_rng(seed)
    x = random.normal(size=ROWS)
    return pd.DataFrame(
        {
            "x": x,
            "c": random.choice(["a", "b", "c"], ROWS),
            "z": random.normal(size=ROWS),
            "y": np.where(x + random.logistic(size=ROWS) / 4 > 0, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A model of the table without any useless column, and its test set's probabilities."""
    folder = tmp_path_factory.mktemp("plain")
    make_frame(0).to_csv(folder / "train.csv", index=False)
    make_frame(1).to_csv(folder / "test.csv", index=False)
    model = onelayer.train(folder / "train.csv", **ASKED, test=folder / "test.csv")
    return model, model.predict_proba(folder / "test.csv")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("useless", USELESS.values(), ids=USELESS)
def test_a_left_out_column_shifts_nothing(useless, place, kind, plain, tmp_path):
    paths = [tmp_path / f"{name}.{kind}" for name in ("train", "test")]
    for seed, path in enumerate(paths):
        frame = make_frame(seed)
        frame.insert(place, "useless", useless)
        FORMATS[kind](frame, path)
    model = onelayer.train(paths[0], **ASKED, test=paths[1])
    expected, probabilities = plain
    assert [column.name for column in model.columns] == ["x", "c", "z"]
    np.testing.assert_array_equal(model.coef, expected.coef)
    np.testing.assert_array_equal(model.predict_proba(paths[1]), probabilities)
    assert model.card.test == expected.card.test == model.evaluate(paths[1])


@pytest.fixture
def shifted(tmp_path):
    """A table whose first columns are all useless."""
    path = tmp_path / "t.csv"
    pd.concat([pd.DataFrame(USELESS), make_frame(0)], axis=1).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("how", [{}, {"refit": True}, {"val": True}], ids=str)
def test_training_and_the_saved_model_agree(how, shifted, tmp_path):
    settings = {**how, "val": shifted} if "val" in how else how
    model = onelayer.train(shifted, **ASKED, test=shifted, **settings)
    model.save(tmp_path / "m.safetensors")
    loaded = onelayer.load(tmp_path / "m.safetensors")
    if not how.get("refit"):
        assert loaded.evaluate(shifted) == model.card.test
    # y hangs on x alone.
    by_column = np.abs(loaded.contributions(shifted)).mean(axis=0)
    shares = dict(zip([column.name for column in loaded.columns], by_column, strict=True))
    assert shares["x"] > 5 * max(shares["c"], shares["z"])
    assert loaded.evaluate(shifted).accuracy > 0.85


def test_the_server_and_a_pipeline_of_steps_agree(shifted, running):
    frame = pd.read_csv(shifted)
    model = onelayer.train(shifted, **ASKED, test_size=0, calibrate="none")
    with pytest.warns(UserWarning, match="left out: constant"):
        pipeline = onelayer.make_table_classifier(frame, "y", C=1.0)
    pipeline.fit(frame, frame.y)
    expected = model.predict_proba(frame)
    np.testing.assert_allclose(pipeline.predict_proba(frame), expected, rtol=1e-6)
    rows = frame[["x", "c", "z"]].to_dict("records")
    with running(create_app(model)) as client:
        answers = client.post("/v1/predict", json={"rows": rows}).json()["predictions"]
    found = [list(answer["probabilities"].values()) for answer in answers]
    np.testing.assert_array_equal(found, expected)
