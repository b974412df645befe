"""Folders: classes, splits, hidden and broken files, sizes, and what the audit says of them."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from onelayer.errors import DataError
from onelayer.readers import (
    Audit,
    Preprocessing,
    find_pictures,
    find_splits,
    read_files,
    read_picture,
    read_pictures,
)

RANDOM = np.random.default_rng(1)


def put(path, size=(8, 8), value=None, kind="PNG"):
    """Write a picture of (height, width); random pixels unless one value is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size, 3)
    pixels = RANDOM.integers(0, 256, shape) if value is None else np.full(shape, value)
    Image.fromarray(pixels.astype(np.uint8)).save(path, kind)
    return pixels


@pytest.fixture
def pets(tmp_path):
    folder = tmp_path / "pets"
    for number, name in enumerate(["dog/2", "cat/a", "cat/b", "dog/10", "cat/deep/er/c"]):
        put(folder / f"{name}.png", value=number)
    return folder


def test_sub_folders_are_the_classes_and_rows_are_sorted(pets):
    found = read_pictures(pets)
    assert found.classes == ("cat", "dog")
    names = [path.as_posix() for path in found.paths]
    assert names == ["cat/a.png", "cat/b.png", "cat/deep/er/c.png", "dog/10.png", "dog/2.png"]
    np.testing.assert_array_equal(found.labels, [0, 0, 0, 1, 1])
    assert found.labels.dtype == np.int64
    np.testing.assert_array_equal(found.images[:, 0, 0, 0], [1, 2, 4, 3, 0])
    assert found.images.shape == (5, 8, 8, 3)
    assert found.images.dtype == np.uint8
    assert found.images.flags.c_contiguous
    assert found.preprocessing == Preprocessing(8, 8, "RGB", "stretch")
    assert found.audit == Audit(
        source=str(pets),
        read=5,
        unit="pictures",
        by_class={"cat": 3, "dog": 2},
        notes=("size 8 x 8, mode RGB, fit stretch: the pictures' own size",),
    )


def test_hidden_files_and_folders_are_ignored(pets):
    for name in ["cat/.a.png", ".git/a.png", "dog/Thumbs.db", "cat/desktop.ini", "__MACOSX/dog/x"]:
        (pets / name).parent.mkdir(parents=True, exist_ok=True)
        (pets / name).write_text("litter")
    found = read_pictures(pets, strict=True)
    assert found.classes == ("cat", "dog")
    assert found.audit.left_out == ()
    assert len(found.images) == 5
    assert found.audit.notes[1:] == (
        "5 hidden or a system's own, not read: .git, __MACOSX, cat/.a.png, ...",
    )


def test_what_cannot_be_read_is_left_out_by_name_and_reason(pets):
    (pets / "cat/aa.jpg").write_bytes(b"")
    (pets / "cat/notes.txt").write_text("a list of cats")
    (pets / "dog/0.jpg").symlink_to(pets / "absent.jpg")
    (pets / "README.md").write_text("about")
    found = read_pictures(pets)
    assert found.audit.left_out == (
        ("cat/aa.jpg", "an empty file"),
        ("cat/notes.txt", "not a picture of a known kind"),
        ("dog/0.jpg", "cannot be opened: No such file or directory"),
    )
    assert found.audit.notes[1:] == ("1 file beside the class folders not read",)
    np.testing.assert_array_equal(found.images[:, 0, 0, 0], [1, 2, 4, 3, 0])
    np.testing.assert_array_equal(found.labels, [0, 0, 0, 1, 1])
    assert found.images.flags.c_contiguous
    with pytest.raises(DataError, match=r"3 files of .*pets cannot be read \(strict\):\n  cat/aa"):
        read_pictures(pets, strict=True)


