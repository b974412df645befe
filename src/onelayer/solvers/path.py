"""Many penalties, many folds: what they share is read and factored once.

A path goes from the strongest penalty to the weakest, each solution the start of the next. The
folds of a cross-validation differ from the whole data in their weights alone: they are columns of
one W, solved side by side, so that one read serves them all, under one metric, the Hessian
of the whole data. Where examples are fewer than features, all of it happens in the coordinates
of one Gram matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Solution
from onelayer.solvers.choose import choose_solver
from onelayer.solvers.gram import Gram, RowBasis
from onelayer.solvers.lbfgs import Lbfgs
from onelayer.solvers.loop import Run
from onelayer.solvers.metrics import Metric, better_metric, first_metric
from onelayer.solvers.side_by_side import solve_side_by_side


@dataclass(frozen=True)
class PathPoint:
    """The solution at one penalty strength, and those of the folds there, if any.

    theta (n + 1, k) as in `Objective`; folds is one (theta, Solution) a fold.
    """

    strength: float
    theta: np.ndarray
    solution: Solution
    folds: tuple[tuple[np.ndarray, Solution], ...] = ()


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
        The weights of each fold's training rows, each column summing to 1, zero where held out.
    tol, max_iter
        Of every single fit, as in `Run`.

    Cost: the passes of the first fit and a few for each further penalty; the folds together read
    the data about as often as one of them would alone.
    """
    order = sorted(range(len(strengths)), key=lambda i: -strengths[i])
    descending = [float(strengths[i]) for i in order]
    solver, _ = choose_solver(_at(objective, descending[0]))
    walk = _walk_rows if isinstance(solver, Gram) else _walk
    points = list(walk(objective, descending, fold_weights, tol, max_iter))
    return [points[order.index(i)] for i in range(len(order))]


def _at(objective: Objective, strength: float) -> Objective:
    return replace(objective, penalty=Penalty(strength, objective.penalty.l1_ratio))


def _walk(
    objective: Objective,
    strengths: list[float],
    fold_weights: np.ndarray | None,
    tol: float,
    max_iter: int,
) -> Iterator[PathPoint]:
    theta: np.ndarray | None = None
    starts: list[np.ndarray] = []
    for strength in strengths:
        here = _at(objective, strength)
        metric = None if theta is None else _metric(here, theta)
        solver, reason = choose_solver(here)
        if metric is not None:
            solver = Lbfgs(metric)
        theta, solution = Run(here, solver, reason, tol, max_iter).solve(theta)
        folds: list[tuple[np.ndarray, Solution]] = []
        if fold_weights is not None:
            shared = _metric(here, theta)
            starts = starts or [theta] * fold_weights.shape[1]
            folds = solve_side_by_side(here, fold_weights, starts, shared, tol, max_iter)
            starts = [fold for fold, _ in folds]
        yield PathPoint(strength, theta, solution, tuple(folds))


def _metric(objective: Objective, theta: np.ndarray) -> Metric | None:
    """The metric about a solution; None where Newton's own Hessian is cheaper, or for L1."""
    if not isinstance(choose_solver(objective)[0], Lbfgs):
        return None
    return better_metric(objective, theta) or first_metric(objective, theta)


def _walk_rows(
    objective: Objective,
    strengths: list[float],
    fold_weights: np.ndarray | None,
    tol: float,
    max_iter: int,
) -> Iterator[PathPoint]:
    """The same in the coordinates of the examples, and back: one Gram matrix, one product."""
    basis = RowBasis.of(objective.design.gram())
    reduced = basis.reduce(objective)
    points = list(_walk(reduced, strengths, fold_weights, tol, max_iter))
    thetas = [theta for point in points for theta in (point.theta, *(f for f, _ in point.folds))]
    restored = iter(basis.restore(objective, reduced, thetas))
    for point in points:
        theta = next(restored)
        folds = tuple((next(restored), solution) for _, solution in point.folds)
        yield replace(point, theta=theta, folds=folds)
