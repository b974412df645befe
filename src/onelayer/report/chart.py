"""Curves, bands and dots between two axes as SVG text, in the page's own colours and letters.

A chart takes a millisecond: a library that draws takes a second to import and to lay out what a
report shows. Colours are the page's CSS variables, so that one chart serves light and dark.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, NamedTuple

import numpy as np

from onelayer.report.axis import MOST_TICKS, Axis, Span, Ticks

INK, MUTED, LINE, ACCENT, SECOND = (
    f"var(--{name})" for name in ("ink", "muted", "line", "accent", "second")
)
SIZE = (338, 238)  # units: at 340 pixels, a telephone's width, letters of 9 units can be read
LOW = (338, 151)

_LETTERS, _NUMBERS = 10, 9  # sizes of names and of the numbers on the axes
_WIDTH = 0.58  # of a letter, of its size: digits and small letters of the fonts that pages have
_EDGE = 4
_HANDLE = 20  # the piece of a curve beside its name
_UP, _UP_LOW = 8, 6  # numbers on the upright axis, at most

Places = Callable[[Any, Any], np.ndarray]
"""From values of x and y (k,) to places (k, 2) in units; some are NaN where a value is none."""


class Pen(NamedTuple):
    """How a curve is drawn."""

    color: str
    width: float = 2
    dash: str = ""
    opacity: float = 1

    @property
    def attributes(self) -> str:
        """As those of SVG."""
        dash = f' stroke-dasharray="{self.dash}"' if self.dash else ""
        faint = f' stroke-opacity="{self.opacity:g}"' if self.opacity < 1 else ""
        return f'fill="none" stroke="{self.color}" stroke-width="{self.width:g}"{dash}{faint}'


class Chart:
    """What is drawn between two axes, in data coordinates; `name` is the page's for it alone."""

    def __init__(self, name: str, x: Axis, y: Axis, size: tuple[int, int] = SIZE) -> None:
        self._name, self._axes, self._size = name, (x, y), size
        self._marks: list[Callable[[Places, _Frame], str]] = []
        self._seen: tuple[list[Any], list[Any]] = ([[]], [[]])
        self._curves: list[tuple[np.ndarray, np.ndarray]] = []
        self._named: list[tuple[str, str]] = []
        self._legend: str | None = None

    def line(self, x: Any, y: Any, pen: Pen, name: str = "") -> None:
        """Draw through the points; where one is no number, the curve has a gap."""
        self._see(x, y)
        self._curves.append((np.asarray(x, dtype=float), np.asarray(y, dtype=float)))
        round_ends = "" if pen.dash else ' stroke-linecap="round" stroke-linejoin="round"'
        style = pen.attributes + round_ends
        self._marks.append(lambda at, _: f'<path d="{_path(at(x, y))}" {style}/>')
        if name:
            self._named.append((f'<path d="M0 0H{_HANDLE}" {pen.attributes}/>', name))

    def dots(self, x: Any, y: Any, color: str, r: float, name: str = "") -> None:
        """Put a dot at each point."""
        self._dots(x, y, f'r="{r:g}" fill="{color}"', name)

    def rings(self, x: Any, y: Any, color: str, r: float, name: str = "") -> None:
        """Put a hollow dot at each point."""
        self._dots(x, y, f'r="{r:g}" {Pen(color, 1).attributes}', name)

    def band(self, x: Any, low: Any, high: Any, color: str) -> None:
        """Fill between two curves, faintly."""
        self._see([*x, *x], [*low, *high])
        around = [*x, *reversed(list(x))], [*low, *reversed(list(high))]
        style = f'fill="{color}" fill-opacity="0.15"'
        self._marks.append(lambda at, _: f'<path d="{_path(at(*around))}Z" {style}/>')

    def stems(self, x: Any, low: Any, high: Any, pen: Pen) -> None:
        """Draw an upright line at each x, from one value to another."""
        self._see([*x, *x], [*low, *high])

        def drawn(at: Places, _: _Frame) -> str:
            ends = zip(at(x, low), at(x, high), strict=True)
            return f'<path d="{"".join(map(_path, map(np.array, ends)))}" {pen.attributes}/>'

        self._marks.append(drawn)

    def rug(self, x: Any, pen: Pen) -> None:
        """Draw a short line at each x, up from the lower edge."""
        self._see(x, [])

        def drawn(at: Places, frame: _Frame) -> str:
            across = at(x, np.zeros(len(x)))[:, 0]
            up = f"{frame.bottom:g}v{-0.06 * frame.high:.1f}"
            return f'<path d="{"".join(f"M{v:.1f} {up}" for v in across)}" {pen.attributes}/>'

        self._marks.append(drawn)

    def across(self, y: float, pen: Pen) -> None:
        """Draw a level line from edge to edge."""
        self._see([], [y])

        def drawn(at: Places, frame: _Frame) -> str:
            height = at([np.nan], [y])[0, 1]
            return f'<path d="M{frame.left:g} {height:.1f}h{frame.wide:g}" {pen.attributes}/>'

        self._marks.append(drawn)

    def upright(self, x: float, pen: Pen, note: str = "", *, before: bool = False) -> None:
        """Draw an upright line from edge to edge; a note stands at its upper end."""
        self._see([x], [])
        anchor, aside = ("end", -6) if before else ("start", 6)

        def drawn(at: Places, frame: _Frame) -> str:
            place = at([x], [np.nan])[0, 0]
            said = _text(place + aside, frame.top + 10, note, pen.color, anchor) if note else ""
            return f'<path d="M{place:.1f} {frame.top:g}v{frame.high:g}" {pen.attributes}/>{said}'

        self._marks.append(drawn)

    def legend(self, where: str = "") -> None:
        """Say which curve is which: at a place of `_Frame.corners`, or where the least is drawn."""
        self._legend = where

    def svg(self) -> str:
        """Return the chart."""
        x, y = (
            axis.around(np.concatenate([np.asarray(part, dtype=float) for part in seen]))
            for axis, seen in zip(self._axes, self._seen, strict=True)
        )
        up = y.ticks(_UP if self._size[1] >= SIZE[1] else _UP_LOW)
        frame = _Frame.of(self._size, self._axes, up)
        across = _with_room(x, frame.wide)

        def at(one: Any, other: Any) -> np.ndarray:
            right = x.share(np.asarray(one, dtype=float))
            above = y.share(np.asarray(other, dtype=float))
            return np.column_stack(
                [frame.left + frame.wide * right, frame.bottom - frame.high * above]
            )

        marks = "".join(mark(at, frame) for mark in self._marks)
        wide, high = self._size
        return (
            f'<svg viewBox="0 0 {wide} {high}" font-size="{_LETTERS}" aria-hidden="true">'
            f"{frame.rules(across, up, at)}{frame.window(self._name)}"
            f'<g clip-path="url(#{self._name}-window)">{marks}</g>'
            f"{self._legend_at(at, frame)}</svg>"
        )

    def _see(self, x: Any, y: Any) -> None:
        self._seen[0].append(x)
        self._seen[1].append(y)

    def _dots(self, x: Any, y: Any, style: str, name: str) -> None:
        self._see(x, y)
        self._marks.append(
            lambda at, _: "".join(
                f'<circle cx="{across:.1f}" cy="{down:.1f}" {style}/>'
                for across, down in at(x, y)
                if np.isfinite(across + down)
            )
        )
        if name:
            self._named.append((f'<circle cx="{_HANDLE / 2}" {style}/>', name))

    def _legend_at(self, at: Places, frame: _Frame) -> str:
        if self._legend is None or not self._named:
            return ""
        longest = max(len(name) for _, name in self._named)
        box = (_HANDLE + 5 + longest * _LETTERS * _WIDTH, 14.0 * len(self._named))
        corners = frame.corners(box)
        if self._legend:
            left, top = corners[self._legend]
        else:
            points = np.concatenate([_dense(at(*curve)) for curve in self._curves])
            left, top = min(corners.values(), key=lambda corner: _within(points, corner, box))
        return "".join(
            f'<g transform="translate({left:.1f} {top + 14 * i + 7:.1f})">{handle}'
            f"{_text(_HANDLE + 5, 3.5, name, INK)}</g>"
            for i, (handle, name) in enumerate(self._named)
        )


