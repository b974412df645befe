"""onnx and onnxruntime, an optional part: imported here alone."""

from __future__ import annotations

from typing import Any

from onelayer.errors import MissingExtraError


def onnx_libraries() -> tuple[Any, Any]:
    """Return the modules onnx (with its reference evaluator) and onnxruntime.

    Raises
    ------
    MissingExtraError
        Where one of them is not installed; the message names the command that installs them.
    """
    try:
        import onnx
        import onnx.reference
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("exports to ONNX need onnx and onnxruntime", "onnx") from error
    return onnx, onnxruntime
