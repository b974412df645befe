"""The one loop that runs every solver: history, checks, callbacks, stopping, interruption."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np

from onelayer.designs.watched_reads import watched
from onelayer.errors import WorkersLostError
from onelayer.objective import Objective
from onelayer.solution import Record, Solution, Status
from onelayer.solvers.choose import check, solver_for, successor
from onelayer.solvers.rounding import Rounding
from onelayer.solvers.solver import Solver, State
from onelayer.vectors import dot

Callback = Callable[[Record], None]

HIDDEN = 0.3  # guard: of the gap, or of tol: what rounding may hide before products are in float64
GAINED = 0.01  # guard: of the gap, a step that makes good less of it has met rounding
SAMPLE_TOL = 1e-6  # guard: the least that is asked of a sample
SAMPLE_OFF = 1e-3  # guard: times parameters a row; see `tol_of_sample`
BY_NEWTON = "; after {:.0f} reads by Newton's method, with the whole Hessian of few parameters"
EXACTLY = "; the end with products in float64, for those in float32 hid what was left"


@dataclass
class Run:
    """One solver at work on one objective.

    After Ctrl-C, or where a cluster is lost, `theta` and `solution` hold the best so far (None
    before the first step).
    """

    objective: Objective
    solver: Solver[Any]
    reason: str = "asked for"
    tol: float = 1e-7
    max_iter: int = 1000
    callback: Callback | None = None
    begin: Callable[[Objective], Iterator[np.ndarray]] | None = None
    theta: np.ndarray | None = field(init=False, default=None)
    solution: Solution | None = field(init=False, default=None)
    _history: list[Record] = field(init=False, default_factory=list)

    def solve(self, start: np.ndarray | None = None) -> tuple[np.ndarray, Solution]:
        """Minimise from `start` (zero when None).

        Raises
        ------
        UsageError
            When the solver needs what the loss does not offer, or another penalty.
        FloatingPointError
            When the objective is not a finite number at the start.
        """
        check(self.solver, self.objective)
        self._at_work = self.solver
        self._began, self._bytes = perf_counter(), self.objective.loss.bytes_read
        # The loop looks for values that are not finite itself; NumPy need not warn of each.
        with np.errstate(all="ignore"):
            own = self.solver.exact or self.solver.runs_all_steps
            self._rounding = None if own else Rounding.of(self.objective)
            theta = self._begin() if start is None else start
            return self._solve(self.objective.symmetric(theta))

    def _begin(self) -> np.ndarray:
        """Zero; where a sample of the rows is at hand, its optimum, which costs no read of all.

        Or where `begin` leads at last, whose reads count.
        """
        led = None if self.begin is None else self._led(self.begin(self.objective))
        if led is not None:
            return led
        zero = self.objective.start()
        if not self.objective.loss.traits.at_hand or self.solver.runs_all_steps:
            return zero
        sample = self.objective.of_sample()
        theta, solution = Run(sample, *solver_for(sample), tol=tol_of_sample(sample)).solve()
        return zero if solution.status is Status.SEPARABLE else theta

    def _led(self, thetas: Iterator[np.ndarray]) -> np.ndarray | None:
        """The last of them; after Ctrl-C the latest is the best so far."""
        latest = None
        try:
            for theta in thetas:
                latest = theta
        except KeyboardInterrupt:
            if latest is not None:
                self._interrupted(latest)
            raise
        return latest

    def _interrupted(self, theta: np.ndarray) -> None:
        """Conclude where no step was made."""
        state = self._at_work.init(self.objective, self.objective.symmetric(theta), self.tol)
        self._record(state)
        self._conclude(state, Status.INTERRUPTED)

    def _solve(self, theta: np.ndarray) -> tuple[np.ndarray, Solution]:
        state = self._at_work.init(self.objective, theta, self.tol)
        if not _finite(state):
            raise FloatingPointError("The objective is not finite at the start; scale the features")
        try:
            state, status = self._iterate(state)
        except (KeyboardInterrupt, WorkersLostError):
            self._conclude(self._best, Status.INTERRUPTED)
            raise
        return self._conclude(state, status)

    def _iterate(self, state: State) -> tuple[State, Status]:
        self._best = state
        self._record(state)
        while True:
            while (status := self._status(state)) is None:
                following = self._at_work.step(self.objective, state)
                if not _finite(following):
                    return state, Status.STALLED
                state = self._keep(self._seen(state, following))
                self._record(state)
            if status is not Status.CONVERGED:
                return self._short_of_tol(state, status)
            state = self._keep(self._seen(state, self._at_work.polish(self.objective, state)))
            # Polishing can uncover a direction that the gap had not seen.
            if self._status(state) is Status.CONVERGED:
                return state, Status.SEPARABLE if state.runaway else status

    def _seen(self, state: State, following: State) -> State:
        """Where the step led, seen by exact products where rounding hides what is left.

        Or by Newton's method, where steps that are cheaper have taken long.
        """
        if self._rounding is not None and self._hides(state, following):
            return self._exactly(following)
        newton = successor(self._at_work, self.objective, self._reads())
        return following if newton is None else self._over_to(newton, following)

    def _hides(self, state: State, following: State) -> bool:
        allowed = self.tol * abs(following.value)
        if following.rounded or self._much_is_hidden(following, allowed):
            return True
        left = self._gap(following) > allowed
        return left and (following.stalled or self._stuck(state, following))

    def _much_is_hidden(self, state: State, allowed: float) -> bool:
        """Whether rounding hides as much as matters; looked at closely before it is said."""
        most = HIDDEN * max(state.gap, allowed)
        if self._rounding is None or self._hidden(state) <= most:
            return False
        self._rounding = self._rounding.at(self.objective, state.theta)
        return self._hidden(state) > most

    def _hidden(self, state: State) -> float:
        """What rounding may hide of the gap."""
        return 0.0 if self._rounding is None else self._rounding.gap(state.theta, state.value)

    def _stuck(self, state: State, following: State) -> bool:
        """Whether next to nothing of the gap was made good, and no more than J is rounded by."""
        unit = float(np.finfo(self.objective.loss.dtype).eps) * abs(state.value)
        return state.value - following.value < min(GAINED * state.gap, unit)

    def _exactly(self, state: State) -> State:
        """The solver begins anew where it is, for its values and metrics were rounded too."""
        self.objective = replace(self.objective, loss=self.objective.loss.exactly())
        self.reason += EXACTLY
        self._rounding = None
        self._best = self._at_work.anew(self.objective, state, self.tol)
        return self._best

    def _over_to(self, solver: Solver[Any], state: State) -> State:
        theta = self._parameters(state)
        self.reason += BY_NEWTON.format(self._reads())
        self._at_work = solver
        self._best = self._at_work.init(self.objective, theta, self.tol)
        return self._best

    def _reads(self) -> float:
        """Of X, or a step each of its rows' coordinates."""
        return max(self._passes(), len(self._history))

    def _gap(self, state: State) -> float:
        """The solver's, and what its products may have hidden."""
        return state.gap + self._hidden(state)

    def _keep(self, state: State) -> State:
        if state.value <= self._best.value:
            self._best = state
        return state

    def _short_of_tol(self, state: State, status: Status) -> tuple[State, Status]:
        """A closer look at the gap; it may show that tol was met after all."""
        if status is Status.SEPARABLE:
            return state, status
        state = self._at_work.confirm(self.objective, state)
        met = self._gap(state) <= self.tol * abs(state.value)
        return state, Status.CONVERGED if met else status

    def _status(self, state: State) -> Status | None:
        """Why to stop here; None to go on."""
        steps_left = len(self._history) <= self.max_iter
        if self.solver.runs_all_steps and steps_left:
            return None
        if not self.solver.has_minimum and separated(self.objective, state.value):
            return Status.SEPARABLE
        if self._gap(state) <= self.tol * abs(state.value):
            return Status.CONVERGED
        if state.stalled:
            return Status.STALLED
        return None if steps_left else Status.MAX_ITER

    def _record(self, state: State) -> None:
        self._latest = state
        record = Record(
            iteration=len(self._history),
            passes=self._passes(),
            seconds=perf_counter() - self._began,
            objective=state.value,
            gradient_norm=self.objective.stationarity(state.theta, state.gradient),
            gap=_relative(self._gap(state), state.value),
        )
        self._history.append(record)
        watch = watched() if self.objective.loss.traits.at_hand else None
        if watch is not None:
            watch.step(record.gap, self.tol, first=record.iteration == 0)
        if self.callback is not None:
            self.callback(record)

    @property
    def state(self) -> State:
        """The solver's own, after the step that was recorded last."""
        return self._latest

    def latest(self) -> np.ndarray:
        """Theta after the step that was recorded last, for callbacks; "gram" takes a pass."""
        return self._parameters(self._latest)

    def _passes(self) -> float:
        return self._read() / self.objective.loss.traits.nbytes

    def _read(self) -> int:
        return self.objective.loss.bytes_read - self._bytes

    def _parameters(self, state: State) -> np.ndarray:
        return self.objective.symmetric(self._at_work.parameters(self.objective, state))

    def _conclude(self, state: State, status: Status) -> tuple[np.ndarray, Solution]:
        theta = self.theta = self._parameters(state)
        norm = self.objective.stationarity(state.theta, state.gradient)
        gap = _relative(self._gap(state), state.value)
        rigorous = state.gap_kind == "bound"
        bound = gap if rigorous else _relative(_bound(self.objective, norm), state.value)
        undefined = status is Status.SEPARABLE
        solution = self.solution = Solution(
            status=status,
            objective=state.value,
            gradient_norm=norm,
            gap=math.nan if undefined else gap,
            gap_kind=state.gap_kind,
            gap_bound=math.inf if undefined else bound,
            iterations=len(self._history) - 1,
            passes=self._passes(),
            bytes_read=self._read(),
            seconds=perf_counter() - self._began,
            solver=self.solver.name,
            reason=self.reason,
            history=tuple(self._history),
        )
        return theta, solution


