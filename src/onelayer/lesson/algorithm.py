"""The lecture's algorithm in the lecture's notation: AN EXAMPLE IS A COLUMN.

X is (n_x, m), Y is (1, m), w is (n_x, 1), b is a number; A, Z and dZ are (1, m). The rest of this
package holds examples as rows; only the lesson transposes. One vectorised step is::

    forward   Z = w.T @ X + b       A = sigmoid(Z)
    cost      J = mean of L(a, y) = -(y log a + (1 - y) log(1 - a))
    residual  dZ = A - Y
    backward  dw = X @ dZ.T / m     db = dZ.sum() / m

and gradient descent repeats it: w := w - alpha dw, b := b - alpha db. Nothing passed in is ever
modified. sigma and the loss as a function of z come from `onelayer.logistic`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from onelayer.errors import DataError
from onelayer.lesson import shapes
from onelayer.logistic import Binary, sigma

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Gradients(TypedDict):
    """dJ/dw `(n_x, 1)` and dJ/db."""

    dw: np.ndarray
    db: float


class Parameters(TypedDict):
    """w `(n_x, 1)` and b."""

    w: np.ndarray
    b: float


def sigmoid(z: ArrayLike) -> Any:
    """a = 1 / (1 + e^-z), elementwise, the shape of z (a number for a number).

    Stable at every z: only e^-|z| is computed, and it cannot overflow.

    >>> float(sigmoid(0)), float(sigmoid(-800))
    (0.5, 0.0)
    """
    return sigma(shapes.as_numbers("z", z))[()]


def linear_output(w: ArrayLike, b: float, X: ArrayLike) -> np.ndarray:
    """Z = w^T X + b, `(1, m)`: output option 1, which may leave [0, 1]."""
    X = shapes.examples(X)
    w, b = shapes.parameters(w, b, X)
    return w.T @ X + b


def logistic_output(w: ArrayLike, b: float, X: ArrayLike) -> np.ndarray:
    """A = sigma(w^T X + b), `(1, m)`: output option 2, the chance that y is 1."""
    return sigmoid(linear_output(w, b, X))


def loss(a: ArrayLike, y: ArrayLike) -> Any:
    """L(a, y) = -(y log a + (1 - y) log(1 - a)), for one example or elementwise for many.

    A term whose factor is 0 is absent, so the loss is exact where a is 0 or 1: 0 if a equals y and
    infinite if a is the other label. y may lie between 0 and 1 (a soft target).

    Raises
    ------
    ShapeError
        If a and y are arrays of different shapes, which would broadcast.
    ValueError
        If an a or a y lies outside [0, 1] or is NaN.

    >>> float(loss(1, 1)), float(loss(0, 1)), round(float(loss(0.5, 1)), 6)
    (0.0, inf, 0.693147)
    """
    a, y = _chances("a", a), _chances("y", y)
    if a.ndim and y.ndim and a.shape != y.shape:
        shapes.require_shape("y", np.atleast_1d(y), a.shape, "a and y must match one to one.")
    with np.errstate(divide="ignore"):
        return (0.0 - _product(y, np.log(a)) - _product(1 - y, np.log1p(-a)))[()]


def _chances(name: str, value: ArrayLike) -> np.ndarray:
    array = shapes.as_numbers(name, value)
    outside = array[~((array >= 0) & (array <= 1))]
    if outside.size:
        raise DataError(f"{name} holds {outside[0]:g}, outside [0, 1]: a = sigmoid(z) never is")
    return array


def _product(factor: np.ndarray, log: np.ndarray) -> np.ndarray:
    """Return factor * log, and 0 where the factor is 0 (0 * -inf would be NaN)."""
    return np.multiply(factor, np.where(factor == 0, 0.0, log))


def cost(A: ArrayLike, Y: ArrayLike) -> float:
    """J = 1/m sum of L(a, y) over the m examples; A and Y are `(1, m)`.

    Raises
    ------
    ShapeError
        If A or Y is not a row, or their lengths differ.
    """
    A, Y = shapes.as_numbers("A", A), shapes.as_numbers("Y", Y)
    shapes.require_shape("A", A, (1, max(A.size, 1)), "One activation an example, as a row.")
    shapes.require_shape("Y", Y, A.shape, f"A has {A.shape[1]} columns, one an example.")
    return float(loss(A, Y).mean())


def initialize_with_zeros(n_x: int) -> tuple[np.ndarray, float]:
    """w = 0 `(n_x, 1)` and b = 0: the cost is convex, so zeros are as good a start as any."""
    return np.zeros((n_x, 1)), 0.0


def propagate(w: ArrayLike, b: float, X: ArrayLike, Y: ArrayLike) -> tuple[Gradients, float]:
    """Forward and backward over all m examples at once: `({"dw": (n_x, 1), "db": float}, J)`.

    The cost is taken from Z, so it is exact and finite even where A has rounded to 0 or 1.

    Raises
    ------
    ShapeError
        If w is not `(n_x, 1)`, X not `(n_x, m)`, Y not `(1, m)` or b not a number.
    ValueError
        If anything is NaN or infinite, or a target lies outside [0, 1].
    """
    X = shapes.examples(X)
    Y = shapes.targets(Y, X)
    return _step(*shapes.parameters(w, b, X), X, Y)


@np.errstate(over="ignore", invalid="ignore")
def _step(w: np.ndarray, b: float, X: np.ndarray, Y: np.ndarray) -> tuple[Gradients, float]:
    m = X.shape[1]
    Z = w.T @ X + b  # forward
    A = sigmoid(Z)
    J = float(Binary().loss(Z.T, Y[0]).mean())
    dZ = A - Y  # backward
    dw = X @ dZ.T / m
    db = float(dZ.sum() / m)
    _require_in_range(J, dw)
    return {"dw": dw, "db": db}, J


def _require_in_range(*numbers: float | np.ndarray) -> None:
    if not all(np.isfinite(number).all() for number in numbers):
        raise DataError(
            "w, b, the cost or a gradient left the range of float64 (1.8e308): scale X "
            "(pictures: X / 255) or lower the learning rate"
        )


@np.errstate(over="ignore", invalid="ignore")
def optimize(
    w: ArrayLike,
    b: float,
    X: ArrayLike,
    Y: ArrayLike,
    num_iterations: int = 100,
    learning_rate: float = 0.009,
    print_cost: bool = False,
    record_every: int = 100,
) -> tuple[Parameters, Gradients, list[float]]:
    """Gradient descent: `num_iterations` times w := w - alpha dw and b := b - alpha db.

    Returns the new parameters, the gradients of the last step (taken before its update), and the
    costs before the update at iterations 0, `record_every`, 2 `record_every`, ... Costs one pass
    over X an iteration. X and Y are converted and checked once.

    Raises
    ------
    ShapeError, ValueError
        As `propagate`; also if a step count is below 1 or the learning rate not positive.
    """
    _require_steps(num_iterations, learning_rate, record_every)
    X = shapes.examples(X)
    Y = shapes.targets(Y, X)
    w, b = shapes.parameters(w, b, X)
    costs = []
    for i in range(num_iterations):
        grads, J = _step(w, b, X, Y)
        if i % record_every == 0:
            costs.append(J)
            if print_cost:
                print(f"Cost after iteration {i}: {J:f}")
        w = w - learning_rate * grads["dw"]
        b = b - learning_rate * grads["db"]
    _require_in_range(w, b)
    return {"w": w, "b": b}, grads, costs


def _require_steps(num_iterations: int, learning_rate: float, record_every: int) -> None:
    for name, count in (("num_iterations", num_iterations), ("record_every", record_every)):
        if count < 1:
            raise ValueError(f"{name} is {count}: expected 1 or more")
    if not 0 < learning_rate < np.inf:
        raise ValueError(
            f"learning_rate is {learning_rate}: expected a positive number; "
            "a negative one would climb the cost"
        )


def predict(w: ArrayLike, b: float, X: ArrayLike) -> np.ndarray:
    """Labels `(1, m)`: 1 where a > 0.5, else 0; an a of exactly 0.5 is class 0."""
    return (logistic_output(w, b, X) > 0.5).astype(int)


@dataclass(frozen=True)
class TrainedModel:
    """What `model` returns: parameters, costs, predictions; accuracies are fractions.

    The fields carry the notebook's names and `result["costs"]` reads like `result.costs`, so that
    the exercise's cells, which expect a dictionary, run unchanged.
    """

    w: np.ndarray
    b: float
    costs: list[float]
    train_accuracy: float
    test_accuracy: float
    Y_prediction_train: np.ndarray
    Y_prediction_test: np.ndarray
    learning_rate: float
    num_iterations: int

    def __getitem__(self, name: str) -> Any:
        names = [field.name for field in fields(self)]
        if name not in names:
            raise KeyError(f"no {name!r} here: one of {', '.join(names)}")
        return getattr(self, name)


def model(
    X_train: ArrayLike,
    Y_train: ArrayLike,
    X_test: ArrayLike,
    Y_test: ArrayLike,
    num_iterations: int = 2000,
    learning_rate: float = 0.005,
    print_cost: bool = False,
) -> TrainedModel:
    """From zeros, descend on the training set, then predict both sets.

    X_train is `(n_x, m_train)`, X_test `(n_x, m_test)`; the labels are rows of zeros and ones.

    Raises
    ------
    ShapeError, ValueError
        As `optimize`; also if a label is neither 0 nor 1, or the sets differ in n_x.
    """
    X_train, X_test = shapes.examples(X_train, "X_train"), shapes.examples(X_test, "X_test")
    Y_train = shapes.labels(Y_train, X_train, "Y_train")
    Y_test = shapes.labels(Y_test, X_test, "Y_test")
    shapes.require_same_features(X_train, X_test)
    w, b = initialize_with_zeros(X_train.shape[0])
    params, _, costs = optimize(w, b, X_train, Y_train, num_iterations, learning_rate, print_cost)
    on_train, on_test = predict(**params, X=X_train), predict(**params, X=X_test)
    result = TrainedModel(
        **params,
        costs=costs,
        train_accuracy=float((on_train == Y_train).mean()),
        test_accuracy=float((on_test == Y_test).mean()),
        Y_prediction_train=on_train,
        Y_prediction_test=on_test,
        learning_rate=learning_rate,
        num_iterations=num_iterations,
    )
    if print_cost:
        print(f"train accuracy: {result.train_accuracy:.2%}")
        print(f"test accuracy: {result.test_accuracy:.2%}")
    return result
