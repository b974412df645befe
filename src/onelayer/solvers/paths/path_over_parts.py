"""A path over X that does not lie in memory: the whole and all folds side by side, on shared reads.

Each problem is solved as it would be alone, by the same solver, and what it asks for is asked in
the same read as what the others ask for. At a further penalty each begins where it was, moved as
the sample's optimum moves, which costs no read.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import final

import numpy as np

from onelayer.designs import reads_together
from onelayer.errors import UsageError
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solvers.choose import solver_for
from onelayer.solvers.loop import Run, tol_of_sample
from onelayer.solvers.paths.side_by_side import Solved
from onelayer.solvers.paths.together import solved_together
from onelayer.solvers.paths.walking import Path, PathPoint, Walking


@final
class PathOverParts(Path):
    """Solutions of the whole and of the folds; each read serves all of them."""

    def __init__(self, objective: Objective, walking: Walking) -> None:
        if walking.leave_one_out:
            raise UsageError("A leave-one-out estimate needs all rows of X in memory: loo=False")
        self.objective, self.walking = objective, walking
        self.folds = walking.there or walking.folds
        folds = [] if self.folds is None else self.folds.apart(objective)
        # The loss of a fold is a mean of its own: half of the weight is twice the strength.
        self.problems = [(objective, 1.0), *folds]
        self.sample: np.ndarray | None = None
        self.thetas: list[np.ndarray] = []

    def at(self, strength: float) -> PathPoint:
        """The whole and the folds, each from where it was."""
        ratio = self.objective.penalty.l1_ratio
        here = [
            replace(problem, penalty=Penalty(strength / share, ratio))
            for problem, share in self.problems
        ]
        whole, *folds = self._solved(here, self._starts(here[0]))
        self.thetas = [theta for theta, _ in (whole, *folds)]
        Z = () if self.folds is None else self.folds.forward(here[0], self.thetas[1:])
        return PathPoint(strength, *whole, folds=tuple(folds), Z=Z)

    def branch(self) -> PathOverParts:
        """The same points solved so far; no point of one is changed by the other."""
        return copy(self)

    def _starts(self, here: Objective) -> list[np.ndarray]:
        """The sample's optimum; later where each problem was, moved as that has moved."""
        sample, before = here.of_sample(), self.sample
        self.sample, _ = Run(sample, *solver_for(sample), tol_of_sample(sample)).solve(before)
        if before is None:
            return [self.sample] * len(self.problems)
        if here.penalty.l1 > 0:
            return self.thetas  # a sum of two sparse steps is not sparse
        return [theta + (self.sample - before) for theta in self.thetas]

    def _solved(self, here: list[Objective], starts: list[np.ndarray]) -> list[Solved]:
        how = self.walking
        losses, reads = reads_together([problem.loss for problem in here])
        tols = how.tols(how.tol, len(here), dear=True)

        def solve(number: int) -> Solved:
            problem = replace(here[number], loss=losses[number])
            run = Run(problem, *solver_for(problem), tols[number], how.max_iter)
            return run.solve(starts[number])

        return solved_together(solve, len(here), reads)
