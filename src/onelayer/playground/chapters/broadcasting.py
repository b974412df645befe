"""Chapter 7, broadcasting and rank-1 arrays: two shapes meet, or do not."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from onelayer import lesson
from onelayer.errors import UsageError
from onelayer.lesson.figures.style import BLUE, INK, MUTED, PAPER, VERMILION
from onelayer.playground.drawing import drawn_whole
from onelayer.playground.screen import Answer, Chapter, Drawing, Part, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
    fill = partial(_fill, a=a, b=b, shape=shape)
    alt = f"Squares for a {a}, b {b} and their sum {shape}; copies are faint"
    caption = "Solid squares are the numbers you have; faint ones are the copies that NumPy sees."
    return (drawn_whole("broadcasting", fill, alt, caption, (5.8, 2.3)),)


def _fill(figure: Figure, a: Shape, b: Shape, shape: Shape) -> None:
    figure.set_layout_engine("constrained")
    axes = figure.subplots(1, 5, width_ratios=(1, 0.1, 1, 0.1, 1))
    parts = (("a", a, VERMILION), ("b", b, BLUE), ("a + b", shape, INK))
    for ax, (name, own, color) in zip(axes[::2], parts, strict=True):
        _squares(ax, own, shape, color)
        ax.set_title(f"{name}  {own}", loc="center", fontsize=10.5)
    for ax, sign in zip(axes[1::2], "+=", strict=True):
        ax.text(0.5, 0.5, sign, transform=ax.transAxes, ha="center", va="center", color=MUTED)
        ax.set_axis_off()


def _squares(ax: Axes, own: Shape, shape: Shape, color: str) -> None:
    from matplotlib.patches import Rectangle

    rows, columns = (1,) * (2 - len(shape)) + shape
    has_rows, has_columns = (1,) * (2 - len(own)) + own
    for r in range(rows):
        for c in range(columns):
            real = r < has_rows and c < has_columns
            alpha = 0.85 if real else 0.16
            square = Rectangle((c, r), 1, 1, facecolor=color, edgecolor=PAPER, lw=2, alpha=alpha)
            ax.add_patch(square)
    ax.set(xlim=(-0.05, columns + 0.05), ylim=(rows + 0.05, -0.05))
    ax.set_aspect("equal")
    ax.set_axis_off()


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
                ("(4, 3) and (1, 3)", {"a": "(4, 3)", "b": "(1, 3)"}),
                ("(4, 3) and (4, 1)", {"a": "(4, 3)", "b": "(4, 1)"}),
                ("(5, 1) and (5,)", {"a": "(5, 1)", "b": "(5,)"}),
                ("(4, 3) and (4,)", {"a": "(4, 3)", "b": "(4,)"}),
            ),
        ),
    ),
)
