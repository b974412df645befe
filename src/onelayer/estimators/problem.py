"""From checked data to a trained layer: the objective, its run, and coefficients for X as given."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from onelayer.designs import (
    Scaling,
    Survey,
    make_design,
    make_scaling,
    size_of,
    stays_on_disk,
    survey_labelled,
)
from onelayer.errors import DataError
from onelayer.estimators.parameter_meanings import PenaltyAsked, strength
from onelayer.estimators.weights import Weights
from onelayer.layer import Layer
from onelayer.logistic import Binary, Head, Softmax
from onelayer.objective import Objective
from onelayer.penalties import Penalty
from onelayer.solution import Record, Solution, Status
from onelayer.words import count_of, speaks_of_options, spelt

LARGEST_TOTAL = 1e300  # of weights: their exact sum may not be a float
STRONG = 1e6  # lambda above which W is solved for in units of lambda^-1/2
LIMIT = (
    "\nSTOP: TOTAL NO. OF ITERATIONS REACHED LIMIT\n\nIncrease the number of iterations "
    "to improve the convergence (max_iter={max_iter})."
)
OUT_OF_STEPS = {
    "newton-cg": (
        "newton-cg failed to converge after {steps} iteration(s). "
        "Increase the number of iterations."
    ),
    "newton-cholesky": "Newton solver did not converge after {steps} iterations.",
    "liblinear": "Liblinear failed to converge, increase the number of iterations.",
    "sag": "The max_iter was reached which means the coef_ did not converge",
    "saga": "The max_iter was reached which means the coef_ did not converge",
}
"""What scikit-learn's solvers say at max_iter; filters on warnings look for these words."""
MARGIN = 1e4  # left below the largest square, and above the smallest, for sums and products


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """What is known of data before a fit: nothing of it is looked at again.

    Attributes
    ----------
    X
        (m, n), as designs hold it, finite.
    y
        What callbacks are told that the labels are.
    targets
        (m,), positions in `classes`; none of rows on a cluster, where they lie with these.
    classes
        (K,), each with a row.
    survey
        What a read of X has found; None: nobody has looked.
    offset
        (m, k), what is known of z; None: nothing.
    near
        A layer near the optimum, where the fit begins; None: nobody knows one.
    """

    X: Any
    y: Any
    targets: np.ndarray
    classes: np.ndarray
    survey: Survey | None
    offset: np.ndarray | None = None
    near: Layer | None = None


@dataclass(frozen=True, kw_only=True)
class Data:
    """What is fitted: X (m, n) as designs hold it, targets (m,) of k classes, their weights.

    scaling and fit_intercept are as in `LogisticRegression`; survey is what was found in X, where
    somebody has looked already; offset (m, k) is added to z.
    """

    X: Any
    targets: np.ndarray
    weights: Weights
    k: int
    scaling: float | str | None = None
    fit_intercept: bool = True
    survey: Survey | None = None
    offset: np.ndarray | None = None

    @cached_property
    def surveyed(self) -> Survey:
        """What was found in X; a read where nobody has looked, or X on disk needs its sample."""
        if self.survey is not None and not stays_on_disk(self.X):
            return self.survey
        weights, moments = self.weights.compact, self.scaling == "standard"
        return survey_labelled(self.X, self.targets, weights, self.k, moments=moments)

    def asked_scaling(self) -> Scaling | None:
        """The scaling that is asked for; a read for "standard", where the survey has no moments."""
        if self.scaling != "standard":
            return make_scaling(self.X, self.scaling, self.weights.relative)
        moments = self.surveyed.moments
        if moments is not None:
            return moments.scaling
        return make_scaling(self.X, self.scaling, self.weights.shares)

    @property
    def read_before(self) -> int:
        """Bytes of X that are read before the first step: the survey, and moments if asked for."""
        read_for_moments = self.scaling == "standard" and self.surveyed.moments is None
        return self.surveyed.bytes_read + read_for_moments * size_of(self.X)


@dataclass(frozen=True)
class Problem:
    """An objective, the scaling that takes its variables to those of X as given, and sum s_i."""

    objective: Objective
    scaling: Scaling | None
    total: float

    def start(self, layer: Layer) -> np.ndarray:
        """theta that stands for a layer, which may have been fitted in other variables."""
        return self.objective.join(*Layer(layer.W, layer.b, self.scaling).inner)

    def layer(self, theta: np.ndarray) -> Layer:
        """The layer of theta; softmax in its symmetric form.

        Softmax does not change when all classes move together, the L2 penalty is least and the
        intercepts sum to zero where their mean is zero. With an L1 part the weights stay as they
        are, sparse.
        """
        W, b = self.objective.split(theta)
        if self.scaling is not None:
            W, b = self.scaling.fold(W, b)
        if W.shape[1] > 1:
            b = b - b.mean()
            if self.objective.penalty.l1 == 0:
                W = W - W.mean(axis=1, keepdims=True)
        return Layer(W, b, self.scaling)


