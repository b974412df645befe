"""One problem, all contenders: the ladder of tolerances, then repeats, always in turn.

1. A tight reference, unless the best objective ever reached is on file.
2. Every contender loads, and makes one untimed fit: libraries and kernels are warm.
3. Round after round, each contender still on its ladder makes one fit at its next tolerance.
4. The points that count, the loosest tolerance that reaches each gap, are fitted again in turn.
5. Each in a fresh process: the first fit, and the peak of memory above the input.

Only one process works at a time. The judge sits in the parent and reads between the fits.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from statistics import median

import numpy as np

import contenders
from contender import Contender
from fitting import Fit
from judge import gap
from results import Record
from rows import Problem, Task
from worker import LostError, Worker

PATIENCE = 4  # fits in a row that do not halve the gap: the contender has stalled
STUCK = 1e-2  # above this gap it may not have left zero yet, its tolerance being too loose
WARMING = 60.0  # seconds that an untimed fit may always take: compilers run in it
LONG, VERY_LONG = 20.0, 60.0  # seconds of a fit above which it is repeated twice in all, or once


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    repeats: int = 3
    limit: float = 200.0  # seconds a fit may take
    budget: float = 600.0  # seconds a contender may spend on its ladder
    levels: tuple[float, ...] = (1e-4, 1e-6)
    cold: bool = True

    def repeats_of(self, seconds: float) -> int:
        """Fewer for the long ones."""
        most = 1 if seconds > VERY_LONG else 2 if seconds > LONG else self.repeats
        return min(most, self.repeats)


@dataclass
class Entry:
    """One contender on its way down the ladder."""

    contender: Contender
    worker: Worker
    fits: dict[float | None, list[tuple[Fit, np.ndarray]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    mark: str = ""

    def next_rung(self, best: np.ndarray, plan: Plan) -> list[float | None]:
        """The next tolerance, or nothing: exact enough, stalled, lost, or at the end."""
        left = self.contender.ladder[len(self.fits) :]
        gaps = [gap(self.fits[tol][0][1], best) for tol in self.fits]
        exact = bool(gaps) and gaps[-1] <= min(plan.levels) / 30
        before, last = gaps[:-PATIENCE], gaps[-PATIENCE:]
        stalled = bool(before) and STUCK > min(last) > min(before) / 2
        spent = sum(fit.seconds for fits in self.fits.values() for fit, _ in fits)
        over = self.mark or exact or stalled or spent > plan.budget
        return [] if over else list(left[:1])

    def points(self, best: np.ndarray, plan: Plan) -> list[float | None]:
        """The loosest tolerance that reaches each level."""
        chosen: list[float | None] = []
        for level in plan.levels:
            reached = [tol for tol in self.fits if gap(self.fits[tol][0][1], best) <= level]
            chosen += [tol for tol in reached[:1] if tol not in chosen]
        return chosen


class Measurement:
    """The steps above, for one problem."""

    def __init__(self, problem: Problem, names: list[str], plan: Plan, best: list[float]) -> None:
        self.plan, self.task = plan, problem.load()
        self.best = np.array(best or [np.inf] * len(self.task.cases()))
        self.entries: list[Entry] = []
        self.records: list[Record] = []
        for contender in map(contenders.find, names):
            mark = absence(contender) or contender.refusal(self.task)
            if mark:
                self._record("mark", contender, None, status=mark)
            else:
                self.entries.append(Entry(contender, Worker(contender.name, problem.name)))

    def run(self) -> list[Record]:
        """All steps; the records carry the gap to the best objective known at the end."""
        try:
            if not np.isfinite(self.best).all():
                self._reference()
            for entry in self.entries:
                self._try(entry, entry.contender.warming, keep=False)
            self._ladders()
            self._repeats()
        finally:
            for entry in self.entries:
                entry.worker.close()
        if self.plan.cold:
            self._cold()
        return self._finished()

    def _reference(self) -> None:
        for name, tol in references(self.task):
            worker = Worker(name, self.task.problem.name)
            try:
                J = self._judge(worker.fit(tol, max(WARMING, self.plan.limit)))
                self._record("reference", contenders.find(name), tol, objectives=J)
            except LostError as lost:
                say(f"  reference {name}: {lost}")
            finally:
                worker.close()

    def _ladders(self) -> None:
        active = True
        while active:
            active = False
            for entry in self.entries:
                for tol in entry.next_rung(self.best, self.plan):
                    self._try(entry, tol)
                    active = True

    def _repeats(self) -> None:
        for _ in range(1, self.plan.repeats):
            for entry in self.entries:
                points = entry.points(self.best, self.plan) or list(entry.fits)[-1:]
                for tol in points:
                    seconds = median(fit.seconds for fit, _ in entry.fits[tol])
                    if len(entry.fits[tol]) < self.plan.repeats_of(seconds):
                        self._try(entry, tol)

    def _try(self, entry: Entry, tol: float | None, *, keep: bool = True) -> None:
        """One fit, judged and kept; what is lost leaves a mark."""
        if entry.mark:
            return
        limit = self.plan.limit if keep else max(WARMING, self.plan.limit)
        try:
            fit = entry.worker.fit(tol, limit)
        except LostError as lost:
            entry.mark = f"{lost} at tol {tol}" if tol is not None else str(lost)
            say(f"  {entry.contender.name}: {entry.mark}")
            return
        J = self._judge(fit)
        if keep:
            entry.fits[tol].append((fit, J))
            excess = gap(J, self.best)
            say(f"  {entry.contender.name} tol {tol}: {fit.seconds:.4f} s, gap {excess:.1e}")

    def _judge(self, fit: Fit) -> np.ndarray:
        J = self.task.objectives(fit.parameters)
        self.best = np.fmin(self.best, J)
        return J

    def _cold(self) -> None:
        for entry in self.entries:
            tol = (entry.points(self.best, self.plan) or list(entry.fits)[-1:] or [None])[-1]
            worker = Worker(entry.contender.name, self.task.problem.name)
            try:
                if entry.fits:
                    fit, memory = worker.fit_cold(tol, max(WARMING, self.plan.limit))
                    self._record("cold", entry.contender, tol, fit=fit, memory=memory)
            except LostError as lost:
                say(f"  {entry.contender.name}, fresh: {lost}")
            finally:
                worker.close()

    def _finished(self) -> list[Record]:
        for entry in self.entries:
            for tol, fits in entry.fits.items():
                for fit, J in fits:
                    self._record("fit", entry.contender, tol, fit=fit, objectives=J)
            for fit, _ in list(entry.fits.get(None, []))[:1]:
                self._history(entry.contender, fit)
            if entry.mark:
                self._record("mark", entry.contender, None, status=entry.mark)
        for record in self.records:
            if record.objectives:
                record.gap = gap(record.objectives, self.best)
        return self.records

    def _history(self, contender: Contender, fit: Fit) -> None:
        for seconds, passes, objective in fit.history:
            step = Fit(seconds, [], passes=passes)
            self._record("history", contender, None, fit=step, objectives=np.array([objective]))

    def _record(
        self,
        kind: str,
        contender: Contender,
        tol: float | None,
        *,
        fit: Fit | None = None,
        objectives: np.ndarray | None = None,
        memory: float = float("nan"),
        status: str = "",
    ) -> None:
        fit = fit or Fit(float("nan"), [])
        record = Record(
            problem=self.task.problem.name,
            contender=contender.name,
            version=contender.version,
            kind=kind,
            tol=tol,
            seconds=fit.seconds,
            passes=fit.passes,
            stated_gap=fit.stated_gap,
            memory=memory,
            nbytes=self.task.nbytes,
            status=status or fit.status,
            objectives=[] if objectives is None else [float(J) for J in objectives],
        )
        self.records.append(record)


def absence(contender: Contender) -> str:
    """The mark of a peer that is not installed, or of what onelayer does not have yet."""
    if not contender.version:
        return f"{contender.package} is not installed"
    name = contender.home.partition(":")[2]
    if contender.package == "onelayer" and name not in dir(import_module("onelayer")):
        return f"not yet: onelayer has no {name}"
    return ""


def references(task: Task) -> Iterator[tuple[str, float]]:
    """Tight runs: ours, and what is most exact among the peers for such a problem."""
    yield "onelayer-tol", 1e-12
    if task.problem.l1:
        yield "skglm", 1e-10
    elif task.view.X.shape[1] * (1 if task.classes == 2 else task.classes) <= 2000:
        yield "sklearn-newton-cholesky-f64", 1e-11
    else:
        yield "sklearn-lbfgs-f64", 1e-8


def say(line: str, write: Callable[[str], object] = sys.stderr.write) -> None:
    """Progress goes to stderr."""
    write(line + "\n")
    sys.stderr.flush()
