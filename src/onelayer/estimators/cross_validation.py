"""One layer at one C after another, on all rows and on every fold: the engine of what chooses C."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from onelayer.designs import make_scaling
from onelayer.estimators.options import PenaltyAsked, strength
from onelayer.estimators.problem import STRONG, Problem, make_problem, tame
from onelayer.estimators.validation import Weights
from onelayer.layer import Layer
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Solution
from onelayer.solvers import Folds, Path, PathPoint, Walking, make_path


@dataclass(frozen=True)
class Split:
    """One fold: the rows that it is trained on and those that it judges, as indices."""

    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Data:
    """What is fitted: X (m, n) as designs hold it, targets (m,) of k classes, their weights.

    scaling and fit_intercept are as in `LogisticRegression`.
    """

    X: Any
    targets: np.ndarray
    weights: Weights
    k: int
    scaling: float | str | None = None
    fit_intercept: bool = True


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How exactly every single fit is solved, and whether leave-one-out is estimated beside it."""

    tol: float = 1e-7
    max_iter: int = 1000
    leave_one_out: bool = False


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
        """The layer on all rows."""
        return Solved(self.problems[0].layer(self.point.theta), self.point.solution)

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
        self.same_lambda = same_lambda
        self.data, self.splits, self.l1_ratio, self.accuracy = data, splits, l1_ratio, accuracy
        problem = self._problem(np.inf)
        self._problems = (problem, *self._fold_problems(problem, 0.0))
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

    def problems(self, C: float) -> tuple[Problem, ...]:
        """All rows and every fold at C, to be solved in whatever way."""
        penalty = Penalty(strength(C, self.data.weights.total), self.l1_ratio)
        return tuple(_with(problem, penalty) for problem in self._problems)

    def _very_strong(self, C: float, lam: float) -> Fits:
        """A problem in units of its own, see `tame`; the path goes on without it."""
        problem = self._problem(C)
        problems = (problem, *self._fold_problems(problem, lam))
        return Fits(C, problems, self._make(problems).at(problem.objective.penalty.strength))

    def _problem(self, C: float) -> Problem:
        data = self.data
        asked = PenaltyAsked(C, self.l1_ratio)
        return make_problem(data.X, data.targets, data.weights, k=data.k, asked=asked, options=data)

    def _fold_problems(self, whole: Problem, lam: float) -> Iterator[Problem]:
        """The folds as problems: their weights, and their own moments where these are asked for."""
        data = self.data
        for split in self.splits:
            times = np.bincount(split.train, minlength=len(data.targets))
            weights = times * whole.objective.weights
            if self.same_lambda:
                weights = weights / weights.sum()
            fold = replace(whole, objective=whole.objective.weighted(weights))
            if data.scaling == "standard":
                own = make_scaling(data.X, "standard", weights / weights.sum())
                own, _ = tame(own, Penalty(lam), data.X.shape[1])
                fold = replace(fold, scaling=own)
            yield fold

    def _make(self, problems: tuple[Problem, ...]) -> Path:
        whole, *folds = problems
        scaled = [fold for fold in folds if fold.scaling is not whole.scaling]
        accuracy = self.accuracy
        together = None
        if folds:
            together = Folds(
                weights=np.column_stack([fold.objective.weights for fold in folds]),
                judged=tuple(split.test for split in self.splits),
                scalings=tuple(
                    fold.scaling.beyond(whole.scaling)
                    for fold in scaled
                    if fold.scaling is not None
                ),
            )
        walking = Walking(
            folds=together,
            tol=accuracy.tol,
            max_iter=accuracy.max_iter,
            leave_one_out=accuracy.leave_one_out,
        )
        return make_path(_with(whole, Penalty(0.0, self.l1_ratio)).objective, walking)


def _with(problem: Problem, penalty: Penalty) -> Problem:
    return replace(problem, objective=replace(problem.objective, penalty=penalty))
