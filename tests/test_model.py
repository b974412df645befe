"""train, Model, save and load."""

import math
from dataclasses import fields, replace
from inspect import signature

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_iris

import onelayer
from onelayer import LogisticRegression, Settings
from onelayer.errors import DataError, ModelFileError, ShapeError, UsageError
from onelayer.model.record import record_of
from onelayer.model_file import read, write


@pytest.fixture(scope="module")
def model(colours):
    return onelayer.train(colours)


def test_the_model_labels_files_folders_and_arrays_alike(model, colours):
    pictures = onelayer.read_pictures(colours)
    expected = ["blue"] * 20 + ["red"] * 20
    assert model.predict(colours).tolist() == expected
    assert model.predict([colours / "blue", colours / "red" / "00.png"]).tolist() == expected[:21]
    assert model.predict(str(colours / "red" / "00.png")).tolist() == ["red"]
    assert model.predict(pictures.images).tolist() == expected
    rows = pictures.images.reshape(40, -1)
    np.testing.assert_array_equal(model.predict_proba(rows), model.predict_proba(colours))


def test_the_probabilities_are_sigma_of_w_x_plus_b(model, colours):
    X = onelayer.read_pictures(colours).images.reshape(40, -1).astype(float)
    z = X @ model.coef[0] + model.intercept[0]
    np.testing.assert_allclose(model.predict_proba(colours)[:, 1], 1 / (1 + np.exp(-z)), rtol=1e-9)


def test_a_loaded_model_predicts_the_same_to_the_last_bit(model, colours, tmp_path):
    path = tmp_path / "m.safetensors"
    model.save(path)
    again = onelayer.load(path)
    np.testing.assert_array_equal(again.predict_proba(colours), model.predict_proba(colours))
    assert again.card == model.card
    assert again.classes.dtype == model.classes.dtype
    X = onelayer.read_pictures(colours).images.reshape(40, -1)
    estimated = again.estimator.predict_proba(X)
    np.testing.assert_array_equal(estimated, model.predict_proba(X))
    assert again.estimator.solution_.status == model.estimator.solution_.status
    assert again.estimator.get_params() == model.estimator.get_params()


def test_a_model_is_shown_in_one_line(model):
    assert repr(model) == "<Model of 2 classes, 192 features>"


def test_the_card_reads_as_text(model, colours):
    lines = str(model.card).splitlines()
    assert lines[0] == "classes      2: blue, red"
    assert f"trained on   {colours}" in lines


def test_the_same_seed_gives_the_same_model_and_another_another(hard):
    first, second = onelayer.train(hard / "train"), onelayer.train(hard / "train")
    np.testing.assert_array_equal(first.coef, second.coef)
    assert (onelayer.train(hard / "train", seed=1).coef != first.coef).any()


def test_pictures_of_another_size_are_made_the_models_whether_files_or_arrays(model):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 9, 11, 3), np.uint8)
    expected = model.predict_proba([Image.fromarray(picture) for picture in pictures])
    np.testing.assert_array_equal(model.predict_proba(pictures), expected)


def test_arrays_of_another_shape_or_kind_are_refused(model):
    with pytest.raises(ShapeError, match=r"\(9, 8, 3\) may be one picture: .* as picture\[None\]"):
        model.predict(np.zeros((9, 8, 3), np.uint8))
    with pytest.raises(DataError, match=r"X is float64 \(2, 8, 8, 3\), .* pictures of uint8"):
        model.predict(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ShapeError, match=r"shape \(2, 5\): the model takes \(m, 192\)"):
        model.predict(np.zeros((2, 5)))


def test_files_that_cannot_be_read_are_all_named(model, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"(?s)2 of 2 files cannot be read.*a\.png.*b\.png"):
        model.predict(tmp_path)


def test_every_setting_is_a_keyword_of_train():
    """So that editors and `help` show them, with the types and defaults of `Settings`."""
    found = signature(onelayer.train).parameters
    assert list(found)[:3] == ["source", "like", "progress"]
    assert list(found)[3:] == [field.name for field in fields(Settings)]
    for field in fields(Settings):
        assert (found[field.name].default, found[field.name].annotation) == (
            field.default,
            field.type,
        )


def test_an_unknown_setting_is_named():
    with pytest.raises(TypeError, match="train has no keyword 'epochs'"):
        onelayer.train("digits", epochs=3)