def separated(objective: Objective, value: float) -> bool:
    """Whether J proves that a hyperplane separates the classes, and no penalty holds the weights.

    J = sum v_i L_i < min v_i log 2 means L_i < log 2 for all i: every example has a_y > 1/2.
    """
    return objective.penalty.strength == 0 and value < math.log(2) * objective.loss.least_weight


def _bound(objective: Objective, norm: float) -> float:
    """J - J* <= ||grad J||^2 / (2 l2): strong convexity, which an intercept takes away."""
    if objective.intercept or objective.penalty.l2 == 0:
        return math.inf
    return norm**2 / (2 * objective.penalty.l2)


def _relative(gap: float, value: float) -> float:
    return gap / abs(value) if value else gap


def _finite(state: State) -> bool:
    """Whether value, gap and the squared gradient, which every solver takes, are numbers."""
    square = dot(state.gradient, state.gradient)
    return math.isfinite(state.value) and math.isfinite(square) and not math.isnan(state.gap)


def tol_of_sample(sample: Objective) -> float:
    """How exactly a sample of the rows is worth solving.

    At its optimum J of all rows is about p / (2 m) above its minimum, for p parameters and m rows
    of the sample: a hundredth of that changes nothing. Of fewer rows than
    parameters it says nothing.
    """
    share = sample.start().size / sample.loss.traits.m
    return max(SAMPLE_TOL, SAMPLE_OFF * share) if share < 1 else SAMPLE_TOL
