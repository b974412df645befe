"""Chapter 8, broadcasting and rank-1 arrays: two shapes meet, or do not."""

from __future__ import annotations

import re

import numpy as np

from onelayer import lesson
from onelayer.errors import UsageError
from onelayer.playground.plot import BLUE, INK, ORANGE, canvas, drawing
from onelayer.playground.screen import Answer, Chapter, Drawing, Entry, Part, whole

_ROOM = 8  # rows and columns that are drawn
Shape = tuple[int, ...]


def answer(a: str, b: str) -> Answer:
    """Let arrays of the two shapes, as a reader types them, be added."""
    try:
        shapes = parsed(a), parsed(b)
    except UsageError as error:
        return Answer("Type two shapes.", told=str(error))
    met = lesson.explain_broadcast(*shapes)
    if met.shape is None:
        says = "They cannot meet. NumPy says so at once, and that is the good case."
        return Answer(says, told=f"{met}\n\nNumPy: {_refusal(*shapes)}")
    size = int(np.prod(met.shape))
    return Answer(
        f"They meet: the sum has the shape `{met.shape}`.",
        numbers=(
            whole("entries of a", int(np.prod(shapes[0]))),
            whole("entries of b", int(np.prod(shapes[1]))),
            whole("entries of a + b", size),
        ),
        drawings=_drawings(*shapes, met.shape),
        told=str(met),
        warns=_trap(*shapes, met.shape),
    )


def parsed(text: str) -> Shape:
    """Read a shape as Python writes it: (3, 1), (5,), (), also without its brackets.

    Raises
    ------
    UsageError
        If the text is no shape, has more than four axes or an axis above a million.
    """
    inner = text.strip().removeprefix("(").removesuffix(")").strip().removesuffix(",")
    if not re.fullmatch(r"(\s*\d{1,7}\s*(,\s*\d{1,7}\s*){0,3})?", inner):
        raise UsageError(
            f"{text!r} is no shape: write whole numbers with commas between, for example (3, 1), "
            "(5,) or ()"
        )
    shape = tuple(int(n) for n in inner.split(",")) if inner.strip() else ()
    if max(shape, default=0) > 1_000_000:
        raise UsageError(f"{text!r} is too large here: at most 1000000 an axis")
    return shape


def _refusal(a: Shape, b: Shape) -> str:
    try:
        np.broadcast_shapes(a, b)
    except ValueError as error:
        return str(error)
    return ""


def _trap(a: Shape, b: Shape, shape: Shape) -> str:
    """Warn where a rank-1 array and a column made a square that nobody asked for."""
    rank_1 = sorted((a, b), key=len)
    if [len(own) for own in rank_1] == [1, 2] and rank_1[1][1] == 1 and len(set(shape)) == 1:
        return (
            f"A trap: `{rank_1[0]}` beside the column `{rank_1[1]}` made a square, `{shape}`, and "
            "no error. The lesson refuses rank-1 arrays for this reason."
        )
    return ""


def _drawings(a: Shape, b: Shape, shape: Shape) -> tuple[Drawing, ...]:
    if len(shape) > 2 or max(shape, default=1) > _ROOM or 0 in shape:
        return ()
    parts = (("a", a, ORANGE), ("b", b, BLUE), ("a + b", shape, INK))
    rows = shape[0] if len(shape) == 2 else 1
    body = "".join(_squares(k, *part, shape) for k, part in enumerate(parts))
    for k, sign in enumerate("+="):
        middle = 28 + rows * _SIDE / 2
        body += f'<text x="{128 + 136 * k}" y="{middle:g}" text-anchor="middle">{sign}</text>'
    svg = canvas(body, 400, 32 + rows * _SIDE)
    alt = f"Squares for a {a}, b {b} and their sum {shape}; copies are faint"
    caption = "Solid squares are the numbers you have; faint ones are the copies that NumPy sees."
    return (drawing(svg, alt, caption),)


_SIDE = 15  # units of a square: eight of them are 120 wide


def _squares(place: int, name: str, own: Shape, color: str, shape: Shape) -> str:
    rows, columns = (1,) * (2 - len(shape)) + shape
    has_rows, has_columns = (1,) * (2 - len(own)) + own
    left = 136 * place
    found = [f'<text x="{left}" y="14">{name} <tspan class="script">{own}</tspan></text>']
    for r in range(rows):
        for c in range(columns):
            faint = "" if r < has_rows and c < has_columns else ' fill-opacity="0.2"'
            corner = f'x="{left + _SIDE * c}" y="{24 + _SIDE * r}"'
            found.append(
                f'<rect {corner} width="{_SIDE - 2}" height="{_SIDE - 2}" fill="{color}"{faint}/>'
            )
    return "".join(found)


_KNOWN = ("(5, 1)", "(5,)", "(1, 5)", "(4, 3)", "(4, 1)", "(1, 3)", "(3,)", "(4,)", "()")

BROADCASTING = Chapter(
    "broadcasting",
    "Broadcasting, and arrays of rank 1",
    (
        (
            "In `w.T @ X + b` one number is added to a whole row: NumPy copies what is missing. "
            "The rule fits in one sentence. Write the shapes flush right; two lengths go together "
            "if they are equal, or if one of them is 1, which is then copied."
        ),
        (
            "An array of shape `(5,)` is of rank 1: neither a row nor a column. Beside a column it "
            "makes a square that nobody asked for."
        ),
    ),
    (r"(m, n) + (1, n) \to (m, n) \quad (m, n) + (m, 1) \to (m, n)",),
    """\
print(lesson.explain_broadcast((4, 3), (1, 3)))    # what is copied, or why not
v = np.ones(5)                                     # (5,): rank 1, beware
v = v.reshape(-1, 1)                               # (5, 1): a column""",
    (
        Part(
            "broadcasting",
            answer,
            (
                Entry("words", "a", "a", "(5, 1)", kept=_KNOWN),
                Entry("words", "b", "b", "(5,)", kept=_KNOWN),
            ),
        ),
    ),
)
