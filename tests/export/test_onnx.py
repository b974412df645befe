"""ONNX files answer as the model does, on rows that the check has not seen; others are refused."""

import json
import re
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from law_kinds import KINDS
from law_tables import random_tables, tries
from typer.testing import CliRunner

import onelayer
from onelayer.calibration import Costs, Threshold
from onelayer.cli.app import app
from onelayer.errors import ExportError, UsageError
from onelayer.export import Subject
from onelayer.export.check import Expected, agreements
from onelayer.export.check_rows import check_rows
from onelayer.export.onnx_graph import Z
from onelayer.export.onnx_model import onnx_file
from onelayer.export.onnx_table import BLANKS

DTYPES = ["float64", "float32"]


def subject_of(model):
    return Subject(model.layer, model.inputs, model.readout, model.classes, model.card)


def run(path, feeds):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["label", "probabilities"], feeds)


@pytest.fixture(scope="module", params=["csv", "pictures", "npz", "uint8", "csr", "digits"])
def model(request, tmp_path_factory):
    kind, folder = KINDS[request.param], tmp_path_factory.mktemp("export")
    source = kind.source(kind.make(0), folder / "train")
    return onelayer.train(source, **{**kind.settings, "C": 1.0})


@pytest.mark.parametrize("dtype", DTYPES)
def test_ten_thousand_rows_are_answered_as_the_model_does(model, dtype, tmp_path):
    model.export(tmp_path / "m.onnx", dtype=dtype)
    rows = check_rows(subject_of(model), np.dtype(dtype), seed=7, usual=10_000)
    labels, A = run(tmp_path / "m.onnx", rows.feeds)
    found = agreements(onnx_file(subject_of(model), dtype), subject_of(model), rows)
    assert A.shape == (found["onnxruntime"].rows, len(model.classes))
    assert A.dtype == dtype
    assert found["onnxruntime"].rows > 10_000
    assert found["onnxruntime"].labels == found["reference"].labels == 0
    assert found["onnxruntime"].ties < 0.02 * len(A)
    if dtype == "float64":
        np.testing.assert_allclose(A, model.probabilities(rows.matrix), rtol=0, atol=1e-12)
        usual = slice(0, 10_000)
        expected = model.classes[model.readout.answers(model.forward(rows.matrix[usual]))]
        np.testing.assert_array_equal(labels[usual], expected)


