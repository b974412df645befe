"""An encoder stands in front of an exported layer, whatever its graph is like, or is refused."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from law_encoder import SIDE, N, write_encoder
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.errors import DataError, ExportError, UsageError
from onelayer.export import Subject
from onelayer.export.check import agreements
from onelayer.export.check_rows import check_rows
from onelayer.export.onnx_encoder import FEATURES
from onelayer.export.onnx_model import onnx_file


def colours(seed, m=60):
    """Pictures (m, SIDE, SIDE, 3) in three shades, and what shade they are."""
    random = np.random.default_rng(seed)
    y = random.integers(3, size=m)
    shades = np.array([[150, 110, 100], [100, 150, 110], [110, 100, 150]])[y]
    X = random.normal(shades[:, None, None], 70, (m, SIDE, SIDE, 3)).clip(0, 255)
    return X.astype(np.uint8), np.array(["red", "green", "blue"])[y]


def rewritten(path, change, **how):
    model = onnx.load(write_encoder(path, **how))
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


def tokens(model):
    """Each place a token (1, t, n)."""
    shape = numpy_helper.from_array(np.array([1, N, -1]), "shape")
    model.graph.initializer.append(shape)
    del model.graph.node[2:]
    model.graph.node.append(helper.make_node("Reshape", ["seen", "shape"], ["flat"]))
    model.graph.node.append(helper.make_node("Transpose", ["flat"], ["out"], perm=[0, 2, 1]))


def channels_last(model):
    shape = model.graph.input[0].type.tensor_type.shape
    for dim, size in zip(shape.dim, [1, SIDE, SIDE, 3], strict=True):
        dim.dim_value = size
    model.graph.input[0].name = "pixels"
    first = helper.make_node("Transpose", ["pixels"], ["x"], perm=[0, 3, 1, 2])
    model.graph.node.insert(0, first)


def half(model):
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT16
    for one in model.graph.initializer:
        one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).astype("f2"), one.name))


def one_picture_alone(model):
    """A flat view of a fixed size, which no batch has."""
    shape = numpy_helper.from_array(np.array([1, N]), "shape")
    model.graph.initializer.append(shape)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    del model.graph.node[3:]
    model.graph.node.append(helper.make_node("Reshape", ["pooled", "shape"], ["out"]))


def names_of_ours(model):
    """Names that the file itself gives."""
    new = {"wide": "onelayer/0", "kernel": "onelayer/constant 0", "seen": "label", "x": "pictures"}
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = [new.get(name, name) for name in names]
    for one in (*model.graph.initializer, *model.graph.input):
        one.name = new.get(one.name, one.name)


def newest(model):
    model.opset_import[0].version = 22
    model.ir_version = 10


def branches(model):
    """A graph within the graph."""
    (out,) = [model.graph.node.pop() for _ in model.graph.node[3:]]
    same = helper.make_graph(
        [helper.make_node("Flatten", ["pooled"], ["then"])],
        "then",
        [],
        [helper.make_empty_tensor_value_info("then")],
    )
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    model.graph.node.append(
        helper.make_node("If", ["yes"], list(out.output), then_branch=same, else_branch=same)
    )


GRAPHS = {
    "a mean": (lambda _: None, {}),
    "a newer mean": (lambda _: None, {"mean": "ReduceMean"}),
    "a map": (lambda _: None, {"mean": "map"}),
    "a maximum": (lambda _: None, {"mean": "GlobalMaxPool"}),
    "a middle of larger pictures": (lambda _: None, {"settings": {"size": "16", "resize": "20"}}),
    "tokens": (tokens, {"mean": "map"}),
    "channels last": (channels_last, {}),
    "float16": (half, {}),
    "one picture alone": (one_picture_alone, {}),
    "our own names": (names_of_ours, {}),
    "a newer opset": (newest, {}),
    "branches": (branches, {}),
}


@pytest.fixture(scope="module", params=GRAPHS)
def trained(request, tmp_path_factory):
    change, how = GRAPHS[request.param]
    path = rewritten(tmp_path_factory.mktemp("graph") / "e.onnx", change, **how)
    return onelayer.train(colours(0), features=str(path), C=1.0, calibrate="none")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_pictures_are_answered_as_the_model_does(trained, dtype, tmp_path):
    found = trained.export(tmp_path / "m.onnx", dtype=dtype)
    assert found["onnxruntime"].labels == found["reference"].labels == 0
    assert found["onnxruntime"].rows > 5
    file = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(file, full_check=True)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    pictures = trained.inputs.pictures(colours(1)[0])
    labels, A = session.run(["label", "probabilities"], {"pictures": pictures})
    np.testing.assert_array_equal(labels, trained.predict(pictures))
    half = trained.inputs.encoder.reading.dtype is np.float16
    expected, near = trained.predict_proba(pictures), 1e-4 if half else 1e-5
    np.testing.assert_allclose(A, expected, rtol=0, atol=near)
    assert [len(one) for one in session.run(None, {"pictures": pictures[:0]})] == [0, 0]


def test_a_pictures_features_do_not_depend_on_its_company(trained):
    session = with_features(trained)
    pictures = trained.inputs.pictures(colours(1, 5)[0])
    together = session.run([FEATURES], {"pictures": pictures})[0]
    for picture, features in zip(pictures, together, strict=True):
        alone = session.run([FEATURES], {"pictures": picture[None]})[0]
        np.testing.assert_array_equal(alone[0], features)


def test_the_layer_after_it_is_exact(trained):
    pictures = check_rows(Subject.of(trained), np.float64).feeds
    features, A = with_features(trained).run([FEATURES, "probabilities"], pictures)
    np.testing.assert_allclose(trained.probabilities(features), A, rtol=0, atol=1e-12)


def with_features(model):
    """A session of its file, with an output more."""
    file = onnx_file(Subject.of(model))
    shown = helper.make_tensor_value_info(FEATURES, TensorProto.DOUBLE, None)
    file.graph.output.append(shown)
    return onnxruntime.InferenceSession(file.SerializeToString())


@pytest.fixture
def small(tmp_path):
    path = write_encoder(tmp_path / "e.onnx")
    return onelayer.train(colours(0), features=str(path), C=1.0, calibrate="none")


@pytest.mark.parametrize("one", ["kernel", "shift"])
def test_an_encoder_that_was_tampered_with_is_refused(small, one):
    file = onnx_file(Subject.of(small))
    (weights,) = [each for each in file.graph.initializer if each.name == f"encoder/{one}"]
    values = numpy_helper.to_array(weights)
    weights.raw_data = (values * np.float32(1.01)).tobytes()
    rows = check_rows(Subject.of(small), np.float64)
    with pytest.raises(ExportError, match="does not see pictures as the encoder does"):
        agreements(file, Subject.of(small), rows)


def test_operators_of_others_are_refused_in_words(tmp_path):
    def foreign(model):
        model.graph.node[1].op_type, model.graph.node[1].domain = "Gelu", "com.microsoft"
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))

    path = rewritten(tmp_path / "g.onnx", foreign)
    model = onelayer.train(colours(0), features=str(path), C=1.0, calibrate="none")
    with pytest.raises(UsageError, match=r"not ONNX's own \(com.microsoft\): keep the model"):
        model.export(tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_a_function_is_refused_in_words(tmp_path):
    def means(picture):
        return picture.mean(axis=(0, 1))

    model = onelayer.train(colours(0), features=means, size=SIDE, C=1.0, calibrate="none")
    with pytest.raises(UsageError, match=r"through the function .* which no graph holds"):
        model.export(tmp_path / "m.onnx")


def test_another_encoder_in_its_place_is_refused(small, tmp_path):
    write_encoder(tmp_path / "e.onnx", change=0.5)
    with pytest.raises(DataError, match="it is another encoder"):
        small.export(tmp_path / "m.onnx")


def test_the_command_checks_a_folder_of_photographs(small, tmp_path):
    from PIL import Image

    for number, (picture, name) in enumerate(zip(*colours(2, 12), strict=True)):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "photos" / name / f"{number}.png")
    small.save(tmp_path / "m.safetensors")
    named = [str(tmp_path / name) for name in ("m.safetensors", "m.onnx")]
    arguments = ["export", *named, "--check", str(tmp_path / "photos"), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    checked = json.loads(done.stdout)["check"]
    assert checked["onnxruntime on what was given"]["rows"] == 12
    assert checked["reference on what was given"]["labels"] == 0
    said = {one.key: one.value for one in onnx.load(named[1]).metadata_props}
    assert json.loads(said["check"]) == checked
    assert "its encoder, e.onnx" in said["takes"]
