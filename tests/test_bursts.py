"""Nearly identical pictures in training: on one side of a split, listed, and never too many."""

import numpy as np
import pytest
from PIL import Image

import onelayer
from onelayer.model.parts import read_parts
from onelayer.settings import Settings
from onelayer.sources import no_progress, open_source


def scene(random, tint):
    coarse = random.integers(0, 256, (6, 6, 3)) // 2 + np.array(tint)
    small = Image.fromarray(coarse.clip(0, 255).astype(np.uint8))
    return small.resize((100, 80), Image.Resampling.BICUBIC)


def burst(picture, folder, stem, count):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture.crop((number, 0, 100, 80)).save(folder / f"{stem}-{number}.jpg")


@pytest.fixture
def bursts(tmp_path):
    """Ten scenes a class, five of them as bursts of four."""
    random = np.random.default_rng(0)
    for name, tint in (("hot", (120, 0, 0)), ("ice", (0, 0, 120))):
        for number in range(10):
            burst(scene(random, tint), tmp_path / name, f"{number}", 4 if number < 5 else 1)
    return tmp_path


def parts_of(source, **options):
    asked = Settings(**options)
    return read_parts(open_source(source, asked), asked, no_progress)


def stems(part):
    return {name.rsplit("-", 1)[0] for name in part.names.tolist()}


def test_a_burst_lies_on_one_side_of_every_split(bursts):
    for seed in range(8):
        parts = parts_of(bursts, seed=seed)
        assert stems(parts.train).isdisjoint(stems(parts.test))
        assert len(parts.test) >= 6


def test_bursts_are_listed_by_name(bursts):
    audit = parts_of(bursts).audit
    expected = tuple(
        tuple(f"{name}/{number}-{at}.jpg" for at in range(4))
        for name in ("hot", "ice")
        for number in range(5)
    )
    assert audit.near_duplicates == expected
    note = audit.notes[-1]
    assert note.startswith("40 pictures nearly the same as another, in 10 groups kept on one si")
    assert "hot/0-0.jpg ~ hot/0-1.jpg ~ hot/0-2.jpg; hot/1-0" in note
    again = type(audit).from_dict(audit.to_dict())
    assert again == audit


def test_across_train_and_test_they_are_listed_and_kept(bursts):
    for folder in sorted(bursts.iterdir()):
        for part, at in (("train", "0"), ("test", "1")):
            target = bursts / part / folder.name
            target.mkdir(parents=True)
            for file in sorted(folder.glob(f"*-{at}.jpg")):
                file.rename(target / file.name)
    for folder in ("hot", "ice"):
        for file in (bursts / folder).iterdir():
            file.unlink()
        (bursts / folder).rmdir()
    parts = parts_of(bursts)
    assert (len(parts.train), len(parts.test)) == (20, 10)
    (note,) = [note for note in parts.audit.notes if "across the parts" in note]
    assert note.startswith("10 pairs of pictures across the parts are nearly the same, and were k")
    assert "train/hot/0-0.jpg ~ test/hot/0-1.jpg" in note
    assert ("test/hot/0-1.jpg", "train/hot/0-0.jpg") in [
        tuple(sorted(group)) for group in parts.audit.near_duplicates
    ]
    parts_of(bursts, strict=True)  # likeness is no proof: strict lets it pass


def test_in_two_classes_they_are_noted_and_not_held_together(bursts):
    (bursts / "hot/0-1.jpg").rename(bursts / "ice/x-1.jpg")
    (note,) = [note for note in parts_of(bursts).audit.notes if "of two classes" in note]
    assert note.startswith("3 pairs of pictures of two classes are nearly the same")
    assert "hot/0-0.jpg ~ ice/x-1.jpg" in note


def test_a_fixed_camera_is_no_burst(tmp_path):
    """A door that is open or shut, fifty times each from one place: all of it must not be one."""
    random = np.random.default_rng(0)
    room = scene(random, (0, 0, 0))
    for name, corner in (("open", 250), ("shut", 0)):
        (tmp_path / name).mkdir()
        for number in range(50):
            pixels = np.asarray(room).astype(int) + random.integers(-9, 10, (80, 100, 3))
            pixels[:8, :8] = corner
            picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            picture.save(tmp_path / name / f"{number}.png")
    model = onelayer.train(tmp_path, C=1.0)
    assert model.card.test.n == 20
    assert any(
        note.startswith("most pictures of open, shut are nearly the same, as from a fixed camera")
        for note in model.card.audit.notes
    )


def test_identical_pictures_in_two_classes_are_listed(tmp_path, write_pictures):
    source = write_pictures(tmp_path / "p", {"blue": (0, 0, 200), "red": (200, 0, 0)}, 5)
    (source / "blue/also.png").write_bytes((source / "red/00.png").read_bytes())
    audit = parts_of(source).audit
    assert audit.in_two_classes == (("blue/also.png", "red/00.png"),)


def test_of_tiny_pictures_only_identical_ones_are_looked_for(colours):
    audit = parts_of(colours).audit
    assert audit.near_duplicates == ()
    assert audit.notes[-1] == (
        "below 32 x 32 pixels only identical pictures are looked for, as different ones look "
        "nearly the same"
    )
