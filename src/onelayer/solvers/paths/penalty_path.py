"""Many penalties, many folds: what they share is read and factored once.

A path commonly goes from the strongest penalty to the weakest, each solution the start of the
next. The folds of a cross-validation differ from the whole data in their weights alone: they are
columns of one W, solved side by side, so that one read serves them all, under one metric, the
Hessian of the whole data. Where examples are fewer than features, all of it happens in the
coordinates of one Gram matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import final

import numpy as np

from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers.choose import WHOLE_SIZE, solver_for, was_slow
from onelayer.solvers.dual.ascent import DualAscent
from onelayer.solvers.dual.gram import Gram, RowBasis
from onelayer.solvers.loop import Run
from onelayer.solvers.paths.extrapolation import Trail
from onelayer.solvers.paths.leave_one_out import leave_one_out
from onelayer.solvers.paths.path_over_parts import PathOverParts
from onelayer.solvers.paths.side_by_side import Solved, solve_side_by_side
from onelayer.solvers.paths.walking import Path, PathPoint, Walking
from onelayer.solvers.paths.weighted_folds import Folds
from onelayer.solvers.smooth.class_grams import bends_by_class
from onelayer.solvers.smooth.lbfgs import Lbfgs
from onelayer.solvers.smooth.metrics import (
    KeptGram,
    Metric,
    SharedGram,
    WholeHessian,
    better_metric,
    first_metric,
)
from onelayer.solvers.smooth.newton import Newton
from onelayer.solvers.smooth.truncated_newton import InUse, TruncatedNewton, in_use

CHEAP = 2000  # guard: parameters whose whole Hessian is factored in no time
ALONG = "along a path, over a metric that was made on the way"
TINY = 1e-300  # guard: divides by no zero
LOOSEST = 0.01  # guard: of J, however small that is
WORTH = 15.0  # measured: passes that a metric may cost, for each problem that shares it


def make_path(objective: Objective, walking: Walking) -> Path:
    """The path that suits the objective; its penalty's strength is replaced by each of the path."""
    if objective.loss.traits.at_hand:
        return PathOverParts(objective, walking)
    solver, _ = solver_for(_at(objective, 1.0))
    if not isinstance(solver, Gram):
        return DirectPath(objective, walking)
    if walking.folds is not None and walking.folds.scalings:
        return SeparatePaths(objective, walking)
    return RowPath(objective, walking)


def solve_path(
    objective: Objective,
    strengths: Sequence[float],
    *,
    fold_weights: np.ndarray | None = None,
    tol: float = 1e-7,
    max_iter: int = 1000,
) -> list[PathPoint]:
    """Minimise `objective` at each penalty strength, in the order given.

    Parameters
    ----------
    objective : Objective
        Its penalty's strength is replaced by each of `strengths`.
    strengths : sequence of float
        lambda; any order, solved from the strongest to the weakest.
    fold_weights : array (m, folds), optional
        The weights of each fold's training rows, zero where held out; see `Folds`.
    tol, max_iter
        Of every single fit, as in `Run`.

    Cost: the passes of the first fit and a few for each further penalty; the folds together read
    the data about as often as one of them would alone.
    """
    folds = None if fold_weights is None else Folds(fold_weights)
    path = make_path(objective, Walking(folds=folds, tol=tol, max_iter=max_iter))
    order = sorted(range(len(strengths)), key=lambda i: -strengths[i])
    points = [path.at(float(strengths[i])) for i in order]
    return [points[order.index(i)] for i in range(len(order))]


