"""What a model takes and tells apart, for its page."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import PurePath
from typing import Any

from onelayer.card import Card
from onelayer.inputs import TableInputs
from onelayer.inputs.fitting import OTHER
from onelayer.model import Model
from onelayer.server.answers import class_names
from onelayer.server.limits import Limits
from onelayer.words import count_in_words, percent

_SOURCES = ("test", "val", "y", "features", "relabel")  # settings that may be files


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
        "target": _target(model),
        "worth": worth_in_words(card),
        "alike": _alike(model),
        "rule": model.readout.rule_in_words(class_names(model)),
        "limits": {
            "upload": limits.upload,
            "pixels": limits.pixels,
            "files": limits.files,
            "rows": limits.rows,
            "table_rows": limits.table_rows,
        },
    }


def _target(model: Model) -> str | None:
    """What the classes are of: the name of the column that held them."""
    if not isinstance(model.inputs, TableInputs) or model.inputs.target is None:
        return None
    return str(model.inputs.target)


def worth_in_words(card: Card) -> str | None:
    """What an answer is worth: how often such answers were right; None where nobody judged."""
    if card.test is None or card.baseline is None:
        return None
    n = count_in_words(card.test.n)
    return (
        f"On {n} examples that it had not been trained on the model was right on "
        f"{percent(card.test.accuracy)}; always {card.baseline.label} would be on "
        f"{percent(card.baseline.accuracy)}."
    )


def _alike(model: Model) -> dict[str, list[str]]:
    """By column the levels that act alike, as they were too rare to be told apart in training."""
    if not isinstance(model.inputs, TableInputs):
        return {}
    found: dict[str, list[str]] = {}
    for piece in model.inputs.fitted.pieces:
        column = model.columns[piece.column]
        if piece.make == "levels" and piece.names[-1] == OTHER:
            other = len(piece.names) - 1
            at = zip(column.levels, piece.places, strict=False)
            found[column.name] = [level for level, place in at if place == other]
    return {name: levels for name, levels in found.items() if len(levels) > 1}


def without_folders(card: Card) -> Card:
    """The card with the names of its sources alone: clients see no folder of this machine."""
    paths = None if card.opened is None else tuple(map(_name, card.opened))
    named: dict[str, Any] = {"source": _name(card.source), "opened": paths}
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
