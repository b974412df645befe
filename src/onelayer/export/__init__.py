"""A model in the formats of other tools, each written only where it answers as the model does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from onelayer.errors import UsageError
from onelayer.export.check import Agreement
from onelayer.export.onnx_model import export_onnx
from onelayer.export.sql import export_sql
from onelayer.export.subject import Subject
from onelayer.inputs.examples import Examples

__all__ = ["FORMATS", "Agreement", "Subject", "export", "export_onnx", "export_sql"]

FORMATS = (".onnx", ".sql")
"""The suffixes of what can be written."""


def export(
    subject: Subject, path: str | Path, dtype: Any = np.float64, given: Examples | None = None
) -> dict[str, Agreement]:
    """Write what the path's suffix says, and return how far its evaluators are from the model.

    `given` are examples of a source, read for the model, on which it must answer alike too.

    Raises
    ------
    UsageError
        For another suffix, or a model that cannot be written so.
    ExportError
        Where the file does not answer as the model does; nothing is written then.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".onnx":
        return export_onnx(subject, path, dtype, given)
    if suffix != ".sql":
        raise UsageError(
            f"{path} has no suffix that says what to write: give model.onnx, or of a model of a "
            "table model.sql"
        )
    if np.dtype(dtype) != np.float64:
        raise UsageError("SQL has no numbers of 4 bytes: export it in float64")
    return export_sql(subject, path, given)
