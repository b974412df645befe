"""train, Model, save and load; who judges, how C is chosen, and what the measures are."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest
from sklearn.datasets import load_iris
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score, top_k_accuracy_score

import onelayer
from onelayer import LogisticRegression
from onelayer.errors import DataError, ModelFileError, ShapeError, UsageError
from onelayer.model.choice import path_of
from onelayer.model.measures import evaluate, wilson_interval
from onelayer.model.parts import read_parts
from onelayer.model.settings import Settings
from onelayer.model.sources import Reading, no_progress, read_source
from onelayer.model_file import read, write

BLUE, RED = (40, 40, 200), (200, 40, 40)
BOTH = {"blue": BLUE, "red": RED}


@pytest.fixture(scope="module")
def model(colours):
    return onelayer.train(colours)


# ---- train and use -------------------------------------------------------------------------------


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


def test_the_card_reads_as_text(model, colours):
    lines = str(model.card).splitlines()
    assert lines[0] == "classes      2: blue, red"
    assert f"trained on   {colours}" in lines


def test_the_same_seed_gives_the_same_model_and_another_another(hard):
    first, second = onelayer.train(hard / "train"), onelayer.train(hard / "train")
    np.testing.assert_array_equal(first.coef, second.coef)
    assert (onelayer.train(hard / "train", seed=1).coef != first.coef).any()


def test_arrays_of_another_shape_or_kind_are_refused(model):
    with pytest.raises(ShapeError, match=r"shape \(2, 9, 8, 3\) .* takes \(m, 8, 8, 3\) of uint8"):
        model.predict(np.zeros((2, 9, 8, 3), np.uint8))
    with pytest.raises(ShapeError, match="dtype float64"):
        model.predict(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ShapeError, match=r"shape \(2, 5\): the model takes \(m, 192\)"):
        model.predict(np.zeros((2, 5)))


def test_files_that_cannot_be_read_are_all_named(model, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"(?s)2 of 2 files cannot be read.*a\.png.*b\.png"):
        model.predict(tmp_path)


def test_an_unknown_setting_is_named_with_those_that_there_are():
    with pytest.raises(UsageError, match="no setting 'epochs': it knows C, class_weight, fit"):
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
    assert [stage for stage, *_ in told] == sorted(
        [stage for stage, *_ in told], key=["reading", "choosing C", "training"].index
    )


# ---- save and load -------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", ["classes", "preprocessing", "parameters", "card"])
def test_a_file_without_a_part_is_damaged(model, tmp_path, name):
    path = tmp_path / "m.safetensors"
    write(_cut(model.to_record(), name), path)
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
    record = model.to_record()
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


# ---- who is judged on what -----------------------------------------------------------------------


def parts_of(source, **options):
    return read_parts(source, Settings.of(options), no_progress)


@pytest.fixture
def splits(tmp_path, write_pictures):
    for seed, (name, count) in enumerate({"train": 10, "val": 6, "test": 4}.items()):
        write_pictures(tmp_path / "photos" / name, BOTH, count, seed=seed)
    return tmp_path / "photos"


def test_with_train_val_and_test_val_chooses_and_test_judges(splits):
    parts = parts_of(splits)
    assert (len(parts.train), len(parts.val), len(parts.test)) == (20, 12, 8)
    assert parts.judge == "the test set"
    assert parts.audit.read == 40
    assert parts.audit.notes[0] == "20 in train, 8 in test, 12 in val"
    model = onelayer.train(splits)
    assert model.card.choice["words"].startswith("the best of")
    assert "on 12 other pictures" in model.card.choice["words"]
    assert model.card.test["n"] == 8


def test_with_train_and_val_alone_val_judges_and_chooses_nothing(splits):
    for file in sorted((splits / "test").rglob("*.png")):
        file.unlink()
    for folder in ("test/red", "test/blue", "test"):
        (splits / folder).rmdir()
    parts = parts_of(splits)
    assert (len(parts.train), parts.val, len(parts.test)) == (20, None, 12)
    assert parts.judge == "the validation set"
    # A fifth of the twenty chooses.
    assert "on 4 other pictures" in onelayer.train(splits).card.choice["words"]


def test_with_train_and_test_a_part_of_train_chooses(splits):
    for file in sorted((splits / "val").rglob("*.png")):
        file.unlink()
    for folder in ("val/red", "val/blue", "val"):
        (splits / folder).rmdir()
    parts = parts_of(splits)
    assert (len(parts.train), parts.val, len(parts.test)) == (20, None, 8)
    assert "on 4 other pictures" in onelayer.train(splits).card.choice["words"]


def test_named_sources_judge_and_choose(splits):
    parts = parts_of(splits / "train", test=splits / "test", val=str(splits / "val"))
    assert (len(parts.train), len(parts.val), len(parts.test)) == (20, 12, 8)
    alone = parts_of(splits / "train", val=splits / "val")
    assert (alone.val, len(alone.test), alone.judge) == (None, 12, "the validation set")


def test_a_named_source_goes_before_the_folders_own(splits, write_pictures, tmp_path):
    other = write_pictures(tmp_path / "other", BOTH, 3, seed=8)
    assert len(parts_of(splits, test=other).test) == 6


def test_a_fifth_is_held_out_of_every_class(colours):
    parts = parts_of(colours)
    assert np.bincount(parts.train.labels).tolist() == [16, 16]
    assert np.bincount(parts.test.labels).tolist() == [4, 4]
    assert np.bincount(parts_of(colours, test_size=0.5).test.labels).tolist() == [10, 10]
    assert parts_of(colours, test_size=0).test is None


def test_identical_pictures_are_on_one_side(tmp_path, write_pictures):
    """Every picture three times, under other names: a split that ignored it would flatter."""
    source = write_pictures(tmp_path / "photos", BOTH, 10)
    for file in sorted(source.rglob("*.png")):
        for copy in ("copy", "again"):
            file.with_stem(f"{file.stem}-{copy}").write_bytes(file.read_bytes())
    parts = parts_of(source)
    sides = [{row.tobytes() for row in part.X} for part in (parts.train, parts.test)]
    assert sides[0].isdisjoint(sides[1])
    assert (len(parts.train), len(parts.test)) == (48, 12)


def test_training_pictures_that_also_judge_are_left_out_of_training(splits):
    (splits / "train/red/leak.png").write_bytes((splits / "test/red/00.png").read_bytes())
    parts = parts_of(splits)
    assert len(parts.train) == 20
    left_out = ("train/red/leak.png", "also in test or val, so not trained on")
    assert left_out in parts.audit.left_out
    with pytest.raises(DataError, match=r"red/leak.png is also in test or val.*1 such in all"):
        parts_of(splits, strict=True)


def test_a_class_whose_pictures_all_judge_is_an_error(splits):
    for file in (splits / "train" / "red").iterdir():
        file.unlink()
    (splits / "train/red/leak.png").write_bytes((splits / "test/red/00.png").read_bytes())
    with pytest.raises(DataError, match="all pictures of red are also in test or val"):
        parts_of(splits)


def test_the_same_picture_in_two_classes_is_kept_and_noted(tmp_path, write_pictures):
    source = write_pictures(tmp_path / "photos", BOTH, 5)
    (source / "blue" / "also.png").write_bytes((source / "red" / "00.png").read_bytes())
    note = "2 pictures are the same in two classes and were kept: blue/also.png, red/00.png"
    assert note in parts_of(source).audit.notes
    with pytest.raises(DataError, match="same in two classes; 2 such in all"):
        parts_of(source, strict=True)


def test_refit_trains_on_everything_with_the_c_that_was_judged(colours):
    once, again = onelayer.train(colours), onelayer.train(colours, refit=True)
    assert again.card.refit
    assert again.card.choice == once.card.choice
    assert again.card.test == once.card.test
    X = onelayer.read_pictures(colours).images.reshape(40, -1)
    y = np.repeat(["blue", "red"], 20)
    expected = LogisticRegression(C=once.card.choice["C"], scaling=1 / 255).fit(X, y)
    np.testing.assert_allclose(again.coef, expected.coef_, rtol=1e-6, atol=1e-12)


def test_sets_of_another_kind_cannot_judge(colours):
    with pytest.raises(DataError, match="digits has the classes 0, 1, 2"):
        parts_of(colours, test="digits")


# ---- sources -------------------------------------------------------------------------------------


def test_digits_are_grey_pictures_of_8_by_8():
    digits = read_source("digits", Reading())
    assert digits.X.shape == (1797, 64)
    assert digits.X.dtype == np.uint8
    assert (digits.X.min(), digits.X.max()) == (0, 255)
    assert digits.classes.tolist() == list("0123456789")
    assert digits.audit.by_class["0"] == 178


def test_breast_cancer_is_a_table_of_30_features():
    found = read_source("breast_cancer", Reading())
    assert found.X.shape == (569, 30)
    assert found.classes.tolist() == ["benign", "malignant"]
    assert np.bincount(found.labels).tolist() == [357, 212]
    assert found.scaling == "standard"
    with pytest.raises(UsageError, match="it has no size"):
        read_source("breast_cancer", Reading(size=8))


def test_a_model_of_digits_reads_picture_files(tmp_path):
    model = onelayer.train("digits", C=1.0)
    digits = read_source("digits", Reading())
    Image.fromarray(digits.X[7].reshape(8, 8)).save(tmp_path / "seven.png")
    assert model.predict(tmp_path / "seven.png").tolist() == ["7"]


# ---- the choice of C -----------------------------------------------------------------------------


def test_the_path_is_ten_values_that_scale_as_the_penalty_does(colours):
    """C times m times T falls over six decades: twice the examples, half of every C."""
    examples = read_source(colours, Reading())
    twice = examples.take(np.tile(np.arange(40), 2))
    path = path_of(examples)
    assert len(path) == 10
    np.testing.assert_allclose(np.array(path_of(twice)) * 2, path, rtol=0.06)
    total = (examples.X / 255).var(axis=0).sum()
    np.testing.assert_allclose(path[0], 1 / (40 * total), rtol=0.05)
    np.testing.assert_allclose(path[-1], 1e6 / (40 * total), rtol=0.05)


def test_the_path_of_a_table_counts_standardised_features():
    table = read_source("breast_cancer", Reading())
    np.testing.assert_allclose(path_of(table)[0], 1 / (569 * 30), rtol=0.05)


def test_the_c_taken_has_the_least_log_loss_and_is_that_of_its_fit(splits):
    """The log loss beside each C is what scikit-learn's function says of that fit."""
    choice = onelayer.train(splits).card.choice
    losses = dict(choice["tried"])
    assert choice["C"] == min(losses, key=losses.get)
    train, val = (onelayer.read_pictures(splits / part) for part in ("train", "val"))
    C, tried = choice["tried"][1]
    fitted = LogisticRegression(C=C, scaling=1 / 255).fit(train.images, train.labels)
    assert tried == pytest.approx(log_loss(val.labels, fitted.predict_proba(val.images)), rel=1e-4)


