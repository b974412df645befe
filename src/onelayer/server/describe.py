"""What a model takes and tells apart, for its page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from onelayer.model import Model
from onelayer.server.answers import class_names
from onelayer.server.limits import Limits


def described(model: Model, limits: Limits) -> dict[str, Any]:
    """Return the answer to /v1/model."""
    to = model.preprocessing
    return {
        "kind": kind_of(model),
        "classes": class_names(model),
        "features": model.coef.shape[1],
        "preprocessing": None if to is None else to.to_dict(),
        "columns": [asdict(column) for column in model.columns],
        "summary": [{"heading": heading, "text": text} for heading, text in model.card.rows()],
        "card": model.card.to_dict(),
        "limits": {
            "upload": limits.upload,
            "pixels": limits.pixels,
            "files": limits.files,
            "rows": limits.rows,
        },
    }


def kind_of(model: Model) -> str:
    """What a model takes: "pictures", "table" for rows with named columns, or "rows"."""
    if model.preprocessing is not None:
        return "pictures"
    return "table" if model.columns else "rows"
