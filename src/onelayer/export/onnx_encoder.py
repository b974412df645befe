"""An encoder in front of a layer: pictures become features one at a time, as the model makes them.

The encoder's own nodes are the body of a loop over the pictures. So its graph may be of one picture
alone, and no picture's features depend on those that come with it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.encoders import EncoderSpec, graph_again
from onelayer.encoders.onnx_file import Reading
from onelayer.errors import UsageError
from onelayer.export.onnx_graph import OnnxGraph
from onelayer.inputs import EncoderInputs

FEATURES = "onelayer/features"
"""What the features are called inside."""
PREFIX = "encoder/"
"""Of all names in the encoder's graph."""


def add_encoder(graph: OnnxGraph, inputs: EncoderInputs) -> str:
    """Add the features (N, n), of the graph's own type, of pictures uint8 (N, side, side, 3).

    Raises
    ------
    UsageError
        For a function, and a graph of operators that are not ONNX's own, in words.
    DataError, MissingExtraError
        Where the encoder is not there, or another.
    """
    spec = inputs.spec
    reading, content = graph_again(spec)
    network = _network(graph, content, spec)
    shape = inputs.preprocessing.shape
    pictures = graph.take("pictures", np.uint8, ["N", *shape])

    def features_of(body: OnnxGraph, picture: str) -> str:
        _add_seen(body, picture, spec, reading)
        body.splice(network, PREFIX)
        return _features(body, PREFIX + reading.given, reading.form)

    found = graph.each(pictures, [spec.n], features_of)
    return graph.cast(found, name=FEATURES)


def _network(graph: OnnxGraph, content: bytes, spec: EncoderSpec) -> Any:
    """The encoder's graph in the operators of the file's opset."""
    onnx = graph.onnx
    model = onnx.load_from_string(content)
    versions = {one.domain: one.version for one in model.opset_import}
    used = _domains(model.graph.node)
    if not used <= {""} or model.functions or model.graph.sparse_initializer:
        raise UsageError(
            f"{spec.name} has operators that are not ONNX's own ({', '.join(sorted(used - {''}))}):"
            " keep the model as it is, or export the encoder with ONNX's own operators"
        )
    graph.opset = max(graph.opset, versions.get("", 1))
    if versions.get("", 1) < graph.opset:
        try:
            model = onnx.version_converter.convert_version(model, graph.opset)
        except (RuntimeError, ValueError, IndexError) as error:
            raise UsageError(
                f"{spec.name} is of opset {versions.get('')} and cannot be made one of "
                f"{graph.opset}: export the encoder in the newer one; {error}"
            ) from error
    return model.graph


def _domains(nodes: Any) -> set[str]:
    """The domains of operators, those of inner graphs too."""
    found = {"" if node.domain == "ai.onnx" else node.domain for node in nodes}
    for node in nodes:
        for one in node.attribute:
            for inner in (*one.graphs, one.g):
                found |= _domains(inner.node)
    return found


def _add_seen(body: OnnxGraph, picture: str, spec: EncoderSpec, reading: Reading) -> None:
    """Add (x - mean) / std of the middle of a picture, as the encoder takes it."""
    start = (spec.resize - spec.size) // 2
    ends = [start + spec.size] * 2
    middle = body.add(
        "Slice", picture, *(body.constant(at, np.int64) for at in ([start] * 2, ends, [0, 1]))
    )
    mean = body.constant(255 * np.array(spec.mean, np.float32), np.float32)
    scale = body.constant(1 / (255 * np.array(spec.std, np.float32)), np.float32)
    x = body.add("Mul", body.add("Sub", body.cast(middle, np.float32), mean), scale)
    if reading.dtype is np.float16:
        x = body.cast(x, np.float16)
    if not reading.last:
        x = body.add("Transpose", x, perm=[2, 0, 1])
    body.add("Unsqueeze", x, body.constant([0], np.int64), name=PREFIX + reading.taken)


def _features(body: OnnxGraph, found: str, form: str) -> str:
    """Add float32 (n,) of what the encoder gives of one picture."""
    if form == "places":
        sides = body.constant([2, 3], np.int64)
        found = body.add("ReduceMean", body.cast(found, np.float64), sides, keepdims=0)
    elif form == "tokens":
        found = body.add("Gather", found, body.constant(0, np.int64), axis=1)
    flat = body.constant([-1], np.int64)
    return body.add("Reshape", body.cast(found, np.float32), flat)
