"""`Model.export`: a model as one ONNX file, written only where it answers as the model does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import onelayer
from onelayer.errors import UsageError
from onelayer.export.check import Agreement, agreements
from onelayer.export.onnx_encoder import add_encoder
from onelayer.export.onnx_graph import LOWEST_RUNTIME, OPSET, OnnxGraph, Z
from onelayer.export.onnx_layer import add_products, add_readout, label_values
from onelayer.export.onnx_table import add_table
from onelayer.export.source_rows import checks
from onelayer.export.subject import Subject
from onelayer.inputs import EncoderInputs, PictureInputs, RowInputs, TableInputs
from onelayer.inputs.examples import Examples
from onelayer.model_file import write_atomically

LARGEST = 1 << 31
"""Bytes of a protocol buffer: its own limit."""


def export_onnx(
    subject: Subject, path: str | Path, dtype: Any = np.float64, given: Examples | None = None
) -> dict[str, Agreement]:
    """Write one ONNX file, and return how far its evaluators are from the model.

    On hostile rows, and on those of a source that are given, before they are encoded.

    Raises
    ------
    MissingExtraError
        Without onnx and onnxruntime.
    UsageError
        For a model that ONNX's core operators cannot express, in words.
    ExportError
        Where the file does not answer as the model does; nothing is written then.
    """
    on = checks(subject, dtype, given)
    file = onnx_file(subject, dtype)
    found = {
        name + where: one
        for where, rows in on.items()
        for name, one in agreements(file, subject, rows).items()
    }
    fields = {name: one.to_dict() for name, one in found.items()}
    _say(file, "check", json.dumps(fields))
    write_atomically(path, file.SerializeToString())
    return found


def onnx_file(subject: Subject, dtype: Any = np.float64) -> Any:
    """Return the ModelProto, not checked: errors as `export_onnx`."""
    if subject.layer.W.nbytes > LARGEST // 2:
        raise UsageError("the weights take more than a gigabyte, and a file of ONNX cannot hold it")
    graph = OnnxGraph(np.dtype(dtype))
    products = _add_inputs(graph, subject)
    intercept = graph.constant(subject.layer.inner[1])
    z = graph.add("Add", products, intercept, name=Z)
    label, A = add_readout(graph, z, subject.readout, subject.classes)
    graph.give(label, "label", label_values(subject.classes).dtype, ["N"])
    graph.give(A, "probabilities", graph.dtype, ["N", len(subject.classes)])
    file = graph.file()
    classes = [
        value.item() if isinstance(value, np.generic) else value for value in subject.classes
    ]
    _say(file, "onelayer", onelayer.__version__)
    _say(file, "classes", json.dumps(classes))
    _say(file, "card", json.dumps(subject.card.to_dict()))
    _say(file, "needs", _needs(graph.opset))
    _say(file, "takes", in_words(subject))
    return file


def in_words(subject: Subject) -> str:
    """What the file takes."""
    inputs = subject.inputs
    if isinstance(inputs, PictureInputs):
        height, width, channels = inputs.preprocessing.shape
        return (
            f"pictures: uint8 (N, {height}, {width}, {channels}), already of this size, as "
            "resizing is not part of the file"
        )
    if isinstance(inputs, EncoderInputs):
        side = inputs.spec.resize
        return (
            f"pictures: uint8 (N, {side}, {side}, 3), the centred square of each already made "
            f"{side} x {side}, bicubic, as resizing is not part of the file; its encoder, "
            f"{inputs.encoder_in_words}, is"
        )
    if isinstance(inputs, TableInputs):
        return (
            "one input (N, 1) for each column: numbers, NaN where missing; texts, empty where "
            "missing. Infinite numbers, which the model refuses, have no answer"
        )
    return f"X: (N, {inputs.n}), a row an example"


def _add_inputs(graph: OnnxGraph, subject: Subject) -> str:
    """Add what makes X W of what a person has: (m, k)."""
    inputs, layer = subject.inputs, subject.layer
    if isinstance(inputs, TableInputs):
        return add_table(graph, inputs.fitted, layer)
    if isinstance(inputs, PictureInputs):
        shape = inputs.preprocessing.shape
        pictures = graph.take("pictures", np.uint8, ["N", *shape])
        flat = graph.add("Reshape", pictures, graph.constant([-1, inputs.n], np.int64))
        return add_products(graph, graph.cast(flat), layer)
    if isinstance(inputs, EncoderInputs):
        return add_products(graph, add_encoder(graph, inputs), layer)
    if isinstance(inputs, RowInputs):
        return add_products(graph, graph.take("X", graph.dtype, ["N", inputs.n]), layer)
    raise UsageError(
        f"a model of {inputs.kind} cannot be exported to ONNX: models of pictures, tables and "
        "rows of numbers can"
    )


def _needs(opset: int) -> str:
    if opset == OPSET:
        return f"opset {opset}, onnxruntime {LOWEST_RUNTIME} or newer"
    return f"opset {opset}, as the encoder does, and an onnxruntime that has it"


def _say(file: Any, key: str, value: str) -> None:
    entry = file.metadata_props.add()
    entry.key, entry.value = key, value