@final
class DirectPath(Path):
    """A path in the objective's own variables."""

    def __init__(self, objective: Objective, walking: Walking) -> None:
        self.objective, self.walking = objective, walking
        self._trail = Trail()
        self._heights: tuple[float, float] | None = None  # J at the first strength, at the last
        self._in_use: InUse | None = None  # the metric of Newton's directions
        self._slow = False  # whether a fit was
        self._kept: KeptGram | None = None  # what metrics are made of, while it serves

    def at(self, strength: float) -> PathPoint:
        """The whole and the folds, side by side where they can share a metric."""
        here, how = _at(self.objective, strength), self.walking
        solved = self._solve(here, how.folds)
        thetas = tuple(theta for theta, _ in solved)
        self._trail = self._trail.after(strength, thetas)
        self._slow = self._slow or any(was_slow(found) for _, found in solved)
        height = min(found.objective for _, found in solved)
        self._heights = (self._heights or (height, height))[0], height
        folds = solved[how.whole :]
        parts = [theta for theta, _ in folds]
        return PathPoint(
            strength,
            *solved[0],
            folds=tuple(folds),
            Z=() if how.folds is None else how.folds.forward(here, parts),
            left_out=leave_one_out(here, thetas[0]) if how.leave_one_out else None,
            whole=how.whole,
        )

    def branch(self) -> DirectPath:
        """The same points solved so far; no point of one is changed by the other."""
        return copy(self)

    def ahead(self, strength: float) -> np.ndarray:
        """About the optimum of the whole at this strength, from those solved so far."""
        return self._trail.ahead(strength)[0]

    def _solve(self, here: Objective, folds: Folds | None) -> list[Solved]:
        """Begun where the path leads; the metric about it is the first fit's that it pays for."""
        how, lam = self.walking, here.penalty.strength
        if self._by_class(here):
            return self._by_newton(here, folds)
        if not self._trail.points:
            return self._first(here, folds)
        together = self._together(here, folds)
        tols = how.tols(self._tol(), len(together), dear=here.loss.compiled)
        if self._from_ahead(here):
            ahead = list(self._trail.ahead(lam))
            return solve_side_by_side(here, together, ahead, TruncatedNewton(), tols, how.max_iter)
        metric = self._metric(here, self._trail.latest()[0])
        begun = self._trail.latest if metric is None else partial(self._trail.ahead, lam)
        return solve_side_by_side(here, together, list(begun()), metric, tols, how.max_iter)

    def _tol(self) -> float:
        """The relative gap asked for at the next strength, where J is a little less than here."""
        how = self.walking
        if not how.level or self._heights is None:
            return how.tol
        first, last = self._heights
        return max(how.tol, min(LOOSEST, how.tol * first / max(last, TINY)))

    def _first(self, here: Objective, folds: Folds | None) -> list[Solved]:
        """The whole from a cold start, the folds from there; without it, where it only leads."""
        how = self.walking
        tols = how.tols(how.tol, 1 + len(folds or ()), dear=here.loss.compiled)[1:]
        if folds is not None and not how.whole and _is_solved_alone(here):
            starts = [here.start()] * len(folds)
            return solve_side_by_side(here, folds, starts, None, tols, how.max_iter)
        first = Run(here, *solver_for(here), how.tol, how.max_iter).solve()
        if folds is None:
            return [first]
        metric, starts = self._metric(here, first[0]), [first[0]] * len(folds)
        parts = solve_side_by_side(here, folds, starts, metric, tols, how.max_iter)
        return [first, *parts] if how.whole else parts

    def _together(self, here: Objective, folds: Folds | None) -> Folds:
        """What is solved at each strength: the whole, and the folds."""
        if folds is None:
            return Folds(here.weights[:, None])
        return folds.and_whole(here) if self.walking.whole else folds

    def _by_class(self, here: Objective) -> bool:
        """Whether each problem is solved over a Gram matrix a class.

        Not cold unless that solver is chosen: from afar its metric is soon worn out.
        """
        warm = self._slow and here.start().size > WHOLE_SIZE
        return bends_by_class(here) and (warm or isinstance(solver_for(here)[0], TruncatedNewton))

    def _from_ahead(self, here: Objective) -> bool:
        """Whether sparse rows are left to Newton's method, from where the path leads.

        Once the dual's ascent has got slow: weaker penalties make it slower, and what it finds
        when it begins is farther from the optimum than what two optima foretell. Of 11314 texts in
        20 classes at C = 1900, a fold's fit to a hundredth of J took 14 passes instead of 41.
        """
        ascent = isinstance(solver_for(here)[0], DualAscent)
        return ascent and self._slow and self._trail.leads(here.penalty.strength)

    def _by_newton(self, here: Objective, folds: Folds | None) -> list[Solved]:
        """The whole, then fold after fold, over one metric as long as it serves."""
        how, found = self.walking, list[Solved]()
        together = self._together(here, folds)
        problems = [together.alone(here, number) for number in range(len(together))]
        ahead = self._trail.ahead(here.penalty.strength) if self._trail.points else ()
        tols = how.tols(self._tol(), len(problems), dear=here.loss.compiled)
        for number, (problem, tol) in enumerate(zip(problems, tols, strict=True)):
            run = Run(problem, TruncatedNewton(self._in_use), ALONG, tol, how.max_iter)
            start = ahead[number] if ahead else found[0][0] if found else None
            found.append(run.solve(start))
            self._in_use = in_use(run.state)
        return found

    def _metric(self, here: Objective, theta: np.ndarray) -> Metric | None:
        """The metric about theta; None where each problem is solved better alone.

        Small data, sparse ones and L1 are. Of few parameters one Hessian serves the problems of
        large data. A strong penalty needs few steps under any metric: a dear one is made once they
        are many.
        """
        if _is_solved_alone(here):
            return None
        if isinstance(solver_for(here)[0], Newton):
            return WholeHessian.at(here, theta)
        if self._kept is not None and self._kept.serves(here.penalty.strength):
            return self._kept.under(here)
        sharing = 1 if self.walking.folds is None else 1 + len(self.walking.folds)
        wanted = theta.size <= CHEAP or self._slow
        better = better_metric(here, theta, WORTH * sharing, keep=True) if wanted else None
        self._kept = better.kept if isinstance(better, SharedGram) else None
        return better or first_metric(here, theta)


