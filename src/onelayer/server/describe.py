"""What a model takes and tells apart, for its page."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import PurePath
from typing import Any

from onelayer.card import Card
from onelayer.model import Model
from onelayer.server.answers import class_names
from onelayer.server.limits import Limits

_SOURCES = ("test", "val", "y", "features")  # settings that may be files


def described(model: Model, limits: Limits) -> dict[str, Any]:
    """Return the answer to /v1/model."""
    to, card = model.preprocessing, without_folders(model.card)
    return {
        "kind": kind_of(model),
        "classes": class_names(model),
        "features": model.coef.shape[1],
        "preprocessing": None if to is None else to.to_dict(),
        "encoder": model.inputs.encoder_in_words,
        "columns": [asdict(column) for column in model.columns],
        "summary": [{"heading": heading, "text": text} for heading, text in card.rows()],
        "card": card.to_dict(),
        "rule": model.readout.rule_in_words(class_names(model)),
        "limits": {
            "upload": limits.upload,
            "pixels": limits.pixels,
            "files": limits.files,
            "rows": limits.rows,
        },
    }


def without_folders(card: Card) -> Card:
    """The card with the names of its sources alone: clients see no folder of this machine."""
    named: dict[str, Any] = {"source": _name(card.source)}
    if card.settings is not None:
        sources: dict[str, Any] = {key: _name(getattr(card.settings, key)) for key in _SOURCES}
        named["settings"] = replace(card.settings, **sources)
    if card.audit is not None:
        named["audit"] = replace(card.audit, source=_name(card.audit.source))
    return replace(card, **named)


def _name(source: Any) -> Any:
    return PurePath(source).name or source if isinstance(source, str) else source


def kind_of(model: Model) -> str:
    """What a model takes: "pictures", "table" for rows with named columns, or "rows"."""
    return "pictures" if model.inputs.unit == "pictures" else model.inputs.kind
