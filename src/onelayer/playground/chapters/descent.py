"""Chapter 3, gradient descent: it runs, the learning rate is turned, the path grows in the bowl."""

from __future__ import annotations

from functools import cache

import numpy as np

from onelayer import lesson
from onelayer.lesson.figures.descent import cost_grid
from onelayer.playground.chapters.plane import heights
from onelayer.playground.plot import BLUE, CLASSES, INK, MUTED, ORANGE, Plot, drawing
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Drawing,
    Number,
    Part,
    Slider,
    Walk,
    plain,
    symbol,
    whole,
)

START = (0.5, -1.5)  # w and b: on the slope, to one side of the way down
MOST = 120  # steps
RATES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_SETTLED = 1e-3  # above the lowest cost, relative: no eye sees more
_UPHILL = 1e-9  # less is rounding
_WIDEST = 6  # doublings of the bowl's window: beyond, the path leaves it, and that is said


def running(alpha: float, rates: list[float]) -> Answer:
    """Answer the walk: each step was taken with the rate that the slider showed just then."""
    return answer(tuple(rates), alpha)


def answer(rates: tuple[float, ...], alpha: float = 0.5) -> Answer:
    """Walk a step with each of the `rates`, and say where that leads; `alpha` comes next."""
    X, Y = lesson.one_feature_examples()
    path = walked(rates)
    w, b, J = path[-1].tolist()
    uphill = np.flatnonzero(np.diff(path[:, 2]) > _UPHILL)
    right = int((lesson.predict([[w]], b, X) == Y).sum())
    return Answer(
        _says(path, rates, alpha),
        numbers=(
            whole("steps", len(rates)),
            symbol("w", w),
            symbol("b", b),
            symbol("J", J),
            Number("right", right, str(right), f"right of {X.shape[1]}"),
            whole("steps uphill", len(uphill)),
        ),
        drawings=(_bowl(path), _cost(path[:, 2]), _boundary(w, b)),
        warns=_overshot(path, uphill, rates),
    )


def walked(rates: tuple[float, ...]) -> np.ndarray:
    """(w, b, J) before every step and at the end, `(steps + 1, 3)`."""
    X, Y = lesson.one_feature_examples()
    w, b, path = np.array([[START[0]]]), START[1], []
    for rate in rates:
        params, _, costs = lesson.optimize(w, b, X, Y, 1, rate)
        path.append((w.item(), b, costs[0]))
        w, b = params["w"], params["b"]
    return np.array([*path, (w.item(), b, lesson.propagate(w, b, X, Y)[1])])


@cache
def lowest() -> tuple[float, float, float]:
    """Return w, b and J of the lowest point: a rate that never overshoots, till nothing moves."""
    X, Y = lesson.one_feature_examples()
    params, _, _ = lesson.optimize(*lesson.initialize_with_zeros(1), X, Y, 2000, 1.0)
    J = lesson.propagate(params["w"], params["b"], X, Y)[1]
    return params["w"].item(), params["b"], J


def _says(path: np.ndarray, rates: tuple[float, ...], alpha: float) -> str:
    steps, J = len(rates), path[-1, 2]
    if steps == 0:
        return (
            f"You stand on the slope, where $J = {plain(J)}$. Run, and turn $\\alpha$ on the way; "
            f"it is {alpha:g} now."
        )
    least = lowest()[2]
    above = J - least
    walked_ = f"After {steps} {'step' if steps == 1 else 'steps'} the cost is {plain(J)}"
    if above < _SETTLED * least:
        return f"{walked_}, the lowest there is: you have arrived.{_turned(rates)}"
    per_step = path[-2, 2] - J
    gained = "gained" if per_step >= 0 else "lost"
    pace = f"the last step of rate $\\alpha = {rates[-1]:g}$ {gained} {plain(abs(per_step), 2)}"
    return f"{walked_}, {plain(above, 3)} above the lowest; {pace}.{_turned(rates)}"


def _turned(rates: tuple[float, ...]) -> str:
    """Say where the rate was turned while it ran."""
    turns = [k for k in range(1, len(rates)) if rates[k] != rates[k - 1]]
    if not turns:
        return ""
    k = turns[-1]
    return f" From step {k + 1} on $\\alpha$ was {rates[k]:g}, not {rates[k - 1]:g}."