@final
class RowPath(Path):
    """The same in the coordinates of the examples, and back: one Gram matrix for all."""

    def __init__(self, objective: Objective, walking: Walking) -> None:
        self.objective = objective
        self.basis = RowBasis.of(objective.design.gram())
        self.reduced = self.basis.reduce(objective)
        self.inner = DirectPath(self.reduced, walking)

    def at(self, strength: float) -> PathPoint:
        """Solved among the examples; one product for all of its W."""
        point = self.inner.at(strength)
        thetas = [point.theta, *(theta for theta, _ in point.folds)]
        whole, *parts = self.basis.restore(self.objective, self.reduced, thetas)
        solutions = [solution for _, solution in point.folds]
        return replace(point, theta=whole, folds=tuple(zip(parts, solutions, strict=True)))

    def branch(self) -> RowPath:
        """The Gram matrix is shared."""
        found = copy(self)
        found.inner = self.inner.branch()
        return found


@final
class SeparatePaths(Path):
    """Few examples whose folds are scaled by their own moments: a Gram matrix for each of them."""

    def __init__(self, objective: Objective, walking: Walking) -> None:
        if walking.folds is None:
            raise ValueError("separate paths are for folds")
        self.objective, self.folds, self.wanted = objective, walking.folds, walking.whole
        bare = replace(walking, folds=None, whole=True)
        self.whole = RowPath(objective, bare)
        bare = replace(bare, leave_one_out=False)
        numbers = range(len(self.folds))
        self.parts = [RowPath(self.folds.alone(objective, i), bare) for i in numbers]

    def at(self, strength: float) -> PathPoint:
        """The whole, then each fold by itself."""
        points = [part.at(strength) for part in self.parts]
        Z = self.folds.forward(self.objective, [point.theta for point in points])
        solved = tuple((point.theta, point.solution) for point in points)
        if not self.wanted:
            return replace(points[0], folds=solved, Z=Z, whole=False)
        return replace(self.whole.at(strength), folds=solved, Z=Z)

    def branch(self) -> SeparatePaths:
        """A branch of every part."""
        found = copy(self)
        found.whole, found.parts = self.whole.branch(), [part.branch() for part in self.parts]
        return found


def _is_solved_alone(here: Objective) -> bool:
    """Whether problems that differ in their weights share no metric: small, sparse and L1 ones."""
    solver, _ = solver_for(here)
    return not isinstance(solver, Lbfgs | Newton) or (
        isinstance(solver, Newton) and not here.loss.compiled
    )


def _at(objective: Objective, strength: float) -> Objective:
    return replace(objective, penalty=Penalty(strength, objective.penalty.l1_ratio))
