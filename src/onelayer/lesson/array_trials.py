"""The trials of `check` for a cost, a broadcast and a reshape: what each slip would answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from onelayer.lesson import slips
from onelayer.lesson.algorithm import cost
from onelayer.lesson.calls import Call, Finding, Told, call
from onelayer.lesson.images import images_to_columns
from onelayer.lesson.trials import Candidates, Quantity, Trial, cost_candidates

_A = np.array([[0.9, 0.2, 0.6, 0.3]])
_Y = np.array([[1.0, 0.0, 0.0, 1.0]])


def center(X: np.ndarray) -> np.ndarray:
    """X `(n_x, m)` less the mean of each feature, `(n_x, 1)`, which is copied across the examples.

    The exercise in broadcasting; afterwards the mean of every row is 0.
    """
    return X - X.mean(axis=1, keepdims=True)


def _cost_trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
    said = f"cost(A, Y) with A = {_A.tolist()}, Y = {_Y.astype(int).tolist()}"
    quantity = Quantity("cost", cost(_A, _Y), cost_candidates(_A, _Y), slips.COST_ARRAY)
    return said, list(_compared(call(function, said, _A, _Y, names=("A", "Y")), quantity))


def _certain_cost_trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
    said = "cost(A, Y) where A is [[1, 0]] and so is Y"
    A = np.array([[1.0, 0.0]])
    made = call(function, said, A, A.copy(), names=("A", "Y"))
    candidates: Candidates = [((slips.NAN_COST_OF_A,), np.nan)]
    return said, list(_compared(made, Quantity("cost", 0.0, candidates, slips.COST_ARRAY)))


def _compared(made: Call, quantity: Quantity) -> Iterator[Finding]:
    yield from made.misbehaviour(quantity.told_due())
    if made.error is None:
        yield from quantity.findings(made.value, made)


def _array_trial(said: str, name: str, due: np.ndarray, given: np.ndarray, **how: Any) -> Trial:
    """Let the function turn one array into another of two axes."""
    quantity = Quantity(f"the {name}", due, how["candidates"], how.get("turned", slips.SHAPE))

    def trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
        return said, list(_compared(call(function, said, given, names=(name,)), quantity))

    return trial


def _center_trial(X: np.ndarray) -> Trial:
    """A square X does not refuse the mean of rank 1: it takes it from the wrong axis."""
    mean = X.mean(axis=1)
    candidates: Candidates = [
        ((slips.MEAN_OF_EXAMPLES,), X - X.mean(axis=0)),
        ((slips.MEAN_OF_ALL,), X - X.mean()),
        ((slips.SIGN_OF_MEAN,), X + mean[:, None]),
        ((slips.NOT_CENTERED,), X),
        ((slips.MEAN_ONLY,), np.broadcast_to(mean[:, None], X.shape)),
    ]
    if len(X) == X.shape[1]:
        candidates.insert(0, ((slips.MEAN_RANK_1,), X - mean))
    said = f"center(X) with X = {X.astype(int).tolist()}"
    return _array_trial(said, "X", center(X), X, candidates=candidates)


def _columns_trial(m: int, height: int, width: int) -> Trial:
    n_x = height * width * 3
    images = np.arange(m * n_x, dtype=np.uint8).reshape(m, height, width, 3)
    candidates: Candidates = [
        ((slips.SCRAMBLED,), images.reshape(n_x, m)),
        ((slips.CHANNEL_BY_CHANNEL,), images.transpose(0, 3, 1, 2).reshape(m, -1).T),
        ((slips.DOWN_FIRST,), images.transpose(0, 2, 1, 3).reshape(m, -1).T),
        ((slips.DOWN_FIRST,), images.reshape(m, -1, order="F").T),
        ((slips.LAST_FIRST,), images[::-1].reshape(m, -1).T),
    ]
    said = f"images_to_columns(images) with {m} pictures, shape {images.shape}"
    due = images_to_columns(images)
    how = {"candidates": candidates, "turned": slips.PICTURES_AS_ROWS}
    return _array_trial(said, "images", due, images, **how)


def _backward_trial(function: Callable[..., Any]) -> tuple[str, list[Finding]]:
    """One example: dz = a - y, and what follows from it."""
    x, a, y = np.array([[2.0], [-0.5]]), 0.8, 1.0
    said = "backward(x, a, y) with x = [[2], [-0.5]], a = 0.8, y = 1"
    made = call(function, said, x, a, y, names=("x", "a", "y"))
    found = list(made.misbehaviour(Told("dw, a (2, 1) array, and db, a number")))
    if made.error is None:
        found += _backwards(made, x, a, y)
    return said, found


def _backwards(made: Call, x: np.ndarray, a: float, y: float) -> Iterator[Finding]:
    value = made.value
    if not isinstance(value, tuple | list) or len(value) != 2:
        yield made.finding(slips.RETURN_VALUE, value, Told("dw, db"))
        return
    dz, slope = a - y, a * (1 - a)
    wrong: Candidates = [
        ((slips.SIGN_OF_DZ,), -dz),
        ((slips.NO_RESIDUAL,), a),
        ((slips.SLOPE_TWICE,), dz * slope),
        ((slips.DA_FOR_DZ,), dz / slope),
    ]
    for_w: Candidates = [*((s, x * d) for s, d in wrong), ((slips.X_FORGOTTEN,), 0 * x + dz)]
    yield from Quantity("dw", x * dz, for_w, slips.TRANSPOSED).findings(value[0], made)
    for_b: Candidates = [*wrong, ((slips.X_IN_DB,), float(x.sum()) * dz)]
    yield from Quantity("db", dz, for_b, slips.DB_ARRAY).findings(value[1], made)


def _squares_trial(X: np.ndarray) -> Trial:
    candidates: Candidates = [
        ((slips.DOUBLED,), np.vstack([X, 2 * X])),
        ((slips.PRODUCT_FOR_SQUARE,), np.vstack([X, X[:1] * X[1:], X[:1] * X[1:]])),
        ((slips.SQUARES_FIRST,), np.vstack([X**2, X])),
    ]
    said = f"with_squares(X) with X = {X.astype(int).tolist()}"
    how = {"candidates": candidates, "turned": slips.TURNED_X}
    return _array_trial(said, "X", np.vstack([X, X**2]), X, **how)


ARRAY_TRIALS: dict[str, list[Trial]] = {
    "cost": [_cost_trial, _certain_cost_trial],
    "center": [
        _center_trial(np.array([[1.0, 2.0, 6.0], [4.0, 4.0, 1.0], [0.0, -3.0, 9.0]])),
        _center_trial(np.array([[1.0, 2.0, 6.0], [4.0, 5.0, -3.0]])),
    ],
    "backward": [_backward_trial],
    "with_squares": [_squares_trial(np.array([[1.0, -2.0, 3.0], [4.0, 0.0, -5.0]]))],
    "images_to_columns": [_columns_trial(3, 2, 4), _columns_trial(1, 2, 2)],
}