class _Frame(NamedTuple):
    """Where the axes lie, in units from the upper left."""

    left: float
    top: float
    wide: float
    high: float
    labels: tuple[str, str]

    @property
    def bottom(self) -> float:
        return self.top + self.high

    @classmethod
    def of(cls, size: tuple[int, int], axes: tuple[Axis, Axis], up: Ticks) -> _Frame:
        """Around what stands beside the axes: names, and the numbers `up` the upright one."""
        labels = axes[0].label, axes[1].label
        numbers = max((_room_of(text) for _, text in up), default=0)
        left = _EDGE + numbers + 4 + (16 if labels[1] else 0)
        below = _EDGE + _NUMBERS + 4 + (15 if labels[0] else 0)
        top = _EDGE + _NUMBERS / 2
        return cls(left, top, size[0] - left - 3 * _EDGE, size[1] - top - below, labels)

    def rules(self, across: Ticks, up: Ticks, at: Places) -> str:
        """Return a rule and a number for each tick, the axes and what they are called."""
        none = np.full(1, np.nan)
        columns = [(at([value], none)[0, 0], text) for value, text in across]
        lines = [(at(none, [value])[0, 1], text) for value, text in up]
        grid = [f"M{place:.1f} {self.top:g}v{self.high:g}" for place, _ in columns]
        grid += [f"M{self.left:g} {place:.1f}h{self.wide:g}" for place, _ in lines]
        axes = f"M{self.left:g} {self.top:g}v{self.high:g}h{self.wide:g}"
        return (
            f'<path d="{"".join(grid)}" {Pen(LINE, 0.8).attributes}/>'
            f'<path d="{axes}" {Pen(MUTED, 0.8).attributes}/>'
            f"{self._numbers(columns, lines)}{self._names()}"
        )

    def window(self, name: str) -> str:
        """Return what nothing is drawn outside of."""
        box = f'x="{self.left:g}" y="{self.top:g}" width="{self.wide:g}" height="{self.high:g}"'
        return f'<clipPath id="{name}-window"><rect {box}/></clipPath>'

    def corners(self, box: tuple[float, float]) -> dict[str, tuple[float, float]]:
        """Where the upper left of a box may lie."""
        left, right = self.left + 6, self.left + self.wide - box[0] - 2
        top, bottom = self.top + 3, self.bottom - box[1] - 4
        middle, half = (left + right) / 2, (top + bottom) / 2
        return {
            "upper right": (right, top),
            "upper left": (left, top),
            "lower left": (left, bottom),
            "lower right": (right, bottom),
            "right": (right, half),
            "left": (left, half),
            "lower center": (middle, bottom),
            "upper center": (middle, top),
        }

    def _numbers(self, columns: Ticks, lines: Ticks) -> str:
        below = [_text(x, self.bottom + _NUMBERS + 3, text, MUTED, "middle") for x, text in columns]
        beside = [_text(self.left - 4, y + 3.2, text, MUTED, "end") for y, text in lines]
        return f'<g font-size="{_NUMBERS}">{"".join([*below, *beside])}</g>'

    def _names(self) -> str:
        x, y = self.labels
        middle, half = self.left + self.wide / 2, self.top + self.high / 2
        below = self.bottom + _NUMBERS + 4 + 12
        turned = f'transform="rotate(-90 {_EDGE + 8} {half:.1f})"'
        upright = _text(_EDGE + 8, half, y, MUTED, "middle", turned) if y else ""
        return (_text(middle, below, x, MUTED, "middle") if x else "") + upright


