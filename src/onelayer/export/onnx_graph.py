"""An ONNX graph as it is built: nodes, constants and names."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.export.libraries import onnx_libraries

OPSET = 20
"""The first with `RegexFullMatch`, which tells levels apart with core operators alone."""
IR_VERSION = 9
"""The one that belongs to it."""
LOWEST_RUNTIME = "1.17"
"""The first onnxruntime that has these operators: its release notes."""


Z = "onelayer/z"
"""What z is called inside."""


class OnnxGraph:
    """Nodes of core operators in order; `dtype` is that of all numbers in them."""

    def __init__(self, dtype: np.dtype) -> None:
        self.onnx, _ = onnx_libraries()
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def add(self, operator: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node of one output, and return what that is called."""
        output = name or f"onelayer/{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, value: Any, dtype: Any = None) -> str:
        """Add an array, of the graph's own type where none is given."""
        name = f"onelayer/constant {len(self.constants)}"
        array = np.asarray(value, dtype=self.dtype if dtype is None else dtype)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def cast(self, value: str, dtype: Any = None) -> str:
        """Cast to a type, by default the graph's own."""
        return self.add("Cast", value, to=self._type(self.dtype if dtype is None else dtype))

    def take(self, name: str, dtype: Any, shape: list[Any]) -> str:
        """Declare an input; a dimension that is a text is free."""
        kind = self._type(dtype)
        self.inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))
        return name

    def give(self, name: str, dtype: Any, shape: list[Any]) -> None:
        """Declare an output."""
        kind = self._type(dtype)
        self.outputs.append(self.onnx.helper.make_tensor_value_info(name, kind, shape))

    def file(self) -> Any:
        """Return the ModelProto."""
        graph = self.onnx.helper.make_graph(
            self.nodes, "onelayer", self.inputs, self.outputs, self.constants
        )
        opset = self.onnx.helper.make_opsetid("", OPSET)
        return self.onnx.helper.make_model(
            graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="onelayer"
        )

    def _type(self, dtype: Any) -> int:
        if np.dtype(dtype).kind in "OUT":
            return int(self.onnx.TensorProto.STRING)
        return int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
