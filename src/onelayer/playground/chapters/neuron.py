"""Chapter 1, one neuron: weigh, add, squeeze, compare with one half."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from onelayer import lesson
from onelayer.lesson.figures.style import BLUE, INK, MUTED, SHADE, VERMILION
from onelayer.playground.drawing import drawn
from onelayer.playground.screen import Answer, Chapter, Drawing, Part, number, plain, symbol

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def answer(x: tuple[float, float], w: tuple[float, float], b: float) -> Answer:
    """Send one example x of two features through the neuron."""
    x_, w_ = np.reshape(x, (2, 1)), np.reshape(w, (2, 1))
    z = lesson.linear_output(w_, b, x_).item()
    a = lesson.logistic_output(w_, b, x_).item()
    label = int(lesson.predict(w_, b, x_).item())
    return Answer(
        _says(z, a, label),
        numbers=(
            symbol("w_1 x_1", w[0] * x[0]),
            symbol("w_2 x_2", w[1] * x[1]),
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
    def draw(ax: Axes) -> None:
        lesson.figures.sigmoid_curve(ax)
        ax.plot([z, z, -6.2], [-0.04, a, a], color=INK, linewidth=1.2, linestyle=":")
        ax.plot([z], [a], "o", color=INK, markersize=8)

    alt = f"The sigmoid; at z = {plain(z, 3)} it is a = {plain(a, 3)}"
    return drawn("neuron-sigma", draw, alt, "Sigma squeezes any sum into a chance. The dot is you.")


def _against_the_line(x: tuple[float, float], w: np.ndarray, b: float) -> Drawing:
    draw = partial(_draw_both_outputs, x=x, w=w, b=b)
    alt = "Two outputs as the first feature moves: a straight line that leaves 0 to 1, and sigma"
    caption = (
        "Why not a straight line: the same $w$ and $b$ as $x_1$ moves. The line leaves the range "
        "from 0 to 1; sigma cannot."
    )
    return drawn("neuron-line", draw, alt, caption)


def _draw_both_outputs(ax: Axes, x: tuple[float, float], w: np.ndarray, b: float) -> None:
    moved = np.linspace(-4, 4, 161)
    X = np.array([moved, np.full_like(moved, x[1])])
    for low, high in ((-9, 0), (1, 9)):
        ax.axhspan(low, high, color=SHADE, zorder=0)
    line, curve = lesson.linear_output(w, b, X)[0], lesson.logistic_output(w, b, X)[0]
    ax.plot(moved, line, color=VERMILION, label=r"option 1:  $w^{T}x+b$")
    ax.plot(moved, curve, color=BLUE, label=r"option 2:  $\sigma(w^{T}x+b)$")
    here = np.array([[x[0]], [x[1]]])
    both = [f(w, b, here).item() for f in (lesson.linear_output, lesson.logistic_output)]
    ax.plot([x[0], x[0]], both, "o", color=INK, markersize=6)
    ax.text(3.9, -0.9, "outside [0, 1]: no chance", color=MUTED, ha="right")
    ax.set(xlim=(-4, 4), ylim=(-1.2, 2.2), xlabel="$x_1$", ylabel="output")
    ax.legend(loc="upper left")


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
            answer,
            (
                ("leans to 1", {"x": (1.0, 0.5), "w": (0.8, -0.4), "b": 0.3}),
                ("sure of 1", {"x": (2.0, -2.0), "w": (1.0, -0.8), "b": 1.0}),
                ("sure of 0", {"x": (-2.0, 2.0), "w": (1.0, -0.8), "b": -1.0}),
            ),
        ),
    ),
)
