"""J's quadratic model on few coordinates of several classes, with all that couples the classes.

Its Gram matrix has the blocks X_c^T diag(v a_c (1 - a_c)) X_c and, between classes,
-X_c^T diag(v a_c a_d) X_d. Class by class, the model's minimum is found only as fast as the classes
come to agree, which under a weak penalty is hardly at all: 38 x 3 in four classes took 75 s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from onelayer.designs.chosen_columns import Columns
from onelayer.objective import Objective
from onelayer.solvers.algebra import LEAST_BEND, lifted
from onelayer.solvers.l1.quadratic import complete_diagonal

MOST = 400  # guard: coordinates; with each class there are more pairs of classes to multiply


@dataclass(frozen=True)
class ChosenCoordinates:
    """s pairs: places (s,) among some features, and classes (s,)."""

    places: np.ndarray
    classes: np.ndarray

    @classmethod
    def of_all(cls, features: int, k: int) -> ChosenCoordinates:
        """Each feature in each class, as they lie in W (features, k)."""
        return cls(np.arange(features).repeat(k), np.tile(np.arange(k), features))

    @classmethod
    def of_parts(cls, parts: list[tuple[int, np.ndarray]]) -> ChosenCoordinates:
        """Of some classes, each with its places."""
        classes = [np.full(len(places), c) for c, places in parts]
        return cls(np.concatenate([places for _, places in parts]), np.concatenate(classes))


@dataclass(frozen=True)
class JointModel:
    """g^T d + d^T Q d / 2 on s coordinates, the intercepts taken out where there are any.

    Q (s, s) is the Gram matrix, centred then; B (s, k) couples it to the intercepts, whose own
    curvature has the inverse T (k, k).
    """

    Q: np.ndarray
    B: np.ndarray
    T: np.ndarray

    @classmethod
    def of(cls, H: np.ndarray, at: ChosenCoordinates, l2: float, *, intercept: bool) -> JointModel:
        """From the loss's Hessian (features + 1, k, features + 1, k), the intercept last."""
        f, c, last = at.places, at.classes, H[-1, :, -1]
        Q, B = H[f[:, None], c[:, None], f, c], H[f, c, -1]
        bend = lifted(last) if len(last) > 1 else np.maximum(last, LEAST_BEND)
        T, squares = np.linalg.inv(bend) * intercept, np.diag(Q).copy()
        Q -= B @ T @ B.T
        complete_diagonal(Q, squares, l2)
        return cls(Q, B, T)

    def minimum(
        self,
        w: np.ndarray,
        g: np.ndarray,
        db: np.ndarray,
        l1: float,
        least: Callable[[np.ndarray, np.ndarray, np.ndarray, float], tuple[float, np.ndarray]],
    ) -> tuple[np.ndarray, np.ndarray]:
        """The steps in w (s,) and b (k,) to the model's minimum, from gradients g (s,) and db.

        least lowers q(w) + l1 ||w||_1 and tells by which step: `quadratic.minimise`.
        """
        _, change = least(self.Q, g - self.B @ (self.T @ db), w.copy(), l1)
        return change, -self.T @ (db + self.B.T @ change)


def hessian_of(X: Columns, features: int, v: np.ndarray, A: np.ndarray) -> np.ndarray:
    """The loss's Hessian (features + 1, k, features + 1, k) from activations A (m, k)."""
    k = A.shape[1]
    H = np.zeros((features + 1, k, features + 1, k))
    c, d = np.tril_indices(k)
    sign = np.where(c == d, 1.0, -1.0)
    shares = v[:, None] * A[:, c] * np.where(c == d, 1 - A[:, c], A[:, d])
    Qs, sums = X.grams(shares)
    for one, other in ((c, d), (d, c)):
        H[:-1, one, :-1, other] = sign[:, None, None] * Qs
        H[-1, one, :-1, other] = sign[:, None] * sums
        H[:-1, one, -1, other] = (sign[:, None] * sums).T
        H[-1, one, -1, other] = sign * shares.sum(axis=0)
    return H


def joint_model(
    X: Columns, parts: list[tuple[int, np.ndarray]], objective: Objective, A: np.ndarray
) -> JointModel:
    """At activations A (m, k); parts are classes, each with places among X's columns."""
    at = ChosenCoordinates.of_parts(parts)
    H = hessian_of(X, 1 + int(at.places.max()), objective.weights, A)
    return JointModel.of(H, at, objective.penalty.l2, intercept=objective.intercept)
