"""What a solver is: where it starts and how it steps. `loop.py` does the rest, for all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import numpy as np

from onelayer.objective import Objective


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a solver stands.

    theta (n + 1, k); value J; gradient of J's smooth part; gap, what is known of J - J*
    (infinity: nothing), an estimate or a bound; stalled: no step lowers J any more; runaway: theta
    grows without end; rounded: products were too coarse for the gap.
    """

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    gap: float = np.inf
    gap_kind: str = "estimate"
    stalled: bool = False
    runaway: bool = False
    rounded: bool = False


S = TypeVar("S", bound=State)


class Solver(ABC, Generic[S]):
    """Minimises an objective, step by step."""

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]]
    """What it asks of a loss beyond what each has: see `Traits.offers`."""
    for_l1: ClassVar[bool] = False
    """Whether it is for penalties with an L1 part, and for those alone."""
    for_l2: ClassVar[bool] = False
    """Whether it needs a penalty with an L2 part."""
    has_minimum: ClassVar[bool] = False
    """Whether what it minimises has a minimum whatever the data, separable ones too."""
    exact: ClassVar[bool] = False
    """Whether its products are in float64 whatever those of the design are."""
    runs_all_steps: ClassVar[bool] = False
    """Whether it goes on to max_iter whatever the gap."""

    @abstractmethod
    def init(self, objective: Objective, theta: np.ndarray, tol: float) -> S:
        """The state at theta; tol is the relative gap asked for."""

    def anew(self, objective: Objective, state: S, tol: float) -> S:
        """The state at the same theta, where products are in float64 from here on."""
        return self.init(objective, state.theta, tol)

    @abstractmethod
    def step(self, objective: Objective, state: S) -> S:
        """One step on."""

    def polish(self, objective: Objective, state: S) -> S:
        """What is still worth doing once tol is met; stalled: it was not met after all."""
        del objective
        return state

    def confirm(self, objective: Objective, state: S) -> S:
        """The gap as exactly as it can be told, where the loop ends short of tol."""
        del objective
        return state

    def parameters(self, objective: Objective, state: S) -> np.ndarray:
        """Theta in the objective's own variables."""
        del objective
        return state.theta
