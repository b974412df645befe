"""Firth's bias-reduced estimate of a sample, and its penalised likelihood as a summary takes it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar

from onelayer.errors import DataError, UsageError
from onelayer.solution import Status
from onelayer.solvers import Run
from onelayer.statistics.estimate import Estimate, Penalised, check_size
from onelayer.statistics.firth import TOL, FirthObjective, FisherScoring
from onelayer.statistics.firth_profile import firth_profile
from onelayer.statistics.observations import Observations
from onelayer.statistics.rank import require_full_rank

MAX_ITER = 1000


def reduce_bias(sample: Observations, start: np.ndarray | None = None) -> Estimate:
    """Maximise l + log(det I) / 2 by Fisher scoring: finite for separable classes too.

    Raises
    ------
    UsageError
        For more than two classes.
    DataError
        When columns are collinear, or the maximum is not reached.
    """
    if sample.blocks > 1:
        raise UsageError(f"firth=True is for two classes, and there are {len(sample.classes)}")
    check_size(sample)
    require_full_rank(sample)
    run = Run(sample.objective, FisherScoring(sample.total), tol=TOL, max_iter=MAX_ITER)
    theta, solution = run.solve(start)
    if solution.status is not Status.CONVERGED:
        raise DataError(f"Firth's estimate was not reached: {solution.status.advice}")
    value = sample.objective.value_and_gradient(theta)[0]
    return Estimate(sample, theta, replace(solution, objective=value), _penalised(sample, theta))


def _penalised(sample: Observations, theta: np.ndarray) -> Penalised:
    """l + log(det I / det I_0) / 2, I_0 the information at 0: of the model, and without features.

    The latter holds all but the constant at 0 and has the whole information too (Heinze and
    Schemper 2002).
    """
    function = FirthObjective.of(sample.objective, sample.total)

    def loglik(parameters: np.ndarray) -> float:
        return -sample.total * function.point(function.whitening.inverse @ parameters).value

    constant = np.zeros(sample.rows)
    if sample.intercept:
        share = float(sample.shares @ sample.targets)
        middle = math.log(share / (1 - share))

        def lost(value: float) -> float:
            constant[-1] = value
            return -loglik(constant)

        found = minimize_scalar(lost, bracket=(middle - 0.1, middle + 0.1), tol=1e-9)
        constant[-1] = found.x
    return Penalised(loglik(theta[:, 0]), loglik(constant))


def penalised_rows(estimate: Estimate, level: float) -> tuple[np.ndarray, np.ndarray]:
    """z, the signed root of the penalised likelihood ratio, (p,), and the bounds (p, 2)."""
    sample = estimate.sample
    found = firth_profile(
        sample.objective, estimate.theta, sample.total, sample.scaling, level=level
    )
    z = np.sign(estimate.coefficients[0]) * np.sqrt(found.chi_squared)
    kept = slice(0, sample.rows)
    return z[kept], np.column_stack([found.lower, found.upper])[kept]