def test_heic_without_the_extra_is_told_by_name(pets, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for number in range(3):
        (pets / f"cat/{number}.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    audit = read_pictures(pets).audit
    assert audit.notes[-1] == "3 HEIC files: pip install 'onelayer[heic]'"
    assert audit.left_out[0] == ("cat/0.heic", "HEIC: pip install 'onelayer[heic]'")


def test_links_are_followed_and_loops_are_harmless(pets, tmp_path):
    put(tmp_path / "elsewhere/d.png", value=77)
    (pets / "cat/linked").symlink_to(tmp_path / "elsewhere")
    (pets / "cat/deep/loop").symlink_to(pets / "cat")
    (pets / "dog/self.png").symlink_to(pets / "dog/self.png")
    found = read_pictures(pets)
    assert "cat/linked/d.png" in [path.as_posix() for path in found.paths]
    assert found.audit.by_class == {"cat": 4, "dog": 2}
    ((name, reason),) = found.audit.left_out
    assert name == "dog/self.png"
    assert "symbolic links" in reason
    assert found.audit.notes[-1] == (
        "1 link back to a folder on the way, not followed: cat/deep/loop"
    )


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_link_up_to_all_classes_makes_no_picture_one_of_its_own_class(pets, depth):
    expected = read_pictures(pets).audit.by_class
    (pets / "cat/up").symlink_to([pets, *pets.parents][depth])
    found = read_pictures(pets)
    assert found.audit.by_class == expected
    assert not any("/up/" in path.as_posix() for path in found.paths)
    assert found.audit.notes[-1].endswith("not followed: cat/up")


@pytest.mark.parametrize(
    ("sizes", "asked", "shape", "why"),
    [
        ([(20, 30), (20, 30)], None, (20, 30), "the pictures' own size"),
        ([(64, 64), (64, 64)], None, (64, 64), "the pictures' own size"),
        (
            [(65, 20), (65, 20)],
            None,
            (64, 64),
            "the pictures' own 65 x 20 is more than 64 x 64",
        ),
        (
            [(20, 30), (30, 20)],
            None,
            (64, 64),
            "the pictures differ in size (20 x 30 in 0.png, 30 x 20 in 1.png)",
        ),
        ([(20, 30), (30, 20)], 16, (16, 16), "as asked"),
        ([(20, 30), (20, 30)], (10, 12), (10, 12), "as asked"),
    ],
)
def test_the_size_is_chosen_and_the_audit_says_why(tmp_path, sizes, asked, shape, why):
    for number, size in enumerate(sizes):
        put(tmp_path / f"{'ab'[number]}/{number}.png", size)
    found = read_pictures(tmp_path, asked)
    assert found.images.shape == (2, *shape, 3)
    size = f"size {shape[0]} x {shape[1]}"
    assert found.audit.notes == (f"{size}, mode RGB, fit stretch: {why}",)


def test_the_own_size_is_the_upright_one(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.new("RGB", (30, 20)).save(tmp_path / name / "lying.jpg", exif=exif)
        Image.new("RGB", (20, 30)).save(tmp_path / name / "upright.png")
        Image.new("RGB", (30, 20)).save(tmp_path / name / "lying.tif", exif=exif)
    assert read_pictures(tmp_path).images.shape == (6, 30, 20, 3)


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_modes_give_channels(pets, mode, channels):
    found = read_pictures(pets, mode=mode)
    assert found.images.shape == (5, 8, 8, channels)
    np.testing.assert_array_equal(found.images[:, 0, 0, 0], [1, 2, 4, 3, 0])


def test_a_flat_folder_is_shown_the_layout(tmp_path):
    put(tmp_path / "1.png")
    with pytest.raises(DataError, match=r"has no class folders, 1 file") as caught:
        read_pictures(tmp_path)
    assert "photos/\n        cat/  1.jpg  2.jpg" in str(caught.value)


def test_folders_that_cannot_be_classes(pets, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_pictures(tmp_path / "absent")
    with pytest.raises(DataError, match="is a file, not a folder of pictures"):
        read_pictures(pets / "cat/a.png")
    put(tmp_path / "one/cat/1.png")
    with pytest.raises(DataError, match="has one class alone, cat"):
        read_pictures(tmp_path / "one")
    (pets / "eel").mkdir()
    (pets / "eel/fish.jpg").write_bytes(b"")
    with pytest.raises(
        DataError, match=r"no readable picture in eel of .*\n  eel/fish.jpg: an emp"
    ):
        read_pictures(pets)


def test_class_folders_with_nothing_in_them(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "dog").mkdir()
    with pytest.raises(DataError, match=r"no readable picture in cat, dog of .*: add pictures or"):
        read_pictures(tmp_path)


def test_a_judging_set_has_the_classes_of_training(pets, tmp_path):
    put(tmp_path / "test/dog/1.png", value=9)
    found = read_pictures(tmp_path / "test", 8, classes=("ant", "cat", "dog"))
    assert found.classes == ("ant", "cat", "dog")
    np.testing.assert_array_equal(found.labels, [2])
    assert found.audit.by_class == {"ant": 0, "cat": 0, "dog": 1}
    assert found.audit.notes[-1] == "no folder for ant, cat"
    with pytest.raises(DataError, match=r"classes that the model does not know: dog\. Known: cat"):
        read_pictures(pets, classes=("cat",))


def test_train_val_and_test_are_found(tmp_path, pets):
    assert find_splits(pets).train == pets
    assert find_splits(pets).test is None
    for name in ("train/a/1", "train/b/1", "TEST/a/1", "valid/a/1", "extra/1"):
        put(tmp_path / f"set/{name}.png")
    folder = tmp_path / "set"
    found = find_splits(folder)
    assert (found.train, found.val, found.test) == (
        folder / "train",
        folder / "valid",
        folder / "TEST",
    )
    assert found.notes == ("extra/ has no part in training or judging",)
    with pytest.raises(DataError, match="read each by itself"):
        read_pictures(folder)


def test_a_test_folder_without_classes_judges_nobody(tmp_path):
    for name in ("train/a/1", "train/b/1", "test/1"):
        put(tmp_path / f"{name}.png")
    found = find_splits(tmp_path)
    assert found.train == tmp_path / "train"
    assert found.test is None
    assert found.notes == ("test/ has no part in training or judging",)


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train/1", "plane/1"):
        put(tmp_path / f"{name}.png")
    assert find_splits(tmp_path).train == tmp_path
    assert read_pictures(tmp_path).classes == ("plane", "train")
    put(tmp_path / "train/steam/1.png")
    assert find_splits(tmp_path).train == tmp_path
    assert read_pictures(tmp_path).audit.by_class == {"plane": 1, "train": 2}


def test_pictures_to_predict_are_found_in_order(pets, tmp_path):
    found = find_pictures([pets / "dog/2.png", str(pets / "cat"), pets / "dog/2.png"])
    names = [path.relative_to(pets).as_posix() for path in found]
    assert names == ["dog/2.png", "cat/a.png", "cat/b.png", "cat/deep/er/c.png", "dog/2.png"]
    with pytest.raises(FileNotFoundError):
        find_pictures([pets / "absent.png"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no files"):
        find_pictures([tmp_path / "empty"])


def test_progress_is_told_and_can_stop_the_reading(tmp_path):
    files = [tmp_path / f"{number}.png" for number in range(40)]
    for file in files:
        put(file)
    seen = []
    read_files(files, Preprocessing(8, 8), lambda done, total: seen.append((done, total)))
    assert seen == [(16, 40), (32, 40), (40, 40)]

    def interrupt(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_files(files, Preprocessing(8, 8), interrupt)


def test_the_same_bytes_at_any_number_of_threads(tmp_path, monkeypatch):
    files = [tmp_path / f"{number}.png" for number in range(50)]
    for number, file in enumerate(files):
        put(file, (40 + number, 50))
    files[7].write_bytes(b"not a picture")
    to = Preprocessing(16, 16)
    images, failures = read_files(files, to)
    assert list(failures) == [7]
    expected = [read_picture(file, 16) for file in files if file != files[7]]
    np.testing.assert_array_equal(images, expected)
    for threads in (1, 3, 8):
        monkeypatch.setattr(
            "onelayer.readers.pictures.picture_files._thread_count", lambda _files, n=threads: n
        )
        np.testing.assert_array_equal(read_files(files, to)[0], images)


def test_the_audit_speaks_to_people_and_survives_json():
    left_out = tuple((f"cat/{number}.heic", "HEIC") for number in range(5))
    left_out = (*left_out, ("cat/a.jpg", "an empty file"))
    audit = Audit("photos", 3, "pictures", {"cat": 1, "dog": 2}, left_out, ("size 8 x 8",))
    assert str(audit) == (
        "photos: 3 pictures read (cat: 1, dog: 2)\n"
        "size 8 x 8\n"
        "5 left out, HEIC: cat/0.heic, cat/1.heic, cat/2.heic, ...\n"
        "1 left out, an empty file: cat/a.jpg"
    )
    assert Audit.from_dict(audit.to_dict()) == audit
    assert str(Audit("table.csv", 7)) == "table.csv: 7 rows read"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a POSIX system's names")
def test_odd_names_are_read(tmp_path):
    put(tmp_path / "b\N{LATIN SMALL LETTER E WITH ACUTE} te/1 2.png")
    put(tmp_path / "a'\n/x.png")
    assert read_pictures(tmp_path).classes == ("a'\n", "b\N{LATIN SMALL LETTER E WITH ACUTE} te")


@pytest.mark.shared
def test_five_hundred_photographs_of_flowers(shared):
    found = read_pictures(shared / "data/flowers", strict=True)
    assert found.classes == ("daisy", "dandelion", "rose", "sunflower", "tulip")
    assert found.images.shape == (500, 64, 64, 3)
    np.testing.assert_array_equal(np.bincount(found.labels), [100] * 5)
    whole = Image.open(shared / "data/flowers" / found.paths[250])
    expected = np.asarray(whole.resize((64, 64), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(found.images[250], expected)
    assert read_pictures(shared / "data/flowers", 128).images.shape == (500, 128, 128, 3)
