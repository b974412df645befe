"""Chapter 1, one neuron: weigh, add, squeeze, compare with one half."""

from __future__ import annotations

import numpy as np

from onelayer import lesson
from onelayer.playground.plot import BLUE, INK, MUTED, ORANGE, Plot, drawing
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Part,
    Slider,
    evenly,
    number,
    plain,
    symbol,
)


def moved(x1: float, x2: float, w1: float, w2: float, b: float) -> Answer:
    """Answer the five sliders."""
    return answer((x1, x2), (w1, w2), b)


def answer(x: tuple[float, float], w: tuple[float, float], b: float) -> Answer:
    """Send one example x of two features through the neuron."""
    x_, w_ = np.reshape(x, (2, 1)), np.reshape(w, (2, 1))
    z = lesson.linear_output(w_, b, x_).item()
    a = lesson.logistic_output(w_, b, x_).item()
    label = int(lesson.predict(w_, b, x_).item())
    nodes = lesson.computation_graph(w_, b, x_, 1)
    return Answer(
        _says(z, a, label),
        numbers=(
            symbol("w_1 x_1", nodes["u1"].value),
            symbol("w_2 x_2", nodes["u2"].value),
            symbol("b", b),
            symbol("z", z),
            symbol("a", a),
            number("answer", label),
        ),
        drawings=(_on_the_curve(z, a), _against_the_line(x, w_, b)),
    )


def _says(z: float, a: float, label: int) -> str:
    sum_, chance = plain(z, 3), plain(a, 3)
    side = "above" if label else "not above"
    straight = ""
    if not 0 <= z <= 1:
        straight = f" As a chance, the sum itself would be {sum_}: no chance is."
    return (
        f"The sum $z$ is {sum_}; squeezed, $a$ is {chance}: a chance of {100 * a:.0f} % that $y$ "
        f"is 1. That is {side} one half, so the answer is **{label}**.{straight}"
    )


def _on_the_curve(z: float, a: float) -> Drawing:
    plot = Plot((-6.2, 6.2), (-0.04, 1.04), ("$z = w^Tx + b$", "$a$"))
    grid = np.linspace(-6.2, 6.2, 83)
    plot.line(plot.x, [0.5, 0.5], ORANGE, 1.4, "6 4")
    plot.line(grid, lesson.sigmoid(grid))
    plot.line([z, z, -6.2], [-0.04, a, a], INK, 1.2, "2 3")
    plot.dots([z], [a], INK, 6)
    plot.note(-6, 0.5, "cut-off $a = 0.5$", ORANGE, dy=-7)
    plot.note(6, 0.86, "class 1", MUTED, anchor="end")
    plot.note(-6, 0.12, "class 0", MUTED)
    alt = f"The sigmoid; at z = {plain(z, 3)} it is a = {plain(a, 3)}"
    return drawing(plot, alt, "Sigma squeezes any sum into a chance. The dot is you.")


def _against_the_line(x: tuple[float, float], w: np.ndarray, b: float) -> Drawing:
    plot = Plot((-4, 4), (-1.2, 2.2), ("$x_1$", "output"))
    moved = np.linspace(-4, 4, 61)
    X = np.array([moved, np.full_like(moved, x[1])])
    for outside in ((-1.2, 0), (1, 2.2)):
        plot.area((-4, 4), outside, MUTED, 0.09)
    line, curve = lesson.linear_output(w, b, X)[0], lesson.logistic_output(w, b, X)[0]
    plot.line(moved[[0, -1]], line[[0, -1]], ORANGE)
    plot.line(moved, curve, BLUE)
    here = np.array([[x[0]], [x[1]]])
    both = [f(w, b, here).item() for f in (lesson.linear_output, lesson.logistic_output)]
    plot.dots([x[0], x[0]], both)
    plot.note(3.9, -0.95, "outside [0, 1]: no chance", MUTED, anchor="end")
    plot.note(-3.9, 1.9, "option 1: $w^Tx + b$", ORANGE)
    plot.note(-3.9, 1.6, "option 2: $σ(w^Tx + b)$", BLUE)
    alt = "Two outputs as the first feature moves: a straight line that leaves 0 to 1, and sigma"
    caption = (
        "Why not a straight line: the same $w$ and $b$ as $x_1$ moves. The line leaves the range "
        "from 0 to 1; sigma cannot."
    )
    return drawing(plot, alt, caption)


NEURON = Chapter(
    "neuron",
    "One neuron",
    (
        (
            "A neuron takes the features of one example, a column $x$ of shape $(n_x, 1)$. It "
            "weighs each, adds them up with a bias, and squeezes the sum into a chance: $a$ is how "
            "likely it holds that $y = 1$."
        ),
    ),
    (r"z = w^T x + b \quad a = \sigma(z) = \frac{1}{1 + e^{-z}}",),
    """\
z = w.T @ x + b                # (1, 1): the weighted sum
a = lesson.sigmoid(z)          # the chance that y is 1
lesson.predict(w, b, x)        # 1 where a > 0.5, else 0""",
    (
        Part(
            "neuron",
            moved,
            (
                Slider("x1", "$x_1$", evenly(-2, 2, 0.1), 1.0, evenly(-2, 2, 0.5)),
                Slider("x2", "$x_2$", evenly(-2, 2, 0.1), 0.5, evenly(-1.5, 1.5, 1)),
                Slider("w1", "$w_1$", evenly(-1, 1, 0.1), 0.8, evenly(-0.8, 0.8, 0.4)),
                Slider("w2", "$w_2$", evenly(-1, 1, 0.1), -0.4, evenly(-0.8, 0.8, 0.4)),
                Slider("b", "$b$", evenly(-2, 2, 0.1), 0.3, (-1.7, -0.7, 0.3, 1.3)),
            ),
        ),
    ),
)
