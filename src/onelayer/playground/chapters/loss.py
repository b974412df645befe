"""Chapter 2, the loss of one example and the cost of all."""

from __future__ import annotations

import numpy as np

from onelayer import lesson
from onelayer.playground.plot import BLUE, CLASSES, INK, ORANGE, Plot, drawing
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Number,
    OneOf,
    Part,
    Slider,
    evenly,
    number,
    plain,
    symbol,
)


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
    plot = Plot((0, 1), (0, 5), ("$a$", "$L(a, y)$"))
    grid = np.linspace(0.004, 0.996, 125)
    for truth, color in ((1, BLUE), (0, ORANGE)):
        plot.line(grid, lesson.loss(grid, truth), color)
    plot.line([a, a], [0, L], INK, 1.2, "2 3")
    plot.dots([a], [L], BLUE if y else ORANGE, 7)
    half = float(lesson.loss(0.5, 1))
    plot.dots([0.5], [half], INK, 3.5)
    plot.note(0.5, half, f"log 2 = {plain(half, 3)}", INK, anchor="middle", dy=-12)
    plot.note(0.1, 3.9, "$y = 1$: $-$log $a$", BLUE)
    plot.note(0.9, 3.9, "$y = 0$: $-$log$(1 - a)$", ORANGE, anchor="end")
    alt = f"The two loss curves; at a = {plain(a, 3)} with y = {y} the loss is {plain(L, 3)}"
    return drawing(plot, alt, "The loss of one example, for each truth. The dot is you.")


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
    top = max(1.35 * float(losses.max()), 1.0)
    plot = Plot((-3.3, 3.3), (0, top), ("$x$", "$L(a, y)$"))
    for label, color in enumerate(CLASSES):
        of = y == label
        plot.stems(x[of], losses[of], color)
        plot.dots(x[of], losses[of], color, 5)
        place = 0.02 if label else 0.17
        plot.note(-3.3 + 6.6 * place, top, f"$y = {label}$", color, dy=16)
    plot.line(plot.x, [J, J], INK, 1.4, "6 4")
    plot.note(3.2, J, f"$J = {plain(J, 3)}$, the mean", INK, anchor="end", dy=-6)
    alt = f"A stem an example, as high as its loss; their mean, the cost, is {plain(J, 3)}"
    return drawing(plot, alt, "The cost of all examples: the mean height of the stems.")


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
                Slider("a", "$a$", evenly(0.01, 0.99, 0.01), 0.8),
                OneOf("y", "the truth", {"y = 1": 1, "y = 0": 0}, 1),
            ),
        ),
        Part(
            "all",
            every,
            (
                Slider("w", "$w$", evenly(-3, 5, 0.1), 0.0),
                Slider("b", "$b$", evenly(-3, 3, 0.1), 0.0, evenly(-3, 3, 0.25)),
            ),
        ),
    ),
)
