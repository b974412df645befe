"""What a path of penalties is: how it is walked, and the point that each strength gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from onelayer.solution import Solution
from onelayer.solvers.paths.side_by_side import Solved
from onelayer.solvers.paths.weighted_folds import Folds, FoldsThere


@dataclass(frozen=True)
class PathPoint:
    """The solution at one penalty strength, and those of the folds there, if any.

    theta (n + 1, k) as in `Objective`; folds is one (theta, Solution) a fold; Z the z of the rows
    that each fold judges; left_out (m, k) the z of every row, approximately, without itself.
    `whole` says whether theta and its solution are those of all rows: where the path is walked
    without, they are the first fold's.
    """

    strength: float
    theta: np.ndarray
    solution: Solution
    folds: tuple[Solved, ...] = ()
    Z: tuple[np.ndarray, ...] = ()
    left_out: np.ndarray | None = None
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Walking:
    """How a path is walked: the folds that come along, and how exactly each fit is solved.

    `whole` says whether the layer on all rows is wanted beside theirs, which choose a penalty
    without it. With `level` tol is a part of J at the first strength instead of J where the path
    stands, as scores are compared whose differences are in nats, at whatever J.
    Folds that are only scored may end at a looser `fold_tol`, where reads are dear. `there` are
    the folds where rows lie on a cluster.
    """

    folds: Folds | None = None
    there: FoldsThere | None = None
    tol: float = 1e-7
    fold_tol: float = 0.0
    max_iter: int = 1000
    leave_one_out: bool = False
    whole: bool = True
    level: bool = False

    def tols(self, tol: float, problems: int, *, dear: bool) -> list[float]:
        """The relative gap of each of so many problems, the whole first, where it is at `tol`."""
        folds = [max(tol, self.fold_tol) if dear else tol] * problems
        return [tol, *folds[1:]] if self.whole and problems else folds

    def __post_init__(self) -> None:
        if not self.whole and (self.folds is None or self.leave_one_out):
            raise ValueError("without the whole there are folds, and no leave-one-out")


class Path(ABC):
    """Solutions of one objective at one penalty strength after another."""

    @abstractmethod
    def at(self, strength: float) -> PathPoint:
        """The solution at this strength, begun at the one before."""

    @abstractmethod
    def branch(self) -> Path:
        """The path as it stands, to be walked elsewhere: neither moves the other from here on."""
