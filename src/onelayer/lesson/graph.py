"""The computation graph of one example: every node forward, then every derivative backward.

Forward, left to right::  u_j = w_j x_j    z = u_1 + ... + u_n + b    a = sigma(z)    J = L(a, y)

Backward, right to left, one chain-rule factor a node::

    dJ/da = -y/a + (1 - y)/(1 - a)
    dJ/dz = dJ/da * da/dz = (-y/a + (1 - y)/(1 - a)) * a (1 - a) = -y (1 - a) + (1 - y) a = a - y
    dJ/db = dJ/dz      dJ/du_j = dJ/dz      dJ/dw_j = x_j dJ/dz      dJ/dx_j = w_j dJ/dz
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onelayer.errors import DataError, ShapeError
from onelayer.lesson import shapes
from onelayer.lesson.algorithm import sigmoid
from onelayer.logistic import Binary

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_SHOWN = 4  # features printed before the rest is summed up in one line


@dataclass(frozen=True)
class Node:
    """One node: what it is, its value forward, and dJ/d(node) backward with its rule."""

    name: str
    formula: str
    value: float
    gradient: float
    rule: str


@dataclass(frozen=True)
class ComputationGraph:
    """All nodes of one example in forward order; `graph["z"].gradient` is dJ/dz."""

    nodes: tuple[Node, ...]
    n_x: int
    y: float

    def __getitem__(self, name: str) -> Node:
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(f"no node {name!r} here: {', '.join(node.name for node in self.nodes)}")

    def __str__(self) -> str:
        hidden = {f"{kind}{j}" for kind in "xwu" for j in range(_SHOWN + 1, self.n_x + 1)}
        shown = [node for node in self.nodes if node.name not in hidden]
        more = [f"  ... {self.n_x - _SHOWN} more features alike"] if hidden else []
        forward = [f"  {n.name:>3} = {n.value:<12.6g} {n.formula}" for n in shown]
        backward = [f"  dJ/d{n.name:<3} = {n.gradient:<12.6g} {n.rule}" for n in reversed(shown)]
        title = f"One example, n_x = {self.n_x}, y = {self.y:g}"
        return "\n".join([title, "forward", *forward, *more, "backward", *backward, *more])


def computation_graph(w: ArrayLike, b: float, x: ArrayLike, y: float) -> ComputationGraph:
    """Every node of one example x `(n_x, 1)` with target y (0 to 1), forward and backward.

    Where a has rounded to 0 or 1, dJ/da may be infinite; dJ/dz = a - y stays exact, which is
    why the residual is computed so.

    Raises
    ------
    ShapeError
        If w or x is not a column, or y is not a number.
    ValueError
        If anything is NaN or infinite, or y lies outside [0, 1].
    """
    X = shapes.examples(x, "x")
    shapes.require_shape("x", X, (X.shape[0], 1), "A graph shows one example.")
    w, b = shapes.parameters(w, b, X)
    target = _target(y)
    z = float((w.T @ X).item() + b)
    middle = _middle(z, target)
    dz = middle[0].gradient
    inputs = _inputs(w[:, 0], X[:, 0], dz)
    bias = Node("b", "the bias", b, dz, "= dJ/dz, as dz/db = 1")
    return ComputationGraph((*inputs, bias, *middle), len(w), target)


def _target(y: Any) -> float:
    array = shapes.as_numbers("y", y)
    if array.ndim:
        raise ShapeError(f"y has shape {array.shape}, expected () as y is one number")
    if not 0 <= array <= 1:
        raise DataError(f"y is {array}: expected a number from 0 to 1")
    return float(array)


def _inputs(w: np.ndarray, x: np.ndarray, dz: float) -> list[Node]:
    nodes = []
    for j, (w_j, x_j) in enumerate(zip(w.tolist(), x.tolist(), strict=True), start=1):
        nodes += [
            Node(f"x{j}", "a feature", x_j, w_j * dz, f"= w{j} dJ/dz"),
            Node(f"w{j}", "its weight", w_j, x_j * dz, f"= x{j} dJ/dz"),
            Node(f"u{j}", f"= w{j} x{j}", w_j * x_j, dz, f"= dJ/dz, as dz/du{j} = 1"),
        ]
    return nodes


def _middle(z: float, y: float) -> list[Node]:
    a = float(sigmoid(z))
    J = float(Binary().loss(np.array([[z]]), np.array([y])).item())
    with np.errstate(divide="ignore"):
        terms = [np.float64(-y) / a if y else 0.0, np.float64(1 - y) / (1 - a) if y < 1 else 0.0]
    da = float(sum(terms))
    chain = "= dJ/da * a (1 - a) = -y (1 - a) + (1 - y) a = a - y"
    return [
        Node("z", "= sum of the u, plus b", z, a - y, chain),
        Node("a", "= sigma(z)", a, da, "= -y/a + (1 - y)/(1 - a)"),
        Node("J", "= -(y log a + (1 - y) log(1 - a))", J, 1.0, "by definition"),
    ]
