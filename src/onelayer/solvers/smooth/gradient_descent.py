"""The lecture's algorithm: theta := theta - alpha dJ/dtheta, with a fixed learning rate alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from onelayer.objective import Objective
from onelayer.solvers.solver import Solver, State


@final
@dataclass(frozen=True)
class GradientDescent(Solver[State]):
    """All max_iter steps, one pass each. Too large an alpha overshoots, as it should."""

    learning_rate: float = 0.005
    name: ClassVar[str] = "gradient-descent"
    needs: ClassVar[frozenset[str]] = frozenset({"rows"})
    runs_all_steps: ClassVar[bool] = True

    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> State:
        """J and its gradient at theta."""
        del tol
        value, gradient = objective.value_and_gradient(theta)
        return State(theta=theta, value=value, gradient=gradient)

    def step(self, objective: Objective, state: State) -> State:
        """Theta - alpha dJ/dtheta."""
        return self.init(objective, state.theta - self.learning_rate * state.gradient, 0)
