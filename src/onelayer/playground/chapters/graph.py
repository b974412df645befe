"""Chapter 5, the computation graph of one example, and the gradient check."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer import lesson
from onelayer.playground.layer_figure import layer
from onelayer.playground.screen import (
    Answer,
    Chapter,
    OneOf,
    Part,
    Slider,
    Table,
    evenly,
    number,
    plain,
    symbol,
)

if TYPE_CHECKING:
    from onelayer.lesson.gradient_check import GradientCheck
    from onelayer.lesson.graph import ComputationGraph

Propagate = Callable[..., tuple[Any, float]]


def moved(x1: float, x2: float, w1: float, w2: float, b: float, y: int, slip: str) -> Answer:
    """Answer what there is to move."""
    return answer((x1, x2), (w1, w2), b, y, slip)


def answer(
    x: tuple[float, float], w: tuple[float, float], b: float, y: int, slip: str = "none"
) -> Answer:
    """Draw every node of one example, and check a backward that may hold a slip."""
    x_, w_ = np.reshape(x, (2, 1)), np.reshape(w, (2, 1))
    graph = lesson.computation_graph(w_, b, x_, y)
    check = lesson.gradient_check(w_, b, x_, [[y]], SLIPS[slip])
    return Answer(
        _says(graph, check),
        numbers=(
            *(symbol(name, graph[name].value) for name in ("z", "a", "J")),
            symbol("dz", graph["z"].gradient),
            number("relative difference", check.relative_difference, 2),
        ),
        drawings=(layer(graph),),
        table=_beside(check),
        warns="" if check.passed else _failed(check),
    )


def _sound(*given: Any) -> tuple[Any, float]:
    return lesson.propagate(*given)


def _turned(*given: Any) -> tuple[Any, float]:
    """Make the slip dz = y - a: every gradient points uphill."""
    grads, J = lesson.propagate(*given)
    return {"dw": -grads["dw"], "db": -grads["db"]}, J


def _unweighted(*given: Any) -> tuple[Any, float]:
    """Forget x in dw: every weight gets db."""
    grads, J = lesson.propagate(*given)
    return {"dw": np.full_like(grads["dw"], grads["db"]), "db": grads["db"]}, J


SLIPS: dict[str, Propagate] = {"none": _sound, "y - a": _turned, "x forgotten": _unweighted}


def _says(graph: ComputationGraph, check: GradientCheck) -> str:
    a, dz = plain(graph["a"].value, 3), plain(graph["z"].gradient, 3)
    verdict = "agrees" if check.passed else "does **not** agree"
    return (
        f"Forward, the chance came out as {a} where the truth is {graph.y:g}. Backward, the "
        f"unwieldy factors cancel: $dz = a - y = {dz}$. The backward pass {verdict} with the slope "
        "measured by nudging each parameter."
    )


def _failed(check: GradientCheck) -> str:
    worst = int(np.abs(check.backward - check.central_differences).argmax())
    name = ("dw_1", "dw_2", "db")[worst]
    return (
        f"The check fails, as it should: ${name}$ is {plain(check.backward[worst, 0])} by this "
        f"backward pass, but {plain(check.central_differences[worst, 0])} by measuring."
    )


def _beside(check: GradientCheck) -> Table:
    rows = zip(
        ("$dw_1$", "$dw_2$", "$db$"),
        check.backward[:, 0],
        check.central_differences[:, 0],
        strict=True,
    )
    head = ("parameter", "backward", "measured")
    return Table(head, tuple((name, plain(g, 7), plain(d, 7)) for name, g, d in rows))


GRAPH = Chapter(
    "graph",
    "The computation graph",
    (
        (
            "Where does $dw$ come from? Forward, every node gets its value, left to right. "
            "Backward, every node gets the slope of $J$ by that node, right to left, one factor of "
            "the chain rule at a time. And never believe a derivative that you have not checked: "
            "nudge each parameter both ways, and measure."
        ),
    ),
    (
        r"dz = \frac{dJ}{da} \cdot a (1 - a) = a - y \quad dw_j = x_j \, dz \quad db = dz",
        (
            r"\frac{dJ}{d\theta} \approx \frac{J(\theta + \varepsilon) - J(\theta - \varepsilon)}"
            r"{2 \varepsilon}"
        ),
    ),
    """\
graph = lesson.computation_graph(w, b, x, y)    # every node of one example
graph["z"].gradient                             # a - y
lesson.gradient_check(w, b, x, y_row)           # backward against nudging""",
    (
        Part(
            "graph",
            moved,
            (
                Slider("x1", "$x_1$", evenly(-3, 3, 0.1), 1.0, (-2.0, -0.5, 1.0)),
                Slider("x2", "$x_2$", evenly(-3, 3, 0.1), 2.0, (-1.0, 0.5, 2.0)),
                Slider("w1", "$w_1$", evenly(-2, 2, 0.1), 0.8, (-0.7, 0.1, 0.8)),
                Slider("w2", "$w_2$", evenly(-2, 2, 0.1), -0.5, (-0.5, 0.2, 1.0)),
                Slider("b", "$b$", evenly(-2, 2, 0.1), 0.1, (-0.9, 0.1, 1.1)),
                OneOf("y", "the truth", {"y = 1": 1, "y = 0": 0}, 1),
                OneOf("slip", "slip in backward", {name: name for name in SLIPS}, "none"),
            ),
        ),
    ),
)
