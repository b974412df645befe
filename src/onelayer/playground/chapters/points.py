"""Chapter 4, points of one's own: placed and dragged, and what each goes through in the layer."""

from __future__ import annotations

from collections.abc import Sequence

from onelayer import lesson
from onelayer.playground.chapters.plane import COUNT, HAND, Trained, bowl, field, left
from onelayer.playground.layer_figure import layer
from onelayer.playground.screen import (
    Answer,
    Chapter,
    Number,
    OneOf,
    Part,
    plain,
    symbol,
)

_STARTS = {"two clouds": "clouds", "one stray among them": "stray"}


def answer(
    kind: str, points: Sequence[Sequence[float]] | None = None, pointed: int | None = None
) -> Answer:
    """Train on the examples, and follow the one that is pointed at through the layer."""
    of = left(kind, points)
    if of is None:
        return Answer("No example is left. Add one, or choose a start.")
    m = of.Y.size
    at = pointed if pointed is not None and pointed < m else None
    return Answer(
        _says(of) + (_follows(of, at) if at is not None else " Point at an example."),
        numbers=(
            Number("m", m, str(m), "$m$"),
            symbol("J", of.cost),
            symbol("w_1", of.w[0, 0]),
            symbol("w_2", of.w[1, 0]),
            symbol("b", of.b),
            Number("right", of.right, str(of.right), f"right of {m}"),
        ),
        drawings=(
            field(of, at, squares=False, product=False),
            layer(_way(of, 0 if at is None else at)),
            bowl(of),
        ),
    )


def _way(of: Trained, at: int) -> lesson.ComputationGraph:
    return lesson.computation_graph(of.w, of.b, of.X[:, at : at + 1], float(of.Y[0, at]))


def _says(of: Trained) -> str:
    m = of.Y.size
    if of.Y.min() == of.Y.max():
        return (
            f"All {m} are {of.Y[0, 0]}: there is nothing to tell apart yet. Add one of the others."
        )
    if of.right == m:
        return (
            f"A line separates the {m}: all are right, and $J = {plain(of.cost, 3)}$. Each further "
            "step would make $w$ longer, without end."
        )
    wrong = m - of.right
    are = "is" if wrong == 1 else "are"
    return (
        f"After 800 steps {of.right} of {m} are right, {wrong} {are} not, "
        f"and $J = {plain(of.cost, 3)}$: the line is a compromise."
    )


def _follows(of: Trained, at: int) -> str:
    """Tell one example's way in words."""
    graph = _way(of, at)
    z, a, J = (plain(graph[name].value, 3) for name in ("z", "a", "J"))
    label = int(lesson.predict(of.w, of.b, of.X[:, at : at + 1]).item())
    verdict = "right" if label == of.Y[0, at] else "wrong"
    return (
        f" Example {at + 1} sums up to $z = {z}$ and gets $a = {a}$: the answer is {label}, "
        f"**{verdict}**, at a loss of {J}."
    )


POINTS = Chapter(
    "points",
    "Points of your own",
    (
        (
            "Two features make a plane, and each example is a point in it. The neuron is trained "
            "anew at every move of your hand: 800 steps from zeros. Where $z = 0$ its answer "
            "turns, and that is a straight line."
        ),
        (
            "Drag an example. Click on empty ground for another. Point at one, and see its way "
            "through the layer: what goes forward, and what its loss sends back."
        ),
    ),
    (r"z = w_1 x_1 + w_2 x_2 + b \quad z = 0 : a = 0.5",),
    """\
X, Y = lesson.plane_examples("clouds")             # (2, 24) and (1, 24)
params, _, _ = lesson.optimize(*lesson.initialize_with_zeros(2), X, Y, 800, 1.0)
grads, J = lesson.propagate(**params, X=X, Y=Y)    # the cost that is shown""",
    (
        Part(
            "points",
            answer,
            (OneOf("kind", "start", _STARTS, "clouds", renews=True), HAND),
            points=COUNT,
        ),
    ),
)
