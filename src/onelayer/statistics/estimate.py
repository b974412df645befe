"""The maximum of an unpenalised likelihood, and the curvature there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from onelayer.errors import DataError
from onelayer.logistic import sigma, softmax
from onelayer.solution import Solution, Status
from onelayer.solvers import Run
from onelayer.solvers.smooth.newton import Newton
from onelayer.statistics.observations import Observations
from onelayer.statistics.rank import require_full_rank, spans_constant
from onelayer.words import spelt

TOL = 1e-9  # relative gap; some full steps then take it to rounding
MAX_ITER = 200
POLISH = 4  # steps
FAR = 40  # steps, each of which lets coefficients grow by e: an overlap of 1e-12 is met in 30
FLAT = 1e-9  # gradient over J, in standardised columns: a maximum, be it as far as it may
EXACT = 1e-20  # squared distance from the maximum, in standard errors
LARGEST = 4000  # parameters: an information matrix of 128 MB


@dataclass(frozen=True)
class Penalised:
    """Firth's penalised log-likelihood of a model, and of that without features."""

    loglik: float
    null_loglik: float


@dataclass(frozen=True)
class Estimate:
    """theta (rows, k), the most likely parameters of a sample, in the sample's variables.

    Or Firth's, where `penalised` is given, whose log-likelihoods are then the penalised ones.
    Where `solution.status` is `separable` there are none, and theta is where the search ended.
    """

    sample: Observations
    theta: np.ndarray
    solution: Solution
    penalised: Penalised | None = None

    @property
    def separable(self) -> bool:
        """Whether the likelihood has no maximum."""
        return self.solution.status is Status.SEPARABLE

    @property
    def loglik(self) -> float:
        """l = sum_i n_i log a_{y_i}."""
        if self.penalised is not None:
            return self.penalised.loglik
        return -self.sample.total * self.solution.objective

    @property
    def parameters(self) -> int:
        """p = q times the rows of a block."""
        return self.sample.blocks * self.sample.rows

    @cached_property
    def reference(self) -> np.ndarray:
        """(q, rows): the parameters of each class less those of the first."""
        theta = self.theta if self.theta.shape[1] == 1 else self.theta[:, 1:] - self.theta[:, :1]
        return np.ascontiguousarray(theta.T)

    @cached_property
    def coefficients(self) -> np.ndarray:
        """(q, rows): the same for X as given."""
        return self.reference @ self.sample.to_given.T

    @cached_property
    def information(self) -> np.ndarray:
        """I (p, p) = -d2l = N d2J, observed and expected alike; two passes at most."""
        objective = self.sample.objective
        H = objective.loss.hessian(*objective.split(self.theta))
        return self.sample.total * self.sample.square(H)

    @cached_property
    def inverse(self) -> np.ndarray:
        """I^-1 (p, p), by Cholesky of I with a unit diagonal."""
        unit = 1 / np.sqrt(np.diag(self.information))
        scaled = self.information * unit * unit[:, None]
        try:
            L_inverse = np.linalg.inv(np.linalg.cholesky(scaled))
        except np.linalg.LinAlgError:
            raise DataError(
                "The information matrix is singular to rounding, so no standard errors exist: "
                "some columns are all but collinear, or nearly all fitted probabilities are 0 or 1"
            ) from None
        return (L_inverse.T @ L_inverse) * unit * unit[:, None]

    @cached_property
    def singular(self) -> bool:
        """Whether the information is lost to rounding, as it is where coefficients run away."""
        try:
            return not np.isfinite(self.inverse).all()
        except DataError:
            return True

    @cached_property
    def null_loglik(self) -> float:
        """l without features: of the classes' shares, or of 1/K each without a constant.

        With an offset, of what the constant makes of it, or of the offset alone.
        """
        sample = self.sample
        if self.penalised is not None:
            return self.penalised.null_loglik
        if sample.offset is not None:
            return self._of_offset
        if not spans_constant(sample):
            return -sample.total * float(np.log(len(sample.classes)))
        observed = np.bincount(sample.targets, sample.counts)
        return float((observed * np.log(observed / sample.total)).sum())

    @property
    def _of_offset(self) -> float:
        """l of the offset, and of a constant where there is one."""
        null = self.sample.without_features
        if spans_constant(self.sample):
            return maximise(null).loglik
        return -null.total * null.objective.value_and_gradient(null.objective.start())[0]

    @cached_property
    def null_parameters(self) -> int:
        """Its parameters."""
        if self.penalised is not None:
            return int(self.sample.intercept)
        return self.sample.blocks if spans_constant(self.sample) else 0


