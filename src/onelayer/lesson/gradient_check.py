"""Gradients against central differences: backward must be the derivative of forward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from onelayer.lesson import shapes
from onelayer.lesson.algorithm import propagate
from onelayer.logistic import Binary

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from onelayer.lesson.algorithm import Gradients

# Central differences of a float64 cost near 1: a step of 1e-5 leaves about 1e-10 of truncation
# and 1e-11 of rounding.
_STEP = 1e-5
_RELATIVE = 1e-7
_ABSOLUTE = 1e-9  # rounding alone, where the gradient itself vanishes


@dataclass(frozen=True)
class GradientCheck:
    """What `gradient_check` found; the arrays are `(n_x + 1, 1)`: dw above, db last."""

    relative_difference: float
    backward: np.ndarray
    central_differences: np.ndarray
    passed: bool

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        worst = int(np.abs(self.backward - self.central_differences).argmax())
        name = "db" if worst == len(self.backward) - 1 else f"dw[{worst}]"
        return (
            f"gradient check {verdict}: relative difference {self.relative_difference:.2g}; "
            f"largest at {name}: backward {self.backward[worst, 0]:.9g}, "
            f"central difference {self.central_differences[worst, 0]:.9g}"
        )


def gradient_check(
    w: ArrayLike,
    b: float,
    X: ArrayLike,
    Y: ArrayLike,
    function: Callable[..., tuple[Gradients, float]] = propagate,
) -> GradientCheck:
    """Compare the gradients of `function` with (J(theta + e) - J(theta - e)) / 2e.

    relative difference = ||g - d|| / (||g|| + ||d||) over all n_x + 1 parameters; it passes at
    1e-7 or less (or where ||g - d|| is within 1e-9: rounding). J is the lesson's own cost, so a
    learner's `propagate` can be given as `function`. Costs 2 (n_x + 1) passes over X.

    Raises
    ------
    ShapeError, ValueError
        As `propagate`.
    """
    X = shapes.examples(X)
    Y = shapes.targets(Y, X)
    w, b = shapes.parameters(w, b, X)
    grads, _ = function(w, b, X, Y)
    backward = np.append(np.asarray(grads["dw"], dtype=float), grads["db"]).reshape(-1, 1)
    differences = _central_differences(w, b, X, Y)
    shapes.require_shape("the gradient", backward, differences.shape, "One entry a parameter.")
    gap = float(np.linalg.norm(backward - differences))
    size = float(np.linalg.norm(backward) + np.linalg.norm(differences))
    passed = gap <= _RELATIVE * size + _ABSOLUTE
    return GradientCheck(gap / size if size else 0.0, backward, differences, passed)


def _central_differences(w: np.ndarray, b: float, X: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Move each parameter both ways, by less where its feature is large."""
    theta = np.append(w, b)
    steps = _STEP / np.maximum(1, np.append(np.abs(X).max(axis=1), 1))
    slopes = np.empty((len(theta), 1))
    for j, step in enumerate(steps):
        up, down = theta.copy(), theta.copy()
        up[j] += step
        down[j] -= step
        slopes[j] = (_cost(up, X, Y) - _cost(down, X, Y)) / (up[j] - down[j])
    return slopes


def _cost(theta: np.ndarray, X: np.ndarray, Y: np.ndarray) -> float:
    Z = theta[:-1].reshape(1, -1) @ X + theta[-1]
    return float(Binary().loss(Z.T, Y[0]).mean())
