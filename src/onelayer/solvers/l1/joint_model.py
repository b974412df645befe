"""J's quadratic model on few coordinates of several classes, with all that couples the classes.

Its Gram matrix has the blocks X_c^T diag(v a_c (1 - a_c)) X_c and, between classes,
-X_c^T diag(v a_c a_d) X_d. Class by class, the model's minimum is found only as fast as the classes
come to agree, which under a weak penalty is hardly at all: 38 x 3 in four classes took 75 s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from onelayer.designs.chosen_columns import Columns
from onelayer.objective import Objective
from onelayer.solvers.algebra import lifted

MOST = 400  # guard: coordinates; with each class there are more pairs of classes to multiply
DAMPING = 1e-12  # theory: as of one class, keeps a near-constant column's diagonal above rounding


@dataclass
class Joint:
    """Coordinates as pairs (class, places): places among the features whose columns X has.

    Q (s, s) is the Gram matrix, centred where there is an intercept; B (s, k) couples it to the
    intercepts, whose own curvature has the inverse T (k, k).
    """

    X: Columns
    parts: list[tuple[int, np.ndarray]]
    Q: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    B: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    T: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def take_curvature(self, objective: Objective, A: np.ndarray) -> None:
        """Make the model that of the activations A (m, k)."""
        k, v = A.shape[1], objective.weights
        n = 1 + max(int(places.max(initial=-1)) for _, places in self.parts)
        grams, sums, totals = np.zeros((k, k, n, n)), np.zeros((k, k, n)), np.zeros((k, k))
        c, d = np.tril_indices(k)
        sign = np.where(c == d, 1.0, -1.0)
        H = v[:, None] * A[:, c] * np.where(c == d, 1 - A[:, c], A[:, d])
        Qs, hx = self.X.grams(H)
        grams[c, d] = grams[d, c] = sign[:, None, None] * Qs
        sums[c, d] = sums[d, c] = sign[:, None] * hx
        totals[c, d] = totals[d, c] = sign * H.sum(axis=0)
        of_class = np.concatenate([np.full(len(places), c) for c, places in self.parts])
        place = np.concatenate([places for _, places in self.parts])
        self.Q = grams[of_class[:, None], of_class, place[:, None], place]
        self.B = sums[of_class, :, place]
        self.T = np.linalg.inv(lifted(totals))
        if objective.intercept:
            self.Q -= self.B @ self.T @ self.B.T
        np.fill_diagonal(self.Q, np.diag(self.Q).clip(0) * (1 + DAMPING) + objective.penalty.l2)

    def minimum(
        self,
        objective: Objective,
        w: np.ndarray,
        g: np.ndarray,
        db: np.ndarray,
        least: Callable[..., float],
    ) -> tuple[np.ndarray, np.ndarray]:
        """The steps in w (s,) and b (k,) to the model's minimum, from gradients g (s,) and db."""
        coupling = self.B * objective.intercept
        moved = w.copy()
        least(self.Q, g - coupling @ (self.T @ db), moved, objective.penalty.l1)
        change = moved - w
        return change, -self.T @ (db + coupling.T @ change) * objective.intercept
