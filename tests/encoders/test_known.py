"""Files and encoders that are as they were are not read again, and changed ones are."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
from law_encoder import SIDE, write_encoder
from PIL import Image
from typer.testing import CliRunner

from onelayer.cache import known_things
from onelayer.cli.app import app
from onelayer.encoders import open_encoder, opening
from onelayer.errors import DataError
from onelayer.inputs import encoder_reading, known_files
from onelayer.inputs.encoder_reading import features_of_files

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def opened(monkeypatch):
    """The names of the files whose bytes were read."""
    read, given = [], encoder_reading.open_picture

    def counted(path):
        read.append(path.name)
        return given(path)

    monkeypatch.setattr(encoder_reading, "open_picture", counted)
    return read


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once."""
    monkeypatch.setattr(known_files, "SETTLED", -1e9)


@pytest.mark.usefixtures("settled")
def test_files_that_nobody_touched_are_not_read_again(photos, small, opened):
    files, encoder = sorted(photos.rglob("*.png")), open_encoder(small)
    first = features_of_files(files, encoder)
    assert len(opened) == 40
    opened.clear()
    again = features_of_files(files[::-1], encoder)
    assert not opened
    np.testing.assert_array_equal(again.X, first.X[::-1])
    np.testing.assert_array_equal(again.shown.small, first.shown.small[::-1])
    few = features_of_files(files[3:5], encoder)  # of a folder below
    np.testing.assert_array_equal(few.X, first.X[3:5])


@pytest.mark.usefixtures("settled")
def test_a_file_that_changed_is_read_whatever_its_time_says(photos, small, opened):
    files, encoder = sorted(photos.rglob("*.png")), open_encoder(small)
    first = features_of_files(files, encoder)
    before = files[0].stat()
    other = files[1].read_bytes()
    files[0].write_bytes(other.ljust(before.st_size, b"\0")[: max(before.st_size, len(other))])
    os.utime(files[0], ns=(before.st_atime_ns, before.st_mtime_ns))  # as `cp -p` and rsync do
    files[2].rename(files[2].with_name("moved.png"))
    files[2] = files[2].with_name("moved.png")
    opened.clear()
    again = features_of_files(files, encoder)
    assert opened == [files[0].name, "moved.png"]
    np.testing.assert_array_equal(again.X[0], first.X[1])
    np.testing.assert_array_equal(again.X[1:], first.X[1:])


def test_a_file_written_just_now_is_read_again(photos, small, opened):
    files, encoder = sorted(photos.rglob("*.png")), open_encoder(small)
    os.utime(files[0], (time.time() + 1e6,) * 2)  # a clock that is ahead
    features_of_files(files, encoder)
    features_of_files(files, encoder)
    assert len(opened) == 80


@pytest.mark.usefixtures("settled")
def test_what_is_known_may_be_damaged_lost_or_of_another_encoder(photos, small, opened, tmp_path):
    files, encoder = sorted(photos.rglob("*.png")), open_encoder(small)
    first = features_of_files(files, encoder)
    for kept in known_things().place.rglob("*/*"):
        kept.write_bytes(kept.read_bytes()[:-3])
    opened.clear()
    np.testing.assert_array_equal(features_of_files(files, encoder).X, first.X)
    assert len(opened) == 40
    opened.clear()
    other = open_encoder(write_encoder(tmp_path / "other.onnx", change=0.1))
    assert not np.allclose(features_of_files(files, other).X, first.X)
    assert len(opened) == 40
    encoder_reading.features_cache().empty()
    opened.clear()
    np.testing.assert_array_equal(features_of_files(files, encoder).X, first.X)
    assert len(opened) == 40


def test_files_that_are_gone_are_forgotten_where_they_are_many(photos, small, monkeypatch):
    monkeypatch.setattr(known_files, "SETTLED", -1e9)
    monkeypatch.setattr(known_files, "SPARE", 5)
    files, encoder = sorted(photos.rglob("*.png")), open_encoder(small)
    features_of_files(files, encoder)
    size = known_things().size
    for gone in [*files[1:20], *files[22:]]:
        gone.unlink()
    files[0].write_bytes(files[0].read_bytes())
    features_of_files([files[0], files[20], files[21]], encoder)
    assert known_things().size == size - 37 * 32


TRAINED_AGAIN = """
import sys
from onelayer.cli import main
sys.argv = ["onelayer", "train", {photos!r}, "--features", {small!r}, "--no-report", "--overwrite",
            "-o", {out!r}, "--C", "1"]
try:
    main()
except SystemExit as ended:
    assert not ended.code
print(sorted(set(sys.modules) & {{"onnx", "onnxruntime", "matplotlib"}}))
"""


def test_a_second_training_opens_no_encoder(photos, small, tmp_path):
    names = {"photos": str(photos), "small": str(small), "out": str(tmp_path / "m.safetensors")}
    script = TRAINED_AGAIN.format(**names)
    told = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout.splitlines()[-1]
        for _ in range(2)
    ]
    assert told == ["['onnx', 'onnxruntime']", "[]"]
    notes = f"{len(known_things())} note"  # the files' too, if they had settled by then
    shown = " ".join(CliRunner().invoke(app, ["cache"]).stdout.split())
    assert f"Known: {known_things().place}, {notes}" in shown
    emptied = " ".join(CliRunner().invoke(app, ["cache", "--empty"]).stdout.split())
    assert f"Emptied: {known_things().place}, which held {notes}" in emptied
    assert known_things().size == 0


def test_a_known_encoder_is_opened_where_it_has_to_encode(photos, small):
    X = features_of_files(sorted(photos.rglob("*.png"))[:2], open_encoder(small)).X
    opening._opened.cache_clear()  # as in another process
    encoder = open_encoder(small)
    assert encoder.spec == open_encoder(small).spec
    picture = np.asarray(Image.open(min(photos.rglob("*.png"))).convert("RGB"))
    picture = picture[:SIDE, :SIDE]
    opening._opened.cache_clear()
    known_things().empty()
    features = open_encoder(small).encode(picture).features
    np.testing.assert_array_equal(encoder.encode(picture).features, features)
    assert X.shape == (2, len(features))


def test_a_known_encoder_that_changes_before_it_is_opened_is_refused(small):
    open_encoder(small)
    opening._opened.cache_clear()
    encoder = open_encoder(small)
    write_encoder(small, change=0.1)
    with pytest.raises(DataError, match="has changed since it was opened"):
        encoder.ready()


def test_settings_beside_an_encoder_count_by_a_bare_name_too(tmp_path, monkeypatch):
    path = write_encoder(tmp_path / "e.onnx", settings={"none": "1"})
    monkeypatch.chdir(tmp_path)
    assert open_encoder("e.onnx").spec.std == (0.229, 0.224, 0.225)
    (tmp_path / "preprocessor_config.json").write_text('{"image_std": [0.5, 0.5, 0.5]}')
    assert open_encoder("e.onnx").spec.std == (0.5, 0.5, 0.5)
    assert open_encoder("e.onnx").spec == open_encoder(path).spec
    (tmp_path / "preprocessor_config.json").write_text("{")
    with pytest.raises(DataError, match="what is done to a picture is not understood"):
        open_encoder(path)
