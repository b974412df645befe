"""One layer on an encoder: trained, saved, loaded, explained; features are made once."""

import json
import pickle
import shutil
import sys
from base64 import b64decode
from copy import deepcopy
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from law_encoder import SIDE, places, write_encoder
from PIL import Image
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.encoders.onnx_file import OnnxEncoder
from onelayer.errors import DataError, MissingExtraError, ShapeError, UsageError
from onelayer.inputs import encoder_reading
from onelayer.inputs.examples import joined
from onelayer.readers.pictures.pixels import resized
from onelayer.server import create_app
from onelayer.words import options_spoken

pytestmark = pytest.mark.usefixtures("own_cache")
FLOWERS = Path(__file__).resolve().parents[3] / "shared" / "data" / "flowers"


@pytest.fixture
def encodings(monkeypatch):
    """How many pictures were encoded, and files decoded."""
    counts = {"encoded": 0, "decoded": 0}
    encode, decode = OnnxEncoder.encode, encoder_reading.decode

    def counted_encode(self, picture):
        counts["encoded"] += 1
        return encode(self, picture)

    def counted_decode(*given):
        counts["decoded"] += 1
        return decode(*given)

    monkeypatch.setattr(OnnxEncoder, "encode", counted_encode)
    monkeypatch.setattr(encoder_reading, "decode", counted_decode)
    return counts


def test_a_second_reading_decodes_and_encodes_nothing(photos, small, own_cache, encodings):
    first = onelayer.train(photos, features=small, C=1.0)
    assert (encodings["decoded"], encodings["encoded"]) == (40, 40)
    encodings.update(encoded=0, decoded=0)
    second = onelayer.train(photos, features=small, C=1.0)
    assert encodings == {"encoded": 0, "decoded": 0}
    np.testing.assert_array_equal(first.coef, second.coef)
    assert len(list(own_cache.rglob("*/*"))) == 40
    damaged = next(own_cache.rglob("*/*"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    third = onelayer.train(photos, features=small, C=1.0)
    assert encodings == {"encoded": 1, "decoded": 1}
    np.testing.assert_array_equal(first.coef, third.coef)


def test_features_are_those_of_the_picture_alone(photos, small):
    model = onelayer.train(photos, features=small, C=1.0)
    files = sorted(photos.rglob("*.png"))
    X = model.rows(files)
    square = Image.open(files[0]).resize((SIDE, SIDE), Image.Resampling.BICUBIC, (5, 0, 35, 30))
    expected = places(np.asarray(square)).mean(axis=(0, 1))
    np.testing.assert_allclose(X[0], expected, atol=1e-5)
    for row in (0, 17, 39):
        np.testing.assert_array_equal(model.rows([files[row]])[0], X[row])
        np.testing.assert_array_equal(model.rows(Image.open(files[row]))[0], X[row])


def test_a_map_adds_up_to_the_score(photos, small):
    model = onelayer.train(photos, features=small, C=1.0)
    files = sorted(photos.rglob("*.png"))[:3]
    X, maps = model.rows(files), model.maps(files, "warm")
    assert maps.shape == (3, SIDE, SIDE)
    score = model.score(X, 1)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)) + score.intercept, score.z, rtol=1e-12)
    np.testing.assert_allclose(model.maps(files, "cold"), -maps, rtol=1e-6, atol=1e-12)
    picture = model.inputs.pictures(files[0])[0]
    by_hand = places(picture) @ model.coef[0] / SIDE**2
    np.testing.assert_allclose(maps[0], by_hand, atol=1e-7)
    np.testing.assert_array_equal(
        model.maps(files), [model.maps([one], model.predict([one])[0])[0] for one in files]
    )
    with pytest.raises(UsageError, match="'hot' is unknown"):
        model.maps(files, "hot")


def test_a_loaded_model_names_its_encoder_and_takes_no_other(photos, small, tmp_path):
    model = onelayer.train(photos, features=small, C=1.0)
    model.save(tmp_path / "m.safetensors")
    files = sorted(photos.rglob("*.png"))
    loaded = onelayer.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(files), model.predict_proba(files))
    digest = model.inputs.spec.digest[:12]
    assert f"12 of small.onnx, which sees 16 x 16 pixels, digest {digest}" in str(loaded.card)
    write_encoder(small, change=0.1)
    with pytest.raises(DataError, match="it is another encoder"):
        loaded.predict(files)
    small.unlink()
    with pytest.raises(DataError, match="put it back"):
        loaded.predict(files)
    assert "digest" in str(onelayer.load(tmp_path / "m.safetensors").card)