def test_pure_noise_is_given_a_strong_penalty(tmp_path, write_pictures):
    """Where there is nothing to learn, the chosen C is among the strongest penalties."""
    grey = (128, 128, 128)
    source = write_pictures(tmp_path / "noise", {"a": grey, "b": grey}, 100)
    examples = read_source(source, Reading())
    assert onelayer.train(source).card.choice["C"] <= path_of(examples)[2]


def test_a_given_c_is_taken_as_it_is(colours):
    choice = onelayer.train(colours, C=0.25).card.choice
    assert choice == {"C": 0.25, "tried": [], "words": "as asked"}


# ---- measures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("correct", "n"), [(0, 10), (5, 8), (10, 10), (300, 499)])
def test_the_interval_is_wilsons(correct, n):
    expected = binomtest(correct, n).proportion_ci(method="wilson")
    assert wilson_interval(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_measures_agree_with_scikit_learn_for_two_classes():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 300)
    Z = (labels + random.normal(0, 1.5, 300)).reshape(-1, 1) - 0.5
    found = evaluate(Z, labels, np.array(["no", "yes"]))
    a = 1 / (1 + np.exp(-Z[:, 0]))
    assert found.accuracy == ((a > 0.5) == labels).mean()
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(labels, a > 0.5))
    assert found.log_loss == pytest.approx(log_loss(labels, a))
    assert found.auc == pytest.approx(roc_auc_score(labels, a))
    assert found.interval == wilson_interval(round(found.accuracy * 300), 300)
    assert found.top_5 is None


