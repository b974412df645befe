"""Drawings: loops against vectors, a picture and its column, the computation graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import UsageError
from onelayer.lesson.figures.style import (
    BACKWARD,
    BLUE,
    FORWARD,
    GREEN,
    INK,
    MUTED,
    PAPER,
    VERMILION,
    label,
    new_axes,
    styled,
)
from onelayer.lesson.graph import ComputationGraph, Node, computation_graph
from onelayer.lesson.images import image_to_column
from onelayer.lesson.loops import Vectorisation, time_vectorisation
from onelayer.lesson.sample_data import example_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike


@styled
def loops_against_vectors(ax: Axes | None = None, timing: Vectorisation | None = None) -> Axes:
    """Seconds of one step with for-loops and vectorised, measured now unless `timing` is given."""
    ax = new_axes(ax, (6.6, 2.6))
    timing = timing or time_vectorisation()
    milliseconds = [1e3 * timing.loop_seconds, 1e3 * timing.vector_seconds]
    bars = ax.barh(["for-loops", "vectorised"], milliseconds, color=[VERMILION, BLUE], height=0.55)
    ax.bar_label(bars, [f"{ms:.3g} ms" for ms in milliseconds], padding=6, color=INK)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.18 * max(milliseconds))
    data = f"milliseconds a step over {timing.m} examples of {timing.n_x} features"
    label(ax, f"The same step, {timing.ratio:.0f} times faster", data)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0, labelsize=10.5, labelcolor=INK)
    return ax


_CHANNELS = ("red", "green", "blue")
_HEAD, _TAIL = 6, 3  # entries of the column that are written out


@styled
def picture_as_column(axes: Any = None, image: ArrayLike | None = None) -> Any:
    """Draw a uint8 picture, its three channels, and its column, on five axes."""
    axes = new_axes(axes, (10, 3.1), 1, 5, width_ratios=[1, 1, 1, 1, 0.75])
    image = example_picture() if image is None else np.asarray(image)
    picture, *channels, column = np.ravel(axes)
    height, width, _ = image.shape
    picture.imshow(image)
    picture.set_title(f"picture\n({height}, {width}, 3)", loc="center")
    for k, (ax, name) in enumerate(zip(channels, _CHANNELS, strict=True)):
        ax.imshow(_one_channel(image, k))
        ax.set_title(f"{name}\n({height}, {width})", loc="center")
    for ax in (picture, *channels):
        ax.set(xticks=[], yticks=[], anchor="N")
        ax.spines[:].set_visible(False)
    order = "image.reshape(-1, 1) reads row by row, pixel by pixel:  r  g  b   r  g  b  ..."
    below = picture.text(0, -0.12, order, transform=picture.transAxes, va="top", color=MUTED)
    below.set_in_layout(False)  # it may run on under the channels
    _draw_column(column, image_to_column(image)[:, 0])
    return axes


def _one_channel(image: np.ndarray, k: int) -> np.ndarray:
    """Return the picture in the light of its k-th channel alone."""
    alone = np.zeros_like(image)
    alone[:, :, k] = image[:, :, k]
    return alone


def _draw_column(ax: Axes, x: np.ndarray) -> None:
    """Write the first and the last entries, each on its channel's colour."""
    from matplotlib.patches import Rectangle

    inks = [VERMILION, GREEN, BLUE]
    rows = (
        [*range(_HEAD), *range(len(x) - _TAIL, len(x))]
        if len(x) > _HEAD + _TAIL
        else [*range(len(x))]
    )
    for place, row in enumerate(rows):
        y = place + (place >= _HEAD)
        ax.add_patch(Rectangle((0, y), 1, 1, facecolor=PAPER, edgecolor=inks[row % 3], lw=1.2))
        ax.text(0.5, y + 0.52, f"{x[row]}", ha="center", va="center", fontsize=9, color=INK)
        ax.text(1.12, y + 0.52, f"{'rgb'[row % 3]}", va="center", fontsize=8.5, color=inks[row % 3])
    if len(x) > len(rows):
        ax.text(0.5, _HEAD + 0.45, "⋮", ha="center", va="center", color=MUTED, fontsize=12)
    ax.set(xlim=(-0.7, 1.7), ylim=(len(rows) + 1, 0))
    ax.set_axis_off()
    ax.set_title(f"column\n({len(x)}, 1)", loc="center")


_PLACES = {"z": (5.3, 0.0), "a": (7.9, 0.0), "J": (10.5, 0.0)}
_SIZE = (1.5, 0.62)


