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


@pytest.mark.parametrize("way", [lambda frame: frame, pa.Table.from_pandas])
def test_two_columns_of_one_name_are_named(frame, way):
    numbers = frame[["x", "y"]]
    model = onelayer.train(numbers, target="y", C=1.0)
    if way is pa.Table.from_pandas:
        twice = way(numbers).append_column("x", pa.array(frame.x))
    else:
        twice = pd.concat([numbers, frame[["x"]]], axis=1)
    for use in (lambda: onelayer.train(twice, target="y"), lambda: model.predict(twice)):
        with pytest.raises(DataError, match="two columns are called 'x': rename one"):
            use()


def test_names_that_are_one_as_text_are_named(frame):
    with pytest.raises(DataError, match="the data frame: two columns are called '1'"):
        onelayer.train(frame.rename(columns={"x": 1, "town": "1"}), target="y")


NEITHER = {
    "complex": lambda m: np.arange(m) + 1j,
    "objects": lambda m: [object() for _ in range(m)],
    "far too large": lambda m: pd.Series([10**40] * m, dtype=object),
}


@pytest.mark.parametrize("kind", NEITHER)
def test_a_column_that_is_neither_numbers_nor_text_is_named(frame, kind):
    model = onelayer.train(frame, target="y", C=1.0)
    odd = frame.assign(x=NEITHER[kind](len(frame)))
    for use in (lambda: onelayer.train(odd, target="y"), lambda: model.predict(odd)):
        with pytest.raises(DataError, match="column 'x' holds neither numbers nor text"):
            use()


def test_a_column_is_what_it_holds_however_it_is_kept(frame):
    many = np.where(frame.x > 1, frame.x, 0.0)
    expected = onelayer.train(frame.assign(x=many), target="y", C=1.0)
    kept = {
        "sparse": frame.assign(x=pd.arrays.SparseArray(many, fill_value=0.0)),
        "runs": pa.Table.from_pandas(frame).set_column(
            0, "x", pa.compute.run_end_encode(pa.array(many))
        ),
        "subclass": type("Frame", (pd.DataFrame,), {})(frame.assign(x=many)),
    }
    for way, table in kept.items():
        model = onelayer.train(table, target="y", C=1.0)
        np.testing.assert_array_equal(model.coef, expected.coef, way)
        assert model.evaluate(table) == expected.evaluate(frame.assign(x=many)), way


def test_intervals_are_categories_by_their_texts(frame):
    cut = pd.cut(frame.x.where(frame.x < 2), 3)
    model = onelayer.train(frame.assign(x=cut), target="y", C=1.0)
    as_text = frame.assign(x=cut.astype(object).map(str, na_action="ignore"))
    np.testing.assert_array_equal(model.coef, onelayer.train(as_text, target="y", C=1.0).coef)
    assert model.evaluate(frame.assign(x=cut)) == model.evaluate(as_text)


def test_classes_are_the_values_of_a_frame(frame):
    yes = (frame.y == "yes").to_numpy()
    kept = {
        "categories of numbers": (pd.Categorical(yes.astype(int)), [0, 1]),
        "large": (yes + 2**53, [str(2**53), str(2**53 + 1)]),
        "larger": (yes.astype("u8") + 2**63, [str(2**63), str(2**63 + 1)]),
    }
    expected = onelayer.train(frame, target="y", C=1.0)
    for way, (labels, classes) in kept.items():
        model = onelayer.train(frame.assign(y=labels), target="y", C=1.0)
        assert model.classes.tolist() == classes, way
        assert model.evaluate(frame.assign(y=labels)).accuracy == expected.evaluate(frame).accuracy


def test_columns_are_asked_for_by_the_names_that_they_have(frame):
    parts = pd.MultiIndex.from_tuples([("a", "x"), ("a", "always"), ("b", "town"), ("b", "y")])
    model = onelayer.train(frame.set_axis(parts, axis=1), target=("b", "y"), drop=[("b", "town")])
    assert model.inputs.target == "b y"
    assert [column.name for column in model.columns] == ["a x"]
    with pytest.raises(UsageError, match="has no column"):
        onelayer.train(frame, target=("b", "y"))


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


