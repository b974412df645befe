"""One call of a learner's function: what it did, and how a finding is told."""

from __future__ import annotations

import inspect
import linecache
import traceback
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.lesson import slips

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onelayer.lesson.slips import Slip


@dataclass(frozen=True)
class Finding:
    """One slip: what was tried, what came, what was due, and the line that mends it."""

    slip: str
    explanation: str
    tried: str
    came: str
    due: str
    mend: str

    def __str__(self) -> str:
        rows = [("tried", self.tried), ("came", self.came), ("due", self.due), ("mend", self.mend)]
        lines = [f"     {name:<6} {_indented(text)}" for name, text in rows]
        return "\n".join([f"{self.slip}: {self.explanation}", *lines])


def _indented(text: str) -> str:
    return text.replace("\n", "\n" + " " * 12)


@dataclass(frozen=True)
class Call:
    """One call of the learner's function: its arguments in words, and what happened."""

    function: Callable[..., Any]
    said: str
    value: Any = None
    error: BaseException | None = None
    warned: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def finding(self, slip: Slip, came: Any, due: Any) -> Finding:
        """Say that this call showed `slip`."""
        return Finding(slip.name, slip.explanation, self.said, told(came), told(due), slip.mend)

    def overflowed(self) -> bool:
        """Whether NumPy warned of, or Python raised, an overflow."""
        raised = isinstance(self.error, OverflowError)
        return raised or any("overflow" in text for text in self.warned)

    def misbehaviour(self, due: Any) -> Iterator[Finding]:
        """Yield what is wrong whatever the value: an overflow, an exception, a changed input."""
        if self.overflowed():
            came = repr(self.error) if self.error else self.warned[0]
            yield self.finding(slips.OVERFLOW, Told(came), due)
        elif self.error is not None:
            yield self.finding(slips.RAISED, Told(_explained(self.error, self.function)), due)
        if self.changed:
            names = " and ".join(self.changed)
            yield self.finding(slips.CHANGED_INPUT, Told(f"{names} changed"), Told("no change"))


class Told(str):
    """Text that is printed as it stands."""

    __slots__ = ()


def told(value: Any) -> str:
    """Write a value, with its shape if it is an array, short."""
    if isinstance(value, Told):
        return str(value)
    if isinstance(value, np.ndarray) and value.ndim:
        body = np.array2string(value, precision=6, separator=", ", threshold=20)
        return f"{' '.join(body.split())}, shape {value.shape}"
    if isinstance(value, float | np.floating) or _is_number(value):
        return f"{float(value):.9g}"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


_LONGEST = 200  # characters of a value that is no array


def _is_number(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"


_PARAMETERS = ("w", "b", "X", "Y", "num_iterations", "rate")


def call(
    function: Callable[..., Any],
    said: str,
    *arguments: Any,
    names: tuple[str, ...] = _PARAMETERS,
) -> Call:
    """Call the learner's function on copies; keep value, exception, warnings, changed inputs."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    value: Any = None
    error: BaseException | None = None
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        try:
            value = function(*copies)
        except (Exception, SystemExit) as raised:  # noqa: BLE001  whatever it is, it is reported
            error = raised
    changed = tuple(
        name
        for name, before, after in zip(names, arguments, copies, strict=False)
        if isinstance(before, np.ndarray) and not np.array_equal(before, after)
    )
    return Call(function, said, value, error, tuple(str(w.message) for w in caught), changed)


_ADVICE = {
    NameError: "a name is not defined: is it spelt right, passed in, or imported?",
    ZeroDivisionError: "a division by zero: is m = X.shape[1]?",
    IndexError: "an index is past the end: X.shape[0] is n_x, X.shape[1] is m",
    KeyError: 'a dictionary lacks this key: grads has "dw" and "db", params "w" and "b"',
    AttributeError: "this object has no such method: is it a NumPy array?",
}


def _explained(error: BaseException, function: Callable[..., Any]) -> str:
    text = f"{type(error).__name__}: {error}"
    advice = _advice(error)
    return "\n".join(part for part in (text, _where(error, function), advice) if part)


def _advice(error: BaseException) -> str:
    message = str(error)
    if isinstance(error, TypeError) and "argument" in message:
        return "the arguments do not fit: see `tried` for how the function is called"
    if isinstance(error, TypeError) and ("scalar" in message or "length-1" in message):
        return "math's functions take one number; NumPy's take arrays: np.exp, np.log"
    if "ellipsis" in message.lower():
        return "a line still says `...`: write what belongs in its place"
    if any(word in message for word in ("matmul", "not aligned", "broadcast")):
        return "the shapes do not meet: Z = w.T @ X + b is (1, n_x) @ (n_x, m), dw = X @ dZ.T / m"
    known = [text for kind, text in _ADVICE.items() if isinstance(error, kind)]
    return known[0] if known else "the function must run on small, clean data such as this"


def _where(error: BaseException, function: Callable[..., Any]) -> str:
    """Name the learner's line that raised, where Python still knows it."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if code is not None]
    own = [frame for frame in frames if frame.filename == code.co_filename] if code else []
    if not own or own[-1].lineno is None:
        return ""
    line = linecache.getline(own[-1].filename, own[-1].lineno).strip()
    return f"in line {own[-1].lineno}" + (f": {line}" if line else "")
