"""An ONNX graph as it is built: nodes, constants and names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onelayer.export.libraries import onnx_libraries

OPSET = 20
"""The first with `RegexFullMatch`, which tells levels apart with core operators alone."""
LOWEST_RUNTIME = "1.17"
"""The first onnxruntime that has these operators: its release notes."""

Z = "onelayer/z"
"""What z is called inside."""


class OnnxGraph:
    """Nodes of core operators in order; `dtype` is that of all numbers in them."""

    def __init__(self, dtype: np.dtype, prefix: str = "onelayer/") -> None:
        self.onnx, _ = onnx_libraries()
        self.dtype, self.prefix, self.opset = dtype, prefix, OPSET
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def add(self, operator: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node of one output, and return what that is called."""
        output = name or f"{self.prefix}{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, value: Any, dtype: Any = None) -> str:
        """Add an array, of the graph's own type where none is given."""
        name = f"{self.prefix}constant {len(self.constants)}"
        array = np.asarray(value, dtype=self.dtype if dtype is None else dtype)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def cast(self, value: str, dtype: Any = None, name: str | None = None) -> str:
        """Cast to a type, by default the graph's own."""
        to = self._type(self.dtype if dtype is None else dtype)
        return self.add("Cast", value, name=name, to=to)

    def each(self, rows: str, shape: list[int], made: Callable[[OnnxGraph, str], str]) -> str:
        """Add what `made(body, row)` makes of each row by itself, float32 and of a fixed shape.

        A loop, not a scan: it takes no rows at all, too.
        """
        body = OnnxGraph(self.dtype, f"{self.prefix}{len(self.nodes)}/")
        body.constants = self.constants  # an inner graph sees those of the outer one
        at = body.take(f"{body.prefix}at", np.int64, [])
        on = body.take(f"{body.prefix}on", np.bool_, [])
        found = made(body, body.add("Gather", rows, at, axis=0))
        body.give(on, f"{body.prefix}still", np.bool_, [])
        body.give(found, f"{body.prefix}made", np.float32, shape)
        inner = self.onnx.helper.make_graph(body.nodes, "each", body.inputs, body.outputs)
        count = self.add("Squeeze", self.add("Shape", rows, end=1))
        return self.add("Loop", count, self.constant(True, np.bool_), body=inner)

    def splice(self, graph: Any, prefix: str) -> None:
        """Add the nodes and the constants of a GraphProto, their names behind a prefix."""
        named = self.onnx.compose.add_prefix_graph(graph, prefix)
        self.nodes.extend(named.node)
        self.constants.extend(named.initializer)

    def take(self, name: str, dtype: Any, shape: list[Any]) -> str:
        """Declare an input; a dimension that is a text is free."""
        kind = self._type(dtype)
        self.inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))
        return name

    def give(self, value: str, name: str, dtype: Any, shape: list[Any]) -> None:
        """Declare a value an output of this name."""
        self.add("Identity", value, name=name)
        kind = self._type(dtype)
        self.outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))

    def file(self) -> Any:
        """Return the ModelProto."""
        graph = self.onnx.helper.make_graph(
            self.nodes, "onelayer", self.inputs, self.outputs, self.constants
        )
        helper = self.onnx.helper
        opsets = [helper.make_opsetid("", self.opset)]
        lowest = helper.find_min_ir_version_for(opsets)
        return helper.make_model(
            graph, opset_imports=opsets, ir_version=lowest, producer_name="onelayer"
        )

    def _type(self, dtype: Any) -> int:
        if np.dtype(dtype).kind in "OUT":
            return int(self.onnx.TensorProto.STRING)
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
