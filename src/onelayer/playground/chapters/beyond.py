"""Chapter 10, what one neuron cannot do, what mends it by hand, and why networks go on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from onelayer import check_separation
from onelayer.playground.chapters.plane import COUNT, HAND, Trained, field, left
from onelayer.playground.plot import BLUE, MUTED, ORANGE, Plot, drawing
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Number,
    OneOf,
    Part,
    Tick,
    plain,
    symbol,
)

_STARTS = {"two circles": "circles", "an XOR": "xor", "two clouds": "clouds"}
_NO_BETTER = 0.95  # of log 2, the cost of weights of zero: nothing was learnt


def answer(
    kind: str,
    squares: bool = False,
    product: bool = False,
    points: Sequence[Sequence[float]] | None = None,
    pointed: int | None = None,
) -> Answer:
    """Train on x_1 and x_2, and on products of them where these are added."""
    of = left(kind, points, squares=squares, product=product)
    if of is None:
        return Answer("No example is left. Add one, or choose a start.")
    m = of.Y.size
    at = pointed if pointed is not None and pointed < m else None
    return Answer(
        _says(of),
        numbers=(
            Number("n_x", len(of.rows), str(len(of.rows)), "$n_x$"),
            symbol("J", of.cost),
            Number("right", of.right, str(of.right), f"right of {m}"),
        ),
        drawings=(field(of, at, squares=squares, product=product), _weights(of)),
    )


def _says(of: Trained) -> str:
    m, added = of.Y.size, of.rows[2:]
    what = f"{of.right} of {m} right, $J = {plain(of.cost, 3)}$"
    if not added and of.right < m:
        stuck = _NO_BETTER * np.log(2) < of.cost
        worth = ": hardly better than weights of zero, which cost log 2" if stuck else ""
        line = "No straight line can do it." if _inseparable(of) else "More steps would part them."
        return f"With $x_1$ and $x_2$ alone: {what}{worth}. {line}"
    if not added:
        return f"With $x_1$ and $x_2$ alone: {what}. Here a straight line is enough."
    names = " and ".join(f"${name.replace('²', '^2')}$" for name in added)
    if of.right == m:
        return (
            f"With {names} as {'a feature' if len(added) == 1 else 'features'} too: {what}. The "
            "boundary is still flat in the new features; seen in the plane it is a curve."
        )
    end = "These are not the features that this picture needs." if _inseparable(of) else ""
    return f"With {names} too: {what}. {end or 'More steps would part them.'}"


@lru_cache(maxsize=16)
def _inseparable(of: Trained) -> bool:
    """Whether no plane parts the classes: a linear program says so, not the end of a descent."""
    return check_separation(of.X.T, of.Y[0]).kind == "none"


@lru_cache(maxsize=16)
def _weights(of: Trained) -> Drawing:
    """Draw the weight that each feature got."""
    top = 1.25 * max(float(np.abs(of.w).max()), 1.0)
    ticks = [(float(k), f"${name}$") for k, name in enumerate(of.rows)]
    plot = Plot((-0.7, 4.7), (-top, top), ("feature", "$w_j$"), (400, 384), xticks=ticks)
    plot.line(plot.x, [0, 0], MUTED, 1)
    for k, weight in enumerate(of.w[:, 0].tolist()):
        plot.area(
            (k - 0.3, k + 0.3), (min(weight, 0), max(weight, 0)), (ORANGE, BLUE)[weight > 0], 0.8
        )
        plot.note(k, weight, plain(weight, 2), anchor="middle", dy=-6 if weight > 0 else 17)
    alt = ", ".join(
        f"w of {name} is {plain(w, 3)}" for name, w in zip(of.rows, of.w[:, 0], strict=True)
    )
    return drawing(plot, alt, "What each feature got: a weight, learnt like any other.")


BEYOND = Chapter(
    "beyond",
    "What one neuron cannot do",
    (
        (
            "One neuron draws one straight line. Put one class in a ring around the other, or the "
            "classes on opposite corners, and no line parts them, however long you train."
        ),
        (
            "Features made by hand mend it. Give the neuron $x_1^2$ and $x_2^2$ as two more rows "
            "of $X$, or $x_1 x_2$ as one more, and the same algorithm draws a curve."
        ),
    ),
    (r"z = w_1 x_1 + w_2 x_2 + w_3 x_1^2 + w_4 x_2^2 + w_5 x_1 x_2 + b",),
    """\
X, Y = lesson.plane_examples("circles")
X = np.vstack([X, X**2])                           # by hand: (2, m) becomes (4, m)
params, _, _ = lesson.optimize(*lesson.initialize_with_zeros(4), X, Y, 800, 1.0)""",
    (
        Part(
            "beyond",
            answer,
            (
                OneOf("kind", "start", _STARTS, "circles", renews=True),
                HAND,
                Tick("squares", "add $x_1^2$ and $x_2^2$"),
                Tick("product", "add $x_1 x_2$"),
            ),
            points=COUNT,
        ),
    ),
    (
        (
            "But who tells you which features to make? For circles one sees it; for photographs "
            "nobody does. **A hidden layer is the answer: neurons like this one, side by side, "
            "whose outputs are the features of the next, and gradient descent finds their weights "
            "too.** What you have played with is the last layer of every such network."
        ),
    ),
)
