"""What sklearn-onnx asks an estimator of ours for: its shapes, and its nodes.

z is computed in double, as the estimator does, whatever the type of what goes in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.calibration import Readout
from onelayer.errors import UsageError
from onelayer.estimators.parameters import layer_of
from onelayer.estimators.problem import head_of
from onelayer.export.onnx_graph import OnnxGraph
from onelayer.export.onnx_layer import add_products, add_readout

LOWEST = 18
"""The opset in which `ReduceMax` takes its axes as it is given them here."""

registered: set[type] = set()
"""Estimators that sklearn-onnx was told of."""


def shape_calculator() -> Any:
    """Return what declares label (m,) and probabilities (m, K).

    Raises
    ------
    UsageError
        Before `register_sklearn_onnx`.
    """
    if not registered:
        raise UsageError(
            "sklearn-onnx does not know onelayer's estimators yet: call "
            "onelayer.register_sklearn_onnx() first, or onelayer.save(estimator, 'm.safetensors') "
            "and onelayer.load('m.safetensors').export('m.onnx'), which checks what it writes"
        )
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes

    return calculate_linear_classifier_output_shapes


def convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a fitted estimator to what sklearn-onnx builds.

    Raises
    ------
    UsageError
        For an opset before 18.
    """
    from skl2onnx.common.utils_classifier import get_label_classes

    opset = container.target_opset_any_domain("")
    if opset < LOWEST:
        raise UsageError(f"target_opset is {opset}: give {LOWEST} or more")
    estimator, (label, probabilities) = operator.raw_operator, operator.outputs
    layer = layer_of(estimator)
    graph = OnnxGraph(np.dtype(np.float64), scope.get_unique_variable_name("onelayer") + "/")
    products = add_products(graph, graph.cast(operator.inputs[0].full_name), layer)
    z = graph.add("Add", products, graph.constant(layer.inner[1]))
    names = np.array(get_label_classes(scope, estimator))
    names = names.astype(object if names.dtype.kind in "OUT" else np.int64)
    readout = Readout(head=head_of(len(names)))
    answers, A = add_readout(graph, z, readout, names)
    graph.add("Identity", answers, name=label.full_name)
    kind = probabilities.type.to_onnx_type().tensor_type.elem_type
    graph.add("Cast", A, name=probabilities.full_name, to=kind)
    container.nodes.extend(graph.nodes)
    container.initializers.extend(graph.constants)
    container.node_domain_version_pair_sets.add(("", LOWEST))
