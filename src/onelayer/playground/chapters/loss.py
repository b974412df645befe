"""Chapter 2, the loss of one example and the cost of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from onelayer import lesson
from onelayer.lesson.figures.style import BLUE, FAINT, INK, VERMILION, note
from onelayer.playground.drawing import drawn
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Number,
    Part,
    number,
    plain,
    symbol,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def one(a: float, y: int) -> Answer:
    """L(a, y) of one example."""
    L = float(lesson.loss(a, y))
    return Answer(
        _says_of_one(a, y, L),
        numbers=(symbol("a", a), symbol("y", y), symbol("L(a, y)", L)),
        drawings=(_loss_drawn(a, y, L),),
    )


def _says_of_one(a: float, y: int, L: float) -> str:
    given = f"It gave the truth, $y = {y}$, a chance of {plain(a if y else 1 - a, 3)}"
    if float(lesson.loss(0.5, 1)) > L:
        return f"{given}. That is more than one half, and costs little: {plain(L, 3)}."
    if a == 0.5:
        return f"{given}. To be undecided costs $\\log 2 = {plain(L, 3)}$, whatever the truth."
    return f"{given}. Wrong, and the surer the dearer: {plain(L, 3)}. At 0 it would be infinite."


def _loss_drawn(a: float, y: int, L: float) -> Drawing:
    def draw(ax: Axes) -> None:
        lesson.figures.loss_curves(ax)
        ax.plot([a, a], [0, L], color=INK, linewidth=1.2, linestyle=":")
        ax.plot([a], [L], "o", color=BLUE if y else VERMILION, markersize=10)

    alt = f"The two loss curves; at a = {plain(a, 3)} with y = {y} the loss is {plain(L, 3)}"
    return drawn("loss-one", draw, alt, "The loss of one example, for each truth. The dot is you.")


def every(w: float, b: float) -> Answer:
    """J(w, b): the mean of the losses of 24 examples of one feature."""
    X, Y = lesson.one_feature_examples()
    A = lesson.logistic_output([[w]], b, X)
    losses, J = lesson.loss(A, Y), lesson.cost(A, Y)
    worst = int(losses.argmax())
    right = int((lesson.predict([[w]], b, X) == Y).sum())
    return Answer(
        f"The mean of the {X.shape[1]} losses is the cost, {plain(J)}. The dearest example stands "
        f"at $x = {plain(X[0, worst], 3)}$ and costs {plain(losses[0, worst], 3)} alone."
        + (" With weights of zero every loss is $\\log 2$." if w == b == 0 else ""),
        numbers=(
            Number("m", X.shape[1], str(X.shape[1]), "$m$"),
            number("dearest", losses[0, worst]),
            symbol("J", J),
            Number("right", right, str(right), f"right of {X.shape[1]}"),
        ),
        drawings=(_all_drawn(X[0], Y[0], losses[0], J),),
    )


def _all_drawn(x: np.ndarray, y: np.ndarray, losses: np.ndarray, J: float) -> Drawing:
    def draw(ax: Axes) -> None:
        for label, color in ((1, BLUE), (0, VERMILION)):
            of = y == label
            ax.vlines(x[of], 0, losses[of], color=color, linewidth=2)
            ax.plot(x[of], losses[of], "o", color=color, markersize=6, label=f"$y={label}$")
        top = max(1.35 * losses.max(), 1.0)
        ax.axhline(J, color=INK, linestyle="--", linewidth=1.4)
        note(ax, 3.2, J + 0.02 * top, f"$J={J:.3f}$, the mean", INK, ha="right", va="bottom")
        ax.set(xlim=(-3.3, 3.3), ylim=(0, top), xlabel="$x$", ylabel="$L(a, y)$")
        ax.legend(loc="upper left", ncols=2)
        ax.grid(visible=True, color=FAINT)

    alt = f"A stem an example, as high as its loss; their mean, the cost, is {plain(J, 3)}"
    return drawn("loss-all", draw, alt, "The cost of all examples: the mean height of the stems.")


LOSS = Chapter(
    "loss",
    "The loss of one, the cost of all",
    (
        (
            "How wrong is $a$ when the truth is $y$? Where $y = 1$ only $-\\log a$ is left, where "
            "$y = 0$ only $-\\log(1 - a)$. The **loss** is about one example. The **cost** is the "
            "mean over all $m$ of them: it is what training makes small."
        ),
    ),
    (
        r"L(a, y) = -(y \log a + (1 - y) \log(1 - a))",
        r"J(w, b) = \frac{1}{m} \sum_{i=1}^m L(a^{(i)}, y^{(i)})",
    ),
    """\
A = lesson.logistic_output(w, b, X)    # (1, m): a chance an example
lesson.loss(A, Y)                      # (1, m): a loss an example
lesson.cost(A, Y)                      # one number, their mean""",
    (
        Part(
            "one",
            one,
            (
                ("right and fairly sure", {"a": 0.8, "y": 1}),
                ("undecided", {"a": 0.5, "y": 1}),
                ("sure and wrong", {"a": 0.96, "y": 0}),
            ),
        ),
        Part(
            "all",
            every,
            (
                ("weights of zero", {"w": 0.0, "b": 0.0}),
                ("a good fit", {"w": 2.0, "b": 0.0}),
                ("the wrong way round", {"w": -1.0, "b": 0.0}),
            ),
        ),
    ),
)
