"""A learner's own code: run, called, and given up on where it does not end."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from time import perf_counter
from types import FrameType, FunctionType
from typing import Any

import numpy as np

from onelayer import lesson
from onelayer.lesson.calls import call

LASTS = 3.0  # guard: seconds, a hundred times what the exercises take
_GIVEN = ("sigmoid", "cost", "propagate", "optimize", "predict", "initialize_with_zeros")


_NONE: Mapping[str, Callable[..., Any]] = {}


@dataclass(frozen=True, eq=False)
class Code:
    """What of a learner's text can be called: `function` is None where nothing can, and why not."""

    function: Callable[..., Any] | None
    trouble: str = ""


def compiled(
    text: str, name: str, own: Mapping[str, Callable[..., Any]] = _NONE, lasts: float | None = None
) -> Code:
    """Run the text, which defines the function `name`; a call of it may take `lasts` seconds.

    It may call `np` and the lesson's functions by their names; `own` takes the place of the latter.
    Whatever is wrong with the text is told with its line.
    """
    given = {each: getattr(lesson, each) for each in _GIVEN if each != name}
    space: dict[str, Any] = {"np": np, "numpy": np, "lesson": lesson, **given, **own}
    file = f"<your {name}>"
    # An error names the learner's own line.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    try:
        body = compile(text, file, "exec")
    except SyntaxError as error:
        return Code(None, f"Python cannot read line {error.lineno}: {error.msg}.")
    made = call(limited(FunctionType(body, space)), "the text")
    if made.error is not None:
        return Code(None, f"{type(made.error).__name__}: {made.error}")
    if not isinstance(space.get(name), FunctionType):
        return Code(None, f"There is no function {name} in it: begin with def {name}(...):")
    return Code(limited(space[name], lasts))


def limited(function: Callable[..., Any], lasts: float | None = None) -> Callable[..., Any]:
    """Return `function`, which raises TimeoutError at its first step after so many seconds.

    None: `LASTS` of them.
    """
    most = LASTS if lasts is None else lasts

    @wraps(function)
    def ended(*args: Any, **kwargs: Any) -> Any:
        end, before = perf_counter() + most, sys.gettrace()

        def watch(frame: FrameType, _event: str, _arg: Any) -> Any:
            # A loop on a single line is no new line: there each operation is watched.
            frame.f_trace_opcodes = frame.f_code.co_filename.startswith("<your ")
            if perf_counter() > end:
                raise TimeoutError(f"still running after {most:g} seconds: does a loop never end?")
            return watch

        sys.settrace(watch)
        try:
            return function(*args, **kwargs)
        finally:
            sys.settrace(before)

    return ended
