"""Several problems on the same rows, solved side by side: one read serves all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np

from onelayer.designs.passes import Ledger, SharingEndedError
from onelayer.designs.shared_reads import Place, shared_reads
from onelayer.objective import Objective
from onelayer.parallel import thread_count
from onelayer.solution import Solution
from onelayer.solvers.choose import solver_for
from onelayer.solvers.loop import Run
from onelayer.solvers.paths.together import solved_together
from onelayer.solvers.paths.weighted_folds import Folds
from onelayer.solvers.smooth.lbfgs import Lbfgs
from onelayer.solvers.smooth.metrics import Metric
from onelayer.solvers.smooth.truncated_newton import TruncatedNewton

AHEAD = "along a path of sparse rows, from where its last optima lead"
Solved = tuple[np.ndarray, Solution]


def solve_side_by_side(
    objective: Objective,
    folds: Folds,
    starts: list[np.ndarray],
    by: Metric | TruncatedNewton | None,
    tols: list[float],
    max_iter: int,
) -> list[Solved]:
    """Minimise `objective` under the weights of each fold, from its own start to its own tol.

    By a metric, which the problems share, they go in step, pass by pass; without one they are
    small, or of a kind (sparse, L1) that is better solved alone: each by the solver given, or by
    the one that suits it.
    """
    alone = [folds.alone(objective, number) for number in range(len(folds))]
    if by is None or isinstance(by, TruncatedNewton):
        return _each_alone(alone, starts, by, tols, max_iter)
    metric = by
    if len(folds) == 1:
        return [Run(alone[0], Lbfgs(metric), "along a path", tols[0], max_iter).solve(starts[0])]
    reads = shared_reads(objective.design, len(folds))

    def solve(number: int) -> Solved:
        loss, ledger = alone[number].in_memory, Ledger(whole=objective.design.ledger)
        place = Place(reads, number, ledger, folds.scaling(number))
        design, rows = loss.design.counted_by(ledger), len(folds) * loss.traits.m
        shared = replace(loss, design=design, shared=place, part_of=rows)
        run = Run(
            replace(alone[number], loss=shared),
            Lbfgs(metric),
            "side by side",
            tols[number],
            max_iter,
        )
        return run.solve(starts[number])

    return solved_together(solve, len(folds), reads)


def _each_alone(
    alone: list[Objective],
    starts: list[np.ndarray],
    solver: TruncatedNewton | None,
    tols: list[float],
    max_iter: int,
) -> list[Solved]:
    """Each by the solver, or the one that suits it; large ones on all threads, one a thread.

    What a problem comes to does not depend on the others, nor on the number of threads. Each has
    a ledger of its own, and ends at its next read once that is closed.
    """
    whole, solved = alone[0].design.ledger, partial(_solved, solver, max_iter)
    if len(alone) == 1 or thread_count() == 1 or not alone[0].loss.compiled:
        return list(map(solved, tols, alone, starts))
    ledgers, failed = [Ledger() for _ in alone], list[BaseException]()

    def close() -> None:
        for ledger in ledgers:
            ledger.closed = True

    def solve(number: int) -> Solved:
        loss = alone[number].in_memory
        apart = replace(loss, design=loss.design.counted_by(ledgers[number]))
        try:
            return solved(tols[number], replace(alone[number], loss=apart), starts[number])
        except BaseException as error:
            failed.append(error)
            close()
            raise

    with ThreadPoolExecutor(thread_count(), thread_name_prefix="onelayer-fold") as threads:
        try:
            found = list(threads.map(solve, range(len(alone))))
        except SharingEndedError:
            raise failed[0] from None
        finally:
            close()
    whole.add(sum(ledger.bytes_read for ledger in ledgers))
    return found


def _solved(
    solver: TruncatedNewton | None,
    max_iter: int,
    tol: float,
    problem: Objective,
    start: np.ndarray,
) -> Solved:
    by, reason = (solver, AHEAD) if solver else solver_for(problem)
    return Run(problem, by, reason, tol, max_iter).solve(start)
