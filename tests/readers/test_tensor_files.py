"""Embeddings in files of PyTorch and of safetensors are sources."""

import numpy as np
import pytest
from safetensors.numpy import save_file
from torch_pickles import write_zip

import onelayer
from onelayer.errors import DataError

RANDOM = np.random.default_rng(0)
Y = np.arange(60) % 3
X = (RANDOM.normal(size=(60, 5)) + np.eye(3, 5)[Y] * 2).astype(np.float16)
ASKED = {"C": 1.0, "calibrate": "none"}


@pytest.fixture(scope="module")
def expected():
    return onelayer.train((X, Y), **ASKED)


def the_same(source, expected):
    model = onelayer.train(source, **ASKED)
    np.testing.assert_array_equal(model.coef, expected.coef)
    assert model.evidence.parts.train.whole.dtype == np.float16
    assert model.evaluate(source).n == 60
    np.testing.assert_array_equal(model.predict(source), expected.predict(X))


def test_named_tensors(expected, tmp_path):
    save_file({"features": X, "labels": Y}, tmp_path / "a.safetensors")
    the_same(tmp_path / "a.safetensors", expected)
    path = write_zip(tmp_path / "a.pt", {"features": X, "labels": Y, "model": "vit"})
    the_same(path, expected)


def test_pairs_of_files(expected, tmp_path):
    """As CLIP_benchmark writes them."""
    write_zip(tmp_path / "features_train.pt", X)
    write_zip(tmp_path / "targets_train.pt", Y)
    the_same(tmp_path / "features_train.pt", expected)


def test_what_cannot_be_read_is_an_error_in_words(tmp_path):
    for name, content in (("a.pt", b"junk"), ("a.safetensors", b"junk" * 9), ("b.pth", b"PK\3\4")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            onelayer.train(tmp_path / name)
    with pytest.raises(DataError, match="no tensor by name"):
        onelayer.train(write_zip(tmp_path / "c.pt", ["a", 1]))
    header = b'{"X":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]}}'
    path = tmp_path / "d.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(DataError, match=r"d\.safetensors"):
        onelayer.train(path)
