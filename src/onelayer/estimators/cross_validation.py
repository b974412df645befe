"""One layer at one C after another, on all rows and on every fold: the engine of what chooses C."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from onelayer.designs import ColumnMoments, Scaling, make_scalings
from onelayer.estimators.parameter_meanings import PenaltyAsked, strength
from onelayer.estimators.problem import STRONG, Data, Problem, check_magnitude, make_problem, tame
from onelayer.estimators.rows_of_folds import Split, rows_of_folds
from onelayer.layer import Layer
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Solution
from onelayer.solvers import Path, PathPoint, Walking, make_path


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How exactly every single fit is solved, and whether leave-one-out is estimated beside it.

    `whole` says whether there is a layer on all rows at every C: the folds choose without it. With
    `level` tol is a part of J at the first C, as scores are compared. Folds that are only scored
    may end at a looser `fold_tol` where reads take long.
    """

    tol: float = 1e-7
    fold_tol: float = 0.0
    max_iter: int = 1000
    leave_one_out: bool = False
    whole: bool = True
    level: bool = False


@dataclass(frozen=True)
class Solved:
    """A fitted layer, and how it was solved for."""

    layer: Layer
    solution: Solution


@dataclass(frozen=True)
class Fits:
    """What was fitted at one C: the whole, and each fold.

    problems are the whole's and the folds', each with its own scaling.
    """

    C: float
    problems: tuple[Problem, ...]
    point: PathPoint

    @property
    def whole(self) -> Solved:
        """The layer on all rows; the first fold's, where the path is walked without that."""
        problem = self.problems[0 if self.point.whole else 1]
        return Solved(problem.layer(self.point.theta), self.point.solution)

    def folds(self) -> Iterator[Solved]:
        """The layer on each fold's training rows."""
        for problem, (theta, solution) in zip(self.problems[1:], self.point.folds, strict=True):
            yield Solved(problem.layer(theta), solution)

    @property
    def solutions(self) -> list[Solution]:
        """How each fold's fit ended."""
        return [solution for _, solution in self.point.folds]

    @property
    def judged(self) -> tuple[np.ndarray, ...]:
        """z (rows, k) of the rows that each fold judges, out of fold."""
        return self.point.Z

    @property
    def left_out(self) -> np.ndarray | None:
        """z (m, k) of every row by the layer without it, approximately; None: not asked for."""
        return self.point.left_out


class PenaltyPath:
    """Fits at one C after another, each begun at the one before.

    The folds have the whole's C, and so lambda = 1 / (C S_f), S_f the weight of their training
    rows; or, with `same_lambda`, the whole's lambda, and so layers that are about as sure of
    themselves as the whole's. With scaling="standard" their mean and deviation are those of their
    own training rows.
    """

    def __init__(
        self,
        data: Data,
        splits: list[Split],
        l1_ratio: float,
        accuracy: Accuracy,
        *,
        same_lambda: bool = False,
    ) -> None:
        self.rows = rows_of_folds(data, splits, same_lambda=same_lambda)
        self.data, self.splits, self.l1_ratio, self.accuracy = data, splits, l1_ratio, accuracy
        check_magnitude(data)
        self.moments: ColumnMoments | None = None  # of all rows, where they were asked for
        self._problems = tuple(self._made(np.inf, 0.0))
        self._path: Path | None = None

    @property
    def objective(self) -> Objective:
        """That of all rows, without its penalty."""
        return self._problems[0].objective

    def at(self, C: float) -> Fits:
        """The layer at C on all rows and on every fold."""
        lam = strength(C, self.data.weights.total)
        if lam > STRONG and self.l1_ratio == 0:
            return self._very_strong(C, lam)
        if self._path is None:
            self._path = self._make(self._problems)
        point = self._path.at(lam)
        return Fits(C, self.problems(C), point)

    def branch(self) -> PenaltyPath:
        """The path as it stands, to be walked elsewhere: neither moves the other from here on."""
        found = copy(self)
        found._path = None if self._path is None else self._path.branch()  # noqa: SLF001 - a copy
        return found

    def problems(self, C: float) -> tuple[Problem, ...]:
        """All rows and every fold at C, to be solved in whatever way."""
        penalty = Penalty(strength(C, self.data.weights.total), self.l1_ratio)
        return tuple(_with(problem, penalty) for problem in self._problems)

    def _very_strong(self, C: float, lam: float) -> Fits:
        """A problem in units of its own, see `tame`; the path goes on without it."""
        problems = tuple(self._made(C, lam))
        return Fits(C, problems, self._make(problems).at(problems[0].objective.penalty.strength))

    def _made(self, C: float, lam: float) -> Iterator[Problem]:
        """The whole and the folds as problems, at C: their weights, and their own moments.

        One read finds the moments of all, where these are asked for.
        """
        data, shares = self.data, self.data.weights.shares
        standard = data.scaling == "standard"
        scaled: Sequence[Scaling | None]
        if standard:
            found = self.rows.moments()
            self.moments, scaled = found[0], [moments.scaling for moments in found]
        else:
            scaled = make_scalings(data.X, data.scaling, [shares])
        whole = make_problem(data, PenaltyAsked(C, self.l1_ratio), scaled[0])
        yield whole
        for number in range(len(self.rows)):
            fold = replace(whole, objective=self.rows.objective(whole.objective, number))
            if standard:
                own, _ = tame(scaled[1 + number], Penalty(lam), data.X.shape[1])
                fold = replace(fold, scaling=own)
            yield fold

    def _make(self, problems: tuple[Problem, ...]) -> Path:
        whole, *folds = problems
        scaled = [fold for fold in folds if fold.scaling is not whole.scaling]
        accuracy = self.accuracy
        scalings = [
            fold.scaling.beyond(whole.scaling) for fold in scaled if fold.scaling is not None
        ]
        walking = Walking(
            tol=accuracy.tol,
            fold_tol=accuracy.fold_tol,
            max_iter=accuracy.max_iter,
            leave_one_out=accuracy.leave_one_out,
            level=accuracy.level,
        )
        walking = self.rows.walked(walking, scalings)
        walking = replace(walking, whole=accuracy.whole or not folds)
        return make_path(_with(whole, Penalty(0.0, self.l1_ratio)).objective, walking)


def _with(problem: Problem, penalty: Penalty) -> Problem:
    return replace(problem, objective=replace(problem.objective, penalty=penalty))
