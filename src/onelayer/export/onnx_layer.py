"""The layer and its readout as nodes: from rows to z, from z to label and probabilities."""

from __future__ import annotations

import numpy as np

from onelayer.calibration import Costs, Readout, Threshold
from onelayer.errors import UsageError
from onelayer.export.onnx_graph import OnnxGraph
from onelayer.layer import Layer


def add_products(graph: OnnxGraph, X: str, layer: Layer, features: np.ndarray | None = None) -> str:
    """Add ((x - centre) * scale) W', (m, k), of all features or some; without b'."""
    W = layer.inner[0]
    some = np.arange(len(W)) if features is None else features
    if layer.scaling is not None:
        scaling = layer.scaling.of_columns(some)
        if scaling.centre.any():
            X = graph.add("Sub", X, graph.constant(scaling.centre))
        X = graph.add("Mul", X, graph.constant(scaling.scale))
    return graph.add("MatMul", X, graph.constant(W[some]))


def add_readout(graph: OnnxGraph, z: str, readout: Readout, classes: np.ndarray) -> tuple[str, str]:
    """Add the labels (m,) and the probabilities (m, K) of z (m, k)."""
    A = _probabilities(graph, _logits(graph, z, readout), readout)
    place = _answers(graph, z, A, readout)
    names = label_values(classes)
    return graph.add("Gather", graph.constant(names, names.dtype), place), A


def label_values(classes: np.ndarray) -> np.ndarray:
    """Return the classes as ONNX holds them: texts, or numbers of their own type.

    Raises
    ------
    UsageError
        Where they are both texts and numbers.
    """
    if classes.dtype.kind in "biuf":
        return classes
    values = classes.tolist()
    if not all(isinstance(value, str) for value in values):
        raise UsageError(
            "the classes are texts and numbers, and a label of ONNX has one type: train with "
            "classes of one kind"
        )
    return np.array(values, dtype=object)


def _logits(graph: OnnxGraph, z: str, readout: Readout) -> str:
    divided = graph.add("Div", z, graph.constant(readout.temperature))
    offsets = readout.offsets
    return divided if offsets is None else graph.add("Add", divided, graph.constant(offsets))


def _probabilities(graph: OnnxGraph, z: str, readout: Readout) -> str:
    """Sigma or softmax in the form of `logistic.py`, which no z overflows."""
    if readout.head.name == "softmax":
        last = graph.constant([1], np.int64)
        E = graph.add("Exp", graph.add("Sub", z, graph.add("ReduceMax", z, last)))
        return graph.add("Div", E, graph.add("ReduceSum", E, last))
    e, one = graph.add("Exp", graph.add("Neg", graph.add("Abs", z))), graph.constant(1)
    total = graph.add("Add", one, e)
    large, small = graph.add("Div", one, total), graph.add("Div", e, total)
    positive = graph.add("GreaterOrEqual", z, graph.constant(0))
    sides = (small, large), (large, small)
    first, second = (graph.add("Where", positive, *side) for side in sides)
    return graph.add("Concat", first, second, axis=1)


def _answers(graph: OnnxGraph, z: str, A: str, readout: Readout) -> str:
    """The place of the class answered, int64 (m,)."""
    rule = readout.decision
    if isinstance(rule, Costs):
        cost = graph.add("MatMul", A, graph.constant(rule.matrix))
        return graph.add("ArgMin", cost, axis=1, keepdims=0)
    if isinstance(rule, Threshold):
        return _by_threshold(graph, A, rule, readout)
    if readout.head.name == "softmax":
        return graph.add("ArgMax", z, axis=1, keepdims=0)
    above = graph.add("Greater", z, graph.constant(0))
    axes = graph.constant([1], np.int64)
    return graph.add("Squeeze", graph.cast(above, np.int64), axes)


def _by_threshold(graph: OnnxGraph, A: str, rule: Threshold, readout: Readout) -> str:
    K = max(2, readout.head.width)
    own = graph.add("Gather", A, graph.constant(rule.position, np.int64), axis=1)
    above = graph.add("Greater", own, graph.constant(rule.value))
    # Below every probability, so that the class itself is none of the others.
    out = graph.constant(-2.0 * (np.arange(K) == rule.position))
    others = graph.add("ArgMax", graph.add("Add", A, out), axis=1, keepdims=0)
    return graph.add("Where", above, graph.constant(rule.position, np.int64), others)