def brightness(picture):
    return picture.reshape(-1, 3).mean(axis=0) / 255


def test_a_function_is_an_encoder_too(photos, own_cache, tmp_path):
    model = onelayer.train(photos, features=brightness, size=32, C=1.0)
    model.save(tmp_path / "m.safetensors")
    files = sorted(photos.rglob("*.png"))
    loaded = onelayer.load(tmp_path / "m.safetensors")
    with pytest.raises(DataError, match=r"function brightness.*model\.with_encoder"):
        loaded.predict(files)
    found = loaded.with_encoder(brightness).predict_proba(files)
    np.testing.assert_array_equal(found, model.predict_proba(files))
    with pytest.raises(DataError, match="other features than brightness"):
        loaded.with_encoder(lambda picture: 2 * brightness(picture))
    assert not list(own_cache.rglob("*/*"))  # who knows what a function will say tomorrow


def test_arrays_and_pictures_in_memory_are_encoded_as_files_are(photos, small):
    files = sorted(photos.rglob("*.png"))
    y = np.array([file.parent.name for file in files])
    images = [Image.open(file) for file in files]
    asked = {"features": small, "C": 1.0, "test_size": 0}
    expected = onelayer.train((files, y), **asked)
    X = np.stack([np.asarray(image) for image in images])
    for given in (images, X):
        found = onelayer.train((given, y), **asked)
        np.testing.assert_allclose(found.coef, expected.coef, rtol=1e-6)
    np.testing.assert_array_equal(found.predict_proba(X), found.predict_proba(files))
    assert found.predict_proba(X[:0]).shape == (0, 2)
    assert found.maps(X[:2]).shape == (2, SIDE, SIDE)
    with pytest.raises(ShapeError, match="takes pictures"):
        found.predict(X / 255)


