"""Pictures are decoded once: what is kept is what would be decoded now, whatever has changed."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

import onelayer
from onelayer import kept_folders
from onelayer.designs import rows_on_disk
from onelayer.readers import Preprocessing, read_files
from onelayer.readers.pictures import kept_pixels, picture_files

TO = Preprocessing(8, 8)


@pytest.fixture(autouse=True)
def decoded(tmp_path, monkeypatch):
    """Keep the smallest sets too, four pictures at a time; counts the decodings."""
    monkeypatch.setattr(kept_folders, "user_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(kept_folders, "_IN_USE", {})
    monkeypatch.setattr(kept_pixels, "FEWEST", 1)
    monkeypatch.setattr(kept_pixels, "_TOGETHER", 4 * 8 * 8 * 3)
    decode, count = picture_files.decode, []

    def counted(file, to):
        count.append(file)
        return decode(file, to)

    monkeypatch.setattr(picture_files, "decode", counted)
    return count


def picture(path, seed, size=(9, 11)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    shade = np.array([200, 40, 40] if path.parent.name == "red" else [40, 40, 200])
    Image.fromarray((pixels // 2 + shade // 2).astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    for at in range(24):
        picture(tmp_path / "photos" / ("red" if at % 2 else "blue") / f"{at:02}.png", at)
    (tmp_path / "photos" / "red" / "broken.png").write_bytes(b"\x89PNG none")
    return tmp_path / "photos"


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def read(folder, decoded):
    """What is kept, which is what is decoded now, and how many decodings it took."""
    files, before = files_of(folder), len(decoded)
    images, failures = kept_pixels.read_kept(files, TO)
    took = len(decoded) - before
    expected, why = read_files(files, TO)
    np.testing.assert_array_equal(images, expected)
    assert failures == why
    return took


def test_a_second_reading_decodes_nothing(folder, decoded):
    assert read(folder, decoded) == 25
    assert read(folder, decoded) == 0


def test_what_was_added_removed_or_changed_is_noticed_and_decoded_alone(folder, decoded):
    read(folder, decoded)
    picture(folder / "blue" / "new.png", 99)
    assert read(folder, decoded) == 2  # the broken one is tried again
    (folder / "red" / "broken.png").unlink()
    (folder / "red" / "05.png").unlink()
    assert read(folder, decoded) == 0
    picture(folder / "blue" / "06.png", 77)
    assert read(folder, decoded) == 1
    (folder / "blue" / "08.png").replace(folder / "blue" / "renamed.png")
    assert read(folder, decoded) == 1
    assert len(kept_folders.KeptFolders("pictures")) >= 1


@pytest.mark.parametrize("damage", ["", "half a line", "more pixels"])
def test_a_reading_that_was_stopped_goes_on(damage, folder, decoded, tmp_path):
    def stopped(done, total):
        if 8 <= done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept_pixels.read_kept(files_of(folder), TO, stopped)
    assert len(decoded) == 8
    (left,) = (tmp_path / "cache" / "onelayer" / "pictures").iterdir()
    if damage == "half a line":
        with (left / "index").open("a") as index:
            index.write('[["')
    if damage == "more pixels":
        with (left / "pixels").open("ab") as pixels:
            pixels.write(bytes(100))
    assert read(folder, decoded) == 17


def test_another_size_is_another_set(folder, decoded):
    read(folder, decoded)
    files, before = files_of(folder), len(decoded)
    images, _ = kept_pixels.read_kept(files, Preprocessing(4, 4))
    assert (images.shape[1:], len(decoded) - before) == ((4, 4, 3), 25)


def test_a_few_pictures_are_not_kept(folder, decoded, monkeypatch, tmp_path):
    monkeypatch.setattr(kept_pixels, "FEWEST", 1 << 24)
    assert [read(folder, decoded) for _ in range(2)] == [25, 25]
    assert not (tmp_path / "cache").exists()


def test_a_folder_larger_than_memory_gives_the_model_of_memory(folder, decoded, monkeypatch):
    monkeypatch.setattr(rows_on_disk, "GROUP_BYTES", 2_000)
    here = onelayer.train(folder, size=40, C=0.1)
    before = len(decoded)
    there = onelayer.train(folder, size=40, C=0.1, memory="1KB")
    assert len(decoded) == before
    np.testing.assert_allclose(there.coef, here.coef, atol=1e-4 * np.abs(here.coef).max())
    assert there.card.judge == here.card.judge
    assert there.card.test.log_loss == pytest.approx(here.card.test.log_loss, rel=1e-4)
    (note,) = set(there.card.audit.notes) - set(here.card.audit.notes)
    assert note.startswith("X lies in ")


def test_a_file_that_another_took_the_place_of_is_decoded(folder, decoded, tmp_path):
    read(folder, decoded)
    one = folder / "blue" / "00.png"
    told = one.stat()
    other = tmp_path / "other.png"
    shutil.copy(folder / "blue" / "02.png", other)
    os.utime(other, ns=(told.st_atime_ns, told.st_mtime_ns))
    other.replace(one)
    assert read(folder, decoded) >= 1
