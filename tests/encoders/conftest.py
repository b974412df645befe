"""Photographs by class, a small encoder, and a cache of their own."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnxruntime")


@pytest.fixture
def own_cache(tmp_path_factory, monkeypatch):
    """The cache of features in a folder of this test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "onelayer" / "features"


@pytest.fixture
def small(tmp_path):
    from law_encoder import write_encoder

    return write_encoder(tmp_path / "small.onnx")


@pytest.fixture
def photos(tmp_path):
    """20 pictures of 40 x 30 a class: colours that are easy to tell apart, and no two alike."""
    random, shades = np.random.default_rng(3), {"cold": (90, 120, 170), "warm": (170, 120, 90)}
    for name, shade in shades.items():
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = random.normal(shade, 60, (30, 40, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"
