"""One layer fitted to what is known of the data: all of a training's fit, the core of estimators'.

Nothing here imports scikit-learn, which takes longer than most fits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

import numpy as np

from onelayer.estimators.layer_parameters import LayerParameters
from onelayer.estimators.parameter_meanings import NEAREST, PenaltyAsked, effective_penalty
from onelayer.estimators.problem import (
    Data,
    Known,
    Problem,
    check_magnitude,
    make_problem,
    warn_unless_solved,
)
from onelayer.estimators.weights import Weights, weigh
from onelayer.layer import Layer
from onelayer.solution import Record, Solution
from onelayer.solvers import Run, Solver, led_up, named_solver
from onelayer.words import speaks_of_options, spelt

Chosen: TypeAlias = tuple[Solver[Any], str]


@final
@dataclass(frozen=True)
class FittedLayer:
    """A layer, what it was asked to be, (K,) what its classes are called, and how it was solved."""

    asked: LayerParameters
    classes: np.ndarray
    layer: Layer
    solution: Solution


def fit_layer(
    asked: LayerParameters,
    known: Known,
    sample_weight: np.ndarray | Weights | None,
    reached: Callable[[FittedLayer], None],
) -> FittedLayer:
    """Find the W and b that minimise J, see `LogisticRegression`: from `known.near`, or from zero.

    Errors and warnings are those of that class. `reached` is given the layer once there is one:
    after Ctrl-C the best so far, before KeyboardInterrupt is raised.
    """
    penalty = effective_penalty(asked)
    weights = weigh(sample_weight, asked.class_weight, known.classes, known.targets)
    problem = problem_of(asked, known, weights, penalty)
    running = LayerRun.of(problem, solver_of(asked, problem), asked.tol, asked.max_iter)
    start = None if known.near is None else problem.start(known.near)
    found: list[FittedLayer] = []

    def keep(layer: Layer, solution: Solution) -> None:
        found.append(FittedLayer(asked, known.classes, layer, solution))
        reached(found[0])

    running.solve(start, keep)
    warn_unless_solved(
        found[0].solution,
        asked.solver,
        asked.max_iter,
        lambda: _advice_on_separation(asked, known, weights),
    )
    return found[0]


def problem_of(asked: Any, known: Known, weights: Weights, penalty: PenaltyAsked) -> Problem:
    """What is minimised; `asked` has the parameters of `LayerParameters`."""
    sample = Data(
        X=known.X,
        targets=known.targets,
        weights=weights,
        k=len(known.classes),
        scaling=asked.scaling,
        fit_intercept=asked.fit_intercept,
        survey=known.survey,
        offset=known.offset,
    )
    check_magnitude(sample)
    return make_problem(sample, penalty, sample.asked_scaling())


def solver_of(asked: Any, problem: Problem) -> Chosen:
    """The solver of that name, and why it."""
    name = NEAREST.get(asked.solver, asked.solver)
    return named_solver(name, problem.objective, asked.learning_rate)


@final
@dataclass
class LayerRun:
    """A solver at work on a problem, and the layer that it is at."""

    problem: Problem
    run: Run

    @classmethod
    def of(cls, problem: Problem, chosen: Chosen, tol: float, max_iter: int) -> LayerRun:
        """Of the solver that was chosen."""
        solver, reason = chosen
        begin = led_up if solver.name == "dual-ascent" else None
        return cls(problem, Run(problem.objective, solver, reason, tol, max_iter, begin=begin))

    @property
    def latest(self) -> Layer:
        """Where the last step led."""
        return self.problem.layer(self.run.latest())

    def solve(
        self,
        start: np.ndarray | None,
        keep: Callable[[Layer, Solution], None],
        follow: Callable[[Record], None] | None = None,
    ) -> np.ndarray:
        """Return theta; the layer and how it was solved go to `keep`, after Ctrl-C too."""
        run, loss = self.run, self.problem.objective.loss
        surveyed = loss.bytes_read / loss.traits.nbytes
        run.callback = follow
        try:
            theta, _ = run.solve(start)
        finally:
            run.callback = None  # which knows the run: all that it holds would wait to be collected
            if run.theta is not None and run.solution is not None:
                solution = replace(run.solution, surveyed=surveyed)
                keep(self.problem.layer(run.theta), solution)
        return theta


def _advice_on_separation(asked: LayerParameters, known: Known, weights: Weights) -> str:
    from onelayer.estimators.separation_check import advice_on_separation
    from onelayer.statistics.separation import Labelled

    if speaks_of_options():
        return (
            "A hyperplane separates the classes, so without a penalty the weights grow without "
            f"end and there is no optimum: leave {spelt('C')} out, or give a finite one, as "
            f"{spelt('C=1', '--C 1')}"
        )
    columns = list(range(known.X.shape[1]))
    data = Labelled(known.X, known.targets, columns, known.classes.tolist())
    return advice_on_separation(data, weights, asked)