def _overshot(path: np.ndarray, uphill: np.ndarray, rates: tuple[float, ...]) -> str:
    """Say where a step landed higher than it began, or past the lowest point, and turned back."""
    J, moves = path[:, 2], np.diff(path[:, :2], axis=0)
    turns = np.flatnonzero((moves[1:] * moves[:-1]).sum(axis=1) < 0)
    if len(uphill):
        k = int(uphill[0])
        return (
            f"It overshot. Step {k + 1} leapt across the bowl and landed higher: the cost rose "
            f"from {plain(J[k], 3)} to {plain(J[k + 1], 3)}. The rate $\\alpha = {rates[k]:g}$ is "
            "too large."
        )
    if len(turns):
        k = int(turns[0])
        return (
            f"It overshot. Step {k + 1} leapt past the lowest point, and step {k + 2} had to turn "
            f"back. The rate $\\alpha = {rates[k]:g}$ is too large to go straight down."
        )
    return ""


def _boundary(w: float, b: float) -> Drawing:
    X, Y = lesson.one_feature_examples()
    plot = Plot((-3.4, 3.4), (-0.1, 1.1), ("$x$", "$a$"))
    grid = np.linspace(-3.4, 3.4, 137).reshape(1, -1)
    says_1 = grid[0, lesson.predict([[w]], b, grid)[0] == 1]
    if says_1.size:
        plot.area((says_1.min(), says_1.max()), (-0.1, 1.1), BLUE)
    plot.line(plot.x, [0.5, 0.5], MUTED, 1, "6 4")
    plot.line(grid[0], lesson.logistic_output([[w]], b, grid)[0])
    for label, color in enumerate(CLASSES):
        plot.dots(X[label == Y], Y[label == Y], color, 5)
    alt = f"24 examples and the curve a = sigma(w x + b) with w = {plain(w, 3)}, b = {plain(b, 3)}"
    caption = "The boundary: where the curve crosses one half the answer turns; shaded, it is 1."
    return drawing(plot, alt, caption)


def _cost(J: np.ndarray) -> Drawing:
    least, reach = lowest()[2], max(len(J) - 1, 10)
    top = 1.1 * float(J.max())
    plot = Plot((-0.02 * reach, 1.02 * reach), (0, top), ("step", "$J$"))
    plot.line(plot.x, [least, least], MUTED, 1, "6 4")
    plot.line(np.arange(len(J)), J)
    plot.dots(np.arange(len(J)), J, BLUE, 3.5 if len(J) < 50 else 2)
    rises = np.flatnonzero(np.diff(J) > _UPHILL) + 1
    plot.dots(rises, J[rises], ORANGE, 5)
    plot.note(reach, least, "the lowest", MUTED, anchor="end", dy=16)
    alt = f"The cost by step, from {plain(J[0], 3)} to {plain(J[-1], 3)}"
    return drawing(plot, alt, "The cost, step by step; orange where it rose.")


def _bowl(path: np.ndarray) -> Drawing:
    doubled = next((k for k in range(_WIDEST) if _within(path, k)), _WIDEST)
    plot = ground(doubled)
    plot.line(path[:, 0], path[:, 1], ORANGE, 1.6)
    plot.dots(path[:, 0], path[:, 1], ORANGE, 3 if len(path) < 50 else 2)
    plot.dots(*START, INK, 4)
    plot.dots(path[-1:, 0], path[-1:, 1], ORANGE, 6)
    plot.note(*lowest()[:2], "+", INK, anchor="middle", dy=5)
    alt = f"The cost as a bowl over w and b, and the path of {len(path) - 1} steps in it"
    caption = (
        "The walk seen from above: each ring is one height of $J$; the cross marks the lowest."
    )
    if not _within(path, doubled):
        caption += " The path has left this picture."
    return drawing(plot, alt, caption)


def _reach(doubled: int) -> np.ndarray:
    return np.array([2.2, 1.9]) * 2**doubled  # the start is within the smallest


def _within(path: np.ndarray, doubled: int) -> bool:
    return bool((np.abs(path[:, :2] - lowest()[:2]) <= _reach(doubled)).all())


def ground(doubled: int) -> Plot:
    """Return the bowl around its lowest point, to be drawn on, so many times doubled in width."""
    return _ground(doubled).again()


@cache
def _ground(doubled: int) -> Plot:
    X, Y = lesson.one_feature_examples()
    middle, reach = np.array(lowest()[:2]), _reach(doubled)
    w, b = np.linspace(middle - reach, middle + reach, 61).T
    J = cost_grid(X, Y, w, b)[2]
    plot = Plot((w[0], w[-1]), (b[0], b[-1]), ("$w$", "$b$"))
    plot.bands(w, b, J, heights(J), lambda k: (BLUE, 0.05 * k))
    return plot


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
            running,
            (Slider("alpha", "$\\alpha$", RATES, 0.5), Walk(MOST, 60)),
        ),
    ),
)
