"""A training as an earlier one was, but for what is asked for now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from onelayer.card import Card
from onelayer.encoders import EFFICIENTNET_LITE0
from onelayer.errors import UsageError
from onelayer.settings import Settings
from onelayer.sources.embedded import NAMES
from onelayer.words import spelt

_ELSEWHERE = ("test", "val", "features", "relabel")
_KNOWN = (*NAMES, EFFICIENTNET_LITE0)
P = ParamSpec("P")
R = TypeVar("R")


def with_settings_of_like(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function, which takes what it is not given from the card of the model `like`."""

    @wraps(function)
    def called(*args: P.args, **keywords: P.kwargs) -> R:
        like, own = keywords.get("like"), dict(keywords)
        if like is None:
            return function(*args, **keywords)
        from onelayer.model.loading import load

        card = load(like).card  # type: ignore[arg-type]
        source = args[0] if args else own.pop("source", None)
        again: Any = repeated(card, own)
        return function(source_again(card) if source is None else source, **again)  # type: ignore[arg-type]

    return called


def repeated(card: Card, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a model's training, with those of `own` in their place.

    Raises
    ------
    UsageError
        Where the card has none, or a setting was something that lay in memory.
    """
    if card.settings is None:
        raise UsageError(
            f"the model of {spelt('like')} was not made by train, so that it says no settings"
        )
    again = card.settings_again
    settings = {field.name: getattr(again, field.name) for field in fields(Settings)}
    for name in _ELSEWHERE:
        was = settings[name]
        there = not isinstance(was, str) or was in _KNOWN or Path(was).exists()
        if name not in own and not there:
            raise UsageError(
                f"{spelt(name)} was {was}, which is not there, or lay in memory: give it again"
            )
    return {**settings, **own}


def source_again(card: Card) -> str | list[str]:
    """Return what the model was trained on; UsageError where that lay in memory."""
    paths = card.paths
    if not paths:
        raise UsageError(
            f"the model of {spelt('like')} was trained on {card.source or 'what lay in memory'}, "
            "which no file holds: give the source again"
        )
    return paths[0] if len(paths) == 1 else list(paths)