def test_a_copy_of_a_model_and_its_evidence_reports_alike(photos, small, tmp_path):
    model = onelayer.train(photos, features=small, C=1.0, refit=True)
    assert len(pickle.dumps(model)) > 1000
    copy = deepcopy(model)
    copy.report(tmp_path / "a.html")
    model.report(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_text() == (tmp_path / "b.html").read_text()


def test_parts_that_were_read_apart_are_shown_together(photos, small, tmp_path):
    """Files of a folder judge with pictures of an array: each is drawn from where it lies."""
    files = sorted(photos.rglob("*.png"))[15:25]
    X, y = np.stack([np.asarray(Image.open(f)) for f in files]), [f.parent.name for f in files]
    X = 255 - X
    np.savez(tmp_path / "t.npz", X=X, y=y)
    model = onelayer.train(photos, features=small, C=1.0, test=tmp_path / "t.npz")
    everything = joined([model.evidence.parts.train, model.evidence.parts.test])
    assert len(everything) == 50
    to = model.inputs.preprocessing
    np.testing.assert_array_equal(everything.shown.again(44), resized(X[4:5], to)[0])
    np.testing.assert_array_equal(
        everything.shown.again(3), model.inputs.pictures(photos / everything.names[3])[0]
    )
    model.report(tmp_path / "r.html")
    assert "What speaks for" in (tmp_path / "r.html").read_text()


def test_what_is_no_picture_is_left_out_or_refused(photos, small):
    (photos / "warm" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    model = onelayer.train(photos, features=small, C=1.0)
    assert [name for name, _ in model.card.audit.left_out] == ["warm/broken.png"]
    with pytest.raises(UsageError, match="no pictures"):
        onelayer.train((np.eye(6), [0, 1] * 3), features=small)
    with pytest.raises(UsageError, match="no pictures"):
        onelayer.train("breast_cancer", features=small)
    with pytest.raises(UsageError, match="no pictures"):
        onelayer.train([{"a": 1.0, "y": 0}, {"a": 2.0, "y": 1}] * 9, target="y", features=small)
    with pytest.raises(UsageError, match="no use beside features"):
        onelayer.train(photos, features="efficientnet-lite0", mode="L")


def test_near_duplicates_are_found_in_the_pictures(photos, tmp_path):
    wide = write_encoder(tmp_path / "wide.onnx", side=48)
    first = photos / "warm" / "0.png"
    brighter = np.asarray(Image.open(first)).astype(float) * 1.1
    Image.fromarray(brighter.clip(0, 255).astype(np.uint8)).save(photos / "warm" / "zz.png")
    model = onelayer.train(photos, features=wide, C=1.0)
    assert ("warm/0.png", "warm/zz.png") in model.card.audit.near_duplicates


def test_the_command_line_trains_reports_and_empties_the_cache(photos, small, own_cache, tmp_path):
    run = CliRunner()
    output = tmp_path / "m.safetensors"
    done = run.invoke(app, ["train", str(photos), "--features", str(small), "-o", str(output)])
    assert done.exit_code == 0, done.stderr
    assert "features: 12 of " in done.stdout
    page = (tmp_path / "m.html").read_text()
    assert "numbers a picture, without names" in page
    told = json.loads(run.invoke(app, ["cache", "--json"]).stdout)
    assert (told["folder"], told["pictures"]) == (str(own_cache), 40)
    assert told["bytes"] == 40 * (16 + 64 * 64 * 3 + 4 * 12)
    assert "Emptied" in run.invoke(app, ["cache", "--empty"]).stdout
    assert json.loads(run.invoke(app, ["cache", "--json"]).stdout)["bytes"] == 0
    wrong = run.invoke(app, ["train", str(photos), "--features", "resnet", "-o", str(output)])
    assert wrong.exit_code == 2
    assert "there is no encoder 'resnet'" in wrong.stderr


@pytest.mark.shared
@pytest.mark.skipif(not FLOWERS.is_dir(), reason="the photographs lie beside the checkout")
def test_flowers_are_recognised(tmp_path):
    """Of every second photograph, 0.68 on average; pixels alone give 0.44."""
    for file in sorted(FLOWERS.rglob("*.jpg"))[::2]:
        (tmp_path / file.parent.name).mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / file.parent.name)
    rates = [
        onelayer.train(tmp_path, features="efficientnet-lite0", seed=seed).card.test.accuracy
        for seed in range(5)
    ]
    assert np.mean(rates) >= 0.6


def test_the_server_explains_a_picture_by_its_places(photos, small, running):
    model = onelayer.train(photos, features=small, C=1.0)
    file = photos / "warm" / "3.png"
    with running(create_app(model)) as client:
        asked = {"files": {"files": ("a.png", file.read_bytes())}, "params": {"class": "cold"}}
        (found,) = client.post("/v1/explain", **asked).json()["explanations"]
        described = client.get("/v1/model").text
    shares = np.array(found["contributions"])
    np.testing.assert_allclose(shares, model.maps(file, "cold")[0], rtol=1e-12)
    assert shares.sum() + found["intercept"] == pytest.approx(found["z"], rel=1e-12)
    seen = Image.open(BytesIO(b64decode(found["seen"].partition(",")[2])))
    np.testing.assert_array_equal(np.asarray(seen), model.inputs.pictures(file)[0])
    assert "small.onnx" in described
    assert str(small.parent) not in described  # the folders of this machine are nobody's


def test_raw_pixels_that_are_weak_name_the_way_out(photos):
    random = np.random.default_rng(0)
    for file in photos.rglob("*.png"):
        Image.fromarray(random.integers(0, 256, (30, 40, 3)).astype(np.uint8)).save(file)
    model = onelayer.train(photos, C=1.0)
    assert "train with features='efficientnet-lite0'" in str(model.card)
    with options_spoken():
        assert "train with --features efficientnet-lite0" in str(model.card)
    assert model.card.needs_encoder


def test_without_the_extra_the_command_that_mends_it_is_named(photos, small, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'onelayer\[encoder\]'"):
        onelayer.train(photos, features=write_again(small))


def write_again(path):
    """The same encoder in other bytes, which no earlier test has opened."""
    path.write_bytes(path.read_bytes() + bytes.fromhex("3a00"))
    return path
