"""Broadcasting in words: which axis is copied how often, or why it cannot be.

NumPy's rule: shapes are written flush right, missing axes on the left count as 1, and two lengths
go together if they are equal or one of them is 1, which is then copied. So a (1, n) row meets
(m, n) by being repeated down the m rows, an (m, 1) column by being repeated across the n columns,
and a number goes everywhere. (Notes in circulation have the first two swapped: a classic slip.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Broadcast:
    """The answer of `explain_broadcast`; `str()` of it is the explanation."""

    a: tuple[int, ...]
    b: tuple[int, ...]
    shape: tuple[int, ...] | None
    explanation: str

    @property
    def possible(self) -> bool:
        """Whether NumPy would combine the two."""
        return self.shape is not None

    def __str__(self) -> str:
        return self.explanation


def explain_broadcast(a: Any, b: Any) -> Broadcast:
    """Say how arrays (or shape tuples) a and b meet under NumPy's rule.

    A (1, n) row meets (m, n) by being repeated DOWN the m rows; an (m, 1) column by being repeated
    ACROSS the n columns; a number everywhere. The two are often told the wrong way round.

    >>> print(explain_broadcast((1, 3), (4, 3)))
    a (1, 3) meets b (4, 3): the result is (4, 3).
    a: its 1 row is repeated down the 4 rows (axis 0, 4 copies).
    b: as it is.
    """
    a, b = _shape(a), _shape(b)
    shape = _combine(a, b)
    if shape is None:
        lines = _why_not(a, b)
    else:
        lines = [f"a {a} meets b {b}: the result is {shape}."]
        lines += [f"{name}: {_copies(own, shape)}." for name, own in (("a", a), ("b", b))]
    return Broadcast(a, b, shape, "\n".join([*lines, *_rank_1_note(a, b)]))


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, tuple) and all(isinstance(n, int | np.integer) for n in value):
        if any(n < 0 for n in value):
            raise ValueError(f"{value} is no shape: a length is 0 or more")
        return tuple(int(n) for n in value)
    return np.shape(value)


def _combine(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    pairs = list(zip_longest(reversed(a), reversed(b), fillvalue=1))
    if any(p != q and 1 not in (p, q) for p, q in pairs):
        return None
    return tuple(q if p == 1 else p for p, q in reversed(pairs))


def _copies(own: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Say how an array of shape `own` fills `shape`."""
    if own == shape:
        return "as it is"
    if not own or set(own) == {1}:
        count = int(np.prod(shape))
        return f"its one number is copied everywhere ({count} {'copy' if count == 1 else 'copies'})"
    padded = (1,) * (len(shape) - len(own)) + own
    said = [f"read as {padded}"] if padded != own else []
    grown = [axis for axis, n in enumerate(padded) if n != shape[axis]]
    return ", ".join(said + [_one_axis(axis, shape) for axis in grown])


def _one_axis(axis: int, shape: tuple[int, ...]) -> str:
    n = shape[axis]
    if len(shape) - axis == 2:
        return f"its 1 row is repeated down the {n} rows (axis {axis}, {n} copies)"
    if len(shape) - axis == 1:
        return f"its 1 column is repeated across the {n} columns (axis {axis}, {n} copies)"
    return f"repeated {n} times along axis {axis}"


def _why_not(a: tuple[int, ...], b: tuple[int, ...]) -> list[str]:
    pairs = zip_longest(reversed(a), reversed(b), fillvalue=1)
    behind, p, q = next(
        (i, p, q) for i, (p, q) in enumerate(pairs, start=1) if p != q and 1 not in (p, q)
    )
    place = "last axis" if behind == 1 else f"axis {behind} from the right"
    lines = [
        f"a {a} cannot meet b {b}: on the {place} a has {p} and b has {q}.",
        "Two lengths go together only if they are equal or one of them is 1.",
    ]
    if _combine(a[::-1], b) is not None:
        lines.append(f"Transposed it would: a.T is {a[::-1]}.")
    return lines


def _rank_1_note(a: tuple[int, ...], b: tuple[int, ...]) -> list[str]:
    """Warn of a rank-1 array beside a matrix: (5,) with (5, 1) gives (5, 5)."""
    for name, own, other in (("a", a, b), ("b", b, a)):
        if len(own) == 1 and len(other) == 2:
            column = other[1] == 1 or (other[0] == own[0] != other[1])
            want = (own[0], 1) if column else (1, own[0])
            mend = f"{name}.reshape({'-1, 1' if column else '1, -1'})"
            beware = f"Beware: {name} is a rank-1 array, neither row nor column"
            read = f"NumPy reads {own} as {(1, own[0])}"
            return [f"{beware}; {read}. If {want} is meant, say so: {name} = {mend}."]
    return []
