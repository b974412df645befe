"""Encoders in ONNX files: what they are, what is done to a picture, and what is refused."""

import json

import numpy as np
import onnx
import pytest
from law_encoder import SIDE, N, places, write_encoder
from onnx import helper

from onelayer.encoders import again, open_encoder
from onelayer.errors import DataError, UsageError

PICTURE = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)


@pytest.mark.parametrize("mean", ["GlobalAveragePool", "ReduceMean", "map"])
def test_an_encoder_that_ends_in_a_mean_shows_its_places(mean, tmp_path):
    encoder = open_encoder(write_encoder(tmp_path / "e.onnx", mean=mean))
    found = encoder.encode(PICTURE)
    np.testing.assert_allclose(found.places, places(PICTURE), atol=1e-5)
    np.testing.assert_allclose(found.features, places(PICTURE).mean(axis=(0, 1)), atol=1e-5)
    assert (encoder.spec.n, encoder.spec.places) == (N, (SIDE, SIDE))


def test_an_encoder_that_ends_otherwise_has_no_places(tmp_path):
    encoder = open_encoder(write_encoder(tmp_path / "e.onnx", mean="GlobalMaxPool"))
    found = encoder.encode(PICTURE)
    np.testing.assert_allclose(found.features, places(PICTURE).max(axis=(0, 1)), atol=1e-5)
    assert found.places is None
    assert encoder.spec.places is None


def test_settings_come_from_the_file_from_beside_it_or_are_usual(tmp_path):
    plain = open_encoder(write_encoder(tmp_path / "e.onnx", settings={"none": "1"})).spec
    assert (plain.size, plain.resize, plain.std) == (16, 18, (0.229, 0.224, 0.225))
    (tmp_path / "b").mkdir()
    beside = {"image_mean": [0.1, 0.2, 0.3], "image_std": [1, 2, 3], "size": {"height": 16}}
    (tmp_path / "b" / "preprocessor_config.json").write_text(json.dumps(beside))
    found = open_encoder(write_encoder(tmp_path / "b" / "e.onnx", settings={"none": "2"})).spec
    assert (found.size, found.mean, found.std) == (16, (0.1, 0.2, 0.3), (1.0, 2.0, 3.0))
    held = {"size": "16", "resize": "16", "mean": "0.4,0.5,0.6", "std": "0.5"}
    own = open_encoder(write_encoder(tmp_path / "b" / "f.onnx", settings=held)).spec
    assert (own.resize, own.mean, own.std) == (16, (0.4, 0.5, 0.6), (0.5, 0.5, 0.5))


def test_another_file_under_the_name_is_an_error(tmp_path):
    spec = open_encoder(write_encoder(tmp_path / "e.onnx")).spec
    assert again(spec).spec == spec
    write_encoder(tmp_path / "e.onnx", change=0.5)
    with pytest.raises(DataError, match=f"digest {spec.digest[:12]}.*it is another encoder"):
        again(spec)
    (tmp_path / "e.onnx").unlink()
    with pytest.raises(DataError, match=r"e\.onnx .*not there: put it back"):
        again(spec)


def changed(path, change):
    """Write an encoder, changed."""
    model = onnx.load(write_encoder(path))
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


def second_input(model):
    model.graph.input.append(helper.make_tensor_value_info("y", 1, [1, 3]))


def text_input(model):
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.STRING


def one_channel(model):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1


def elsewhere(model):
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL


def unknown_step(model):
    model.graph.node[0].op_type = "ReadFile"


def no_settings(model):
    helper.set_model_props(model, {"size": "many"})


def endless(model):
    helper.set_model_props(model, {"size": "10000000"})


def infinite(model):
    model.graph.initializer[1].raw_data = np.full(N, np.inf, "<f4").tobytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (second_input, "2 inputs"),
        (text_input, "cannot be run"),
        (one_channel, r"takes .*\(1, 3, height, width\)"),
        (elsewhere, "in another file"),
        (unknown_step, "cannot be run"),
        (no_settings, "not understood"),
        (endless, "no picture"),
        (infinite, "infinite"),
    ],
)
def test_what_is_no_encoder_of_one_picture_is_refused(change, message, tmp_path):
    with pytest.raises(DataError, match=message):
        open_encoder(changed(tmp_path / "e.onnx", change))


@pytest.mark.parametrize("content", [b"", b"\x08", b"not a graph", b"PK\x03\x04", bytes(1000)])
def test_a_foreign_file_is_refused(content, tmp_path):
    path = tmp_path / "e.onnx"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"e\.onnx"):
        open_encoder(path)


def test_a_damaged_file_is_refused_or_does_no_harm(tmp_path):
    path = write_encoder(tmp_path / "e.onnx")
    content = path.read_bytes()
    for kept in range(0, len(content) - 1, 23):
        path.write_bytes(content[:kept])
        with pytest.raises(DataError, match=r"e\.onnx"):
            open_encoder(path)


def test_an_unknown_name_names_those_that_there_are(tmp_path):
    with pytest.raises(UsageError, match=r"give efficientnet-lite0, or an \.onnx file"):
        open_encoder("resnet50")
    with pytest.raises(FileNotFoundError, match=r"give efficientnet-lite0, or an \.onnx file"):
        open_encoder(tmp_path / "none.onnx")
    with pytest.raises(UsageError, match="features is 3"):
        open_encoder(3)
