"""The lesson's figures as SVG inside the page, in the page's colours, light and dark.

A figure is drawn with the lesson's colours, and the page's CSS variables take their place. Letters
become outlines: formulas stand as matplotlib set them, whatever fonts the reader has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from threading import Lock
from typing import TYPE_CHECKING, Any

from onelayer.lesson.figures.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    PAPER,
    SHADE,
    VERMILION,
    styled,
)
from onelayer.playground.screen import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, BELOW = 0.72, 0.58  # inches, for what stands on the ticks and for the axes' names
SIZE = (5.2, 3.5)  # inches: at 360 pixels, a telephone's width, letters can still be read
_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    FAINT: "line",
    PAPER: "paper",
    SHADE: "raised",
    BLUE: "accent",
    VERMILION: "second",
}
# matplotlib's settings belong to the process, and every open page has a thread of its own.
_ONE_AT_A_TIME = Lock()


def drawn(
    name: str,
    draw: Callable[[Axes], object],
    alt: str,
    caption: str,
    size: tuple[float, float] = SIZE,
) -> Drawing:
    """Let `draw` fill one axes; the caption stands in the place of its title.

    The axes keep their place, whatever stands on the ticks: nothing jumps as a slider moves, and
    it is drawn once, where a layout that adapts draws twice and measures twice before.
    """

    def fill(figure: Figure) -> None:
        width, height = size
        right, top = 1 - 0.15 / width, 1 - 0.12 / height
        place = {"left": LEFT / width, "bottom": BELOW / height, "right": right, "top": top}
        ax = figure.subplots(gridspec_kw=place)
        draw(ax)
        ax.set_title("", loc="left")

    return Drawing(_svg(name, size, fill), alt, caption)


def drawn_whole(
    name: str,
    fill: Callable[[Figure], object],
    alt: str,
    caption: str,
    size: tuple[float, float],
) -> Drawing:
    """Let `fill` lay out a whole figure; one too wide for a telephone scrolls there."""
    return Drawing(_svg(name, size, fill), alt, caption, 5.2 * size[0], scrolls=size[0] > 8)


def _svg(name: str, size: tuple[float, float], fill: Callable[[Figure], object]) -> str:
    with _ONE_AT_A_TIME:
        return with_own_names(_in_page_colours(_drawn(name, size, fill)), name)


@styled
def _drawn(name: str, size: tuple[float, float], fill: Callable[[Figure], object]) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.hashsalt": name,
        "svg.fonttype": "path",
        "image.interpolation": "none",
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=size)
        FigureCanvasSVG(figure)
        fill(figure)
        file = StringIO()
        nothing = {"Date": None, "Creator": None}
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return file.getvalue()


def with_own_names(svg: str, prefix: str) -> str:
    """Put `prefix` before every identifier: a page may hold a figure more than once."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)


def _in_page_colours(file: str) -> str:
    """Cut the <svg> out, and put variables for its colours."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", file[file.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL).replace("xlink:href", "href")
    head, body = svg.split(">", 1)
    head = re.sub(r' (width|height|xmlns:xlink)="[^"]*"', "", head)
    for colour, variable in _VARIABLES.items():
        body = re.sub(colour, f"var(--{variable})", body, flags=re.IGNORECASE)
    body = re.sub(r' d="[^"]*"', _rounded, body)
    body = re.sub(r"\n+", "\n", body)
    return f'{head} aria-hidden="true">{body}'


def _rounded(path: re.Match[str]) -> str:
    """Leave two decimals of a path's coordinates, hundredths of a point: half the text."""
    return re.sub(r"(\.\d\d)\d+", r"\1", path[0])
