"""Pictures of training that a model of an encoder keeps: which, how many bytes, who is nearest."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.errors import ModelFileError, UsageError
from onelayer.inputs import kept_pictures
from onelayer.inputs.kept_pictures import KeptPictures, kept_from
from onelayer.model_file import read, write
from onelayer.server import create_app

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def model(photos, small):
    return onelayer.train(photos, features=small, C=1.0, keep_pictures=14)


@pytest.fixture
def kept_file(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def by_hand(X, kept):
    """Cosines in float64, one pair at a time."""
    others = kept.directions.astype(float)
    return np.array([[x @ y / np.sqrt((x @ x) * (y @ y)) for y in others] for x in X.astype(float)])


def test_the_nearest_are_those_of_brute_force(model, kept_file, photos):
    files = sorted(photos.rglob("*.png"))
    X, loaded = model.rows(files), onelayer.load(kept_file)
    cosines = by_hand(X, model.kept)
    for row, found in enumerate(model.similar(files, 5)):
        order = np.argsort(-cosines[row], kind="stable")[:5]
        np.testing.assert_allclose([one.likeness for one in found], cosines[row, order], atol=1e-12)
        assert [one.jpeg for one in found] == [model.kept.files[i] for i in order]
        assert [one.label for one in found] == [model.classes[model.kept.labels[i]] for i in order]
        assert loaded.similar([files[row]], 5) == [found]  # alone, and from a file
    assert model.similar(files, 99)[0] == model.similar([files[0]], 14)[0]
    assert model.similar(X[:0]) == []
    assert "jpeg" not in repr(model.similar(X[:1]))  # a kilobyte of bytes says nothing


def test_a_picture_of_training_is_most_like_itself(photos, small):
    model = onelayer.train(photos, features=small, C=1.0, test_size=0)
    files = sorted(photos.rglob("*.png"))
    assert len(model.kept) == 40
    for file, (first, *_) in zip(files, model.similar(files), strict=True):
        assert first.label == file.parent.name
        assert first.likeness == pytest.approx(1, abs=1e-6)
        assert Image.open(BytesIO(first.jpeg)).size == (64, 64)
        assert Image.open(BytesIO(first.jpeg)).getexif() == {}


def test_what_is_kept_of_training_changes_no_prediction(photos, small, kept_file):
    files = sorted(photos.rglob("*.png"))
    none = onelayer.train(photos, features=small, C=1.0, keep_pictures=0)
    assert none.kept is None
    assert none.similar(files[:2]) == [[], []]
    loaded = onelayer.load(kept_file)
    np.testing.assert_array_equal(loaded.predict_proba(files), none.predict_proba(files))
    assert "14 small pictures of training in the model file" in str(loaded.card)
    assert "keeps" not in str(none.card)


def test_a_file_of_before_answers_as_it_did(kept_file, photos, running):
    record, files = read(kept_file), sorted(photos.rglob("*.png"))
    expected = onelayer.load(kept_file).predict_proba(files)
    for name in kept_pictures.KEPT:
        del record.arrays[name]
    del (
        record.metadata["card"]["kept_pictures"],
        record.metadata["card"]["settings"]["keep_pictures"],
    )
    write(record, kept_file)
    old = onelayer.load(kept_file)
    np.testing.assert_array_equal(old.predict_proba(files), expected)
    assert old.kept is None
    with running(create_app(old)) as client:
        asked = client.post("/v1/explain", files={"files": ("a.png", files[0].read_bytes())})
    assert asked.json()["explanations"][0]["similar"] == []


def test_the_server_answers_with_the_nearest(model, photos, running):
    file = photos / "warm" / "3.png"
    asked = {"files": {"files": ("a.png", file.read_bytes())}}
    with running(create_app(model)) as client:
        found = client.post("/v1/explain", **asked).json()["explanations"][0]["similar"]
        predicted = client.post("/v1/predict", **asked).json()["predictions"][0]
    assert found == [
        {"class": one.label, "likeness": one.likeness, "picture": one.uri}
        for one in model.similar(file)[0]
    ]
    assert len(found) == 3
    assert set(predicted) == {"file", "class", "probabilities", "unlike"}


def test_the_report_shows_them_beside_mistakes(photos, small, tmp_path):
    random = np.random.default_rng(0)
    for file in photos.rglob("*.png"):  # nothing tells them apart: there will be mistakes
        Image.fromarray(random.integers(0, 256, (30, 40, 3)).astype(np.uint8)).save(file)
    for most in (20, 0):
        model = onelayer.train(photos, features=small, C=1.0, keep_pictures=most)
        assert model.card.test.accuracy < 1
        model.report(tmp_path / "r.html")
        page = (tmp_path / "r.html").read_text()
        assert ("A picture of training, of" in page) == (most > 0)
        assert ("Below each the most similar" in page) == (most > 0)


def test_the_cap_of_bytes_holds_and_the_classes_stay_even(photos, small, monkeypatch, tmp_path):
    whole = onelayer.train(photos, features=small, C=1.0)
    monkeypatch.setattr(kept_pictures, "BYTES", 20_000)
    model = onelayer.train(photos, features=small, C=1.0)
    assert 0.8 * 20_000 < model.kept.size <= 20_000
    assert np.ptp(np.bincount(model.kept.labels)) <= 1
    sizes = []
    for one in (model, onelayer.train(photos, features=small, C=1.0, keep_pictures=0)):
        one.save(tmp_path / "m.safetensors")
        sizes.append((tmp_path / "m.safetensors").stat().st_size)
    assert sizes[0] - sizes[1] < 20_000 + 1000  # names in the header
    assert len(whole.kept) == 32
    monkeypatch.setattr(kept_pictures, "BYTES", 100)
    assert onelayer.train(photos, features=small, C=1.0).kept is None


@given(some.lists(some.integers(0, 30), min_size=1, max_size=8), some.integers(1, 60))
def test_classes_share_the_room_as_evenly_as_their_sizes_allow(sizes, most):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    if not len(labels):
        return
    rows = kept_pictures._spread(labels, len(sizes), most)
    assert len(rows) == len(set(rows.tolist())) == min(most, len(labels))
    room = np.bincount(labels[rows], minlength=len(sizes))
    short = room[room < np.array(sizes)]  # those with more to give
    assert not len(short) or room.max() - short.min() <= 1


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("kept_features", lambda a: a[:, :5], "kept features"),
        ("kept_labels", lambda a: a + 2, "other classes"),
        ("kept_labels", lambda a: a[1:], "kept features"),
        ("kept_ends", lambda a: a[::-1], "end where they should"),
        ("kept_ends", lambda a: a + 1, "end where they should"),
        ("kept_pictures", lambda a: a[:-1], "end where they should"),
        ("kept_pictures", np.zeros_like, "no JPEG"),
        ("kept_ends", None, "kept_ends' is missing"),
    ],
)
def test_a_damaged_file_is_refused(kept_file, name, change, why):
    record = read(kept_file)
    array = record.arrays.pop(name)
    if change is not None:
        record.arrays[name] = np.ascontiguousarray(change(array))
    write(record, kept_file)
    with pytest.raises(ModelFileError, match=f"is damaged: .*{why}"):
        onelayer.load(kept_file)


def test_features_of_zeros_and_of_any_size_have_a_likeness():
    directions = np.array([[0, 0], [1, 0.5]], np.float16)
    kept = KeptPictures(directions, np.array([0, 1]), (b"\xff\xd8\xffa", b"\xff\xd8\xffb"))
    classes = np.array(["a", "b"])
    for x in ([2e-30, 1e-30], [2e38, 1e38], [2.0, 1.0]):
        (found,) = kept.nearest(np.array([x], np.float32), classes, 2)
        assert [(one.label, round(one.likeness, 6)) for one in found] == [("b", 1), ("a", 0)]
    (nothing,) = kept.nearest(np.zeros((1, 2)), classes, 2)
    assert [one.likeness for one in nothing] == [0, 0]
    again = kept_from(kept.to_arrays(), 2, 2)
    np.testing.assert_array_equal(again.directions, directions)
    assert again.files == kept.files


def test_where_there_is_no_encoder_nothing_is_kept(photos, kept_file, small):
    assert onelayer.train(photos, C=1.0).kept is None
    assert onelayer.train(photos, C=1.0, keep_pictures=0).kept is None
    with pytest.raises(UsageError, match="keep_pictures is for pictures that an encoder"):
        onelayer.train(photos, C=1.0, keep_pictures=5)
    asked = ["train", str(photos), "-o", str(kept_file), "--overwrite", "--no-report", "--C", "1"]
    encoded = [*asked, "--features", str(small)]
    assert "--keep-pictures 0 keeps none" in " ".join(
        CliRunner().invoke(app, encoded).stdout.split()
    )
    done = CliRunner().invoke(app, [*encoded, "--keep-pictures", "0"])
    assert done.exit_code == 0, done.stderr
    assert "keeps none" not in done.stdout
    assert onelayer.load(kept_file).kept is None
