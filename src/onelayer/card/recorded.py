"""What was asked of a training, as a file keeps it: sources and functions by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from onelayer.card.json_values import number, plain
from onelayer.settings import Settings, share_of

GIVEN = "given"
"""Stands for costs, which the rule that was made of them has."""


def recorded(settings: Settings, test: str | None, val: str | None) -> Settings:
    """Return the settings as a file will give them back; `test` and `val` name their sources."""
    shares = {"recall": settings.recall, "precision": settings.precision}
    named: dict[str, Any] = {
        kind: None if share is None else dict([share_of(kind, share)])
        for kind, share in shares.items()
    }
    named["relabel"] = _relabelling(settings.relabel)
    named["costs"] = None if settings.costs is None else GIVEN
    named["features"] = getattr(settings.features, "__qualname__", settings.features)
    return settings_from(settings_fields(replace(settings, test=test, val=val, **named)))


def _relabelling(given: Any) -> Any:
    """The table's name, or what was said of each example, as text."""
    if not isinstance(given, Mapping):
        return None if given is None else str(given)
    return {str(name): str(now) for name, now in given.items()}


def settings_fields(settings: Settings) -> dict[str, Any]:
    """Return recorded settings as JSON has them: an infinite C is "inf"."""
    C = settings.C if settings.C is None else number(settings.C)
    return {**plain(asdict(settings)), "C": C}


def settings_from(told: dict[str, Any]) -> Settings:
    """Return what `settings_fields` described.

    What a file of another version does not say has its default, and what only it knows is left out.
    """
    known = {field.name for field in fields(Settings)}
    given = {name: _whole(value) for name, value in told.items() if name in known}
    if given.get("C") is not None:
        given["C"] = float(given["C"])
    return Settings(**given)


def _whole(value: Any) -> Any:
    """JSON has lists where the settings have tuples."""
    return tuple(value) if isinstance(value, list) else value
