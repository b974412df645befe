"""A keyword that a function does not have is named, and the one that may have been meant."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def with_known_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function; a TypeError for a keyword that it lacks says which it has.

    Its signature stays what editors and `help` show.
    """
    known = list(signature(function).parameters)

    @wraps(function)
    def called(*args: P.args, **keywords: P.kwargs) -> R:
        unknown = [name for name in keywords if name not in known]
        if unknown:
            raise TypeError(_in_words(function, unknown[0], known))
        return function(*args, **keywords)

    return called


def _in_words(function: Callable[..., Any], name: str, known: list[str]) -> str:
    like = get_close_matches(name, known, n=1)
    meant = f": did you mean {like[0]}?" if like else "."
    return f"{function.__name__} has no keyword {name!r}{meant} It has {', '.join(known)}"