def test_texts_of_a_frame_stay_texts(tmp_path):
    """In a CSV file true and false can be written in no other way, in a frame they are typed."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=60), "y": random.choice(["true", "false"], 60)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    of_texts, of_file = (onelayer.train(s, target="y") for s in (frame, tmp_path / "t.csv"))
    of_booleans = onelayer.train(frame.assign(y=frame.y == "true"), target="y")
    assert of_texts.classes.tolist() == ["false", "true"]
    assert of_file.classes.tolist() == of_booleans.classes.tolist() == [False, True]
    assert set(of_texts.predict(frame[["x"]])) <= {"false", "true"}
    for model in (of_texts, of_file, of_booleans):
        found = [model.evaluate(one) for one in (frame, tmp_path / "t.csv")]
        assert found[0].accuracy == found[1].accuracy


@pytest.mark.parametrize("progress", [3, "yes", [print]])
def test_what_cannot_be_called_is_told_nothing(progress):
    with pytest.raises(UsageError, match=r"progress is .*: give a function of what is under way"):
        onelayer.train("breast_cancer", C=1.0, progress=progress)
    model = onelayer.train("breast_cancer", C=1.0, progress=None)
    with pytest.raises(UsageError, match=r"progress is .*: give a function of what is under way"):
        model.evaluate("breast_cancer", progress=progress)
    assert model.evaluate("breast_cancer", progress=None).n == 569


OF_TABLES = {
    "text": ("a",),
    "delimiter": ";",
    "encoding": "cp1252",
    "decimal": ",",
    "missing": ("-",),
    "header": False,
}


@pytest.mark.parametrize("name", OF_TABLES)
def test_what_is_said_of_a_table_is_refused_for_what_is_none(colours, name):
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    for source in (colours, "digits", (X, y)):
        with pytest.raises(UsageError, match=f"is no table, .csv or .parquet: .*{name}"):
            onelayer.train(source, C=1.0, **{name: OF_TABLES[name]})


@pytest.mark.parametrize("first", [0, 1])
def test_a_target_that_numbers_its_classes_is_one_however_many_there_are(first):
    """Ten rows a class; a table that judges may have fewer, and not all of them."""
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"y": np.repeat(np.arange(43) + first, 10), "x": random.normal(size=430)})
    model = onelayer.train(rows, target="y", C=1.0, calibrate="none")
    np.testing.assert_array_equal(model.classes, np.arange(43) + first)
    assert model.evaluate(rows[5::10]).n == 43
    few = [f"class {k}" for k in range(30)]
    named = pd.DataFrame({"y": few * 4, "x": random.normal(size=120)})
    assert onelayer.train(named, target="y", C=1.0).evaluate(named[:25]).n == 25


@pytest.mark.parametrize(
    "numbers", [np.arange(43) + 2, np.arange(43) * 2, np.delete(np.arange(44), 9), -np.arange(43)]
)
def test_other_numbers_are_measurements(numbers):
    rows = pd.DataFrame({"y": np.repeat(numbers, 10), "x": np.arange(430.0)})
    with pytest.raises(DataError, match=r"has 43 different values in 430 rows, as -?\d+, "):
        onelayer.train(rows, target="y")
    few = pd.DataFrame({"y": np.repeat(np.arange(43), 9), "x": np.arange(387.0)})
    with pytest.raises(DataError, match="has 43 different values in 387 rows, as 0, 1, 2: "):
        onelayer.train(few, target="y")


def test_the_card_says_that_numbers_were_standardised(frame):
    model = onelayer.train(frame, target="y", C=1.0)
    assert dict(model.card.rows())["scaling"].startswith("numbers standardised: zero mean")
    words = frame[["town", "y"]].assign(town=frame.town + " is a town by the sea")
    plain = onelayer.train(words, target="y", text="town", C=1.0)
    assert dict(plain.card.rows())["scaling"].startswith("no number to standardise")


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


NO_COLUMNS = {
    "weights": "w",
    "group": "g",
    "drop": ("a",),
    "target": "y",
}


@pytest.mark.parametrize("option", NO_COLUMNS)
def test_a_column_asked_for_where_there_are_none_is_not_passed_over(option):
    with pytest.raises(UsageError, match=f"arrays is no table.* has no column for {option}"):
        onelayer.train((np.eye(4), list("abab")), **{option: NO_COLUMNS[option]})
    with pytest.raises(UsageError, match=f"digits is no table.* has no column for {option}"):
        onelayer.train("digits", **{option: NO_COLUMNS[option]})


def test_rows_of_one_group_are_no_lack_of_rows(frame):
    model = onelayer.train(frame.assign(g="all"), target="y", group="g")
    assert "default: too few groups to choose on" in str(model.card)
    assert "none: too few groups to hold a fifth out at a time" in str(model.card)
    assert "in one group: they stay in training, and nobody judges" in str(model.card)


PICTURES_ALONE = {"size": 8, "mode": "L", "n_features": 3}


@pytest.mark.parametrize("option", PICTURES_ALONE)
def test_what_is_asked_of_pictures_is_not_passed_over_for_a_table(frame, option):
    with pytest.raises(UsageError, match=f"the data frame is a table: {option} is not for tables"):
        onelayer.train(frame, target="y", **{option: PICTURES_ALONE[option]})


def test_what_no_rows_are_made_of_is_said(frame):
    table = onelayer.train(frame, target="y", C=1.0)
    for given in (frame.iloc[0], None, 3):
        with pytest.raises(UsageError, match=r"what came is of type .*; give a data frame"):
            table.predict(given)
    with pytest.raises(UsageError, match="the data frame: what came is of type ndarray"):
        onelayer.make_table_classifier(frame.to_numpy(), "y")
    with pytest.raises(DataError, match="X is no array, as its rows differ in length"):
        onelayer.train(([[1, 2], [3]], [0, 1]))


def test_classes_that_differ_in_case_alone_are_noted(frame):
    mixed = np.where(np.arange(len(frame)) % 2, frame.y.str.upper(), frame.y)
    notes = onelayer.train(frame.assign(y=mixed), target="y", C=1.0).card.audit.notes
    assert "classes that differ in case alone, and are not one: NO and no, YES and yes" in notes
    assert "case alone" not in str(onelayer.train(frame, target="y", C=1.0).card.audit)


def test_what_no_picture_is_made_of_is_said(frame):
    random = np.random.default_rng(0)
    X, y = random.integers(0, 256, (40, 6, 6, 3), np.uint8), np.arange(40) % 2
    model = onelayer.train((X, y), C=1.0)
    for given in (frame, b"abc", []):
        with pytest.raises(UsageError, match="the model takes files and folders of pictures, PIL"):
            model.predict(given)
    with pytest.raises(UsageError, match="the model sees no places: contributions says"):
        model.maps(X[:2])
    mixed = [Image.fromarray(X[0]), "x.png"] * 20
    with pytest.raises(DataError, match="X has PIL pictures and names of files: give the ones or"):
        onelayer.train((mixed, y))


def test_digits_are_what_reading_their_files_would_give():
    """They are in memory as pictures are read: 1797 files need not be written first."""
    from onelayer.sources.embedded import _png, digit_pictures, read_picture

    X = onelayer.train("digits", C=1.0, calibrate="none").evidence.parts.train.whole
    pictures = digit_pictures()[0][:20]
    read = np.stack([read_picture(_png(picture), 8, "L", "crop") for picture in pictures])
    np.testing.assert_array_equal(X[:20], read.reshape(20, -1))
    assert X.dtype == read.dtype
