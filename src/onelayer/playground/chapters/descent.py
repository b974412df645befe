"""Chapter 3, gradient descent: a learning rate, steps, and the path on the bowl."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from onelayer import lesson
from onelayer.lesson.figures.descent import descent_path
from onelayer.lesson.figures.style import BLUE, FAINT, MUTED, VERMILION, note
from onelayer.playground.drawing import drawn
from onelayer.playground.screen import Answer, Chapter, Drawing, Number, Part, plain, symbol, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

START = (0.5, -1.5)  # w and b: on the slope, to one side of the way down
MOST = 60  # steps
RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_ON_BLUE = "#111111"  # the bowl is light in the dark, too
_SETTLED = 1e-3  # above the lowest cost, relative: no eye sees more
_UPHILL = 1e-9  # less is rounding


@lru_cache(maxsize=64)
def answer(alpha: float, steps: int) -> Answer:
    """Walk `steps` steps of gradient descent with the learning rate `alpha`.

    Kept for the way back of the slider: 200 kB each.
    """
    X, Y = lesson.one_feature_examples()
    path = descent_path(X, Y, START, alpha, steps)
    w, b, J = path[-1].tolist()
    uphill = np.flatnonzero(np.diff(path[:, 2]) > _UPHILL)
    right = int((lesson.predict([[w]], b, X) == Y).sum())
    return Answer(
        _says(path, alpha),
        numbers=(
            whole("steps", steps),
            symbol("w", w),
            symbol("b", b),
            symbol("J", J),
            Number("right", right, str(right), f"right of {X.shape[1]}"),
            whole("steps uphill", len(uphill)),
        ),
        drawings=(_boundary(w, b), _cost(path[:, 2]), _bowl(alpha, steps)),
        warns=_overshot(path, uphill, alpha),
    )


@cache
def lowest() -> tuple[float, float, float]:
    """Return w, b and J of the lowest point: a rate that never overshoots, till nothing moves."""
    X, Y = lesson.one_feature_examples()
    params, _, _ = lesson.optimize(*lesson.initialize_with_zeros(1), X, Y, 2000, 1.0)
    J = lesson.propagate(params["w"], params["b"], X, Y)[1]
    return params["w"].item(), params["b"], J


def _says(path: np.ndarray, alpha: float) -> str:
    steps, J = len(path) - 1, path[-1, 2]
    if steps == 0:
        return f"You stand on the slope, where $J = {plain(J)}$. Take a step."
    least = lowest()[2]
    above = J - least
    walked = f"After {steps} {'step' if steps == 1 else 'steps'} the cost is {plain(J)}"
    if above < _SETTLED * least:
        return f"{walked}, the lowest there is: you have arrived."
    per_step = path[-2, 2] - J
    gained = "gained" if per_step >= 0 else "lost"
    pace = f"the last step of rate $\\alpha = {alpha:g}$ {gained} {plain(abs(per_step), 2)}"
    return f"{walked}, {plain(above, 3)} above the lowest; {pace}."


def _overshot(path: np.ndarray, uphill: np.ndarray, alpha: float) -> str:
    """Say where a step landed higher than it began, or past the lowest point, and turned back."""
    J, moves = path[:, 2], np.diff(path[:, :2], axis=0)
    turns = np.flatnonzero((moves[1:] * moves[:-1]).sum(axis=1) < 0)
    rate = f"The rate $\\alpha = {alpha:g}$ is too large"
    if len(uphill):
        k = int(uphill[0])
        return (
            f"It overshot. Step {k + 1} leapt across the bowl and landed higher: the cost rose "
            f"from {plain(J[k], 3)} to {plain(J[k + 1], 3)}. {rate}."
        )
    if len(turns):
        k = int(turns[0])
        return (
            f"It overshot. Step {k + 1} leapt past the lowest point, and step {k + 2} had to turn "
            f"back. {rate} to go straight down."
        )
    return ""


def _boundary(w: float, b: float) -> Drawing:
    X, Y = lesson.one_feature_examples()
    grid = np.linspace(-3.4, 3.4, 201).reshape(1, -1)

    def draw(ax: Axes) -> None:
        A = lesson.logistic_output([[w]], b, grid)
        says_1 = lesson.predict([[w]], b, grid)[0] == 1
        ax.fill_between(grid[0], -0.1, 1.1, where=says_1, color=BLUE, alpha=0.12, linewidth=0)
        ax.plot(grid[0], A[0], color=BLUE)
        ax.axhline(0.5, color=MUTED, linestyle="--", linewidth=1)
        for label, color in ((1, BLUE), (0, VERMILION)):
            ax.plot(X[label == Y], Y[label == Y], "o", color=color, markersize=6)
        ax.set(xlim=(-3.4, 3.4), ylim=(-0.1, 1.1), xlabel="$x$", ylabel="$a$")

    alt = f"24 examples and the curve a = sigma(w x + b) with w = {plain(w, 3)}, b = {plain(b, 3)}"
    caption = "The boundary: where the curve crosses one half the answer turns; shaded, it is 1."
    return drawn("descent-boundary", draw, alt, caption)


def _cost(J: np.ndarray) -> Drawing:
    def draw(ax: Axes) -> None:
        least = lowest()[2]
        rises = np.flatnonzero(np.diff(J) > _UPHILL) + 1
        ax.axhline(least, color=MUTED, linestyle="--", linewidth=1)
        ax.plot(J, "o-", color=BLUE, linewidth=1.8, markersize=4 if len(J) < 50 else 2)
        ax.plot(rises, J[rises], "o", color=VERMILION, markersize=5)
        reach = max(len(J) - 1, 10)
        top = 1.1 * J.max()
        note(ax, reach, least + 0.01 * top, "the lowest", MUTED, ha="right", va="bottom")
        ax.set(xlim=(-0.02 * reach, 1.02 * reach), ylim=(0, top), xlabel="step", ylabel="$J$")
        ax.locator_params(axis="x", integer=True)
        ax.grid(visible=True, color=FAINT)

    alt = f"The cost by step, from {plain(J[0], 3)} to {plain(J[-1], 3)}"
    return drawn("descent-cost", draw, alt, "The cost, step by step; orange where it rose.")


def _bowl(alpha: float, steps: int) -> Drawing:
    def draw(ax: Axes) -> None:
        X, Y = lesson.one_feature_examples()
        lesson.figures.bowl(ax, X, Y, START, alpha, steps, lowest()[:2])
        ax.plot(*lowest()[:2], "+", color=_ON_BLUE, markersize=9, markeredgewidth=1.6)
        ax.plot(*START, "o", color=_ON_BLUE, markersize=7)

    alt = f"The cost as a bowl over w and b, and the path of {steps} steps in it"
    caption = (
        "The same walk seen from above: each ring is one height of $J$; the cross marks the lowest."
    )
    return drawn("descent-bowl", draw, alt, caption, (5.2, 3.9))


DESCENT = Chapter(
    "descent",
    "Gradient descent",
    (
        (
            "The cost is a bowl over all $w$ and $b$, with one lowest point. The gradient says "
            "which way is up; take a step the other way, and again. The learning rate $\\alpha$ is "
            "how far a step goes: too small a rate crawls, too large a one leaps across the bowl."
        ),
    ),
    (r"w \gets w - \alpha \, dw \quad b \gets b - \alpha \, db",),
    """\
grads, J = lesson.propagate(w, b, X, Y)    # one pass, forward and backward
w = w - alpha * grads["dw"]
b = b - alpha * grads["db"]""",
    (
        Part(
            "descent",
            answer,
            (
                ("α = 0.1 crawls", {"alpha": 0.1, "steps": 20}),
                ("α = 1 arrives", {"alpha": 1.0, "steps": 20}),
                ("α = 16 leaps too far", {"alpha": 16.0, "steps": 20}),
                ("α = 64 goes uphill", {"alpha": 64.0, "steps": 20}),
            ),
        ),
    ),
)
