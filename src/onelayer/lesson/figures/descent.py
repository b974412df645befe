"""Gradient descent to look at: the cost by iteration, and the bowl with the path on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.lesson.algorithm import initialize_with_zeros, optimize
from onelayer.lesson.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    GROUND,
    ORANGE,
    PAPER,
    VERMILION,
    label,
    new_axes,
    note,
    styled,
)
from onelayer.lesson.sample_data import one_feature_examples, random_examples
from onelayer.logistic import Binary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

Grid = tuple[np.ndarray, np.ndarray, np.ndarray]


@styled
def learning_rates(
    ax: Axes | None = None,
    X: ArrayLike | None = None,
    Y: ArrayLike | None = None,
    rates: Sequence[float] = (0.005, 0.03, 0.3, 6.0),
    num_iterations: int = 100,
) -> Axes:
    """J by iteration for several learning rates on the same data; the largest overshoots."""
    ax = new_axes(ax, (6.6, 4.2))
    if X is None or Y is None:
        X, Y, _, _ = random_examples(4, 120)
        X = X * [[1.0], [1.5], [2.0], [0.5]]
    start = initialize_with_zeros(np.shape(X)[0])
    curves = [optimize(*start, X, Y, num_iterations, a, record_every=1)[2] for a in rates]
    lowest, highest = min(map(min, curves)), max(map(max, curves))
    heights = _apart([costs[-1] for costs in curves], 0.055 * (highest - lowest))
    for i, (rate, costs, height) in enumerate(zip(rates, curves, heights, strict=True)):
        color = _COLORS[i % len(_COLORS)]
        ax.plot(costs, color=color, linewidth=2)
        note(ax, 1.02 * num_iterations, height, rf"$\alpha={rate:g}$", color, va="center")
    ax.set(xlim=(0, num_iterations * 1.17))
    label(ax, "The cost: a small rate crawls, a large one leaps", "iteration", r"$J$")
    return ax


_COLORS = [ORANGE, GREEN, BLUE, VERMILION]


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Push labels up until each is at least `gap` above the one below."""
    placed: dict[int, float] = {}
    floor = -np.inf
    for i in np.argsort(heights).tolist():
        placed[i] = floor = max(heights[i], floor + gap)
    return [placed[i] for i in range(len(heights))]


def cost_grid(X: np.ndarray, Y: np.ndarray, w: np.ndarray, b: np.ndarray) -> Grid:
    """J at every pair of w and b, for one feature: `(W, B, J)`, each `(len(b), len(w))`."""
    return cost_plane(np.vstack([X[0], np.ones_like(X[0])]), Y, w, b)


def cost_plane(
    X: np.ndarray, Y: np.ndarray, w_1: np.ndarray, w_2: np.ndarray, b: float = 0.0
) -> Grid:
    """J at every pair of w_1 and w_2 for one b, X `(2, m)`: each grid `(len(w_2), len(w_1))`."""
    W_1, W_2 = np.meshgrid(w_1, w_2)
    Z = W_1[..., None] * X[0] + W_2[..., None] * X[1] + b
    # From z, not from a: far out, where a descent that overshot may stand, a rounds to 0 or 1.
    J = Binary().loss(Z.reshape(-1, 1), np.broadcast_to(Y[0], Z.shape).ravel())
    return W_1, W_2, J.reshape(Z.shape).mean(axis=-1)


def descent_path(
    X: np.ndarray, Y: np.ndarray, start: tuple[float, float], rate: float, steps: int
) -> np.ndarray:
    """(w, b, J) before every step and at the end: `(steps + 1, 3)`, one feature."""
    w, b = np.array([[start[0]]]), start[1]
    path = []
    for _ in range(steps + 1):
        params, _, costs = optimize(w, b, X, Y, 1, rate)
        path.append((w.item(), b, costs[0]))
        w, b = params["w"], params["b"]
    return np.array(path)