def _with_room(x: Span, wide: float) -> Ticks:
    """The most numbers that stand beside each other."""
    for most in range(MOST_TICKS, 1, -1):
        ticks = x.ticks(most)
        if sum(_room_of(text) + _NUMBERS for _, text in ticks) <= wide:
            break
    return ticks


def _room_of(text: str) -> float:
    return len(text) * _NUMBERS * _WIDTH


def _text(x: float, y: float, said: str, color: str, anchor: str = "start", more: str = "") -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {where} fill="{color}" {more}>{escape(said)}</text>'


def _path(points: np.ndarray) -> str:
    """Return a path through places (k, 2), anew after those that are none."""
    drawn, pen = [], "M"
    for x, y in points:
        if np.isfinite(x + y):
            drawn.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L" if np.isfinite(x + y) else "M"
    return "".join(drawn)


def _dense(points: np.ndarray) -> np.ndarray:
    """Some 400 places along a curve, on its straight pieces too."""
    steps = np.linspace(0, 1, max(2, 400 // len(points)), endpoint=False)[:, None, None]
    return np.reshape(points[:-1] + steps * np.diff(points, axis=0), (-1, 2))


def _within(points: np.ndarray, corner: tuple[float, float], box: tuple[float, float]) -> int:
    """How many points lie in a box."""
    apart = points - corner
    return int(np.count_nonzero(((apart >= 0) & (apart <= box)).all(axis=1)))