@styled
def graph(ax: Axes | None = None, of: ComputationGraph | None = None) -> Axes:
    """One example's computation graph: values forward in blue, dJ/d(node) backward in vermilion.

    Raises
    ------
    UsageError
        If the graph has more than 3 features: they would not fit on a page.
    """
    of = of or computation_graph([[0.8], [-0.5]], 0.1, [[1.0], [2.0]], 1)
    if of.n_x > 3:
        raise UsageError(f"the graph has {of.n_x} features: the figure has room for 3; print it")
    places = _places(of.n_x)
    ax = new_axes(ax, (10.6, 1.7 + 1.35 * of.n_x))
    for start, end in _edges(of.n_x):
        _arrow(ax, places[start], places[end])
    for name, place in places.items():
        _box(ax, place, of[name])
    _finish(ax, places, of)
    return ax


def _places(n_x: int) -> dict[str, tuple[float, float]]:
    """Where each node stands: inputs left, z, a and J to the right."""
    count = 2 * n_x + 1
    heights = [1.0 * ((count - 1) / 2 - i) for i in range(count)]
    places: dict[str, tuple[float, float]] = {}
    for j in range(1, n_x + 1):
        top, low = heights[2 * j - 2], heights[2 * j - 1]
        places |= {f"x{j}": (0.0, top), f"w{j}": (0.0, low), f"u{j}": (2.7, (top + low) / 2)}
    return places | {"b": (2.7, heights[-1])} | _PLACES


def _edges(n_x: int) -> list[tuple[str, str]]:
    inputs = [(f"{kind}{j}", f"u{j}") for j in range(1, n_x + 1) for kind in "xw"]
    sums = [(f"u{j}", "z") for j in range(1, n_x + 1)]
    return [*inputs, *sums, ("b", "z"), ("z", "a"), ("a", "J")]


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    half = _SIZE[0] / 2
    ax.annotate(
        "",
        (end[0] - half, end[1]),
        (start[0] + half, start[1]),
        arrowprops={
            "arrowstyle": "-|>",
            "color": MUTED,
            "linewidth": 1.1,
            "shrinkA": 0,
            "shrinkB": 1,
        },
    )


_FORMULAS = {"z": r"$z=\sum_j u_j+b$", "a": r"$a=\sigma(z)$", "J": r"$J=L(a,y)$", "b": r"$b$"}


def _box(ax: Axes, place: tuple[float, float], node: Node) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), (width, height) = place, _SIZE
    corner = (x - width / 2, y - height / 2)
    box = FancyBboxPatch(
        corner, width, height, "round,pad=0,rounding_size=0.1", facecolor=PAPER, edgecolor=MUTED
    )
    ax.add_patch(box)
    kind, j = node.name[0], node.name[1:]
    products = {"u": rf"$u_{j}=w_{j}\,x_{j}$", "x": rf"$x_{j}$", "w": rf"$w_{j}$"}
    formula = _FORMULAS.get(node.name) or products[kind]
    ax.text(x, y + height / 2 + 0.04, formula, ha="center", va="bottom", fontsize=10, color=INK)
    numbers = [(0.13, node.value, FORWARD), (-0.15, node.gradient, BACKWARD)]
    for rise, number, color in numbers:
        ax.text(x, y + rise, _number(number), ha="center", va="center", fontsize=10, color=color)


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def _finish(ax: Axes, places: dict[str, tuple[float, float]], of: ComputationGraph) -> None:
    heights = [y for _, y in places.values()]
    top, low = max(heights) + 0.45, min(heights)
    ax.set(xlim=(-0.9, 11.4), ylim=(low - 0.45, top + 0.3))
    ax.set_axis_off()
    ax.set_title(rf"One example, forward and backward ($y={of.y:g}$)", loc="left")
    rows = [
        (top, "forward: the value", FORWARD),
        (top - 0.36, "backward: dJ/d(node)", BACKWARD),
        (low + 0.4, r"$dJ/da=-y/a+(1-y)/(1-a)$", BACKWARD),
        (low + 0.04, r"$dJ/dz=dJ/da\cdot a\,(1-a)=a-y$", BACKWARD),
        (low - 0.32, r"$dJ/dw_j=x_j\,dJ/dz$,   $dJ/db=dJ/dz$", BACKWARD),
    ]
    for y, text, color in rows:
        ax.text(11.25, y, text, ha="right", va="center", color=color)