def _scene(
    X: ArrayLike | None,
    Y: ArrayLike | None,
    start: tuple[float, float],
    rate: float,
    steps: int,
    centre: tuple[float, float] | None = None,
) -> tuple[Grid, np.ndarray]:
    """Walk, then lay the grid around the centre (the end, if None): all of the path is on it."""
    X, Y = one_feature_examples() if X is None or Y is None else (np.asarray(X), np.asarray(Y))
    path = descent_path(X, Y, start, rate, steps)
    middle = path[-1, :2] if centre is None else np.asarray(centre)
    reach = 1.25 * np.maximum(np.abs(path[:, :2] - middle).max(axis=0), 0.5)
    w, b = np.linspace(middle - reach, middle + reach, 81).T
    return cost_grid(X, Y, w, b), path


def _even(bands: np.ndarray) -> Any:
    """Colour by the number of the band, the lowest lightest, and stop short of the darkest."""
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(bands, ncolors=190)


def _mark(ax: Axes, row: np.ndarray, said: str, side: int) -> None:
    """Write J beside a point of the path, above it (side 1) or below (-1)."""
    text, place = rf"{said}: $J={row[2]:.3f}$", (4.0, 9.0 * side)
    va = "bottom" if side > 0 else "top"
    ax.annotate(text, (row[0], row[1]), place, textcoords="offset points", va=va, bbox=GROUND)


@styled
def bowl(
    ax: Axes | None = None,
    X: ArrayLike | None = None,
    Y: ArrayLike | None = None,
    start: tuple[float, float] = (-1.6, 2.6),
    learning_rate: float = 1.2,
    num_iterations: int = 30,
    centre: tuple[float, float] | None = None,
) -> Axes:
    """Contours of J(w, b) for one feature, X `(1, m)`, with the path of gradient descent.

    `centre`, a pair (w, b), is the middle of the figure; None is the end of the path.
    """
    ax = new_axes(ax, (6.6, 4.8))
    (W, B, J), path = _scene(X, Y, start, learning_rate, num_iterations, centre)
    levels = np.geomspace(1.02 * J.min(), J.max(), 14)
    bands = np.concatenate([[0], levels])
    ax.contourf(W, B, J, levels=bands, cmap="Blues", norm=_even(bands))
    ax.contour(W, B, J, levels=levels, colors=PAPER, linewidths=0.8)
    ax.plot(path[:, 0], path[:, 1], "o-", color=VERMILION, markersize=4, linewidth=1.4)
    side = 1 if path[0, 1] >= path[-1, 1] else -1  # write on the side that the path does not take
    _mark(ax, path[0], "start", side)
    _mark(ax, path[-1], f"{num_iterations} steps", -side)
    title = rf"The cost is a bowl: gradient descent, $\alpha={learning_rate:g}$"
    label(ax, title, r"$w$", r"$b$")
    ax.grid(visible=False)
    return ax


@styled
def bowl_surface(
    ax: Any = None,
    X: ArrayLike | None = None,
    Y: ArrayLike | None = None,
    start: tuple[float, float] = (-1.6, 2.6),
    learning_rate: float = 1.2,
    num_iterations: int = 30,
) -> Any:
    """Draw the bowl J(w, b) as a surface, with the path on it; `ax` is a 3-d axes."""
    ax = new_axes(ax, (6.6, 5.2), subplot_kw={"projection": "3d", "computed_zorder": False})
    (W, B, J), path = _scene(X, Y, start, learning_rate, num_iterations)
    low, high = J.min() - 0.2 * np.ptp(J), J.max() + 0.3 * np.ptp(J)  # neither white nor black
    ax.plot_surface(W, B, J, cmap="Blues", vmin=low, vmax=high, rcount=30, ccount=30)
    ax.plot(*path.T, "o-", color=VERMILION, markersize=3.5, linewidth=1.4)
    ax.set(xlabel=r"$w$", ylabel=r"$b$", zlabel=r"$J(w,b)$")
    ax.set_title("The convex bowl: one lowest point, from any start", loc="left")
    ax.grid(visible=False)
    ax.view_init(elev=32, azim=-62)
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.pane.set_facecolor(PAPER)
        axis.pane.set_edgecolor(FAINT)
    return ax
