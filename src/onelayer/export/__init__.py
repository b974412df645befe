"""A model in the formats of other tools, each written only where it answers as the model does."""

from __future__ import annotations

from onelayer.export.onnx_model import export_onnx
from onelayer.export.subject import Subject

__all__ = ["Subject", "export_onnx"]