def test_measures_agree_with_scikit_learn_for_many_classes():
    random = np.random.default_rng(1)
    labels = random.integers(0, 7, 600)
    Z = random.normal(0, 1, (600, 7)) + 2 * np.eye(7)[labels]
    A = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    found = evaluate(Z, labels, np.arange(7))
    assert found.log_loss == pytest.approx(log_loss(labels, A))
    assert found.auc == pytest.approx(roc_auc_score(labels, A, multi_class="ovr"))
    assert found.top_5 == pytest.approx(top_k_accuracy_score(labels, A, k=5))
    assert found.interval is None
    assert found.worst[1] == min(found.recall.values())


def test_absent_classes_have_no_recall_and_one_class_no_auc():
    Z = np.array([[2.0, 0, 0], [2.0, 0, 0]])
    found = evaluate(Z, np.array([0, 0]), np.array(["a", "b", "c"]))
    assert found.recall == {"a": 1.0, "b": None, "c": None}
    assert found.auc is None
    assert found.balanced_accuracy == 1.0


def test_log_loss_is_exact_where_probabilities_round():
    Z = np.array([[800.0], [-800.0]])
    assert evaluate(Z, np.array([1, 0]), np.array([0, 1])).log_loss == 0
    assert evaluate(Z, np.array([0, 0]), np.array([0, 1])).log_loss == 400
