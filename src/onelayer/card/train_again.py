"""What was asked of a training, as a person would ask for it again: a command, or a call."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from onelayer.settings import Settings
from onelayer.words import in_shell, spelt


def as_command(source: Sequence[str], settings: Settings) -> str:
    """Return `onelayer train photos/ --seed 3`, quoted so that a shell takes it.

    It is asked for on the command line alone, where a setting is spelt as an option.
    """
    given = [word for name, value in _given(settings) for word in _option(name, value)]
    named = [f"./{word}" if word.startswith("-") else word for word in source]
    return " ".join(map(in_shell, ["onelayer", "train", *named, *given]))


def as_call(source: str, settings: Settings) -> str:
    """Return `onelayer.train("photos/", seed=3)`; `source` is what stands for it in Python."""
    given = [f"{name}={_in_python(value)}" for name, value in _given(settings)]
    return f"onelayer.train({', '.join([source, *given])})"


def _given(settings: Settings) -> Iterator[tuple[str, Any]]:
    """What is not as it would be had nobody said anything."""
    for field in fields(Settings):
        value = getattr(settings, field.name)
        if value != field.default:
            yield field.name, value


def _option(name: str, value: Any) -> list[str]:
    """Its words on the command line; one word where the value would look like an option."""
    if name == "header":
        return [spelt("header=False", "--no-header")]
    option = spelt("C", "--C") if name == "C" else spelt(name)
    if value is True:
        return [option]
    if name == "size" and isinstance(value, Sequence):
        return [option, "x".join(map(str, value))]
    several = value if isinstance(value, (tuple, list)) else [value]
    pairs = [(option, _on_line(one)) for one in several]
    return [
        word for pair in pairs for word in (["=".join(pair)] if pair[1].startswith("-") else pair)
    ]


def _on_line(value: Any) -> str:
    """A share as ill=0.95, costs as ill:well=5,well:ill=1, anything else as it is."""
    if not isinstance(value, Mapping):
        return str(value).removesuffix(".0")
    named = (":".join(of) if isinstance(of, tuple) else of for of in value)
    return ",".join(f"{of}={one}" for of, one in zip(named, value.values(), strict=True))


def _in_python(value: Any) -> str:
    return "float('inf')" if value == math.inf else repr(value)
