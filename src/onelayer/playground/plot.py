"""Figures as SVG text: axes, lines, dots, bands and words, in the page's colours.

A figure is a few kilobytes and a millisecond, so that it can be drawn again at every move of a
hand, and so that the exported page holds thousands of them. Its letters are the page's own, its
colours are the page's variables, light and dark. Nothing here computes: a chapter gives numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from functools import lru_cache
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from onelayer.playground.screen import Drawing, plain

Range = tuple[float, float]
WIDE, HIGH = 400, 270  # units; a telephone shows 360 pixels, so letters of 13.5 units have 12
_LEFT, _RIGHT, _TOP, _BELOW = 46, 12, 12, 42
INK, MUTED, LINE, BLUE, ORANGE = (
    f"var(--{n})" for n in ("ink", "muted", "line", "accent", "second")
)
CLASSES = (ORANGE, BLUE)
"""The colour of an example of class 0 and of class 1."""


class Plot:
    """Axes with numbers on them, and what is drawn on these, in data coordinates.

    `ticks` are `xticks` and `yticks`, pairs of a value and its text (none for an empty list), and
    `left`, their room.
    """

    def __init__(
        self,
        x: Range,
        y: Range,
        labels: tuple[str, str] = ("", ""),
        size: tuple[int, int] = (WIDE, HIGH),
        **ticks: Any,
    ) -> None:
        self.x, self.y, self.size, self._left = x, y, size, ticks.get("left", _LEFT)
        self._parts: list[str] = []
        self._over: list[str] = []
        xticks, yticks = (tuple(ticks.get(n, even(r))) for n, r in (("xticks", x), ("yticks", y)))
        across = tuple((float(self.at(v, y[0])[0]), text) for v, text in xticks)
        up = tuple((float(self.at(x[0], v)[1]), text) for v, text in yticks)
        self._frame = _axes(across, up, labels, size, self._left)

    def again(self) -> Plot:
        """Return the same figure to be drawn on further, while this one stays as it is."""
        return deepcopy(self)

    def at(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Return the place of (x, y) in the figure's units; far outside is just outside."""
        wide, high = self.size[0] - self._left - _RIGHT, self.size[1] - _TOP - _BELOW
        right = (np.asarray(x, dtype=float) - self.x[0]) / (self.x[1] - self.x[0])
        up = (np.asarray(y, dtype=float) - self.y[0]) / (self.y[1] - self.y[0])
        right, up = (np.minimum(np.maximum(part, -9), 9) for part in (right, up))
        return self._left + wide * right, self.size[1] - _BELOW - high * up

    def line(self, x: Any, y: Any, color: str = BLUE, width: float = 2.2, dash: str = "") -> None:
        """Draw through the points, within the axes."""
        path = _path(np.column_stack(self.at(*np.broadcast_arrays(np.atleast_1d(x), y))))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<path d="{path}" stroke="{color}" stroke-width="{width}"{dashed}/>')

    def area(self, x: Range, y: Range, color: str, opacity: float = 0.12) -> None:
        """Fill a rectangle."""
        (left, right), (low, high) = self.at(x, y)
        box = f'x="{left:.1f}" y="{high:.1f}" width="{right - left:.1f}" height="{low - high:.1f}"'
        self._parts.append(f'<rect {box} fill="{color}" fill-opacity="{opacity}"/>')

    def dots(self, x: Any, y: Any, color: str = INK, r: float = 4.5) -> None:
        """Put a dot at each point; one outside the axes is not seen."""
        for left, top in np.column_stack(self.at(np.atleast_1d(x), np.atleast_1d(y))):
            self._parts.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="{r}" fill="{color}"/>')

    def stems(self, x: Any, y: Any, color: str) -> None:
        """Draw an upright line from zero to each point."""
        for one, height in zip(np.atleast_1d(x), np.atleast_1d(y), strict=True):
            self.line([one, one], [0, height], color, 2)

    def bands(self, x: Any, y: Any, values: Any, levels: Sequence[float], paint: Any) -> None:
        """Fill between neighbouring levels of values `(len(y), len(x))`.

        `paint(k)` says the colour and the opacity of the k-th band.
        """
        from contourpy import FillType, contour_generator

        found = contour_generator(x, y, values, fill_type=FillType.OuterOffset)
        for k, (low, high) in enumerate(pairwise(levels)):
            rings = [
                _path(np.column_stack(self.at(*points[begin:end].T))) + "Z"
                for points, offsets in zip(*found.filled(low, high), strict=True)
                for begin, end in pairwise(offsets)
            ]
            color, opacity = paint(k)
            if rings and opacity:
                fill = f'fill="{color}" fill-opacity="{opacity:.2f}" fill-rule="evenodd"'
                self._parts.append(f'<path d="{"".join(rings)}" {fill} stroke="none"/>')

    def contour(self, x: Any, y: Any, values: Any, level: float, color: str = INK) -> None:
        """Draw where the values `(len(y), len(x))` are `level`."""
        from contourpy import contour_generator

        for points in contour_generator(x, y, values).lines(level):
            across, up = np.asarray(points).T
            self.line(across, up, color)

    def note(self, x: float, y: float, text: str, color: str = INK, **how: Any) -> None:
        """Write at a point, over everything; `anchor` start, middle or end, `dy` units down."""
        left, top = self.at(x, y)
        place = f'x="{left + how.get("dx", 0):.1f}" y="{top + how.get("dy", 0):.1f}"'
        anchor = how.get("anchor", "start")
        self._over.append(
            f'<text {place} text-anchor="{anchor}" fill="{color}" class="halo">{spans(text)}</text>'
        )

    def example(self, number: int, x: float, y: float, label: int, said: str) -> None:
        """Put an example that can be pointed at, dragged, and moved by keys."""
        left, top = self.at(x, y)
        color = CLASSES[label]
        shape = (
            '<circle r="7"/>' if label else '<rect x="-6" y="-6" width="12" height="12" rx="2"/>'
        )
        self._over.append(
            f'<g class="example" data-at="{x:g} {y:g} {label}" data-number="{number}" '
            f'tabindex="0" role="button" aria-label="{escape(said)}" fill="{color}" '
            f'transform="translate({left:.1f} {top:.1f})"><circle class="reach" r="14"/>{shape}</g>'
        )

    def svg(self, *, live: bool = False) -> str:
        """Return the figure; in a `live` one the script lets hands move the examples."""
        wide, high = self.size[0] - self._left - _RIGHT, self.size[1] - _TOP - _BELOW
        window = (
            f'<svg x="{self._left}" y="{_TOP}" width="{wide}" height="{high}" '
            f'viewBox="{self._left} {_TOP} {wide} {high}">{"".join(self._parts)}</svg>'
        )
        body = self._frame + window + "".join(self._over)
        if not live:
            return canvas(body, *self.size)
        box = f'data-box="{self._left} {_TOP} {_RIGHT} {_BELOW}"'
        reach = f'data-window="{self.x[0]} {self.x[1]} {self.y[0]} {self.y[1]}"'
        return canvas(body, *self.size, f"data-live {box} {reach}")