def probabilities(Z: np.ndarray) -> np.ndarray:
    """a (rows, K) from z: the first class of two is 1 - sigma(z) = sigma(-z)."""
    return np.hstack([sigma(-Z), sigma(Z)]) if Z.shape[1] == 1 else softmax(Z)


def maximise(sample: Observations, start: np.ndarray | None = None) -> Estimate:
    """Newton's method from `start` (zero when None), to the last digit.

    Raises
    ------
    DataError
        When columns are collinear, parameters too many for their information matrix, or no step
        raises the likelihood although its maximum is not reached.
    """
    check_size(sample)
    require_full_rank(sample)
    run = Run(sample.objective, Newton(), tol=TOL, max_iter=MAX_ITER)
    theta, solution = run.solve(start)
    if solution.status not in (Status.CONVERGED, Status.SEPARABLE):
        raise DataError(
            f"The likelihood's maximum was not reached ({solution.status} after "
            f"{solution.iterations} steps): {solution.status.advice}"
        )
    estimate = Estimate(sample, theta, solution)
    return estimate if estimate.separable else _polished(estimate)


def _polished(estimate: Estimate, steps: int = POLISH) -> Estimate:
    """Full Newton steps to where they are rounding; J no longer tells these from the maximum."""
    for _ in range(steps):
        if estimate.singular:
            break
        objective = estimate.sample.objective
        gradient = objective.value_and_gradient(estimate.theta)[1][:, -estimate.sample.blocks :]
        score = -estimate.sample.total * gradient.T.ravel()
        step = estimate.inverse @ score
        if score @ step <= EXACT:
            break
        reference = estimate.reference + step.reshape(estimate.reference.shape)
        theta = reference.T
        if estimate.sample.blocks > 1:
            theta = objective.symmetric(np.column_stack([np.zeros(len(theta)), theta]))
        value = objective.value_and_gradient(theta)[0]
        estimate = Estimate(estimate.sample, theta, replace(estimate.solution, objective=value))
    return estimate


def pursued(estimate: Estimate) -> Estimate:
    """The maximum of classes that overlap by so little that the search took them for separable.

    Raises
    ------
    DataError
        When rounding hides it: its coefficients are some 10^9 spreads of the columns.
    """
    found = _polished(
        replace(estimate, solution=replace(estimate.solution, status=Status.CONVERGED)), FAR
    )
    gradient = found.sample.objective.value_and_gradient(found.theta)[1]
    if not np.linalg.norm(gradient) <= FLAT * found.solution.objective:
        raise DataError(
            "The classes all but separate: they overlap by so little that rounding hides the most "
            "likely coefficients. Look for a column that gives the response away, or take Firth's "
            f"estimate ({spelt('firth=True', '--firth')})"
        )
    return found


def check_size(sample: Observations) -> None:
    """Refuse more parameters than an information matrix is made for."""
    size = sample.blocks * sample.rows
    if size > LARGEST:
        raise DataError(
            f"{size} parameters ({sample.rows} for each of {sample.blocks} classes but the "
            f"first) are more than the {LARGEST} whose information matrix is made: use fewer "
            "columns, or a column with fewer levels"
        )
