"""What a learner's function gives, drawn beside what is due: theirs orange, the lesson's blue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from onelayer import lesson
from onelayer.errors import DataError, ShapeError
from onelayer.lesson.calls import Call, call
from onelayer.playground.chapters.descent import START, ground
from onelayer.playground.chapters.plane import RATE, train
from onelayer.playground.plot import BLUE, CLASSES, INK, MUTED, ORANGE, Plot, canvas, drawing
from onelayer.playground.screen import Drawing, plain
from onelayer.report.inlining import inlined

UNDRAWABLE = (DataError, ShapeError, ValueError, TypeError, KeyError, IndexError)
"""What a value that is none raises on the way into a figure."""

Own = Callable[..., Any]


def _given(function: Own, *arguments: Any) -> Any:
    """Return what the learner's function gives, as check calls it: on copies, quietly.

    Raises
    ------
    ValueError
        If it raised anything.
    """
    made: Call = call(function, "", *arguments)
    if made.error is not None:
        raise ValueError(str(made.error))
    return made.value


def _row(value: Any, m: int) -> np.ndarray:
    return np.asarray(value, dtype=float).reshape(m)


def _number(value: Any) -> float:
    return float(np.asarray(value, dtype=float).reshape(()))


def sigmoid(function: Own) -> tuple[Drawing, ...]:
    """Draw both curves."""
    z = np.linspace(-6, 6, 121)
    came = _row(_given(function, z.reshape(1, -1)), z.size)
    plot = Plot((-6, 6), (-1.1, 1.6), ("$z$", "$a$"))
    plot.line(z, lesson.sigmoid(z), BLUE, 5)
    plot.line(z, came, ORANGE, 2.2)
    plot.note(-5.8, 1.35, "yours", ORANGE)
    plot.note(-5.8, 1.1, "due", BLUE)
    alt = f"Your curve at z = 2 is {plain(came[80], 3)}; due is {plain(lesson.sigmoid(z[80]), 3)}"
    return (drawing(plot, alt, f"{alt}."),)


def cost(function: Own) -> tuple[Drawing, ...]:
    """Draw what two examples cost, by the chance that both are given: one is 1, one is 0."""
    a, Y = np.linspace(0.02, 0.98, 49), np.array([[1, 0, 1]])
    rows = [np.full((1, 3), one) for one in a]
    came = np.array([_number(_given(function, A, Y)) for A in rows])
    due = np.array([lesson.cost(A, Y) for A in rows])
    plot = Plot((0, 1), (-1, 5), ("$a$, the same for all three", "$J$"))
    plot.line(a, due, BLUE, 5)
    plot.line(a, came, ORANGE, 2.2)
    plot.note(0.5, 4.4, "yours", ORANGE, anchor="middle")
    plot.note(0.5, 3.9, "due", BLUE, anchor="middle")
    alt = f"At a = 0.5 yours is {plain(came[24], 3)}; due is {plain(due[24], 3)}"
    return (drawing(plot, alt, f"Three examples, $Y = [[1, 0, 1]]$. {alt}."),)


def propagate(function: Own) -> tuple[Drawing, ...]:
    """Draw both gradients as the step that they ask for, in the bowl."""
    X, Y = lesson.one_feature_examples()
    w, b = np.array([[START[0]]]), START[1]
    grads, _ = _given(function, w, b, X, Y)
    came = np.array([_number(grads[k]) for k in ("dw", "db")])
    due_grads, _ = lesson.propagate(w, b, X, Y)
    due = np.array([due_grads["dw"].item(), due_grads["db"]])
    plot = ground(1)
    for step, color, width in ((due, BLUE, 6), (came, ORANGE, 2.5)):
        end = np.array(START) - step
        plot.line([START[0], end[0]], [START[1], end[1]], color, width)
        plot.dots(end[:1], end[1:], color, 0.6 * width + 2)
    plot.dots(START[0], START[1], INK, 5)
    said = _longer(came, due, X.shape[1])
    alt = f"The step against your gradient, {_pair(came)}, beside the one due, {_pair(due)}"
    return (drawing(plot, alt, f"A step of rate 1 from the dot, yours orange, due blue. {said}"),)


def _pair(pair: np.ndarray) -> str:
    return f"({plain(pair[0], 3)}, {plain(pair[1], 3)})"


def _longer(came: np.ndarray, due: np.ndarray, m: int) -> str:
    """Say how yours lies to the one due."""
    if np.allclose(came, due, rtol=1e-6):
        return "They are the same."
    times = float(came @ due / (due @ due))
    if not np.allclose(came, times * due, rtol=1e-6, atol=1e-9):
        return f"Yours is {_pair(came)}, due is {_pair(due)}: it points elsewhere."
    if times < 0:
        return f"Yours points uphill: it is {plain(times, 3)} times the one due."
    of = f", one for each of the {m} examples" if np.isclose(times, m) else ""
    return (
        f"Yours is {plain(times, 3)} times too long{of}."
        if times > 1
        else (f"Yours is only {plain(times, 3)} of the one due.")
    )


def optimize(function: Own) -> tuple[Drawing, ...]:
    """Draw both walks in the bowl, step by step."""
    X, Y = lesson.one_feature_examples()
    walks = []
    for walk in (lesson.optimize, function):
        ends = [START]
        for steps in range(1, 13):
            params, _, _ = _given(walk, np.array([[START[0]]]), START[1], X, Y, steps, 1.0)
            ends.append((_number(params["w"]), _number(params["b"])))
        walks.append(np.array(ends))
    plot = ground(1)
    for walk_, color, width in zip(walks, (BLUE, ORANGE), (5, 2), strict=True):
        plot.line(walk_[:, 0], walk_[:, 1], color, width)
        plot.dots(walk_[:, 0], walk_[:, 1], color, width / 2 + 1.5)
    due, came = walks[0][-1], walks[1][-1]
    alt = f"After 12 steps yours stands at {_pair(came)}, the lesson's at {_pair(due)}"
    return (drawing(plot, alt, f"{alt}."),)


def predict(function: Own) -> tuple[Drawing, ...]:
    """Draw both answers for examples in the plane; a ring marks where they differ."""
    X, Y = lesson.plane_examples("clouds")
    of = train(X, Y)
    came = _row(_given(function, of.w, of.b, X), Y.size)
    due = lesson.predict(of.w, of.b, X)[0]
    A = lesson.logistic_output(of.w, of.b, X)[0]
    plot = Plot((-0.03, 1.03), (-0.6, 1.6), ("$a$", "your label"), yticks=[(0, "0"), (1, "1")])
    plot.line([0.5, 0.5], [-0.6, 1.6], MUTED, 1, "6 4")
    for one, label, right in zip(A, came, due, strict=True):
        wrong = label != right
        plot.dots([one], [label], INK if wrong else CLASSES[int(right)], 9 if wrong else 5)
    missed = int((came != due).sum())
    alt = f"{Y.size - missed} of {Y.size} labels are as due"
    note = " The large ones are not." if missed else ""
    return (drawing(plot, alt, f"{alt}, over the chance $a$.{note} Trained at rate {RATE:g}."),)


def center(function: Own) -> tuple[Drawing, ...]:
    """Write X, what came and what is due as tables of numbers."""
    X = np.array([[1.0, 2.0, 6.0], [4.0, 4.0, 1.0], [0.0, -3.0, 9.0]])
    came = np.asarray(_given(function, X), float)
    due = X - X.mean(axis=1, keepdims=True)
    named = (("X", X, MUTED), ("yours", came, ORANGE), ("due", due, BLUE))
    body = "".join(_numbers(k, *each, due) for k, each in enumerate(named))
    rows = " ".join(plain(mean, 2) for mean in np.atleast_2d(came).mean(axis=-1))
    alt = f"X, X less its means by you, and as due; the means of your rows are {rows}"
    return (drawing(canvas(body, 400, 128), alt, f"The means of your rows: {rows}. Due: 0 0 0."),)


def _numbers(place: int, name: str, own: np.ndarray, color: str, due: np.ndarray) -> str:
    left = 136 * place
    found = [f'<text x="{left}" y="14" fill="{color}">{name}</text>']
    if own.ndim != 2 or max(own.shape) > 3:
        return found[0] + f'<text x="{left}" y="50">{own.shape}</text>'
    for (r, c), value in np.ndenumerate(own):
        wrong = name == "yours" and not (own.shape == due.shape and np.isclose(value, due[r, c]))
        corner = f'x="{left + 41 * c}" y="{24 + 33 * r}"'
        found.append(
            f'<rect {corner} width="38" height="30" rx="3" fill="{color}" '
            f'fill-opacity="{0.35 if wrong else 0.12}"/><text x="{left + 41 * c + 19}" '
            f'y="{44 + 33 * r}" text-anchor="middle">{plain(float(value), 2)}</text>'
        )
    return "".join(found)


def images_to_columns(function: Own) -> tuple[Drawing, ...]:
    """Paint the first column as a picture again: a scrambled one is seen at once."""
    cat = lesson.example_picture()
    images = np.stack([cat, cat[:, :, ::-1], 255 - cat, cat[::-1]])
    came = np.asarray(_given(function, images))
    first = came[:, 0] if came.ndim == 2 and came.shape[0] == cat.size else came.reshape(-1)
    yours = np.resize(first, cat.size).astype(np.uint8).reshape(cat.shape)
    body = "".join(_painted(k, *each) for k, each in enumerate((("yours", yours), ("due", cat))))
    alt = f"The first column of yours, shape {came.shape}, as a picture, beside the one due"
    caption = f"Column 0 of yours, of shape {came.shape}, as a picture again; due is the cat."
    return (drawing(canvas(body, 400, 212), alt, caption),)


def _painted(place: int, name: str, pixels: np.ndarray) -> str:
    left = 204 * place
    return (
        f'<text x="{left}" y="14" fill="{(ORANGE, BLUE)[place]}">{name}</text>'
        f'<image x="{left}" y="22" width="190" height="190" class="pixels" '
        f'href="{inlined(pixels).uri}"/>'
    )


def backward(function: Own) -> tuple[Drawing, ...]:
    """Draw the three derivatives as bars beside those due."""
    x, a, y = np.array([[2.0], [-0.5]]), 0.8, 1.0
    dw, db = _given(function, x, a, y)
    came = np.append(np.asarray(dw, float).reshape(2), _number(db))
    nodes = lesson.computation_graph(*_before(a), x, y)
    due = np.array([nodes[name].gradient for name in ("w1", "w2", "b")])
    top = 1.25 * max(float(np.abs(np.append(came, due)).max()), 0.1)
    names = [(float(k), f"${name}$") for k, name in enumerate(("dw_1", "dw_2", "db"))]
    plot = Plot((-0.6, 2.6), (-top, top), ("", "$dJ$"), xticks=names)
    for k in range(3):
        for side, value, color in ((-0.18, due[k], BLUE), (0.18, came[k], ORANGE)):
            reach = (min(value, 0.0), max(value, 0.0))
            plot.area((k + side - 0.16, k + side + 0.16), reach, color, 0.85)
    plot.line(plot.x, [0, 0], MUTED, 1)
    alt = (
        f"Yours: {', '.join(plain(v, 3) for v in came)}; due: {', '.join(plain(v, 3) for v in due)}"
    )
    return (drawing(plot, alt, f"$dw_1$, $dw_2$, $db$. {alt}."),)


def _before(a: float) -> tuple[np.ndarray, float]:
    """Return w and b for which every x gets the chance a."""
    return np.zeros((2, 1)), float(np.log(a / (1 - a)))


def with_squares(function: Own) -> tuple[Drawing, ...]:
    """Train on the rows that came, and draw the boundary that they give."""
    X, Y = lesson.plane_examples("circles")
    rows = np.asarray(_given(function, X), float)
    w, b = lesson.initialize_with_zeros(len(rows))
    params, _, _ = lesson.optimize(w, b, rows, Y, 800, RATE)
    grid = np.linspace(-1, 1, 41)
    across, up = np.meshgrid(grid, grid)
    places = np.asarray(_given(function, np.array([across.ravel(), up.ravel()])), float)
    plot = Plot((-1, 1), (-1, 1), ("$x_1$", "$x_2$"), (400, 384))
    plot.contour(
        grid, grid, lesson.logistic_output(**params, X=places).reshape(41, 41), 0.5, ORANGE
    )
    for label, color in enumerate(CLASSES):
        plot.dots(X[0, Y[0] == label], X[1, Y[0] == label], color, 6)
    right = int((lesson.predict(**params, X=rows) == Y).sum())
    alt = f"Trained on your {len(rows)} rows, {right} of {Y.size} are right"
    return (drawing(plot, alt, f"{alt}; the line is where $a = 0.5$."),)