@given(random_tables(extra=False, without=("sentences", "dates")))
@tries(12)
def test_tables_at_random_are_answered_as_the_model_does(tmp_path_factory, made):
    path = tmp_path_factory.mktemp("table") / "m.onnx"
    model = onelayer.train(made.train, **made.settings)
    model.export(path)
    feeds = {
        column.name: (
            made.test[[column.name]].to_numpy(np.float64)
            if column.kind == "number"
            else made.test[[column.name]].fillna("").astype(str).to_numpy(object)
        )
        for column in model.columns
    }
    labels, A = run(path, feeds)
    np.testing.assert_allclose(A, model.predict_proba(made.rows), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(labels, model.predict(made.rows))
    for dtype in DTYPES:
        rows = check_rows(subject_of(model), np.dtype(dtype), seed=3, usual=1000)
        agreements(onnx_file(subject_of(model), dtype), subject_of(model), rows)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_file_that_was_tampered_with_is_refused(model, dtype):
    subject = subject_of(model)
    file, rows = onnx_file(subject, dtype), check_rows(subject, np.dtype(dtype))
    agreements(file, subject, rows)
    relative = 1e-9 if dtype == "float64" else 1e-3
    weights = max(file.graph.initializer, key=lambda one: len(one.raw_data))
    values = onnx.numpy_helper.to_array(weights)
    weights.raw_data = (values * (1 + relative)).astype(dtype).tobytes()
    with pytest.raises(ExportError, match="nothing was written, as onnxruntime does not answer"):
        agreements(file, subject, rows)


def test_nothing_is_written_where_the_check_fails(model, tmp_path, monkeypatch):
    def tampered(subject, dtype):
        layer = replace(subject.layer, b=subject.layer.b + 1e-9)
        return onnx_file(replace(subject, layer=layer), dtype)

    if model.head.name == "softmax":
        pytest.skip("the same number for all classes changes nothing there")
    monkeypatch.setattr("onelayer.export.onnx_model.onnx_file", tampered)
    with pytest.raises(ExportError, match=r"a probability differs by .*e-10"):
        model.export(tmp_path / "m.onnx")
    assert list(tmp_path.iterdir()) == []


def test_labels_that_are_moved_are_refused(model):
    subject = subject_of(model)
    rows = check_rows(subject, np.dtype(np.float64))
    file = onnx_file(replace(subject, classes=subject.classes[::-1]))
    with pytest.raises(ExportError, match=r"and \d+ of \d+ labels"):
        agreements(file, subject, rows)


def test_a_label_that_is_not_that_of_the_files_own_z_is_refused(model):
    subject = subject_of(model)
    plain = replace(subject, readout=replace(subject.readout, decision=None))
    rows = check_rows(plain, np.dtype(np.float32))
    file = onnx_file(replace(plain, classes=np.roll(plain.classes, 1)), np.float32)
    told = Expected.of(plain, rows.matrix, np.float32)
    allowed = replace(told, ties=np.ones_like(told.ties))
    opened = onnx.ModelProto.FromString(file.SerializeToString())
    opened.graph.output.append(onnx.helper.make_tensor_value_info(Z, 1, None))
    session = onnxruntime.InferenceSession(opened.SerializeToString())
    with pytest.raises(ExportError, match=r"and [1-9]\d* of \d+ labels"):
        allowed.compared(session.run(["label", "probabilities", Z], rows.feeds), "it")


RULES = {
    "costs": lambda K: Costs((1.0 - np.eye(K)) * np.arange(1, K + 1)[:, None]),
    "threshold": lambda K: Threshold(K - 1, 0.31),
    "a threshold on the first": lambda _: Threshold(0, 0.71),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES)
def test_rules_temperatures_and_class_weights_are_in_the_file(model, rule, dtype, tmp_path):
    K = len(model.classes)
    readout = replace(
        model.readout,
        temperature=1.7,
        class_weights=np.arange(1.0, K + 1),
        decision=RULES[rule](K),
    )
    other = replace(model, readout=readout)
    other.export(tmp_path / "m.onnx", dtype=dtype)
    rows = check_rows(subject_of(other), np.dtype(dtype), seed=5)
    labels, A = run(tmp_path / "m.onnx", rows.feeds)
    Z = other.forward(rows.matrix)
    near = 1e-12 if dtype == "float64" else 2e-4
    np.testing.assert_allclose(A[:500], readout.probabilities(Z)[:500], rtol=0, atol=near)
    same = labels == other.classes[readout.answers(Z)]
    assert same.mean() > 0.98
    assert set(labels[~same]) <= set(model.classes)


def test_what_the_file_says(model, tmp_path):
    found = model.export(tmp_path / "m.onnx")
    file = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(file, full_check=True)
    said = {entry.key: entry.value for entry in file.metadata_props}
    assert json.loads(said["check"])["onnxruntime"] == found["onnxruntime"].to_dict()
    assert json.loads(said["classes"]) == model.classes.tolist()
    assert json.loads(said["card"]) == json.loads(json.dumps(model.card.to_dict()))
    assert said["needs"] == "opset 20, onnxruntime 1.17 or newer"
    assert [(one.domain, one.version) for one in file.opset_import] == [("", 20)]
    assert {node.domain for node in file.graph.node} == {""}
    assert [one.name for one in file.graph.output] == ["label", "probabilities"]


def test_cells_are_trimmed_of_what_arrow_trims():
    signs = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    blank = pc.utf8_is_space(pa.array(signs)).to_pylist()
    assert {sign for sign, is_blank in zip(signs, blank, strict=True) if is_blank} == set(BLANKS)


def test_columns_called_as_outputs_and_levels_like_patterns(tmp_path):
    random = np.random.default_rng(0)
    levels = np.array(["a.c", "abc", "(x|y)", "[", "\\d", "5", "é^$", "-"])
    cells = levels[random.integers(8, size=400)]
    frame = pd.DataFrame({"label": cells, "probabilities": random.normal(size=400)})
    frame["y"] = (frame.label == "a.c") | (frame.probabilities > 1)
    model = onelayer.train(frame, target="y", C=1.0, calibrate="none")
    model.export(tmp_path / "m.onnx")
    rows = pd.DataFrame({"label": [*levels, " abc ", "ABC", "x", ""], "probabilities": 0.5})
    feeds = {
        "column label": rows[["label"]].to_numpy(object),
        "column probabilities": rows[["probabilities"]].to_numpy(),
    }
    labels, A = run(tmp_path / "m.onnx", feeds)
    np.testing.assert_allclose(A, model.predict_proba(rows), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(labels, model.predict(rows))
    assert len(np.unique(A[:, 0])) == 9


def test_classes_of_two_kinds_are_refused_in_words(model):
    mixed = np.array([1, *["b"] * (len(model.classes) - 1)], dtype=object)
    with pytest.raises(UsageError, match="the classes are texts and numbers"):
        onnx_file(replace(subject_of(model), classes=mixed))


def test_the_command_writes_what_it_checked(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    arguments = ["export", str(tmp_path / "m.safetensors"), str(tmp_path / "m.onnx")]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["check"]["reference"]["labels"] == 0
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, "exists: give another name, or --overwrite" in again.stderr) == (
        2,
        True,
    )
    other = CliRunner().invoke(app, [*arguments[:2], str(tmp_path / "m.pkl")])
    assert other.exit_code == 2
    assert re.search("has no suffix that says what to write", other.stderr.replace("\n", " "))


def test_columns_called_as_what_is_inside(tmp_path):
    random = np.random.default_rng(0)
    names = ["z", "onelayer/0", "onelayer/z", "column label", "label"]
    frame = pd.DataFrame(random.normal(size=(200, 5)), columns=names)
    frame["y"] = frame.sum(axis=1) > 0
    model = onelayer.train(frame, target="y", C=1.0, calibrate="none")
    model.export(tmp_path / "m.onnx")
    inputs = [one.name for one in onnx.load(tmp_path / "m.onnx").graph.input]
    expected = [
        "z",
        "column onelayer/0",
        "column onelayer/z",
        "column column label",
        "column label",
    ]
    assert inputs == expected
    feeds = {new: frame[[old]].to_numpy() for old, new in zip(names, inputs, strict=True)}
    found = run(tmp_path / "m.onnx", feeds)[1]
    np.testing.assert_allclose(found, model.predict_proba(frame), rtol=0, atol=1e-12)


def test_numbers_that_float32_does_not_hold_are_refused_in_words(tmp_path):
    x = np.random.default_rng(0).normal(size=200)
    frame = pd.DataFrame({"x": 1e100 * x, "y": x > 0.1})
    model = onelayer.train(frame, target="y", C=1.0, calibrate="none")
    with pytest.raises(UsageError, match="leave too little room in float32: export it in float64"):
        model.export(tmp_path / "m.onnx", dtype="float32")
    assert list(tmp_path.iterdir()) == []
    assert model.export(tmp_path / "m.onnx")["reference"].probability < 1e-12
