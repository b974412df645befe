"""One example's way through the layer: every node with its value, and what comes back to it."""

from __future__ import annotations

from onelayer.lesson.graph import ComputationGraph, Node
from onelayer.playground.plot import BLUE, MUTED, ORANGE, canvas, drawing, spans
from onelayer.playground.screen import Drawing, plain

_WIDE, _HIGH = 400, 316
_BOX = (64, 36)
_ROOM = 7  # letters that a box is wide
_COLUMNS = (0.0, 82.0, 164.0, 246.0, 328.0)
_ROWS = (20.0, 80.0, 140.0, 200.0, 260.0)
_SAID = {"z": "$z = Σu + b$", "a": "$a = σ(z)$", "J": "$J = L(a, y)$", "b": "$b$"}


def layer(of: ComputationGraph) -> Drawing:
    """Draw the graph of one example of two features: forward blue, backward orange."""
    places = _places()
    ends = [("x1", "u1"), ("w1", "u1"), ("x2", "u2"), ("w2", "u2")]
    ends += [("u1", "z"), ("u2", "z"), ("b", "z"), ("z", "a"), ("a", "J")]
    parts = [_arrow(places[start], places[end]) for start, end in ends]
    parts += [_node(of[name], *place) for name, place in places.items()]
    nodes = ", ".join(f"{node.name} = {plain(node.value, 3)}" for node in of.nodes)
    svg = canvas("".join(parts), _WIDE, _HIGH)
    caption = "Blue, forward: the value of each node. Orange, backward: $dJ$ by that node."
    return drawing(svg, f"The computation graph: {nodes}", caption)


def _places() -> dict[str, tuple[float, float]]:
    """Return the upper left corner of each box."""
    inputs = {name: (_COLUMNS[0], top) for name, top in zip(_INPUTS, _ROWS, strict=True)}
    sums = {"u1": (_COLUMNS[1], _ROWS[0] + 30), "u2": (_COLUMNS[1], _ROWS[2] + 30)}
    along = {name: (x, _ROWS[2]) for name, x in zip("zaJ", _COLUMNS[2:], strict=True)}
    return inputs | sums | along


_INPUTS = ("x1", "w1", "x2", "w2", "b")


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    x0, y0 = start[0] + _BOX[0], start[1] + _BOX[1] / 2
    x1, y1 = end[0] - 1, end[1] + _BOX[1] / 2
    bend = max((x1 - x0) / 2, 8)
    path = f"M{x0:g} {y0:g}C{x0 + bend:g} {y0:g} {x1 - bend:g} {y1:g} {x1:g} {y1:g}"
    tip = f"M{x1 - 5:g} {y1 - 3.5:g}L{x1:g} {y1:g}L{x1 - 5:g} {y1 + 3.5:g}"
    return f'<path d="{path}{tip}" stroke="{MUTED}" stroke-width="1.1"/>'


def _node(node: Node, left: float, top: float) -> str:
    wide, high = _BOX
    kind, j = node.name[0], node.name[1:]
    products = {"u": f"$u_{j} = w_{j}x_{j}$", "x": f"$x_{j}$", "w": f"$w_{j}$"}
    said = _SAID.get(node.name) or products[kind]
    middle = f'x="{left + wide / 2:g}" text-anchor="middle"'
    return (
        f'<rect x="{left + 0.5:g}" y="{top:g}" width="{wide - 1}" height="{high}" rx="5" '
        f'fill="var(--paper)" stroke="{MUTED}"/>'
        f'<text {middle} y="{top - 5:g}" class="tick">{spans(said)}</text>'
        f'<text {middle} y="{top + 15:g}" fill="{BLUE}"{_fit(node.value)}</text>'
        f'<text {middle} y="{top + 30:g}" fill="{ORANGE}"{_fit(node.gradient)}</text>'
    )


def _short(value: float) -> str:
    """Write a number with as many digits as the box has room for."""
    written = [plain(value, digits) for digits in (4, 3, 2, 1)]
    return next((text for text in written if len(text) <= _ROOM), written[-1])


def _fit(value: float) -> str:
    """Return what ends the tag and the number; a power of ten is squeezed into the box."""
    text = _short(value)
    squeezed = f' textLength="{_BOX[0] - 6}" lengthAdjust="spacingAndGlyphs"'
    return f"{squeezed if len(text) > _ROOM + 1 else ''}>{text}"
