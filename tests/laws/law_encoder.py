"""A small encoder that tests make for themselves, and what its features are, in plain NumPy."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SIDE, N = 16, 12


def weights():
    """One kernel (n, 3, 1, 1) and its shift (n,)."""
    random = np.random.default_rng(7)
    kernel = random.normal(size=(N, 3, 1, 1)).astype(np.float32)
    return kernel, random.normal(size=N).astype(np.float32)


def write_encoder(path, *, mean="GlobalAveragePool", change=0.0, settings=None, side=SIDE):
    """Write a graph: each pixel by itself, above zero, and the mean over all places."""
    kernel, shift = weights()
    nodes = [
        helper.make_node("Conv", ["x", "kernel", "shift"], ["wide"]),
        helper.make_node("Relu", ["wide"], ["seen"]),
    ]
    if mean == "ReduceMean":
        nodes.append(helper.make_node("ReduceMean", ["seen"], ["out"], axes=[2, 3], keepdims=0))
    elif mean == "GlobalAveragePool":
        nodes.append(helper.make_node("GlobalAveragePool", ["seen"], ["pooled"]))
        nodes.append(helper.make_node("Flatten", ["pooled"], ["out"]))
    elif mean == "GlobalMaxPool":
        nodes.append(helper.make_node("GlobalMaxPool", ["seen"], ["out"]))
    else:
        nodes.append(helper.make_node("Identity", ["seen"], ["out"]))
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, side, side])],
        [helper.make_empty_tensor_value_info("out")],
        [
            numpy_helper.from_array(kernel + np.float32(change), "kernel"),
            numpy_helper.from_array(shift, "shift"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, settings or {"resize": str(side), "mean": "0.5", "std": "0.25"})
    path.write_bytes(model.SerializeToString())
    return path


def places(pixels):
    """Features of every place (h, w, n) of pixels (h, w, 3), 0 to 255."""
    kernel, shift = weights()
    x = (pixels / 255 - 0.5) / 0.25
    return np.maximum(x @ kernel[:, :, 0, 0].T.astype(float) + shift, 0)
