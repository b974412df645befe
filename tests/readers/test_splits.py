"""Which folders of a set train, choose and judge, by their names and by what is in them."""

import unicodedata

import pytest
from PIL import Image

import onelayer
from onelayer.errors import DataError
from onelayer.readers import find_splits, read_pictures

CLASSES = ("cat", "dog")


def lay(folder, *parts, classes=CLASSES, pictures=1):
    """Make pictures below each part, in the folders of its classes; "flat:NAME" has none."""
    for number, part in enumerate(parts):
        flat = part.startswith("flat:")
        for place, name in enumerate([""] if flat else classes):
            inner = folder / part.removeprefix("flat:") / name
            inner.mkdir(parents=True, exist_ok=True)
            for k in range(pictures):
                colour = (200 * place, 40 * number + k, 90)
                Image.new("RGB", (8, 8), colour).save(inner / f"{k}.png")
    return folder


def found(folder):
    splits = find_splits(folder)
    paths = (splits.train, splits.val, splits.test)
    return tuple(path and path.relative_to(folder).as_posix() for path in paths)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ("training_set test_set", ("training_set", None, "test_set")),
        ("seg_train seg_test flat:seg_pred", ("seg_train", None, "seg_test")),
        (
            "seg_train/seg_train seg_test/seg_test",
            ("seg_train/seg_train", None, "seg_test/seg_test"),
        ),
        ("train validate", ("train", "validate", None)),
        ("train eval", ("train", None, "eval")),
        ("train eval test", ("train", "eval", "test")),
        ("train eval val", ("train", "val", "eval")),
        ("train dev", ("train", "dev", None)),
        ("train unseen", ("train", None, "unseen")),
        ("train_images val_images test_images", ("train_images", "val_images", "test_images")),
        ("Training-Set ValidationData testSet", ("Training-Set", "ValidationData", "testSet")),
        ("train2017 val2017", ("train2017", "val2017", None)),
        ("asl_alphabet_train asl_alphabet_test", ("asl_alphabet_train", None, "asl_alphabet_test")),
        ("TRAIN Test VALID", ("TRAIN", "VALID", "Test")),
        ("train flat:test", ("train", None, None)),
        ("train_images", ("train_images", None, None)),
        ("wrapped/train wrapped/test", (".", None, None)),
    ],
)
def test_parts_are_known_by_a_word_in_their_names(tmp_path, parts, expected):
    folder = lay(tmp_path / "set", *parts.split())
    assert found(folder) == expected


@pytest.mark.parametrize(
    ("parts", "question"),
    [
        ("train blind", "does blind/ choose, or judge?"),
        ("train test blind", "does blind/ choose, or judge?"),
        ("val test", "would tell one part from the other"),
        ("a_train b_train", "which of them is the train set?"),
        ("train test_a test_b", "which of them is the test set?"),
        ("unseen other", "which of them is for training?"),
        ("flat:train flat:test", "would tell one part from the other"),
        ("flat:train_images flat:eval_images", "would tell one part from the other"),
        ("train flat:unlabelled", "if it is a class, give its folder another name"),
    ],
)
def test_who_is_unsure_asks_and_trains_nothing(tmp_path, parts, question):
    folder = lay(tmp_path / "set", *parts.split())
    with pytest.raises(DataError) as asked:
        onelayer.train(folder, C=1.0)
    assert question in str(asked.value)
    assert str(folder) in str(asked.value)


def test_classes_of_any_name_are_classes(tmp_path):
    for parts in ("train_station bus_station", "test_tube beaker", "trains planes"):
        folder = lay(tmp_path / parts, *[f"flat:{part}" for part in parts.split()])
        assert found(folder) == (".", None, None)
        assert set(read_pictures(folder).classes) == set(parts.split())


def test_classes_with_the_same_folders_are_said_to_be_classes(tmp_path):
    folder = lay(tmp_path / "set", "cat", "dog", classes=("indoor", "outdoor"))
    splits = find_splits(folder)
    assert splits.train == folder
    (note,) = splits.notes
    assert note == (
        "cat/ and dog/ hold the same folders, indoor, outdoor, and are classes: call them train/ "
        "and test/ if they are parts of a set"
    )


def test_an_archive_in_a_folder_of_its_own_name_is_unpacked(tmp_path):
    folder = lay(tmp_path / "photos", "photos")
    assert find_splits(folder).train == folder / "photos"
    assert read_pictures(folder).classes == CLASSES
    one = lay(tmp_path / "one", "cat", classes=("indoor", "outdoor"))
    with pytest.raises(DataError, match="one class alone, cat"):
        read_pictures(one)


def test_composed_and_decomposed_names_are_one_name(tmp_path):
    """macOS hands out NFD, everybody else NFC: one class, in training and in judging."""
    composed, decomposed = (unicodedata.normalize(form, "caf\u00e9") for form in ("NFC", "NFD"))
    assert composed != decomposed
    folder = lay(tmp_path / "set", "train", classes=(composed, "th\u00e9"), pictures=8)
    lay(folder, "test", classes=(decomposed, "th\u00e9"), pictures=3)
    model = onelayer.train(folder, C=1.0)
    assert model.classes.tolist() == [composed, "th\u00e9"]
    assert model.card.test.n == 6
    mixed = lay(tmp_path / "mixed", *map("flat:{}".format, (composed, decomposed, "rest")))
    pictures = read_pictures(mixed)
    assert pictures.classes == (composed, "rest")
    assert pictures.audit.by_class == {composed: 2, "rest": 1}
    assert read_pictures(mixed, classes=[decomposed, "rest"]).labels.tolist() == [0, 0, 1]