def make_problem(data: Data, asked: PenaltyAsked, scaling: Scaling | None) -> Problem:
    """J = weighted mean loss + lambda * penalty with lambda = 1 / (C * sum of weights).

    scaling is what `data.scaling` asks for under these weights, see `make_scalings`.
    """
    penalty = Penalty(strength(asked.C, data.weights.total), asked.l1_ratio)
    scaling, penalty = tame(scaling, penalty, data.X.shape[1])
    design = make_design(data.X, scaling)
    design.ledger.add(data.read_before)
    head, weights, offset = head_of(data.k), data.weights.compact, data.offset
    objective = Objective(
        loss=design.bind(head, data.targets, weights, found=data.surveyed, offset=offset),
        penalty=penalty,
        intercept=data.fit_intercept,
    )
    return Problem(objective, scaling, float(min(data.weights.total, Fraction(LARGEST_TOTAL))))


def head_of(k: int) -> Head:
    """Of k classes: two are one column of z."""
    return Binary() if k == 2 else Softmax(k)


def print_progress(record: Record) -> None:
    """One line a step."""
    sys.stdout.write(
        f"step {record.iteration}: objective {record.objective:.10g}, gap {record.gap:.1e}, "
        f"{record.passes:.1f} passes, {record.seconds:.2f} s\n"
    )


def warn_unless_solved(
    solution: Solution, solver: str, max_iter: int, separated: Callable[[], str]
) -> None:
    """A ConvergenceWarning that begins as scikit-learn's does for `solver`, and adds our advice.

    `separated` says what there is to say of separation.
    """
    status, asked_for_steps = solution.status, solution.solver == "gradient-descent"
    if status is Status.SEPARABLE:
        _warn(separated())
    elif status is Status.STALLED or (status is Status.MAX_ITER and not asked_for_steps):
        spoken = speaks_of_options()
        _warn(_in_options(solution, solver) if spoken else _short_of(solution, solver, max_iter))


def _in_options(solution: Solution, solver: str) -> str:
    """The same on the command line, whose options are others than scikit-learn's parameters."""
    if solution.solver == "gradient-descent":
        return f"the steps of gradient descent overshoot: lower {spelt('learning_rate')}"
    took = f"{solution.solver} took {count_of(solution.iterations, 'steps')}"
    if solution.status is Status.MAX_ITER:
        other = "" if solver == "auto" else f", or leave {spelt('solver')} out"
        return f"{took}, and is not at the optimum: raise {spelt('max_iter')}{other}"
    return (
        f"{took}, and rounding or overflow allows no further: divide columns of very large "
        f"numbers by their size, or give a stronger penalty, a smaller {spelt('C')}"
    )


def _warn(text: str) -> None:
    from sklearn.exceptions import ConvergenceWarning

    warnings.warn(text, ConvergenceWarning, stacklevel=6)


def _short_of(solution: Solution, solver: str, max_iter: int) -> str:
    text = _failed(solution)
    if solution.status is Status.MAX_ITER:
        text = OUT_OF_STEPS.get(solver, text + LIMIT).format(
            steps=solution.iterations, max_iter=max_iter
        )
    return f"{text}\n{_advice(solution)}"


def _failed(solution: Solution) -> str:
    code = 1 if solution.status is Status.MAX_ITER else 2
    return (
        f"{solution.solver} failed to converge after {solution.iterations} iteration(s) "
        f"(status={code}):"
    )


def _advice(solution: Solution) -> str:
    if solution.solver == "gradient-descent":
        return "The steps overshoot without end: lower learning_rate, or scale the data."
    return f"{solution.status.advice} You might also want to scale the data."


def tame(scaling: Scaling | None, penalty: Penalty, n: int) -> tuple[Scaling | None, Penalty]:
    """A very strong L2 penalty becomes one of strength 1 on sqrt(lambda) W: the same objective.

    Otherwise the weights are of size 1 / lambda beside an intercept of size 1, and no solver that
    measures with one yardstick gets both right. (Coordinate descent has a yardstick a feature.)
    """
    if penalty.strength <= STRONG or penalty.l1 > 0:
        return scaling, penalty
    scaling = scaling or Scaling.identity(n)
    # Not below the smallest float: a scale of 0 cannot be divided by again in a prediction.
    scale = np.maximum(scaling.scale / math.sqrt(penalty.strength), np.finfo(np.float64).tiny)
    return Scaling(scaling.centre, scale), Penalty(1.0)


def check_magnitude(data: Data) -> None:
    """Refuse what over- or underflows: curvature and variance are sums of squares.

    These must fit the dtype that they are made in.
    """
    standard = data.scaling == "standard"
    dtype = np.dtype(np.float64) if standard else make_design(data.X).dtype
    factor = float(data.scaling) if isinstance(data.scaling, (int, float)) else 1.0
    limits, size = np.finfo(dtype), data.surveyed.largest
    if size * factor > math.sqrt(limits.max) / MARGIN:
        raise DataError(_rescale(f"as large as {size:.1e}, whose squares overflow {dtype}", size))
    if 0 < size * factor < math.sqrt(limits.tiny) * MARGIN:
        raise DataError(_rescale(f"of at most {size:.1e}, whose squares vanish in {dtype}", size))


def _rescale(what: str, size: float) -> str:
    factor = 1 / max(size, 1e-300)
    return f"X holds values {what}: divide X by {size:.0e}, or pass scaling={factor:.0e}"
