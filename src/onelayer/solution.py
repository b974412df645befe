"""How a fit ended, how exact it is and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Status(StrEnum):
    """How a fit ended; `advice` says what to do next."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    SEPARABLE = "separable"
    STALLED = "stalled"
    INTERRUPTED = "interrupted"

    @property
    def advice(self) -> str:
        """One sentence for the person who reads the status."""
        return _ADVICE[self]


_ADVICE = {
    Status.CONVERGED: "Nothing to do: the objective is within tol of its minimum.",
    Status.MAX_ITER: (
        "The fit stopped early: raise max_iter, loosen tol, standardise the features "
        "(scaling='standard') or let the solver be chosen for you (solver='auto')."
    ),
    Status.SEPARABLE: (
        "A hyperplane separates the classes, so without a penalty the weights grow without end "
        "and there is no optimum: set a finite C, for example C=1."
    ),
    Status.STALLED: (
        "Rounding or overflow allows no further progress: loosen tol, give float64 data, "
        "standardise the features (scaling='standard') or lower the learning rate."
    ),
    Status.INTERRUPTED: "The fit was interrupted; the best parameters so far are kept.",
}


class Record(NamedTuple):
    """One line of the history: the state after `iteration` steps."""

    iteration: int
    passes: float
    seconds: float
    objective: float
    gradient_norm: float
    gap: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Solution:
    """How a fit ended.

    Attributes
    ----------
    status : Status
        `status.advice` says what to do next.
    objective : float
        J = weighted mean loss + penalty, at the parameters returned.
    gradient_norm : float
        Euclidean norm of the gradient of J, in the scaled variables; with an L1 penalty, of the
        subgradient of least norm.
    gap : float
        (J - J*) / J as far as is known: what stopped the solver. NaN when undefined (separable). Of
        the parameters in float64, which predictions are made from: `coef_` of float32 data shows
        them rounded, which can cost more (1e-6 where the features' scales differ by 1e8).
    gap_kind : str
        `"bound"` (by duality; with an L2 or L1 penalty), or `"estimate"` (half the squared Newton
        decrement: without a penalty, or where rounding hides the proof).
    gap_bound : float
        A rigorous bound on (J - J*) / J where theory gives one cheaply, else infinity.
    iterations : int
        Steps of the solver.
    passes : float
        Reads of all the data, as bytes read over size.
    bytes_read : int
        Bytes of X that were read.
    surveyed : float
        Reads of all the data before the first step, which `passes` does not count: one that finds
        whether all is finite and how large it is, and one for the moments of standardised features.
    seconds : float
        Wall-clock time of the solve.
    solver, reason : str
        Which solver ran, and why, in words.
    history : tuple of Record
        One record a step.
    """

    status: Status
    objective: float
    gradient_norm: float
    gap: float
    gap_kind: str
    gap_bound: float
    iterations: int
    passes: float
    bytes_read: int
    seconds: float
    solver: str
    reason: str
    history: tuple[Record, ...]
    surveyed: float = 0.0

    def __repr__(self) -> str:
        gap = "undefined" if self.gap != self.gap else f"{self.gap:.1e} ({self.gap_kind})"
        steps = "step" if self.iterations == 1 else "steps"
        return (
            f"{self.status} after {self.iterations} {steps} of {self.solver}\n"
            f"  why it ran   {self.reason}\n"
            f"  how exact    objective {self.objective:.8g}, relative gap {gap}\n"
            f"  what it cost {self.passes:.1f} passes over the data, {self.seconds:.3f} s"
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take the status for one again: skops, which keeps texts as texts, gives back a text."""
        self.__dict__.update(state, status=Status(state["status"]))

    def __str__(self) -> str:
        gap = "undefined" if self.gap != self.gap else f"{self.gap:.1e} ({self.gap_kind})"
        return (
            f"{self.status}: objective {self.objective:.8g}, relative gap {gap}, "
            f"{self.iterations} steps, {self.passes:.1f} passes, {self.seconds:.3f} s, "
            f"{self.solver} ({self.reason})"
        )