Ticks = tuple[tuple[float, str], ...]


@lru_cache(maxsize=200)
def _axes(
    across: Ticks, up: Ticks, labels: tuple[str, str], size: tuple[int, int], left: int
) -> str:
    """Return rules, numbers and names, each tick with its place; most figures share theirs."""
    bottom, right = size[1] - _BELOW, size[0] - _RIGHT
    parts = []
    for place, text in across:
        parts.append(_rule(place, _TOP, place, bottom))
        parts.append(_tick(place, bottom + 16, text, "middle"))
    for place, text in up:
        parts.append(_rule(left, place, right, place))
        parts.append(_tick(left - 6, place + 4.5, text, "end"))
    parts.append(_tick((left + right) / 2, size[1] - 7, labels[0], "middle", "name"))
    turned = f'transform="translate(13 {(_TOP + bottom) / 2:.0f}) rotate(-90)"'
    parts.append(f'<text class="name" text-anchor="middle" {turned}>{spans(labels[1])}</text>')
    return "".join(parts)


def canvas(body: str, wide: int, high: int, kind: str = 'aria-hidden="true"') -> str:
    """Return an <svg> of so many units around its body; words say beside it what it shows."""
    return f'<svg class="plot" viewBox="0 0 {wide} {high}" {kind}>{body}</svg>'


def drawing(plot: Plot | str, alt: str, caption: str, width: float = 30.0) -> Drawing:
    """Return the figure with its words."""
    return Drawing(plot if isinstance(plot, str) else plot.svg(), alt, caption, width)


def even(span: Range, most: int = 6) -> list[tuple[float, str]]:
    """Return round numbers within `span`, each as it is written: 1, 2 or 5 times a power of ten."""
    rough = (span[1] - span[0]) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first = np.ceil(span[0] / step - 1e-9)
    count = int(np.floor(span[1] / step + 1e-9) - first) + 1
    return [(v, plain(v)) for v in (round(float((first + k) * step), 12) for k in range(count))]


def spans(text: str) -> str:
    """Return words as SVG: between dollars letters are italic, `_` lowers and `^` raises one."""
    pieces = text.split("$")
    return "".join(_math(piece) if i % 2 else escape(piece) for i, piece in enumerate(pieces))


def _math(text: str) -> str:
    found = []
    back = 0.0
    for script, letter, other in re.findall(r"([_^]\w)|([^\W\d_])|([^_^])", text):
        move = f' dy="{back:g}em"' if back and not script else ""
        if script:
            down = 0.25 if script[0] == "_" else -0.4
            found.append(f'<tspan dy="{down - back:g}em" class="script">{script[1]}</tspan>')
            back = -down * 0.75  # in the larger letters that follow
            continue
        back = 0.0
        kind = ' class="letter"' if letter else ""
        sign = other.replace("-", "\N{MINUS SIGN}")
        found.append(f"<tspan{move}{kind}>{escape(letter or sign)}</tspan>")
    if back:
        found.append(f'<tspan dy="{back:g}em">&#8203;</tspan>')
    return "".join(found)


def _path(points: np.ndarray) -> str:
    """Write a path in tenths of a unit, without the points that fall on one another."""
    rounded = np.round(points, 1)
    kept = np.ones(len(rounded), dtype=bool)
    kept[1:] = (np.diff(rounded, axis=0) != 0).any(axis=1)
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in rounded[kept])


def _rule(*ends: float) -> str:
    return '<path class="rule" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>'.format(*ends)


def _tick(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{spans(text)}</text>'
    )
