"""What a person points at: frames, PIL pictures, files, booleans, and a kind that is new."""

from pathlib import Path

import new_source
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

import onelayer
from onelayer.errors import DataError, UsageError
from onelayer.sources import KINDS


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    x, town = random.normal(size=120), random.choice(["Oslo", "Rome"], 120)
    y = np.where(x + (town == "Rome") + random.normal(size=120) > 0, "yes", "no")
    return pd.DataFrame({"x": x, "always": 1, "town": town, "y": y})


@pytest.fixture(scope="module")
def of_csv(frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("frame") / "t.csv"
    frame.to_csv(path, index=False)
    return onelayer.train(path, target="y")


WAYS = {
    "pandas": lambda frame: frame,
    "strings": lambda frame: frame.astype({"town": "string", "y": "category"}),
    "an index": lambda frame: frame.set_index(np.arange(120) * 7),
    "polars": pl.from_pandas,
    "Arrow": pa.Table.from_pandas,
    "dictionaries": lambda frame: frame.to_dict("records"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_table_in_memory_is_the_file(frame, of_csv, way):
    table = WAYS[way](frame)
    model = onelayer.train(table, target="y")
    np.testing.assert_array_equal(model.coef, of_csv.coef)
    assert model.card.test == of_csv.card.test
    assert model.card.source == "the data frame"
    assert model.evaluate(table).accuracy == of_csv.evaluate(frame).accuracy
    named = onelayer.train((table, frame.y) if way != "dictionaries" else table, target="y")
    assert named.classes.tolist() == ["no", "yes"]


def test_a_frame_and_its_labels_are_a_table(frame, of_csv):
    model = onelayer.train((frame[["x", "town"]], frame.y.to_numpy()))
    np.testing.assert_allclose(np.sort(model.coef[0]), np.sort(of_csv.coef[0]), rtol=1e-9)
    assert model.evaluate((frame[["x", "town"]], frame.y)).n == 120
    with pytest.raises(DataError, match="X has 120 rows, and y 3: give one label each"):
        onelayer.train((frame[["x"]], [1, 0, 1]))


def test_a_frame_without_a_target_is_asked_for_one(frame):
    with pytest.raises(UsageError, match="name the column of its classes"):
        onelayer.train(frame)
    with pytest.raises(UsageError, match="has no column 'z'"):
        onelayer.train(frame, target="z")
    twice = pd.concat([frame, frame[["x"]]], axis=1)
    with pytest.raises((DataError, ValueError)):
        onelayer.train(twice, target="y")


def test_columns_without_names_of_text_have_some(frame):
    numbers = pd.DataFrame(np.column_stack([frame.x, frame.y == "yes"]).astype(float))
    model = onelayer.train(numbers, target=1, C=1.0)
    assert model.inputs.features == ("0",)
    np.testing.assert_array_equal(model.predict_proba(numbers[[0]]), model.predict_proba(numbers))
    assert model.evaluate(numbers).n == 120
    parts = pd.MultiIndex.from_tuples([("x", "mean"), ("y", "")])
    named = onelayer.train(numbers.set_axis(parts, axis=1), target="y", C=1.0)
    assert named.inputs.features == ("x mean",)
    np.testing.assert_array_equal(named.coef, model.coef)


def test_what_must_be_made_a_table_first_is(frame):
    expected = onelayer.train(frame, target="y", C=1.0).coef
    batch, lazy = pa.RecordBatch.from_pandas(frame), pl.from_pandas(frame).lazy()
    for given in (batch, lazy):
        np.testing.assert_array_equal(onelayer.train(given, target="y", C=1.0).coef, expected)


def test_lists_of_rows_are_rows():
    model = onelayer.train(([[1, 2], [3, 4]] * 30, ["p", "q"] * 30), C=1.0)
    assert model.predict([[1, 2], [3, 4]]).tolist() == ["p", "q"]


def test_another_kind_than_was_trained_on_is_said(frame):
    model = onelayer.train(frame, target="y", C=1.0)
    with pytest.raises(DataError, match="the model takes a table with the columns x, town"):
        model.evaluate((np.zeros((2, 2)), ["no", "yes"]))
    with pytest.raises(DataError, match="is a table, and the model takes rows"):
        onelayer.train((np.eye(4), list("abab")), C=1.0, test_size=0).evaluate((frame, frame.y))


def test_frames_judge_and_choose(frame):
    model = onelayer.train(frame[:80], target="y", test=frame[80:])
    assert (model.card.judge, model.card.test.n) == ("the test set", 40)
    assert model.card.settings.test == "the data frame"


def pictures():
    random = np.random.default_rng(1)
    y = np.array(["dark", "light"] * 30)
    shades = np.where(y == "light", 180, 70)[:, None, None, None]
    X = random.normal(shades, 20, (60, 9, 9, 3)).clip(0, 255).astype(np.uint8)
    return X, y


def test_pil_pictures_files_and_arrays_give_one_model(tmp_path):
    X, y = pictures()
    files = [tmp_path / f"{k}.png" for k in range(60)]
    images = [Image.fromarray(x) for x in X]
    for image, file in zip(images, files, strict=True):
        image.save(file)
    models = [onelayer.train((given, y), C=1e-3) for given in (X, images, files)]
    for model in models:
        np.testing.assert_array_equal(model.coef, models[0].coef)
        for given in (files, images, X):
            np.testing.assert_array_equal(model.predict_proba(given), models[0].predict_proba(X))
    assert models[1].predict(images[0]).tolist() == ["dark"]
    assert models[1].evaluate((images, y)).n == 60
    files[3].write_bytes(b"no picture")
    again = onelayer.train((files, y), C=1e-3)
    assert [name for name, _ in again.card.audit.left_out] == [str(files[3])]
    with pytest.raises(DataError, match=r"3\.png cannot be read"):
        onelayer.train((files, y), C=1e-3, strict=True)
    with pytest.raises(DataError, match="there are 60 pictures and 2 labels"):
        onelayer.train((images, y[:2]))


@pytest.mark.parametrize("given", [3, None, [1, 2], {"a": [1]}, (1, 2, 3), {1, 2}])
def test_what_is_no_source_is_named(given):
    with pytest.raises(UsageError, match="is no source: give a path"):
        onelayer.train(given)


def test_a_new_kind_is_one_file_and_one_line(tmp_path, monkeypatch):
    assert len(Path(new_source.__file__).read_text().splitlines()) < 60
    folder = tmp_path / "mails.numbers"
    folder.mkdir()
    X = np.random.default_rng(2).normal(size=(60, 3))
    for k, x in enumerate(X):
        np.savetxt(folder / f"{k:02}.{'spam' if x[0] > 0 else 'ham'}", x)
    monkeypatch.setattr("onelayer.sources.KINDS", [new_source.NumberFiles, *KINDS])
    model = onelayer.train(folder)
    assert model.classes.tolist() == ["ham", "spam"]
    assert model.card.audit.read == 60
    expected = np.where(X[:, 0] > 0, "spam", "ham")
    assert (model.predict(X) == expected).mean() > 0.9
    model.save(tmp_path / "m.safetensors")
    found = onelayer.load(tmp_path / "m.safetensors").evaluate(folder)
    assert found == model.evaluate(folder)
