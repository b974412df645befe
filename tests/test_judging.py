"""Who is trained on, who chooses C, who judges, and what sources become."""

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import log_loss

import onelayer
from onelayer import LogisticRegression
from onelayer.card import Choice
from onelayer.errors import DataError, UsageError
from onelayer.estimators.grid import grid_of
from onelayer.estimators.problem import Data
from onelayer.estimators.weights import Weights
from onelayer.model.parts import read_parts
from onelayer.settings import Settings
from onelayer.sources import no_progress, open_source

BLUE, RED = (40, 40, 200), (200, 40, 40)
BOTH = {"blue": BLUE, "red": RED}


def parts_of(source, **options):
    asked = Settings(**options)
    return read_parts(open_source(source, asked), asked, no_progress)


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
    assert model.card.choice.words.startswith("the best of")
    assert "on 12 other pictures" in model.card.choice.words
    assert model.card.test.n == 8


def test_with_train_and_val_alone_val_judges_and_chooses_nothing(splits):
    for file in sorted((splits / "test").rglob("*.png")):
        file.unlink()
    for folder in ("test/red", "test/blue", "test"):
        (splits / folder).rmdir()
    parts = parts_of(splits)
    assert (len(parts.train), parts.val, len(parts.test)) == (20, None, 12)
    assert parts.judge == "the validation set"
    assert "in 5-fold cross-validation of 20 pictures" in onelayer.train(splits).card.choice.words


def test_with_train_and_test_folds_of_train_choose(splits):
    for file in sorted((splits / "val").rglob("*.png")):
        file.unlink()
    for folder in ("val/red", "val/blue", "val"):
        (splits / folder).rmdir()
    parts = parts_of(splits)
    assert (len(parts.train), parts.val, len(parts.test)) == (20, None, 8)
    words = onelayer.train(splits).card.choice.words
    assert "in 5-fold cross-validation of 20 pictures" in words


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
    sides = [{row.tobytes() for row in part.matrix} for part in (parts.train, parts.test)]
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
    expected = LogisticRegression(C=once.card.choice.C, scaling=1 / 255).fit(X, y)
    np.testing.assert_allclose(again.coef, expected.coef_, rtol=1e-6, atol=1e-12)


def test_sets_of_another_kind_cannot_judge(colours):
    with pytest.raises(DataError, match="digits has the classes 0, 1, 2"):
        parts_of(colours, test="digits")


def test_a_class_of_a_single_picture_is_trained_on_and_not_judged(tmp_path, write_pictures):
    source = write_pictures(tmp_path / "photos", BOTH, 10)
    write_pictures(tmp_path / "photos", {"green": (40, 200, 40)}, 1)
    model = onelayer.train(source)
    assert model.card.test.recall == {"blue": 1.0, "green": None, "red": 1.0}
    assert any(
        note.startswith("green has one picture alone: it stays") for note in model.card.audit.notes
    )


def test_with_one_picture_a_class_nothing_judges_or_chooses(tmp_path, write_pictures):
    model = onelayer.train(write_pictures(tmp_path / "photos", BOTH, 1))
    assert model.card.test is None
    words = "the default: too few pictures to choose on"
    assert model.card.choice == Choice(C=1.0, words=words)
    assert model.card.train.accuracy == 1.0


def _parts_of_any_seed(source):
    for seed in range(20):
        parts_of(source, seed=seed, test_size=0.6)


def test_a_class_that_is_all_in_another_is_an_error(tmp_path, write_pictures):
    """Its one picture goes with the group, wherever that is: some seed holds it out."""
    source = write_pictures(tmp_path / "photos", {"blue": BLUE}, 2)
    write_pictures(source, {"red": RED}, 4)
    (source / "odd").mkdir()
    for copy in ("a", "b"):
        (source / "red" / f"{copy}.png").write_bytes((source / "red" / "00.png").read_bytes())
    (source / "odd" / "a.png").write_bytes((source / "red" / "00.png").read_bytes())
    with pytest.raises(DataError, match="every example of odd is also in another class"):
        _parts_of_any_seed(source)


def test_digits_are_grey_pictures_of_8_by_8():
    digits = open_source("digits").read(None)
    assert digits.matrix.shape == (1797, 64)
    assert digits.matrix.dtype == np.uint8
    assert (digits.matrix.min(), digits.matrix.max()) == (0, 255)
    assert digits.classes.tolist() == list("0123456789")
    assert digits.audit.by_class["0"] == 178


def test_breast_cancer_is_a_table_of_30_features():
    found = open_source("breast_cancer").read(None)
    assert len(found.inputs.features) == 30
    assert found.inputs.features[:2] == ("mean radius", "mean texture")
    assert found.matrix.shape == (569, 30)
    assert found.classes.tolist() == ["benign", "malignant"]
    assert np.bincount(found.labels).tolist() == [357, 212]
    assert found.scaling == "standard"
    with pytest.raises(UsageError, match="it has no size"):
        open_source("breast_cancer", Settings(size=8)).read(None)


def test_a_model_of_digits_reads_picture_files(tmp_path):
    model = onelayer.train("digits", C=1.0)
    digits = open_source("digits").read(None)
    Image.fromarray(digits.matrix[7].reshape(8, 8)).save(tmp_path / "seven.png")
    assert model.predict(tmp_path / "seven.png").tolist() == ["7"]


def path_of(examples):
    data = Data(
        X=examples.matrix,
        targets=examples.labels,
        weights=Weights.of(np.ones(len(examples))),
        k=len(examples.classes),
        scaling=examples.scaling,
    )
    return grid_of(data, [0.0], 10)


def test_the_path_is_ten_values_that_scale_as_the_penalty_does(colours):
    """C times m times T falls over six decades: twice the examples, half of every C."""
    examples = open_source(colours).read(None)
    twice = examples.take(np.tile(np.arange(40), 2))
    path = path_of(examples)
    assert len(path) == 10
    np.testing.assert_allclose(np.array(path_of(twice)) * 2, path, rtol=0.06)
    total = (examples.matrix / 255).var(axis=0).sum()
    np.testing.assert_allclose(path[0], 1 / (40 * total), rtol=0.05)
    np.testing.assert_allclose(path[-1], 1e6 / (40 * total), rtol=0.05)


def test_the_path_of_a_table_counts_standardised_features():
    table = open_source("breast_cancer").read(None)
    np.testing.assert_allclose(path_of(table)[0], 1 / (569 * 30), rtol=0.05)


def test_the_c_taken_has_the_least_log_loss_and_is_that_of_its_fit(splits):
    """The log loss beside each C is what scikit-learn's function says of that fit."""
    choice = onelayer.train(splits).card.choice
    losses = dict(choice.tried)
    assert min(losses, key=losses.get) == choice.C
    train, val = (onelayer.read_pictures(splits / part) for part in ("train", "val"))
    C, tried = choice.tried[1]
    fitted = LogisticRegression(C=C, scaling=1 / 255).fit(train.images, train.labels)
    assert tried == pytest.approx(log_loss(val.labels, fitted.predict_proba(val.images)), rel=1e-4)


def test_pure_noise_is_given_a_strong_penalty(tmp_path, write_pictures):
    """Where there is nothing to learn, the chosen C is among the strongest penalties."""
    grey = (128, 128, 128)
    source = write_pictures(tmp_path / "noise", {"a": grey, "b": grey}, 100)
    examples = open_source(source).read(None)
    assert path_of(examples)[2] >= onelayer.train(source).card.choice.C


def test_a_given_c_is_taken_as_it_is(colours):
    choice = onelayer.train(colours, C=0.25).card.choice
    assert choice == Choice(C=0.25, words="as asked")
