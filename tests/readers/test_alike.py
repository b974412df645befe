"""Pictures that are nearly the same: found, and told from those that are not."""

import io
import time

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from onelayer.readers import read_picture, read_pictures
from onelayer.readers.pictures.alike import Fingerprints, connected, joined_groups, nearly_same


def scenes(count, seed=0, side=128):
    """Pictures as smooth as photographs: noise at sizes of 4 to 32, in three channels."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        layers = [
            Image.fromarray(random.integers(0, 256, (n, n, 3), dtype=np.uint8)).resize(
                (side, side), Image.Resampling.BICUBIC
            )
            for n in (4, 8, 16, 32)
        ]
        weights = (0.45, 0.3, 0.15, 0.1)
        mixed = sum(w * np.asarray(layer, float) for w, layer in zip(weights, layers, strict=True))
        made.append(Image.fromarray(mixed.clip(0, 255).astype(np.uint8)))
    return made


def as_read(picture, quality=90):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return read_picture(file.getvalue(), 64)


def moved(picture, by):
    return picture.crop((by, by, *picture.size))


def cropped(picture, share):
    across, down = (round(share * side / 2) for side in picture.size)
    width, height = picture.size
    return picture.crop((across, down, width - across, height - down))


def brightness(picture, factor):
    return ImageEnhance.Brightness(picture).enhance(factor)


COPIES = {
    "moved by 1": lambda picture: as_read(moved(picture, 1)),
    "moved by 3": lambda picture: as_read(moved(picture, 3)),
    "quality 30": lambda picture: as_read(picture, 30),
    "darker": lambda picture: as_read(brightness(picture, 0.8)),
    "brighter": lambda picture: as_read(brightness(picture, 1.15)),
    "3 % cropped": lambda picture: as_read(cropped(picture, 0.03)),
    "all at once": lambda picture: as_read(brightness(moved(picture, 2), 1.1), 60),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_are_found_and_nothing_else(copy):
    originals = scenes(60)
    images = np.stack([as_read(picture) for picture in originals] + [*map(copy, originals)])
    pairs = nearly_same(Fingerprints.of(images))
    np.testing.assert_array_equal(pairs, np.column_stack([np.arange(60), np.arange(60, 120)]))


def test_all_pairs_of_a_burst_are_found():
    burst = [as_read(moved(scenes(1)[0], by)) for by in range(3)]
    pairs = nearly_same(Fingerprints.of(np.stack(burst)))
    assert pairs.tolist() == [[0, 1], [0, 2], [1, 2]]


def test_grey_and_transparent_pictures_are_compared_too():
    one = as_read(scenes(1)[0])
    for images in (one[..., :1], np.dstack([one, one[..., :1]])):
        assert nearly_same(Fingerprints.of(np.stack([images, images]))).tolist() == [[0, 1]]


def test_flat_pictures_are_like_nothing():
    flat = np.full((3, 64, 64, 3), 200, np.uint8)
    assert len(nearly_same(Fingerprints.of(flat))) == 0


def test_one_picture_and_none():
    assert len(nearly_same(Fingerprints.of(np.zeros((1, 40, 40, 3), np.uint8)))) == 0
    assert len(nearly_same(Fingerprints.of(np.zeros((0, 40, 40, 3), np.uint8)))) == 0


def test_sorting_finds_what_comparing_all_pairs_finds(monkeypatch):
    """Hashes made of 30000 random ones and 300 copies with up to 20 bits of 120 turned."""
    random = np.random.default_rng(0)
    bits = random.integers(0, 2, (30300, 120), dtype=np.uint8)
    bits[30000:] = bits[:300]
    for row in range(300):
        bits[30000 + row, random.permutation(120)[: row % 21]] ^= 1
    packed = np.packbits(np.pad(bits, [(0, 0), (0, 8)]), axis=1)
    words = np.ascontiguousarray(packed).view(">u8").astype(np.uint64)
    began = time.process_time()
    found = nearly_same(Fingerprints(words, np.ones((30300, 1), np.float32)))
    seconds = time.process_time() - began
    expected = {(row, 30000 + row) for row in range(300)}
    missed = expected - set(map(tuple, found.tolist()))
    assert len(missed) <= 2
    assert len(found) <= 300  # of 459 million random pairs none is near
    assert seconds < 10
    monkeypatch.setattr("onelayer.readers.pictures.alike._EXACT", 0)
    few = Fingerprints(words[29900:], np.ones((400, 1), np.float32))
    assert len(nearly_same(few)) == 0


def test_a_film_of_one_scene_takes_no_longer():
    """Twenty thousand hashes, some bits of 120 apart: two hundred million pairs are near."""
    random = np.random.default_rng(0)
    bits = np.zeros((20000, 128), dtype=np.uint8)
    bits[:, :120] = random.random((20000, 120)) < 0.05
    words = np.packbits(bits, axis=1).view(">u8").astype(np.uint64)
    began = time.process_time()
    pairs = nearly_same(Fingerprints(words, np.ones((20000, 1), np.float32)))
    assert time.process_time() - began < 10
    assert len(np.unique(connected(pairs, 20000))) == 1


def test_chains_are_one_group():
    groups = connected(np.array([[0, 2], [2, 4]]), 6)
    assert len(set(groups[[0, 2, 4]].tolist())) == 1
    assert len(set(groups.tolist())) == 4
    joined = joined_groups(np.array([0, 0, 1, 2, 3]), np.array([5, 6, 6, 7, 8]))
    assert len(set(joined[:3].tolist())) == 1
    assert len(set(joined.tolist())) == 3


@pytest.mark.shared
def test_among_500_photographs_of_flowers_one_pair_is_nearly_the_same(shared):
    found = read_pictures(shared / "data/flowers")
    ((one, other),) = nearly_same(Fingerprints.of(found.images))
    names = sorted(found.paths[row].name for row in (one, other))
    assert names == ["6606820461_952c450f90_n.jpg", "6606823367_e89dc52a95_n.jpg"]
