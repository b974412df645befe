"""What a notebook shows of a model: its score beside the guess, its classes, what it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from onelayer.sheets.formats import html_part
from onelayer.sheets.sheet import Sheet
from onelayer.words import percent

if TYPE_CHECKING:
    from onelayer.model.fitted import Model

LINES = ("classes", "C", "calibrated", "answers", "judged", "trust", "weak")
"""Of the card: the others, as the audit, are in `model.card`."""

_SHOWN = 12


def in_notebook(model: Model) -> str:
    """Return HTML: a model's card in short."""
    return html_part(model_sheet(model))


def model_sheet(model: Model) -> Sheet:
    """Return what it says."""
    return Sheet(title=_title(model), facts=tuple(_facts(model)), notes=_NOTES)


_NOTES = ("model.card has all of it, model.card.test the confusion matrix.",)


def _title(model: Model) -> str:
    card = model.card
    judged = card.test or card.train
    if judged is None:
        return f"A model of {len(model.classes)} classes, not judged"
    what = "accuracy" if card.test is not None else "accuracy on what it was trained on"
    guess = "" if card.baseline is None else f"; {card.baseline}"
    return f"{percent(judged.accuracy)} {what}{guess}"


def _facts(model: Model) -> Iterator[tuple[str, str]]:
    lines = dict(model.card.rows())
    yield "takes", _inputs(model)
    yield from ((name, lines[name]) for name in LINES if name in lines)
    if model.card.source is not None:
        yield "trained on", lines["trained on"]


def _inputs(model: Model) -> str:
    """What a row or picture is, in words."""
    if model.columns:
        named = [f"{column.name} ({column.kind})" for column in model.columns]
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        return f"a table with the column{'s' * (len(named) > 1)} {', '.join(named[:_SHOWN])}{more}"
    to = model.preprocessing
    if to is not None:
        return f"pictures, which become {to.height} x {to.width} pixels"
    return f"rows of {model.layer.n:,} numbers"
