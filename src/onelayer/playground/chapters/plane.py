"""Examples in a plane: as a hand left them, the neuron trained on them, and how both are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from onelayer import lesson
from onelayer.lesson.figures.descent import cost_plane
from onelayer.playground.plot import BLUE, INK, ORANGE, Plot, drawing
from onelayer.playground.screen import Drawing, OneOf, plain

STEPS = (1, 2, 4, 8, 15, 30, 60, 120, 240, 320)
"""The path is marked after each of these stretches, 800 steps together."""
RATE = 1.0  # theory: at most 6 rows within [-1, 1] bound the curvature by 6/4, and 2/1.5 > 1
MOST = 80  # examples: more cannot be told apart
COUNT = 24  # examples at the start

HAND = OneOf("hand", "a click makes", {"a 1": 1, "a 0": 0, "it go": None}, 1, local=True)
"""What a click on the figure does: an example of that class, or one less."""


@dataclass(frozen=True, eq=False)
class Trained:
    """Examples with what the neuron made of them: w `(n_x, 1)`, b, and the way there.

    `path` holds w and b by row, `(len(STEPS) + 1, n_x + 1)`; `rows` names the features of X.
    """

    X: np.ndarray
    Y: np.ndarray
    rows: tuple[str, ...]
    path: np.ndarray

    @property
    def w(self) -> np.ndarray:
        """The weights at the end, `(n_x, 1)`."""
        return self.path[-1, :-1].reshape(-1, 1)

    @property
    def b(self) -> float:
        """The bias at the end."""
        return float(self.path[-1, -1])

    @property
    def cost(self) -> float:
        """The cost at the end, as `lesson.propagate` has it."""
        return lesson.propagate(self.w, self.b, self.X, self.Y)[1]

    @property
    def right(self) -> int:
        """How many examples are answered rightly."""
        return int((lesson.predict(self.w, self.b, self.X) == self.Y).sum())


def placed(kind: str, points: Sequence[Sequence[float]] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return X `(2, m)` and Y `(1, m)`: the examples of `kind`, or those that a hand placed."""
    if points is None:
        return lesson.plane_examples(kind, COUNT)
    rows = np.asarray(points[:MOST], dtype=float).reshape(-1, 3)
    return rows[:, :2].T.clip(-1, 1), (rows[:, 2:].T > 0.5).astype(int)


def left(kind: str, points: Sequence[Sequence[float]] | None, **features: bool) -> Trained | None:
    """Return what is trained on the examples as a hand left them; None where none is left.

    It is kept for when another of the same examples is pointed at.
    """
    kept = None if points is None else tuple(map(tuple, points))
    return _left(kind, kept, **features)


@lru_cache(maxsize=16)
def _left(kind: str, points: Any, **features: bool) -> Trained | None:
    X, Y = placed(kind, points)
    return train(X, Y, **features) if Y.size else None


def train(X: np.ndarray, Y: np.ndarray, *, squares: bool = False, product: bool = False) -> Trained:
    """Descend from zeros, 800 steps, on x_1 and x_2 and what is made of them by hand."""
    rows = featured(X, squares=squares, product=product)
    w, b = lesson.initialize_with_zeros(len(rows))
    path = [np.append(w, b)]
    for steps in STEPS:
        params, _, _ = lesson.optimize(w, b, rows, Y, steps, RATE)
        w, b = params["w"], params["b"]
        path.append(np.append(w, b))
    names = ("x_1", "x_2", *("x_1²", "x_2²") * squares, *("x_1x_2",) * product)
    return Trained(rows, Y, names, np.array(path))


def featured(X: np.ndarray, *, squares: bool, product: bool) -> np.ndarray:
    """Return X with further rows: x_1^2 and x_2^2, and x_1 x_2."""
    rows = [X, *([X**2] if squares else []), *([X[:1] * X[1:]] if product else [])]
    return np.vstack(rows)


def field(of: Trained, pointed: int | None, **features: bool) -> Drawing:
    """Draw the plane: the chance at each place, the boundary, and the examples on it."""
    plot = Plot((-1, 1), (-1, 1), ("$x_1$", "$x_2$"), (400, 384))
    A = _chances(of, **features)
    levels = [-0.01, *np.linspace(0.1, 0.9, 9), 1.01]
    plot.bands(_GRID, _GRID, A, levels, _shade)
    plot.contour(_GRID, _GRID, A, 0.5)
    if pointed is not None:
        plot.dots(of.X[0, pointed], of.X[1, pointed], INK, 12)
    for number, (x_1, x_2, y) in enumerate(zip(*of.X[:2], of.Y[0], strict=True)):
        said = f"example {number + 1}: x_1 = {plain(x_1, 2)}, x_2 = {plain(x_2, 2)}, y = {y}"
        plot.example(number, x_1, x_2, int(y), said)
    alt = f"{of.Y.size} examples in a plane, {of.right} on the right side of the boundary"
    caption = (
        "Blue discs are 1, orange squares 0; the ground shows the chance, the line is where "
        "$a = 0.5$. Keys: arrows move an example, space turns its class, delete takes it away."
    )
    return drawing(plot.svg(live=True), alt, caption)


_GRID = np.linspace(-1, 1, 41)


@lru_cache(maxsize=16)
def _chances(of: Trained, **features: bool) -> np.ndarray:
    """A at each place of the plane, `(41, 41)`."""
    across, up = np.meshgrid(_GRID, _GRID)
    rows = featured(np.array([across.ravel(), up.ravel()]), **features)
    return lesson.logistic_output(of.w, of.b, rows).reshape(across.shape)


def heights(J: np.ndarray) -> list[float]:
    """Return the levels of the rings in a bowl, closer near its bottom; a flat one has one."""
    low = 1.02 * float(J.min())
    return [0.0, *np.geomspace(low, max(float(J.max()), 1.05 * low) * 1.001, 12).tolist()]


def _shade(band: int) -> tuple[str, float]:
    """Blue where the chance of 1 is high, orange where it is low, nothing in the middle."""
    sure = band - 4.5
    return (BLUE if sure > 0 else ORANGE), 0.07 * (abs(sure) - 0.5)


@lru_cache(maxsize=16)
def bowl(of: Trained) -> Drawing:
    """Draw J over w_1 and w_2 at the last b, with the path that was walked."""
    reach = 1.3 * max(float(np.abs(of.path[:, :2]).max()), 0.6)
    grid = np.linspace(-reach, reach, 41)
    J = cost_plane(of.X, of.Y, grid, grid, of.b)[2]
    plot = Plot((-reach, reach), (-reach, reach), ("$w_1$", "$w_2$"), (400, 384))
    plot.bands(grid, grid, J, heights(J), lambda k: (BLUE, 0.05 * k))
    plot.line(of.path[:, 0], of.path[:, 1], ORANGE, 1.6)
    plot.dots(of.path[:, 0], of.path[:, 1], ORANGE, 3)
    plot.dots(0, 0, INK, 4)
    plot.dots(of.path[-1:, 0], of.path[-1:, 1], ORANGE, 6)
    alt = f"The cost over w_1 and w_2, and the way from zeros to J = {plain(of.cost, 3)}"
    caption = f"The bowl over $w_1$ and $w_2$, at $b = {plain(of.b, 3)}$, and the way from zeros."
    return drawing(plot, alt, caption)