def test_settings_reach_the_estimator(hard):
    settings = {"C": 0.5, "solver": "lbfgs", "class_weight": "balanced", "max_iter": 77, "seed": 3}
    parameters = onelayer.train(hard, **settings).estimator.get_params()
    assert {name: parameters[name] for name in ("C", "solver", "class_weight", "max_iter")} == {
        name: settings[name] for name in ("C", "solver", "class_weight", "max_iter")
    }
    assert parameters["random_state"] == 3
    assert parameters["scaling"] == 1 / 255


def test_progress_is_told_what_is_under_way(colours):
    told = []
    onelayer.train(colours, progress=lambda *at: told.append(at))
    assert ("reading", 40, 40) in told
    assert ("choosing C", 0, 10) in told
    assert ("choosing C", 10, 10) in told
    assert [stage for stage, *_ in told] == sorted(
        [stage for stage, *_ in told],
        key=[
            "reading",
            "looking for the same twice",
            "choosing C",
            "training",
            "calibrating",
        ].index,
    )


@pytest.mark.parametrize("scaling", [None, "standard", 0.1])
@pytest.mark.parametrize("labels", [np.array([10, 20, 30]), np.array(["a", "b", "c"])])
def test_an_estimator_is_saved_with_its_labels_and_scaling(tmp_path, scaling, labels):
    X, y = load_iris(return_X_y=True)
    fitted = LogisticRegression(C=2.5, scaling=scaling).fit(X, labels[y])
    onelayer.save(fitted, tmp_path / "m.safetensors")
    loaded = onelayer.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    np.testing.assert_array_equal(loaded.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(loaded.estimator.predict_proba(X), fitted.predict_proba(X))
    assert loaded.classes.dtype == labels.dtype
    assert loaded.estimator.C == 2.5


def test_without_a_penalty_the_file_holds_that(tmp_path):
    X, y = load_iris(return_X_y=True)
    fitted = LogisticRegression(C=math.inf).fit(X[50:, :1], y[50:])
    onelayer.save(fitted, tmp_path / "m.safetensors")
    assert math.inf == onelayer.load(tmp_path / "m.safetensors").estimator.C


def test_what_cannot_be_saved_is_named(tmp_path):
    with pytest.raises(UsageError, match="cannot save a dict: give a onelayer Model or a fitted"):
        onelayer.save({}, tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match=r"not fitted: call fit\(X, y\)"):
        onelayer.save(LogisticRegression(), tmp_path / "m.safetensors")


def _cut(record, name):
    return replace(record, metadata={k: v for k, v in record.metadata.items() if k != name})


@pytest.mark.parametrize("name", ["classes", "inputs", "parameters", "card"])
def test_a_file_without_a_part_is_damaged(model, tmp_path, name):
    path = tmp_path / "m.safetensors"
    write(_cut(record_of(model), name), path)
    with pytest.raises(ModelFileError, match=f"m.safetensors is damaged: '{name}' is missing"):
        onelayer.load(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"coef": np.zeros((1, 191))}, "is damaged: a scaling of"),
        ({"coef": np.zeros((3, 192))}, r"weights \(3, 192\) and \(1,\) for 2 classes"),
        ({"intercept": np.zeros(2)}, r"weights \(1, 192\) and \(2,\) for 2 classes"),
        ({"centre": np.zeros(3)}, "is damaged: a scaling of"),
    ],
)
def test_weights_that_do_not_fit_are_damage(model, tmp_path, arrays, message):
    path = tmp_path / "m.safetensors"
    record = record_of(model)
    write(replace(record, arrays={**record.arrays, **arrays}), path)
    with pytest.raises(ModelFileError, match=message):
        onelayer.load(path)


def test_the_file_knows_where_it_came_from(model, colours, tmp_path):
    model.save(tmp_path / "m.safetensors")
    card = read(tmp_path / "m.safetensors").metadata["card"]
    assert card["source"] == str(colours)
    assert card["settings"]["C"] is None
    assert card["choice"]["C"] in [C for C, _ in card["choice"]["tried"]]
    assert card["preprocessing"] == {"height": 8, "width": 8, "mode": "RGB", "fit": "stretch"}
    assert card["audit"]["read"] == 40
    assert card["created"].endswith("+00:00")
